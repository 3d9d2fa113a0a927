import csv
import json
import sqlite3


def load(connection, path):
    connection.execute(
        "CREATE TABLE sales (day TEXT, store TEXT, product TEXT, quantity INTEGER, price REAL)"
    )
    skipped = 0
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            try:
                quantity = int(row["quantity"])
                price = float(row["price"].replace(",", "."))
            except ValueError:
                skipped += 1
                continue
            sale = (row["day"], row["store"], row["product"], quantity, price)
            connection.execute("INSERT INTO sales VALUES (?, ?, ?, ?, ?)", sale)
    return skipped


def report(connection):
    total = connection.execute("SELECT SUM(quantity * price) FROM sales").fetchone()[0]
    stores = connection.execute(
        "SELECT store, SUM(quantity * price) AS income FROM sales"
        " GROUP BY store ORDER BY income DESC"
    )
    best = connection.execute(
        "SELECT product FROM sales GROUP BY product ORDER BY SUM(quantity * price) DESC LIMIT 1"
    ).fetchone()
    return {
        "total": round(total or 0, 2),
        "stores": [{"store": store, "income": round(income, 2)} for store, income in stores],
        "best_product": best[0] if best else None,
    }


def write_report(csv_path, json_path):
    connection = sqlite3.connect(":memory:")
    skipped = load(connection, csv_path)
    result = {**report(connection), "skipped": skipped}
    with open(json_path, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=2, ensure_ascii=False)


if __name__ == "__main__":
    write_report("data.csv", "report.json")
    with open("report.json", encoding="utf-8") as file:
        print(file.read())
