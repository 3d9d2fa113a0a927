"""The rows of DESIGN section 10: what is measured, and against what.

A row is a function that yields `Line`s. Peers do the same work on the same files in the same run.
"""

import json
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import inputs
from relay import Relay, Traffic
from timing import Command, hyperfine, peak_memory, quoted
from world import HERE, Device, Failed, GitServer, Server, World, cpu_seconds, remove, tree_bytes


@dataclass
class Line:
    """One line of the table. `peers` names what `value` is compared with."""

    what: str
    unit: str
    value: float | None
    goal: str = ""
    peers: dict[str, float] = field(default_factory=dict)
    details: dict = field(default_factory=dict)


class Bench:
    """What rows share: the world, the courses, and how often to measure."""

    def __init__(self, world: World, quick: bool):
        self.world = world
        self.quick = quick

    def times(self, usual: int, quick: int) -> int:
        return quick if self.quick else usual

    @cached_property
    def courses(self) -> Path:
        return self.world.folder("courses")

    def course(self, course: inputs.Course) -> Path:
        at = self.courses / course.id
        if not at.exists():
            inputs.make(course, at)
        return at

    @cached_property
    def server(self) -> Server:
        """A server with the two large courses, for the rows that time commands."""
        server = Server(self.world, "main")
        server.publish(self.course(inputs.MEDIUM))
        server.publish(self.course(inputs.LARGE))
        return server

    @cached_property
    def git(self) -> GitServer:
        return GitServer(self.world)

    def clone(self, url: str, name: str) -> Path:
        at = self.world.folder(f"clone-{name}") / "work"
        self.world.run("git", "clone", "-q", url, at)
        return at

    def edit(self, what: str, folder: Path, *rest) -> str:
        return quoted("python3", HERE / "edit.py", what, folder, *rest)


ROWS: dict[str, Callable[[Bench], Iterator[Line]]] = {}


def row(function: Callable[[Bench], Iterator[Line]]) -> Callable[[Bench], Iterator[Line]]:
    ROWS[function.__name__.replace("_", "-")] = function
    return function


def timed(what: str, goal: str, found: dict[str, dict], ours: str = "progy") -> Line:
    """A line of hyperfine's medians: less than a mean do they mind what else the machine does."""
    peers = {name: times["median"] for name, times in found.items() if name != ours}
    return Line(what, "ms", found[ours]["median"], goal, peers, found)


@row
def version(bench: Bench) -> Iterator[Line]:
    commands = [
        Command("progy", quoted(bench.world.progy, "--version")),
        Command("git", "git --version"),
    ]
    found = hyperfine(
        bench.world, commands, runs=bench.times(200, 10), warmup=5, shell=False
    )
    yield timed("start of `progy --version`", "under 10 ms", found)


@row
def status(bench: Bench) -> Iterator[Line]:
    course = bench.course(inputs.LARGE)
    device = Device(bench.server, "status")
    workspace = device.init(inputs.LARGE.id)
    clone = bench.clone(bench.git.repository("status", course), "status")
    commands = [
        Command("progy", f"cd {quoted(workspace)} && progy status"),
        Command("git", f"cd {quoted(clone)} && git status"),
    ]
    # What is younger than the index is read again, by both: let both settle.
    time.sleep(1.1)
    found = hyperfine(
        bench.world, commands, runs=bench.times(50, 5), warmup=5, env=device.env
    )
    if device.status(workspace)["changed"]:
        raise Failed("progy status sees changes where there are none")
    yield timed("`progy status`, nothing changed, 9,000 files", "no slower than git status", found)


