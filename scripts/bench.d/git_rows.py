"""The rows of the strategy git: the same work by progy and by stock git over `git http-backend`.

Progy's server flushes what it acknowledges, and its client what it records. Stock git is measured
twice: as it comes (packs are flushed, loose objects and references are left to the system), and told
to flush as progy does (`core.fsync=all`, `core.fsyncMethod=batch`, on both sides).
"""

import json
from collections.abc import Iterator
from pathlib import Path

import inputs
from rows import Bench, Line, row, same_files, timed
from timing import Command, hyperfine, quoted
from world import Device, Failed, Server, remove, tree_bytes

# The peers, each with how its repositories are set.
PEERS = {"git": [], "git, flushed": [("core.fsync", "all"), ("core.fsyncMethod", "batch")]}
# So many bare repositories are packed by `git gc`.
GC = 100
PUSH = "git add -A && git commit -qm Save && git push -q"


class Peer:
    """A bare repository of a course behind `git http-backend`, with a clone of it."""

    def __init__(self, bench: Bench, name: str, who: str, course: inputs.Course):
        self.bench = bench
        self.settings = PEERS[who]
        self.name = f"{name}-{course.files}-{who.replace(', ', '-')}"
        self.url = bench.git.repository(self.name, bench.course(course))
        self.bare = bench.git.repositories / f"{self.name}.git"
        self.options = " ".join(f"-c {key}={value}" for key, value in self.settings)
        self.set(self.bare)

    def set(self, repository: Path) -> None:
        for key, value in self.settings:
            self.bench.world.run("git", "-C", repository, "config", key, value)

    def clone(self) -> Path:
        at = self.bench.clone(self.url, self.name)
        self.set(at)
        return at


def started(bench: Bench, device: Device, course: inputs.Course) -> Path:
    """A workspace of the strategy git."""
    workspace = device.folder / course.id
    device.progy("init", "-c", course.id, workspace, "--strategy", "git", "--yes")
    return workspace


def peers(bench: Bench, name: str, course: inputs.Course) -> dict[str, tuple[Peer, Path]]:
    found = {}
    for who in PEERS:
        peer = Peer(bench, name, who, course)
        found[who] = (peer, peer.clone())
    return found


@row
def git_save(bench: Bench) -> Iterator[Line]:
    device = Device(bench.server, "git-save")
    workspace = started(bench, device, inputs.MEDIUM)
    others = peers(bench, "git-save", inputs.MEDIUM)
    commands = [
        Command("progy", f"cd {quoted(workspace)} && progy save", bench.edit("line", workspace))
    ]
    commands += [
        Command(who, f"cd {quoted(clone)} && {PUSH}", bench.edit("line", clone))
        for who, (_, clone) in others.items()
    ]
    runs, warmup = bench.times(30, 3), 3
    found = hyperfine(bench.world, commands, runs=runs, warmup=warmup, env=device.env)
    device.check_saved(workspace)
    for _, clone in others.values():
        bench.git.check_pushed(clone)
    # Ours, and the one by which a workspace begins.
    saved = len(json.loads(device.progy("log", "--json", cwd=workspace)))
    if saved != runs + warmup + 1:
        raise Failed(f"{runs + warmup} saves made {saved} commits")
    bench.world.run("git", "-C", workspace, "fsck", "--strict")
    yield timed("git: save after one edit, 2,200 files", "", found)


@row
def git_sync(bench: Bench) -> Iterator[Line]:
    for course in (inputs.MEDIUM, inputs.LARGE):
        device = Device(bench.server, f"git-sync-{course.files}")
        workspace = started(bench, device, course)
        # What is not flushed yet makes no difference to who writes nothing.
        peer = Peer(bench, "git-sync", "git", course)
        clone = peer.clone()
        commands = [
            Command("progy", f"cd {quoted(workspace)} && progy sync"),
            Command("git pull", f"cd {quoted(clone)} && git pull -q"),
        ]
        found = hyperfine(
            bench.world, commands, runs=bench.times(30, 5), warmup=3, env=device.env
        )
        device.check_saved(workspace)
        yield timed(f"git: sync with nothing to do, {course.files:,} files", "", found)
        remove(workspace)
        remove(clone)


