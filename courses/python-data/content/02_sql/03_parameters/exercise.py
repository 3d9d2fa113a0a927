import sqlite3


def add_pet(connection, name, owner, age):
    pass


def pets_of(connection, owner):
    query = f"SELECT name FROM pets WHERE owner = '{owner}'"
    return [row[0] for row in connection.execute(query)]


def oldest(connection):
    return None


if __name__ == "__main__":
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE pets (name TEXT, owner TEXT, age INTEGER)")
    add_pet(connection, "Mel", "Ana", 4)
    add_pet(connection, "Bidu", "Ana", 9)
    print(pets_of(connection, "Ana"))
    print(oldest(connection))