@row
def save(bench: Bench) -> Iterator[Line]:
    course = bench.course(inputs.MEDIUM)
    device = Device(bench.server, "save")
    workspace = device.init(inputs.MEDIUM.id)
    clone = bench.clone(bench.git.repository("save", course), "save")
    push = "git add -A && git commit -qm Save && git push -q"
    commands = [
        Command("progy", f"cd {quoted(workspace)} && progy save", bench.edit("line", workspace)),
        Command("git", f"cd {quoted(clone)} && {push}", bench.edit("line", clone)),
    ]
    runs, warmup = bench.times(40, 4), 3
    found = hyperfine(bench.world, commands, runs=runs, warmup=warmup, env=device.env)
    device.check_saved(workspace)
    bench.git.check_pushed(clone)
    saved = len(json.loads(device.progy("log", "--json", cwd=workspace)))
    if saved != runs + warmup:
        raise Failed(f"{runs + warmup} saves made {saved} revisions")
    yield timed(
        "`progy save` after one edit, 2,200 files", "at most half of git add, commit, push", found
    )


@row
def wire(bench: Bench) -> Iterator[Line]:
    course = bench.course(inputs.MEDIUM)
    edits = bench.times(20, 3)
    token = bench.server.person("wire")
    with Relay(bench.server.port) as relay:
        device = Device(bench.server, "wire-device", token, relay.port)
        workspace = device.init(inputs.MEDIUM.id)
        saves = []
        for _ in range(edits):
            bench.world.run("sh", "-c", bench.edit("line", workspace))
            relay.take()
            device.progy("save", cwd=workspace)
            saves.append(relay.take())
        device.check_saved(workspace)
    bodies = [publish_of(traffic).body for traffic in saves]

    bench.git.repository("wire", course)
    with Relay(bench.git.port) as relay:
        clone = bench.clone(bench.git.url("wire", relay.port), "wire")
        pushes = []
        for _ in range(edits):
            bench.world.run("sh", "-c", bench.edit("line", clone))
            relay.take()
            bench.world.run("git", "commit", "-qam", "Save", cwd=clone)
            bench.world.run("git", "push", "-q", cwd=clone)
            pushes.append(relay.take())
        bench.git.check_pushed(clone)

    details = {"progy": traffic_of(saves), "git": traffic_of(pushes), "largest_body": max(bodies)}
    git_bodies = statistics.median(sum(r.body for r in traffic.requests) for traffic in pushes)
    yield Line(
        "body of a one-line edit (patch)", "B", statistics.median(bodies), "under 1 KB",
        {"git": git_bodies}, details,
    )
    yield Line(
        "… all that `save` sends and receives, headers too", "B",
        details["progy"]["bytes"], "", {"git": details["git"]["bytes"]},
    )


def publish_of(traffic: Traffic):
    found = [r for r in traffic.requests if r.method == "POST" and r.path == "/api/sync"]
    if len(found) != 1:
        raise Failed(f"a save made {len(found)} requests to /api/sync: {traffic.requests}")
    return found[0]


def traffic_of(runs: list[Traffic]) -> dict:
    """The median of each count over several runs."""
    def median(count: Callable[[Traffic], int]) -> float:
        return statistics.median(count(traffic) for traffic in runs)

    return {
        "bytes": median(lambda t: t.sent + t.received),
        "sent": median(lambda t: t.sent),
        "received": median(lambda t: t.received),
        "requests": median(lambda t: len(t.requests)),
        "connections": median(lambda t: t.connections),
        "example": [vars(request) for request in runs[-1].requests],
    }


@row
def stored(bench: Bench) -> Iterator[Line]:
    learners = bench.times(500, 20)
    goal = "under 10 KB"
    for course in (inputs.SMALL, inputs.LARGE):
        for saves, each in ((1, 10), (10, 1)):
            server = Server(bench.world, f"stored-{course.files}-{saves}")
            server.publish(bench.course(course))
            server.stop()
            before = server.stored()
            server.start()
            load = [
                bench.world.load, "--server", server.url, "--admin-data", server.data, "--json",
                "--learners", learners, "--seconds", 600, "--saves", saves,
                "--files", 10, "--files-per-save", each,
            ]
            report = json.loads(bench.world.run(*load))
            server.stop()
            if report["errors"] or report["saves"] != learners * saves:
                raise Failed(f"the load went wrong: {report}")
            grown = (server.stored() - before) / learners
            how = "in one save" if saves == 1 else "in ten saves"
            what = f"stored for a learner who edited 10 files {how}, template of {course.files:,}"
            files = {str(p.relative_to(server.data)): p.stat().st_size
                     for p in server.data.rglob("*") if p.is_file()}
            details = {"learners": learners, "load": report, "files": files}
            peers = {"git": git_stored(bench, course)} if saves == 10 else {}
            yield Line(what, "B", grown, goal, peers, details)
            remove(server.folder)


