import csv


def read_rows(path):
    rows = []
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            row["high"] = int(row["high"])
            rows.append(row)
    return rows


def hottest(rows):
    return max(rows, key=lambda row: row["high"])


if __name__ == "__main__":
    print(hottest(read_rows("data.csv")))