@row
def git_clone(bench: Bench) -> Iterator[Line]:
    for course in (inputs.MEDIUM, inputs.LARGE):
        device = Device(bench.server, f"git-clone-{course.files}")
        workspace = started(bench, device, course)
        bench.world.run("sh", "-c", bench.edit("files", workspace, 10))
        device.progy("save", cwd=workspace)
        device.check_saved(workspace)
        peer = Peer(bench, "git-clone", "git", course)
        clone = peer.clone()
        bench.world.run("sh", "-c", bench.edit("files", clone, 10))
        bench.world.run("sh", "-c", PUSH, cwd=clone)
        folder = bench.world.folder(f"git-clone-{course.files}")
        at = {who: folder / who for who in ("progy", "git", "flushed")}
        # `sync`, so that nobody pays for what others have written before.
        clean = {who: f"rm -rf {quoted(path)} && sync" for who, path in at.items()}
        clone_to = f"git clone -q {quoted(peer.url)}"
        other = Device(bench.server, f"git-other-{course.files}", device.env["PROGY_TOKEN"])
        commands = [
            Command("progy", f"progy init -c {course.id} {quoted(at['progy'])} --strategy git --yes",
                    clean["progy"]),
            Command("git clone", f"{clone_to} {quoted(at['git'])}", clean["git"]),
            Command("git clone, flushed", f"{clone_to} {quoted(at['flushed'])} && "
                    f"sync -f {quoted(at['flushed'])}", clean["flushed"]),
        ]
        found = hyperfine(bench.world, commands, runs=bench.times(7, 1), env=other.env)
        same_files(at["progy"], at["git"])
        what = f"git: init that resumes {course.files:,} files, {course.bytes / 1e6:.0f} MB"
        yield timed(what, "", found)
        for path in (*at.values(), workspace, clone):
            remove(path)


@row
def git_first_push(bench: Bench) -> Iterator[Line]:
    """A learner of a small course brings a project of so many files: none is known anywhere."""
    bench.server.publish(bench.course(inputs.SMALL))
    for course in (inputs.MEDIUM, inputs.LARGE):
        yield timed(
            f"git: first push of {course.files:,} files, {course.bytes / 1e6:.0f} MB", "",
            first_pushes(bench, course),
        )


def first_pushes(bench: Bench, project: inputs.Course) -> dict[str, dict]:
    """Each run is another learner's, from a workspace that was just begun."""
    content = bench.course(project)
    server = bench.server
    name = f"git-first-{project.files}"
    folder = bench.world.folder(name)
    device = Device(server, name)
    workspace, token = folder / "progy", folder / "token"
    begin = folder / "begin"
    begin.write_text(f"""
set -eu
n=$(cat {folder}/count 2>/dev/null || echo 0); n=$((n + 1)); echo $n >{folder}/count
progy admin user add {name}-$n --data {quoted(server.data)} >/dev/null
progy admin token create {name}-$n --data {quoted(server.data)} >{token}
rm -rf {workspace}
PROGY_TOKEN=$(cat {token}) progy init -c {inputs.SMALL.id} {workspace} --strategy git --yes >/dev/null
cp -R {quoted(content)} {workspace}/project
sync
""")
    commands = [
        Command("progy", f"read -r PROGY_TOKEN <{token}; export PROGY_TOKEN; cd {workspace} && "
                "progy save", f"sh {begin}")
    ]
    clones = {}
    for who in PEERS:
        peer = Peer(bench, name, who, inputs.SMALL)
        clones[who] = clone = folder / peer.name
        bench.world.run("cp", "-a", peer.bare, f"{peer.bare}.pristine")
        begin_git = folder / f"begin-{peer.name}"
        # After 6,700 loose objects git packs them behind our back, and is not to be removed meanwhile.
        begin_git.write_text(f"""
set -eu
until rm -rf {clone} {peer.bare} 2>/dev/null; do sleep 0.2; done
cp -a {peer.bare}.pristine {peer.bare}
git {peer.options} clone -q {peer.url} {clone}
cp -R {quoted(content)} {clone}/project
sync
""")
        push = PUSH.replace("git ", f"git {peer.options} ")
        commands.append(Command(who, f"cd {clone} && {push}", f"sh {begin_git}"))
    found = hyperfine(bench.world, commands, runs=bench.times(5, 1), env=device.env)
    device.env["PROGY_TOKEN"] = token.read_text().strip()
    device.check_saved(workspace)
    bench.world.run("git", "-C", workspace, "fsck", "--strict")
    for clone in clones.values():
        bench.git.check_pushed(clone)
        same_files(workspace, clone)
        remove(clone)
    remove(workspace)
    return found


@row
def git_stored(bench: Bench) -> Iterator[Line]:
    learners = bench.times(1_000, 20)
    for course in (inputs.SMALL, inputs.MEDIUM):
        ours, details = stored_by_us(bench, course, learners)
        theirs = stored_by_git(bench, course, learners)
        details |= theirs
        for what, key in (("", "bytes"), (", in blocks of the disk", "disk")):
            yield Line(
                f"git: stored for each of {learners:,} learners who edited 10 files, "
                f"template of {course.files:,}{what}",
                "B", ours[key], "",
                {"bare repositories": theirs["pushed"][key], "after gc": theirs["gc"][key]},
                details,
            )