def git_stored(bench: Bench, course: inputs.Course) -> float:
    """Bytes of a learner's bare repository after ten pushes of one edited file each."""
    name = f"stored-{course.files}"
    clone = bench.clone(bench.git.repository(name, bench.course(course)), name)
    for _ in range(10):
        bench.world.run("sh", "-c", bench.edit("line", clone))
        bench.world.run("git", "commit", "-qam", "Save", cwd=clone)
        bench.world.run("git", "push", "-q", cwd=clone)
    return tree_bytes(bench.git.repositories / f"{name}.git")


@row
def init(bench: Bench) -> Iterator[Line]:
    device = Device(bench.server, "init")
    yield from arrive(bench, device, "init", "`progy init` of 9,000 files, 100 MB", "")


@row
def resume(bench: Bench) -> Iterator[Line]:
    device = Device(bench.server, "resume")
    workspace = device.init(inputs.LARGE.id)
    bench.world.run("sh", "-c", bench.edit("files", workspace, 10))
    device.progy("save", cwd=workspace)
    device.check_saved(workspace)
    other = Device(bench.server, "resume-other", device.env["PROGY_TOKEN"])
    what = "`progy init` that resumes 9,000 files, 100 MB"
    yield from arrive(bench, other, "resume", what, "no slower than tar xzf", workspace)


def arrive(
    bench: Bench, device: Device, name: str, what: str, goal: str, saved: Path | None = None
) -> Iterator[Line]:
    """A workspace arrives on a device, against a clone and an archive of the same files."""
    course = bench.course(inputs.LARGE)
    url = bench.git.repository(name, course)
    folder = bench.world.folder(name)
    archive = folder / "course.tar.gz"
    if saved:
        clone = bench.clone(url, name)
        bench.world.run("sh", "-c", bench.edit("files", clone, 10))
        bench.world.run("git", "commit", "-qam", "Save", cwd=clone)
        bench.world.run("git", "push", "-q", cwd=clone)
        content = ["--exclude=./.progy", "--exclude=./progy.toml", "-C", saved, "."]
    else:
        content = ["-C", course, "."]
    bench.world.run("tar", "czf", archive, *content)
    at = {who: folder / who for who in ("progy", "git", "tar", "flushed")}
    # `sync`, so that nobody pays for what others have written before.
    clean = {who: f"rm -rf {quoted(path)} && sync" for who, path in at.items()}
    untar = f"mkdir {{0}} && tar xzf {quoted(archive)} -C {{0}}"
    commands = [
        Command("progy", f"progy init -c {inputs.LARGE.id} {quoted(at['progy'])} --yes",
                clean["progy"]),
        Command("git clone", f"git clone -q {quoted(url, at['git'])}", clean["git"]),
        Command("tar xzf", untar.format(quoted(at["tar"])), clean["tar"]),
        Command("tar xzf, flushed", f"{untar.format(quoted(at['flushed']))} && "
                f"sync -f {quoted(at['flushed'])}", clean["flushed"]),
    ]
    found = hyperfine(bench.world, commands, runs=bench.times(7, 1), env=device.env)
    same_files(at["progy"], at["git"])
    same_files(at["progy"], at["tar"])
    yield timed(what, goal, found)
    for path in at.values():
        remove(path)


def same_files(one: Path, other: Path) -> None:
    def contents(folder: Path) -> dict[str, bytes]:
        found = {}
        for top, folders, files in os.walk(folder):
            folders[:] = [f for f in folders if f not in (".progy", ".git")]
            for file in files:
                if file != "progy.toml":
                    path = Path(top, file)
                    found[str(path.relative_to(folder))] = path.read_bytes()
        return found

    if contents(one) != contents(other):
        raise Failed(f"{one} and {other} hold different files")


