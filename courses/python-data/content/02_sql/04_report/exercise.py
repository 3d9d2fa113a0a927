import csv
import json
import sqlite3


def load(connection, path):
    connection.execute(
        "CREATE TABLE sales (day TEXT, store TEXT, product TEXT, quantity INTEGER, price REAL)"
    )
    skipped = 0
    # Read the file, clean each row, and insert it.
    return skipped


def report(connection):
    return {"total": 0, "stores": [], "best_product": None}


def write_report(csv_path, json_path):
    pass


if __name__ == "__main__":
    write_report("data.csv", "report.json")
    with open("report.json", encoding="utf-8") as file:
        print(file.read())
