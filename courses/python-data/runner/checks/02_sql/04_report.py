import json
import sqlite3

HEADER = "day,store,product,quantity,price\n"
MESSY = HEADER + (
    '2024-06-01,Água Rasa,pen,3,"2,50"\n'
    "2024-06-01,Água Rasa,ink,,4\n"
    "2024-06-02,O'Hara,ink,1,\n"
    "2024-06-02,O'Hara,ink,two,4\n"
    "2024-06-02,O'Hara,ink,2,4.25\n"
)
REPORT = {
    "total": 134.8,
    "stores": [{"store": "Centro", "income": 74.5}, {"store": "Praia", "income": 60.3}],
    "best_product": "cheese",
}


def loaded(lesson, path):
    connection = sqlite3.connect(":memory:")
    skipped = lesson.function("load")(connection, path)
    return connection, skipped


def check_loads_clean_rows(lesson):
    connection, _ = loaded(lesson, lesson.write("messy.csv", MESSY))
    rows = connection.execute("SELECT store, product, quantity, price FROM sales ORDER BY store")
    expected = [("O'Hara", "ink", 2, 4.25), ("Água Rasa", "pen", 3, 2.5)]
    lesson.expect(rows.fetchall(), expected, "the table after loading a messy file")


def check_counts_skipped_rows(lesson):
    _, skipped = loaded(lesson, lesson.write("messy.csv", MESSY))
    lesson.expect(skipped, 3, "the number of skipped rows of a messy file")
    _, skipped = loaded(lesson, lesson.data())
    lesson.expect(skipped, 2, "the number of skipped rows of data.csv")


def check_report(lesson):
    connection, _ = loaded(lesson, lesson.data())
    lesson.expect(lesson.function("report")(connection), REPORT, "the report on data.csv")


def check_report_on_another_file(lesson):
    connection, _ = loaded(lesson, lesson.write("messy.csv", MESSY))
    expected = {
        "total": 16.0,
        "stores": [{"store": "O'Hara", "income": 8.5}, {"store": "Água Rasa", "income": 7.5}],
        "best_product": "ink",
    }
    lesson.expect(lesson.function("report")(connection), expected, "the report on a messy file")


def check_report_on_nothing(lesson):
    connection, _ = loaded(lesson, lesson.write("empty.csv", HEADER))
    expected = {"total": 0, "stores": [], "best_product": None}
    lesson.expect(lesson.function("report")(connection), expected, "the report on no sales")


def check_writes_json(lesson):
    path = lesson.path("report.json")
    lesson.function("write_report")(lesson.data(), path)
    try:
        with open(path, encoding="utf-8") as file:
            written = json.load(file)
    except FileNotFoundError:
        lesson.fail("write_report did not create the file")
    except ValueError as error:
        lesson.fail(f"the file is not JSON: {error}")
    lesson.expect(written, {**REPORT, "skipped": 2}, "the JSON report on data.csv")
