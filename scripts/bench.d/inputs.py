"""Courses to measure with: the same bytes at every run."""

import random
from dataclasses import dataclass
from pathlib import Path

FILES_OF_A_LESSON = ["README.md", "exercise.rs", "tests.rs", "notes.txt", "data.csv"]
LESSONS_OF_A_MODULE = 30
LARGEST = 256 << 10


@dataclass(frozen=True)
class Course:
    """What to make. `files` counts every file of the folder, `bytes` is what they hold, about."""

    id: str
    files: int
    bytes: int


# DESIGN section 10 names 9,000 files with 100 MB, and 2,200 files.
LARGE = Course("bench-large", 9_000, 100_000_000)
MEDIUM = Course("bench-medium", 2_200, 4_400_000)
SMALL = Course("bench-small", 60, 90_000)
# Projects of the strategy snapshot.
TINY = Course("bench-tiny", 100_000, 20_000_000)
MIXED = Course("bench-mixed", 5_000, 80_000_000)
# What a mixed project has beside its sources: how many files of so many bytes.
DATA = [(12, 120_000_000), (60, 6_000_000), (600, 200_000)]


def make(course: Course, folder: Path) -> Path:
    """Writes the course into a new folder."""
    rng = random.Random(course.id)
    lines = vocabulary(rng)
    paths = names(course.files)
    sizes = spread(rng, course.bytes, len(paths))
    folder.mkdir(parents=True)
    (folder / "course.json").write_text(
        f'{{"id": "{course.id}", "name": "Benchmark", "version": "1.0.0",\n'
        ' "runners": [{"id": "none", "type": "process", "command": "true"}]}\n'
    )
    for path, size in zip(paths, sizes):
        at = folder / path
        at.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith("info.toml"):
            at.write_text(f'[module]\ntitle = "{at.parent.name}"\n')
        else:
            at.write_text(text(rng, lines, size))
    return folder


def make_mixed(folder: Path) -> Path:
    """Sources, and 1.9 GB of data: two thirds do not compress, the others are logs."""
    make(MIXED, folder)
    rng = random.Random("data")
    lines = [line.encode() for line in vocabulary(rng)]
    for count, size in DATA:
        (folder / f"content/data-{size}").mkdir()
        for number in range(count):
            with (folder / f"content/data-{size}/{number}.bin").open("wb") as file:
                left = size
                while left > 0:
                    if number % 3:
                        piece = rng.randbytes(min(left, 1 << 20))
                    else:
                        piece = b"\n".join(rng.choices(lines, k=20_000))[:left]
                    left -= file.write(piece)
    return folder


def names(files: int) -> list[str]:
    """Paths of modules, lessons and their files: `files` with course.json."""
    paths: list[str] = []
    module = 0
    while len(paths) < files:
        module += 1
        top = f"content/{module:02}_module"
        paths.append(f"{top}/info.toml")
        for lesson in range(1, LESSONS_OF_A_MODULE + 1):
            paths += [f"{top}/{lesson:02}_lesson/{name}" for name in FILES_OF_A_LESSON]
    return paths[: files - 1]


def spread(rng: random.Random, total: int, count: int) -> list[int]:
    """Sizes as those of source files are: many small, few large."""
    shares = [rng.lognormvariate(0, 1) for _ in range(count)]
    scale = total / sum(shares)
    return [min(max(int(share * scale), 80), LARGEST) for share in shares]


def vocabulary(rng: random.Random) -> list[str]:
    """Lines to make texts of. They compress about as source code does."""
    syllables = [a + b for a in "bcdfglmnprstv" for b in ("a", "e", "i", "o", "u", "ar", "en")]

    def word() -> str:
        return "".join(rng.choices(syllables, k=rng.randint(1, 3)))

    words = [word() for _ in range(2_000)]
    forms = [
        "let {} = {}({}, {});",
        "    if {} < {}.len() {{ return {}; }} // {}",
        "fn {}({}: &str, {}: usize) -> {} {{",
        "    // {} {} {} {}",
        "    assert_eq!({}.{}(), {} + {});",
    ]
    return [rng.choice(forms).format(*rng.choices(words, k=4)) for _ in range(30_000)]


def text(rng: random.Random, lines: list[str], size: int) -> str:
    """About `size` bytes of lines."""
    mean = 40
    return "\n".join(rng.choices(lines, k=max(size // mean, 2))) + "\n"
