import json


def summarise(rows):
    summary = {}
    for row in rows:
        high = row["high"]
        city = summary.setdefault(row["city"], {"days": 0, "lowest": high, "highest": high})
        city["days"] += 1
        city["lowest"] = min(city["lowest"], high)
        city["highest"] = max(city["highest"], high)
    return summary


def save(summary, path):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(summary, file, indent=2, sort_keys=True, ensure_ascii=False)


if __name__ == "__main__":
    rows = [
        {"city": "Recife", "high": 31},
        {"city": "São Paulo", "high": 28},
        {"city": "Recife", "high": 32},
    ]
    print(json.dumps(summarise(rows), indent=2))
