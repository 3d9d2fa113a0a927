import sqlite3

PETS = [("Rex", "O'Brien", 3), ("Mel", "Ana", 4), ("Bidu", "Ana", 9), ("Luna", "Bia", 9)]


def database(pets):
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE pets (name TEXT, owner TEXT, age INTEGER)")
    connection.executemany("INSERT INTO pets VALUES (?, ?, ?)", pets)
    return connection


def check_adds_a_pet(lesson):
    connection = database([])
    lesson.function("add_pet")(connection, "D'Artagnan", "Bia", 2)
    rows = connection.execute("SELECT name, owner, age FROM pets").fetchall()
    lesson.expect(rows, [("D'Artagnan", "Bia", 2)], "the table after add_pet")


def check_finds_the_pets_of_an_owner(lesson):
    pets_of = lesson.function("pets_of")
    lesson.expect(pets_of(database(PETS), "Bia"), ["Luna"], "the pets of Bia")
    lesson.expect(pets_of(database(PETS), "Caio"), [], "the pets of someone without pets")


def check_sorts_the_names(lesson):
    names = lesson.function("pets_of")(database(PETS), "Ana")
    lesson.expect(names, ["Bidu", "Mel"], "the pets of Ana")


def check_names_with_a_quote(lesson):
    names = lesson.function("pets_of")(database(PETS), "O'Brien")
    lesson.expect(names, ["Rex"], "the pets of O'Brien")


def check_resists_sql_injection(lesson):
    names = lesson.function("pets_of")(database(PETS), "x' OR '1'='1")
    lesson.expect(names, [], "the pets of an owner called \"x' OR '1'='1\"")


def check_oldest(lesson):
    oldest = lesson.function("oldest")
    lesson.expect(oldest(database(PETS[:3])), ("Bidu", 9), "the oldest of three pets")
    lesson.expect(oldest(database([])), None, "the oldest of no pets")
