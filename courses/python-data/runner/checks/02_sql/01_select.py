import sqlite3

OTHER_BOOKS = (
    "title,author,year,pages\n"
    "Exactly,A,1940,300\n"
    "Too long,A,1990,301\n"
    "Too old,B,1939,10\n"
    "Newest,B,2001,1\n"
)


def ask(lesson, csv_path):
    with_books = sqlite3.connect(":memory:")
    types = {"year": "INTEGER", "pages": "INTEGER"}
    lesson.load_table(with_books, "books", csv_path, types)
    return lesson.query(with_books)


def check_columns(lesson):
    columns, _ = ask(lesson, lesson.data())
    lesson.expect(columns, ["title", "year"], "the columns")


def check_rows(lesson):
    _, rows = ask(lesson, lesson.data())
    expected = [
        ("A Hora da Estrela", 1977),
        ("Perto do Coração Selvagem", 1943),
        ("Quarto de Despejo", 1960),
        ("Torto Arado", 2019),
    ]
    lesson.expect_in_any_order(rows, expected, "the rows, in any order")


def check_newest_first(lesson):
    _, rows = ask(lesson, lesson.data())
    years = [row[-1] for row in rows]
    lesson.expect(years, [2019, 1977, 1960, 1943], "the years from top to bottom")


def check_another_table(lesson):
    _, rows = ask(lesson, lesson.write("other.csv", OTHER_BOOKS))
    lesson.expect(rows, [("Newest", 2001), ("Exactly", 1940)], "the rows of another table")
