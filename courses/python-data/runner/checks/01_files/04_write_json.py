import json
from pathlib import Path

ROWS = [
    {"city": "Recife", "high": 31},
    {"city": "São Paulo", "high": 28},
    {"city": "Recife", "high": 33},
    {"city": "Recife", "high": 30},
]
SUMMARY = {
    "São Paulo": {"days": 1, "lowest": 28, "highest": 28},
    "Recife": {"days": 3, "lowest": 30, "highest": 33},
}


def saved(lesson):
    path = lesson.path("summary.json")
    lesson.function("save")(SUMMARY, path)
    return Path(path).read_text(encoding="utf-8")


def check_summarises_each_city(lesson):
    lesson.expect(lesson.function("summarise")(ROWS), SUMMARY, "the summary of four rows")


def check_summary_of_nothing(lesson):
    lesson.expect(lesson.function("summarise")([]), {}, "summarise([])")


def check_saves_json(lesson):
    text = saved(lesson)
    try:
        value = json.loads(text)
    except ValueError as error:
        lesson.fail(f"the file is not JSON: {error}\n{text[:200]}")
    lesson.expect(value, SUMMARY, "the value read back from the file")


def check_keeps_accents(lesson):
    lesson.expect("São Paulo" in saved(lesson), True, "the file contains 'São Paulo' as it is")


def check_easy_to_read(lesson):
    lines = saved(lesson).splitlines()
    lesson.expect(lines[:2], ["{", '  "Recife": {'], "the first two lines of the file")
