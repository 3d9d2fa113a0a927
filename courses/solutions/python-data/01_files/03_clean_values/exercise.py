import csv


def parse_price(text):
    text = text.strip().removeprefix("R$").replace(",", ".")
    try:
        return float(text)
    except ValueError:
        return None


def known_prices(rows):
    prices = {}
    for row in rows:
        price = parse_price(row["price"])
        if price is not None:
            prices[row["product"]] = price
    return prices


if __name__ == "__main__":
    with open("data.csv", encoding="utf-8", newline="") as file:
        print(known_prices(csv.DictReader(file)))