def stored_by_us(bench: Bench, course: inputs.Course, learners: int) -> tuple[dict, dict]:
    """Bytes a learner by which the server's folder has grown: database, repository and all.

    The learners are progy-load's, who make commits and push them by the code of `progy`. One more
    does the same by the commands themselves, so that it shows if that makes a difference.
    """
    server = Server(bench.world, f"git-stored-{course.files}")
    server.publish(bench.course(course))
    repositories = server.data / "git/repositories"
    by_command(bench, server, course)
    command = repository_files(next(repositories.glob("*/*.git")))
    server.stop()
    before = sizes(server.data)
    server.start()
    load = [
        bench.world.load, "--server", server.url, "--admin-data", server.data, "--json",
        "--course", course.id, "--strategy", "git", "--learners", learners, "--at-once", 8,
        "--seconds", 3600, "--saves", 1, "--files", 10, "--files-per-save", 10,
    ]
    report = json.loads(bench.world.run(*load))
    server.stop()
    made = len(list(repositories.glob("*/*.git"))) - 1
    if report["errors"] or report["saves"] != learners or made != learners:
        raise Failed(f"the load went wrong: {made} repositories, {report}")
    after = sizes(server.data)
    parts = {
        str(path.relative_to(server.data)): tree_bytes(path)
        for path in server.data.iterdir() if path.is_dir()
    }
    one = next(bare for bare in repositories.glob("*/*.git"))
    bench.world.run("git", "-C", one, "fsck", "--strict")
    found = {key: (after[key] - before[key]) / learners for key in before}
    details = {
        "learners": learners, "load": report, "folders": parts,
        "one": repository_files(one), "by the command": command,
    }
    remove(server.folder)
    return found, details


def by_command(bench: Bench, server: Server, course: inputs.Course) -> None:
    """A learner begins, edits ten files and saves."""
    device = Device(server, "command")
    workspace = started(bench, device, course)
    bench.world.run("sh", "-c", bench.edit("files", workspace, 10))
    device.progy("save", cwd=workspace)
    remove(device.folder)


def repository_files(bare: Path) -> dict[str, int]:
    return {str(p.relative_to(bare)): p.stat().st_size for p in bare.rglob("*") if p.is_file()}


def stored_by_git(bench: Bench, course: inputs.Course, learners: int) -> dict[str, dict]:
    """The same in a bare repository a learner, as they were pushed and after `git gc`.

    The template is pushed once and the repository copied for each learner, whose edit is a push.
    """
    folder = bench.world.folder(f"bare-{course.files}")
    work = folder / "work"
    bench.world.run("cp", "-R", bench.course(course), work)
    bench.world.run("git", "init", "-q", cwd=work)
    bench.world.run("git", "add", "-A", cwd=work)
    bench.world.run("git", "commit", "-qm", "Template", cwd=work)
    template = bench.world.run("git", "rev-parse", "HEAD", cwd=work).strip()
    begun, all_of_them = folder / "begun.git", folder / "repositories"
    bench.world.run("git", "init", "-q", "--bare", begun)
    bench.world.run("git", "push", "-q", begun, f"{template}:refs/heads/main", cwd=work)
    all_of_them.mkdir()
    for number in range(learners):
        bare = all_of_them / f"{number}.git"
        bench.world.run("cp", "-a", begun, bare)
        bench.world.run("sh", "-c", bench.edit("files", work, 10))
        bench.world.run("git", "commit", "-qam", "Save", cwd=work)
        bench.world.run("git", "push", "-q", bare, "HEAD:main", cwd=work)
        bench.world.run("git", "reset", "-q", "--hard", template, cwd=work)
    found = {"pushed": of_each(sizes(all_of_them), learners)}
    # Each is like the others; to pack all of them anew would take most of the row's time.
    some = sorted(all_of_them.iterdir())[:GC]
    for bare in some:
        bench.world.run("git", "-C", bare, "gc", "-q")
    each = [sizes(bare) for bare in some]
    total = {key: sum(size[key] for size in each) for key in each[0]}
    found["gc"] = of_each(total, len(some))
    remove(folder)
    return found


def of_each(total: dict[str, int], count: int) -> dict[str, float]:
    return {key: size / count for key, size in total.items()}


def sizes(folder: Path) -> dict[str, int]:
    """What all files hold, and the blocks that they and the folders take on the disk, in bytes."""
    blocks = sum(path.lstat().st_blocks for path in [folder, *folder.rglob("*")]) * 512
    return {"bytes": tree_bytes(folder), "disk": blocks}
