"""Checks one exercise and prints the result between SRP markers.

Usage: python3 -B runner/run.py LESSON_ID LESSON_FOLDER
The exit status is 0 exactly if every check passed.

The learner's code runs in a process of its own, harness.py, which writes a line for each finished
check. A check that never ends, or ends the process, is then known by its name.
"""

import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

# For all checks of a lesson together.
TIME_LIMIT_SECONDS = 10
# How much of what the exercise prints is kept.
OUTPUT_LIMIT_BYTES = 64 * 1024

RUNNER = Path(__file__).resolve().parent


def main(arguments):
    if len(arguments) == 2:
        lesson_id, folder = arguments
        print("Checking", lesson_id)
        result = check(lesson_id, Path(folder).resolve())
    else:
        result = not_checked("expected two arguments: LESSON_ID LESSON_FOLDER")
    print_result(result)
    return 0 if result["success"] else 1


def print_result(result):
    # An exercise that prints a marker must not end the block early for a reader that looks for it.
    block = json.dumps(result).replace("__SRP_", "\\u005f_SRP_")
    print("__SRP_BEGIN__", block, "__SRP_END__", sep="\n")


def not_checked(reason):
    return {
        "success": False,
        "summary": f"Could not check the exercise: {reason}",
        "tests": [],
        "diagnostics": [],
        "raw": reason,
    }


def check(lesson_id, folder):
    checks = RUNNER / "checks" / f"{lesson_id}.py"
    if not checks.is_file():
        return not_checked(f"this course has no lesson {lesson_id}")
    if not folder.is_dir():
        return not_checked(f"there is no folder {folder}")

    with tempfile.TemporaryDirectory(prefix="progy-python-data-") as scratch:
        ending, raw = run_harness(checks, folder, scratch)
        names, finished, broken = read_results(Path(scratch, "results.jsonl"))

    if not names:
        return not_checked(f"the checks did not start\n{raw}".rstrip())
    if broken:
        return {
            "success": False,
            "summary": f"Does not run yet: {broken['message']}",
            "tests": [],
            "diagnostics": [broken],
            "raw": raw,
        }
    tests = [*finished, *unfinished(names[len(finished):], ending)]
    passed = sum(test["status"] == "pass" for test in tests)
    success = passed == len(tests)
    of_all = "" if success else f" of {len(tests)}"
    return {
        "success": success,
        "summary": f"{passed}{of_all} checks passed",
        "tests": tests,
        "diagnostics": [],
        "raw": raw,
    }


def run_harness(checks, folder, scratch):
    """Runs the checks. Returns how the process ended, as a message, and what it printed."""
    # -I keeps the learner's own files from standing in for modules of the standard library.
    python = [sys.executable, "-I", "-B", "-X", "utf8"]
    # The child stays in our process group, so that whoever ends that group ends the child as well.
    child = subprocess.Popen(
        [*python, RUNNER / "harness.py", checks, folder, scratch],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    printed = []

    def read_limited():
        printed.append(child.stdout.read(OUTPUT_LIMIT_BYTES))
        # An exercise that goes on printing gets an error instead of filling our memory.
        child.stdout.close()

    reader = threading.Thread(target=read_limited, daemon=True)
    reader.start()
    try:
        status = child.wait(TIME_LIMIT_SECONDS)
        ending = f"ended the whole program (exit status {status})"
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        ending = f"not done after {TIME_LIMIT_SECONDS} seconds. Is there a loop that never ends?"
    reader.join(timeout=1)
    return ending, b"".join(printed).decode("utf-8", "replace")


def read_results(path):
    """The names of all checks, the results of the finished ones, and what broke the exercise."""
    names, finished, broken = [], [], None
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for line in lines:
        try:
            kind, value = json.loads(line)
        except ValueError:
            break  # The process was ended while it wrote this line.
        if kind == "names":
            names = value
        elif kind == "test":
            finished.append(value)
        elif kind == "broken":
            broken = value
    return names, finished, broken


def unfinished(names, ending):
    """The checks that have no result: one that was running, and those that never ran."""
    messages = [ending] + ["not run: a check before it did not finish"] * len(names)
    return [
        {"name": name, "status": "fail", "message": message}
        for name, message in zip(names, messages)
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
