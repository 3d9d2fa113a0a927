"""The rows of the strategy snapshot: projects of any size, kept by Progy and by what else keeps them.

Progy flushes what it acknowledges and what it has restored. Of the peers borg flushes its repository;
the others leave it to the system.
"""

import statistics
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import inputs
from rows import Bench, Line, row
from stores import Progy, Store, peers
from timing import Cost, once
from world import remove

# The tasks, in their order: a restore brings back what the others have made of the project.
TASKS = {
    "first": "first save",
    "same": "save without a change",
    "edit": "save after one edit",
    "rename": "save after the top folder's new name",
    "restore": "restore",
}


@row
def snapshot_2200(bench: Bench) -> Iterator[Line]:
    yield from compared(bench, "2,200 files, 4 MB", bench.course(inputs.MEDIUM), 5)


@row
def snapshot_9000(bench: Bench) -> Iterator[Line]:
    yield from compared(bench, "9,000 files, 100 MB", bench.course(inputs.LARGE), 3)


@row
def snapshot_mixed(bench: Bench) -> Iterator[Line]:
    source = bench.courses / "mixed"
    if not source.exists():
        inputs.make_mixed(source)
    yield from compared(bench, "6,000 files, 2 GB", source, 1)
    remove(source)


@row
def snapshot_tiny(bench: Bench) -> Iterator[Line]:
    yield from compared(bench, "100,000 files, 20 MB", bench.course(inputs.TINY), 1)


def compared(bench: Bench, what: str, source: Path, runs: int) -> Iterator[Line]:
    """One tool after another: their copies of a large project do not fit beside each other."""
    runs = bench.times(runs, 1)
    found: dict[str, dict] = {}
    for name, made in {"progy": None, **peers(bench.world)}.items():
        if made:
            store = made(bench.world, name, source)
        else:
            store = Progy(bench.world, source, bench.course(inputs.SMALL))
        try:
            found[name] = measured(bench, store, runs)
        finally:
            store.close()
    for task, words in TASKS.items():
        yield line(f"{words}, {what}", "ms", found, lambda of: middle(of[task], "seconds") * 1000)
    for task, words in TASKS.items():
        yield line(f"wire, {words}, {what}", "B", found, lambda of: middle(of[task], "wire"))
    yield line(f"stored after the first save, {what}", "B", found, lambda of: of["stored"])
    yield line(f"stored at the end, {what}", "B", found, lambda of: of["stored at the end"])
    for task in ("first", "restore"):
        yield line(
            f"memory, {TASKS[task]}, {what}", "MB", found,
            lambda of: max(cost["memory"] for cost in of[task]) / 1e6,
        )


def measured(bench: Bench, store: Store, runs: int) -> dict:
    """All tasks, each so often. The costs of each task, and what was stored."""
    found: dict = {task: [] for task in TASKS}

    def run(task: str, command: str) -> None:
        # What the preparation wrote is not the command's to wait for.
        bench.world.run("sync", "-f", bench.world.root)
        cost: Cost = once(bench.world, command, env=store.env)
        found[task].append(asdict(cost))

    for _ in range(runs):
        store.reset()
        run("first", store.save)
    found["stored"] = store.stored()
    for _ in range(runs):
        run("same", store.save)
    for _ in range(runs):
        # Beside the project it would be a file of Progy's workspace.
        edits = {"EDITS": str(store.folder / "edits")}
        bench.world.run("sh", "-c", bench.edit("line", store.project), env=edits)
        run("edit", store.save)
    names = ["content", "renamed"]
    for _ in range(runs):
        (store.project / names[0]).rename(store.project / names[1])
        names.reverse()
        run("rename", store.save)
    found["stored at the end"] = store.stored()
    for _ in range(runs):
        store.elsewhere()
        run("restore", store.restore)
    bench.world.run("diff", "-r", store.project, store.restored())
    return found


def middle(costs: list[dict], key: str) -> float:
    return statistics.median(cost[key] for cost in costs)


def line(what: str, unit: str, found: dict[str, dict], value) -> Line:
    values = {name: value(of) for name, of in found.items()}
    ours = values.pop("progy")
    details = found if what.startswith(TASKS["first"]) else {}
    return Line(what, unit, ours, "first", values, details)
