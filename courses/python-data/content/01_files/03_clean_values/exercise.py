import csv


def parse_price(text):
    return float(text)


def known_prices(rows):
    prices = {}
    for row in rows:
        prices[row["product"]] = parse_price(row["price"])
    return prices


if __name__ == "__main__":
    with open("data.csv", encoding="utf-8", newline="") as file:
        print(known_prices(csv.DictReader(file)))