@row
def first_save(bench: Bench) -> Iterator[Line]:
    yield Line(
        "first save of 9,000 files, 100 MB", "ms", None,
        "the snapshot strategy's; a patch holds at most 10 MiB",
    )
    goal = "at most a third of git add, commit, push"
    for what, edit in (
        ("first save of 2,000 edited files (patch)", ["files", "2000"]),
        ("first save of 2,000 rewritten files, 9.8 MB (patch)", ["rewrite", "2000", "4900"]),
    ):
        yield timed(what, goal, first_saves(bench, *edit))


def first_saves(bench: Bench, edit: str, *rest: str) -> dict[str, dict]:
    """Each run is another learner's first save, from a workspace that was just begun."""
    course = bench.course(inputs.MEDIUM)
    name = f"first-{edit}"
    server = bench.server
    folder = bench.world.folder(name)
    device = Device(server, name)
    workspace, clone, files = folder / "progy", folder / "git", folder / "files"
    url = bench.git.repository(name, course)
    bare = bench.git.repositories / f"{name}.git"
    token = folder / "token"
    begin = folder / "begin"
    # The token comes by a file: it is another learner's in every run.
    begin.write_text(f"""
set -eu
n=$(cat {folder}/count 2>/dev/null || echo 0); n=$((n + 1)); echo $n >{folder}/count
progy admin user add {name}-$n --data {quoted(server.data)} >/dev/null
progy admin token create {name}-$n --data {quoted(server.data)} >{token}
rm -rf {workspace}
PROGY_TOKEN=$(cat {token}) progy init -c {inputs.MEDIUM.id} {workspace} --yes >/dev/null
{bench.edit(edit, workspace, *rest)}
sync
""")
    begin_git = folder / "begin-git"
    begin_git.write_text(f"""
set -eu
rm -rf {clone} {bare}
cp -a {bare}.pristine {bare}
git clone -q {url} {clone}
{bench.edit(edit, clone, *rest)}
sync
""")
    bench.world.run("cp", "-a", bare, f"{bare}.pristine")
    list_of_files = folder / "list"
    begin_tar = folder / "begin-tar"
    begin_tar.write_text(f"""
set -eu
if [ ! -d {files} ]; then
    cp -a {course} {files}
    {bench.edit(edit, files, *rest)}
    (cd {files} && find content -newer {begin_tar} -type f) >{list_of_files}
fi
rm -f {folder}/out.tar.gz
sync
""")
    commands = [
        Command("progy", f"read -r PROGY_TOKEN <{token}; export PROGY_TOKEN; cd {workspace} && "
                "progy save", f"sh {begin}"),
        Command("git", f"cd {clone} && git add -A && git commit -qm Save && git push -q",
                f"sh {begin_git}"),
        Command("tar czf", f"cd {files} && tar czf {folder}/out.tar.gz -T {list_of_files}",
                f"sh {begin_tar}"),
    ]
    found = hyperfine(bench.world, commands, runs=bench.times(7, 1), env=device.env)
    last = {"PROGY_TOKEN": token.read_text().strip()}
    device.env |= last
    device.check_saved(workspace)
    bench.git.check_pushed(clone)
    log = json.loads(device.progy("log", "--json", cwd=workspace))
    if [revision["files_changed"] for revision in log] != [2000]:
        raise Failed(f"the first save is not what it should be: {log}")
    return found


