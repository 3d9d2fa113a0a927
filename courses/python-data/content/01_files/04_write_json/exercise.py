import json


def summarise(rows):
    summary = {}
    for row in rows:
        summary[row["city"]] = {"days": 1, "lowest": row["high"], "highest": row["high"]}
    return summary


def save(summary, path):
    with open(path, "w", encoding="utf-8") as file:
        file.write(str(summary))


if __name__ == "__main__":
    rows = [
        {"city": "Recife", "high": 31},
        {"city": "São Paulo", "high": 28},
        {"city": "Recife", "high": 32},
    ]
    print(json.dumps(summarise(rows), indent=2))
