"""Runs the checks of one lesson against the learner's exercise, in a process of its own.

Usage: harness.py CHECKS_FILE LESSON_FOLDER SCRATCH_FOLDER, started by run.py.

Each function of the checks file whose name starts with `check_` receives a `Lesson`. It passes if
it returns. Results go to results.jsonl in the scratch folder, so that the exercise may print.
"""

import csv
import json
import sqlite3
import sys
import traceback
from pathlib import Path


class CheckFailed(Exception):
    """Carries a message for the learner."""


class ExerciseBroken(Exception):
    """The exercise cannot be run at all. Carries a diagnostic, as SRP describes it."""


class Lesson:
    """What a check may use."""

    def __init__(self, folder, scratch):
        self._folder = folder
        self._scratch = scratch
        self._names = None

    # The learner's code

    def function(self, name):
        """The function `name` of exercise.py."""
        if self._names is None:
            self._names = self._run_exercise()
        if not callable(self._names.get(name)):
            self.fail(f"exercise.py has no function called {name}")
        return self._names[name]

    def query(self, connection):
        """Runs exercise.sql. Returns the names of the columns, and the rows as tuples."""
        sql = self._read("exercise.sql")
        try:
            cursor = connection.execute(sql)
            rows = cursor.fetchall()
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise self._broken("exercise.sql", str(error)) from error
        if cursor.description is None:
            self.fail("exercise.sql contains no SELECT")
        return [column[0] for column in cursor.description], rows

    # Files

    def data(self):
        """The path of the lesson's data.csv."""
        return str(self._folder / "data.csv")

    def path(self, name):
        """The path of a temporary file, which need not exist."""
        return str(self._scratch / name)

    def write(self, name, text):
        """Writes a temporary file and returns its path."""
        path = Path(self.path(name))
        path.write_text(text, encoding="utf-8")
        return str(path)

    def load_table(self, connection, table, csv_path, types):
        """Creates a table from a CSV file. Columns that `types` does not name are TEXT."""
        with open(csv_path, encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        columns = ", ".join(f"{name} {types.get(name, 'TEXT')}" for name in header)
        places = ", ".join("?" for _ in header)
        connection.execute(f"CREATE TABLE {table} ({columns})")
        connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)

    # Verdicts

    def expect(self, actual, expected, what):
        if actual != expected:
            self.fail(f"{what}\n  expected: {shortened(expected)}\n  got:      {shortened(actual)}")

    def expect_in_any_order(self, actual, expected, what):
        self.expect(sorted(actual, key=repr), sorted(expected, key=repr), what)

    def fail(self, message):
        raise CheckFailed(message)

    def explain(self, error):
        """A message about an error in a check. It names the learner's line, if one was involved."""
        theirs = self._last_line_of_exercise(error)
        message = describe(error)
        if isinstance(error, BrokenPipeError):
            message = "the exercise printed too much. Is there a loop that never ends?"
        elif not theirs:
            message = f"the result does not have the expected form ({message})"
        if theirs:
            message += f"\nat line {theirs.lineno} of exercise.py: {theirs.line}"
        return message

    def _read(self, name):
        try:
            return (self._folder / name).read_text(encoding="utf-8")
        except FileNotFoundError as error:
            message = "the file is missing. Bring it back with `progy reset`"
            raise self._broken(name, message) from error
        except (OSError, UnicodeError) as error:
            raise self._broken(name, f"the file cannot be read: {error}") from error

    def _run_exercise(self):
        """Runs exercise.py and returns what it defines, by name."""
        source = self._read("exercise.py")
        path = str(self._folder / "exercise.py")
        names = {"__name__": "exercise", "__file__": path}
        try:
            exec(compile(source, path, "exec"), names)
        except SyntaxError as error:
            message = f"{type(error).__name__}: {error.msg}"
            raise self._broken(
                "exercise.py", message, error.lineno, error.offset, error.text
            ) from error
        except (Exception, SystemExit) as error:
            theirs = self._last_line_of_exercise(error)
            line, source = (theirs.lineno, theirs.line) if theirs else (None, None)
            raise self._broken("exercise.py", describe(error), line, None, source) from error
        return names

    def _last_line_of_exercise(self, error):
        exercise = str(self._folder / "exercise.py")
        frames = traceback.extract_tb(error.__traceback__)
        return next((frame for frame in reversed(frames) if frame.filename == exercise), None)

    def _broken(self, name, message, line=None, column=None, snippet=None):
        module, lesson = self._folder.parts[-2:]
        diagnostic = {
            "severity": "error",
            "message": message,
            "file": f"content/{module}/{lesson}/{name}",
            "line": line,
            "column": column,
            "snippet": snippet and snippet.strip(),
        }
        return ExerciseBroken({key: value for key, value in diagnostic.items() if value})


def describe(error):
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def shortened(value):
    text = repr(value)
    return text if len(text) <= 400 else text[:400] + " ..."


def load_checks(path):
    """The checks of a file, by their names as a learner reads them, in the order of the file."""
    names = {}
    exec(compile(path.read_bytes(), str(path), "exec"), names)
    return {
        name.removeprefix("check_").replace("_", " "): function
        for name, function in names.items()
        if name.startswith("check_")
    }


def run(check, lesson):
    """Returns why the check failed, or None."""
    try:
        check(lesson)
    except ExerciseBroken:
        raise
    except CheckFailed as failure:
        return str(failure)
    except (Exception, SystemExit) as error:
        return lesson.explain(error)
    return None


def main(checks_file, folder, scratch):
    with open(Path(scratch, "results.jsonl"), "w", encoding="utf-8") as results:

        def report(kind, value):
            results.write(json.dumps([kind, value]) + "\n")
            results.flush()

        checks = load_checks(Path(checks_file))
        report("names", list(checks))
        lesson = Lesson(Path(folder), Path(scratch))
        for name, check in checks.items():
            try:
                failure = run(check, lesson)
            except ExerciseBroken as broken:
                report("broken", broken.args[0])
                break
            test = {"name": name, "status": "pass"}
            if failure is not None:
                test.update(status="fail", message=failure)
            report("test", test)


if __name__ == "__main__":
    main(*sys.argv[1:])
