"""Edits a folder: what a learner does between two commands, so that no run repeats another.

    edit.py line FOLDER          one line of one file, another one each time
    edit.py files FOLDER COUNT   one line in each of COUNT files
    edit.py rewrite FOLDER COUNT BYTES   new content of BYTES for each of COUNT files
"""

import os
import random
import sys
from pathlib import Path

# A learner works in a few files at a time.
DESK = 40


def main() -> None:
    what, folder, *rest = sys.argv[1:]
    number = next_number(folder)
    if what == "line":
        files = sources(Path(folder), DESK)
        change_a_line(files[number % len(files)], number)
    elif what == "files":
        for file in sources(Path(folder), int(rest[0])):
            change_a_line(file, number)
    elif what == "rewrite":
        rewrite(Path(folder), int(rest[0]), int(rest[1]), number)
    else:
        sys.exit(__doc__)


def next_number(folder: str) -> int:
    """How often this folder was edited; kept beside it, or in the file that EDITS names."""
    counter = Path(os.environ.get("EDITS") or folder.rstrip("/") + ".edits")
    number = int(counter.read_text()) + 1 if counter.exists() else 1
    counter.write_text(str(number))
    return number


def sources(folder: Path, count: int) -> list[Path]:
    """Files to edit: what a learner edits first, then the others."""
    content = folder / "content"
    files = sorted(content.glob("*/*/exercise.rs"))
    if len(files) < count:
        files += sorted(p for p in content.glob("*/*/*") if p.name != "exercise.rs")
    if len(files) < count:
        sys.exit(f"{folder} has {len(files)} files, not {count}")
    return files[:count]


def change_a_line(file: Path, number: int) -> None:
    lines = file.read_text().split("\n")
    lines[number * 13 % len(lines)] = f"let edited_{number} = {number * 7919 % 10007};"
    file.write_text("\n".join(lines))


def rewrite(folder: Path, count: int, size: int, number: int) -> None:
    rng = random.Random(number)
    syllables = [a + b for a in "bcdfglmnprstv" for b in ("a", "e", "i", "o", "u", "ar", "en")]
    words = ["".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(4_000)]
    for file in sources(folder, count):
        text = " ".join(rng.choices(words, k=size // 5))[: size - 1]
        file.write_text(text.replace(" ", "\n", len(text) // 200) + "\n")


if __name__ == "__main__":
    main()
