def read_rows(path):
    rows = []
    with open(path, encoding="utf-8", newline="") as file:
        for line in file:
            rows.append(line.split(","))
    return rows


def hottest(rows):
    return rows[0]


if __name__ == "__main__":
    print(hottest(read_rows("data.csv")))
