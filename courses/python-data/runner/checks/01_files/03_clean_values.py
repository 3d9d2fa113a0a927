import csv


def expect_prices(lesson, pairs):
    parse_price = lesson.function("parse_price")
    for text, price in pairs:
        lesson.expect(parse_price(text), price, f"parse_price({text!r})")


def check_point_and_comma(lesson):
    expect_prices(lesson, [("8.49", 8.49), ("5,90", 5.9), ("2", 2.0)])


def check_spaces_and_currency(lesson):
    expect_prices(lesson, [("  8.49 ", 8.49), ("R$ 0.75", 0.75), ("R$4,19", 4.19), (" R$ 1 ", 1.0)])


def check_missing_prices(lesson):
    expect_prices(lesson, [("", None), ("  ", None), ("n/a", None), ("-", None), ("R$", None)])


def check_free_is_not_missing(lesson):
    expect_prices(lesson, [("0", 0.0), ("R$ 0,00", 0.0)])
    prices = lesson.function("known_prices")([{"product": "air", "price": "0"}])
    lesson.expect(prices, {"air": 0.0}, "the known prices when air costs 0")


def check_known_prices(lesson):
    with open(lesson.data(), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    prices = lesson.function("known_prices")(rows)
    expected = {"rice": 5.9, "beans": 8.49, "bread": 0.75, "milk": 4.19, "salt": 2.0}
    lesson.expect(prices, expected, "the known prices of data.csv")
