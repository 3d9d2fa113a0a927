import sqlite3

OTHER_SALES = (
    "day,product,quantity,price\n"
    "2024-05-01,pen,8,2\n"
    "2024-05-02,ink,1,15\n"
    "2024-05-03,desk,1,200\n"
    "2024-05-04,desk,1,100\n"
)


def ask(lesson, csv_path):
    with_sales = sqlite3.connect(":memory:")
    types = {"quantity": "INTEGER", "price": "INTEGER"}
    lesson.load_table(with_sales, "sales", csv_path, types)
    return lesson.query(with_sales)


def check_columns(lesson):
    columns, _ = ask(lesson, lesson.data())
    lesson.expect(columns, ["product", "sold", "income"], "the columns")


def check_one_row_for_each_product(lesson):
    _, rows = ask(lesson, lesson.data())
    products = sorted(row[0] for row in rows)
    lesson.expect(products, ["bread", "cheese", "coffee", "tea"], "the products")


def check_totals(lesson):
    _, rows = ask(lesson, lesson.data())
    expected = [("cheese", 3, 86), ("coffee", 6, 31), ("bread", 16, 16), ("tea", 4, 16)]
    lesson.expect_in_any_order(rows, expected, "the rows, in any order")


def check_largest_income_first(lesson):
    _, rows = ask(lesson, lesson.data())
    incomes = [row[-1] for row in rows]
    lesson.expect(incomes, [86, 31, 16, 16], "the incomes from top to bottom")


def check_leaves_out_small_incomes(lesson):
    _, rows = ask(lesson, lesson.write("other.csv", OTHER_SALES))
    expected = [("desk", 2, 300), ("pen", 8, 16)]
    lesson.expect(rows, expected, "the rows of another table")
