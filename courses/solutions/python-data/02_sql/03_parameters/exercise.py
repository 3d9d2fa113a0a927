import sqlite3


def add_pet(connection, name, owner, age):
    connection.execute("INSERT INTO pets (name, owner, age) VALUES (?, ?, ?)", (name, owner, age))


def pets_of(connection, owner):
    query = "SELECT name FROM pets WHERE owner = ? ORDER BY name"
    return [row[0] for row in connection.execute(query, (owner,))]


def oldest(connection):
    return connection.execute("SELECT name, age FROM pets ORDER BY age DESC LIMIT 1").fetchone()


if __name__ == "__main__":
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE pets (name TEXT, owner TEXT, age INTEGER)")
    add_pet(connection, "Mel", "Ana", 4)
    add_pet(connection, "Bidu", "Ana", 9)
    print(pets_of(connection, "Ana"))
    print(oldest(connection))
