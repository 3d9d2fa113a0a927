OTHER_FILE = 'city,state,day,high\n"Paris, Texas",TX,2024-02-01,12\nÉvora,PT,2024-02-01,-3\n'


def check_reads_every_row(lesson):
    rows = lesson.function("read_rows")(lesson.data())
    lesson.expect(len(rows), 8, "the number of rows of data.csv")


def check_rows_are_dicts(lesson):
    rows = lesson.function("read_rows")(lesson.write("other.csv", OTHER_FILE))
    expected = {"city": "Évora", "state": "PT", "day": "2024-02-01", "high": -3}
    lesson.expect(dict(rows[1]), expected, "the second row of another file")


def check_commas_inside_quotes(lesson):
    rows = lesson.function("read_rows")(lesson.write("other.csv", OTHER_FILE))
    lesson.expect(rows[0]["city"], "Paris, Texas", "a city with a comma in its name")


def check_hottest(lesson):
    rows = lesson.function("read_rows")(lesson.data())
    row = lesson.function("hottest")(rows)
    lesson.expect((row["city"], row["high"]), ("Rio, Centro", 38), "the hottest row of data.csv")


def check_first_of_equals(lesson):
    rows = [{"city": "A", "high": 9}, {"city": "B", "high": 10}, {"city": "C", "high": 10}]
    row = lesson.function("hottest")(rows)
    lesson.expect(row["city"], "B", "the first of two equally hot cities")