@row
def client_memory(bench: Bench) -> Iterator[Line]:
    device = Device(bench.server, "client-memory")
    folder = bench.world.folder("client-memory")
    large, medium = folder / "large", folder / "medium"
    found: dict[str, float] = {}

    def run(what: str, *args, cwd: Path = folder) -> None:
        command = [bench.world.progy, *args]
        found[what] = peak_memory(bench.world, command, env=device.env, cwd=cwd)

    run("init, 9,000 files, 100 MB", "init", "-c", inputs.LARGE.id, large, "--yes")
    run("status, 9,000 files", "status", cwd=large)
    bench.world.run("sh", "-c", bench.edit("files", large, 500))
    run("save of 500 edited files among 9,000", "save", cwd=large)
    remove(large)
    run("resume, 9,000 files, 100 MB", "init", "-c", inputs.LARGE.id, large, "--yes")
    run("sync, 9,000 files", "sync", cwd=large)
    device.init(inputs.MEDIUM.id)
    medium = device.folder / inputs.MEDIUM.id
    bench.world.run("sh", "-c", bench.edit("rewrite", medium, 2000, 4900))
    run("save of 2,000 rewritten files, 9.8 MB", "save", cwd=medium)
    other = folder / "other"
    run("resume of those 9.8 MB", "init", "-c", inputs.MEDIUM.id, other, "--yes")
    same_files(medium, other)
    run("publish a course of 9,000 files, 100 MB", "course", "pack", bench.course(inputs.LARGE),
        "-o", folder / "course.progy")
    where, most = max(found.items(), key=lambda item: item[1])
    yield Line(
        "client memory, largest case", "MB", most, "under 150 MB", {}, {"case": where, **found}
    )


@row
def load(bench: Bench) -> Iterator[Line]:
    """Throughput and the server's memory: both are of one server under one load."""
    server = Server(bench.world, "load")
    time.sleep(1)
    memory = {"started, without data": server.memory()}
    server.publish(bench.course(inputs.LARGE))
    server.publish(bench.course(inputs.MEDIUM))
    memory["after publishing 9,000 files, 100 MB"] = server.memory()
    server.stop()
    server.start()
    time.sleep(1)
    memory["idle, with two courses"] = server.memory()

    seconds = bench.times(20, 3)
    before = cpu_seconds(server.child.pid)
    report = json.loads(bench.world.run(
        bench.world.load, "--server", server.url, "--admin-data", server.data, "--json",
        "--course", inputs.MEDIUM.id, "--learners", 64, "--seconds", seconds,
    ))
    cpu = cpu_seconds(server.child.pid) - before
    memory["64 learners save"] = server.memory()
    memory["idle, after it"] = settled(server)
    latency = report["latency_ms"]
    if report["errors"] or report["conflicts"]:
        raise Failed(f"learners of their own met errors: {report}")
    details = report | {"server_cpu_seconds": cpu, "fsync": fsyncs(bench.world.root)}
    yield Line("saves per second, 64 learners at once", "/s", report["saves_per_second"],
               "over 1,000", {}, details)
    yield Line("… 99 in 100 are answered within", "ms", latency["p99"], "under 200 ms", {}, latency)

    memory["8 devices resume 9,000 files at once"] = at_once(bench, server, 8)
    idle = memory["idle, with two courses"]["VmRSS"]
    most = max(m["VmHWM"] for m in memory.values())
    yield Line("server memory, idle", "MB", idle, "under 50 MB", {}, memory)
    yield Line("server memory, at most under load", "MB", most, "under 300 MB", {}, memory)


def settled(server: Server) -> dict[str, float]:
    time.sleep(3)
    return server.memory()


def at_once(bench: Bench, server: Server, count: int) -> dict[str, float]:
    """Devices of learners who have saved something begin at the same time."""
    devices = []
    for number in range(count):
        device = Device(server, f"at-once-{number}")
        if number == 0:
            workspace = device.init(inputs.LARGE.id)
            bench.world.run("sh", "-c", bench.edit("files", workspace, 500))
            device.progy("save", cwd=workspace)
            remove(workspace)
        else:
            device.env["PROGY_TOKEN"] = devices[0].env["PROGY_TOKEN"]
        devices.append(device)
    errors: list[BaseException] = []

    def begin(device: Device) -> None:
        try:
            device.init(inputs.LARGE.id)
        except Failed as error:
            errors.append(error)

    threads = [threading.Thread(target=begin, args=[device]) for device in devices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    for device in devices:
        remove(device.folder)
    return server.memory()


def fsyncs(folder: Path) -> dict[str, float]:
    """What this disk does: milliseconds of a flush of 4 KiB, one after another."""
    took = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(200):
            file.write(os.urandom(4096))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    return {"median_ms": statistics.median(took), "p99_ms": sorted(took)[197]}
