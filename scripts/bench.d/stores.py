"""What keeps a project's versions or copies it: Progy and its peers, each with a server of its own.

Every one of them talks TCP on loopback, so that what passes it can be counted. A peer does what its
manual says for the task, as it comes: restic and rustic keep their repository behind `rclone serve
restic`, borg behind `borg serve`, rsync and unison copy to a daemon, and `tar | zstd` sends one archive.
"""

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from timing import quoted
from world import Device, Failed, Server, World, end, free_port, is_listening, remove, tree_bytes

PASSWORD = "bench"


@dataclass
class Store:
    """A tool with its server, and a project of its own that it keeps.

    `save` and `restore` are commands of a shell; `into` is where the project comes back.
    """

    world: World
    name: str
    source: Path
    env: dict = field(default_factory=dict)

    def __post_init__(self):
        self.folder = self.world.folder(f"store-{self.name.replace(' ', '')}")
        self.kept = self.folder / "kept"
        self.cache = self.folder / "cache"
        self.into = self.folder / "into"
        self.project = self.folder / "project"
        self.children: list[subprocess.Popen] = []
        self.begin()

    def place(self) -> None:
        """A new copy of what is to be kept."""
        if self.project.exists():
            remove(self.project)
        self.world.run("cp", "-a", self.source, self.project)

    def begin(self) -> None:
        """Starts what the tool needs."""

    def reset(self) -> None:
        """Nothing is kept, and nothing is remembered here."""
        self.place()
        for folder in (self.kept, self.cache):
            if folder.exists():
                remove(folder)
            folder.mkdir()

    def elsewhere(self) -> None:
        """What is restored next comes to a device that has nothing."""
        for folder in (self.into, self.cache):
            if folder.exists():
                remove(folder)
        self.cache.mkdir()

    def restored(self) -> Path:
        """Where the project is after `restore`."""
        return self.into

    def stored(self) -> int:
        return tree_bytes(self.kept)

    def serve(self, port: int, *command) -> None:
        child = self.world.start(*command, log=self.folder / "log")
        self.children.append(child)
        deadline = time.monotonic() + 20
        while not is_listening(port):
            if time.monotonic() > deadline or child.poll() is not None:
                raise Failed(f"{self.name}: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.02)

    def close(self) -> None:
        for child in self.children:
            end(child)
        remove(self.folder)


class Progy(Store):
    """A workspace of the strategy snapshot; the project is a folder in it. Flushes what it keeps."""

    COURSE = "bench-small"

    def __init__(self, world: World, source: Path, course: Path):
        self.course = course
        self.learners = 0
        super().__init__(world, "progy", source)

    def begin(self) -> None:
        (self.folder / "server.toml").write_text(f"[snapshots]\nquota = {64 << 30}\n")
        self.server = Server(self.world, "snapshot", self.folder / "server.toml")
        self.server.publish(self.course)
        self.save = self.restore = ""

    def reset(self) -> None:
        """A new learner, whose workspace has the project: nobody else's packs help."""
        self.learners += 1
        if self.learners > 1:
            remove(self.device.folder)
        self.device = Device(self.server, f"ana{self.learners}")
        workspace = self.device.folder / "work"
        self.device.progy("init", "-c", self.COURSE, workspace, "--strategy", "snapshot", "--yes")
        self.project = workspace / "project"
        self.place()
        self.env = self.device.env
        self.save = f"cd {quoted(workspace)} && progy save"
        self.begun = self.kept_bytes()

    def elsewhere(self) -> None:
        if self.into.exists():
            remove(self.into)
        config = self.folder / "elsewhere"
        if config.exists():
            remove(config)
        self.env = self.device.env | {
            "PROGY_CONFIG_DIR": str(config), "PROGY_DEVICE_NAME": "elsewhere"
        }
        self.restore = quoted("progy", "init", "-c", self.COURSE, self.into, "--yes")

    def restored(self) -> Path:
        return self.into / "project"

    def kept_bytes(self) -> int:
        return sum(
            path.stat().st_size for path in self.server.data.rglob("*")
            # SQLite's log is folded into the database now and then, whatever is in it.
            if path.is_file() and not path.name.endswith("-wal")
        )

    def stored(self) -> int:
        return self.kept_bytes() - self.begun

    def close(self) -> None:
        self.server.stop()
        remove(self.server.folder)
        remove(self.device.folder)
        remove(self.folder)


class Restic(Store):
    """A repository behind a REST server."""

    program = "restic"

    def begin(self) -> None:
        port = free_port()
        self.serve(
            port, "rclone", "serve", "restic", "--cache-objects=false", "--addr",
            f"127.0.0.1:{port}", self.kept
        )
        self.env = {
            "RESTIC_REPOSITORY": f"rest:http://127.0.0.1:{port}/",
            "RESTIC_PASSWORD": PASSWORD,
            "RESTIC_CACHE_DIR": str(self.cache),
        }
        self.save = f"cd {quoted(self.project)} && restic backup -q ."
        self.restore = quoted("restic", "restore", "-q", "latest", "--target", self.into)

    def reset(self) -> None:
        super().reset()
        self.world.run(self.program, "init", env=self.env)


class Rustic(Restic):
    """The same in Rust."""

    program = "rustic"

    def begin(self) -> None:
        super().begin()
        self.env = {
            "RUSTIC_REPOSITORY": self.env["RESTIC_REPOSITORY"],
            "RUSTIC_PASSWORD": PASSWORD,
            "RUSTIC_CACHE_DIR": str(self.cache),
            "RUSTIC_NO_PROGRESS": "true",
            "RUSTIC_LOG_LEVEL": "warn",
        }
        self.save = f"cd {quoted(self.project)} && rustic backup . >/dev/null"
        self.restore = quoted("rustic", "restore", "latest", self.into) + " >/dev/null"


class Borg(Store):
    """A repository behind `borg serve`, to which TCP takes the place of ssh."""

    def begin(self) -> None:
        port = free_port()
        socat = f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork"
        self.serve(port, "socat", socat, "EXEC:borg serve")
        rsh = self.folder / "rsh"
        rsh.write_text(f"#!/bin/sh\nexec socat - TCP:127.0.0.1:{port}\n")
        rsh.chmod(0o755)
        self.env = {
            "BORG_REPO": f"ssh://borg{self.kept}",
            "BORG_RSH": str(rsh),
            "BORG_CACHE_DIR": str(self.cache),
            "BORG_CONFIG_DIR": str(self.cache / "config"),
            "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
            "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
        }
        # Names of archives are unique; zstd is what the others use.
        self.save = f"cd {quoted(self.project)} && borg create -C zstd ::$(date +%s.%N) ."
        self.restore = (
            f"mkdir {quoted(self.into)} && cd {quoted(self.into)} && "
            "borg extract ::$(borg list --last 1 --format '{archive}')"
        )

    def reset(self) -> None:
        super().reset()
        self.world.run("borg", "init", "-e", "none", env=self.env)


class Tar(Store):
    """One archive, sent whole at every save."""

    def begin(self) -> None:
        port = free_port()
        archive, kept = f"127.0.0.1:{port}", quoted(self.kept / "archive.tar.zst")
        take = self.folder / "take"
        # The first byte says what is wanted. The sender's end is the archive's.
        take.write_text(
            "#!/bin/sh\n"
            f"case $(head -c 1) in s) cat > {kept}.new && mv {kept}.new {kept} && echo kept ;; "
            f"r) exec cat {kept} ;; esac\n"
        )
        take.chmod(0o755)
        self.serve(
            port, "socat", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork", f"EXEC:{take}"
        )
        self.save = (
            f"cd {quoted(self.project)} && "
            f"{{ printf s; tar cf - . | zstd -q -3 -T0; }} | socat -t 600 - TCP:{archive} | grep -q kept"
        )
        self.restore = (
            f"mkdir {quoted(self.into)} && cd {quoted(self.into)} && "
            f"printf r | socat -t 600 - TCP:{archive} | zstd -dq | tar xf -"
        )


class Rsync(Store):
    """A copy behind a daemon: no history."""

    def begin(self) -> None:
        port = free_port()
        config = self.folder / "rsyncd.conf"
        config.write_text(
            f"use chroot = no\nuid = 0\ngid = 0\n[kept]\npath = {self.kept}\nread only = no\n"
        )
        self.kept.mkdir()
        self.serve(
            port, "rsync", "--daemon", "--no-detach", "--address=127.0.0.1", f"--port={port}",
            f"--config={config}",
        )
        url = f"rsync://127.0.0.1:{port}/kept/"
        self.save = quoted("rsync", "-az", "--delete", f"{self.project}/", url)
        self.restore = quoted("rsync", "-az", url, f"{self.into}/")


class Unison(Store):
    """A copy that is compared on both sides: no history."""

    def begin(self) -> None:
        self.port = free_port()
        self.kept.mkdir()
        self.cache.mkdir()
        self.env = {"UNISON": str(self.cache)}
        self.listen()
        root = f"socket://127.0.0.1:{self.port}/{self.kept}"
        common = ["-batch", "-auto", "-silent", "-times", "-confirmbigdel=false"]
        self.save = quoted("unison", *common, self.project, root)
        self.restore = quoted("unison", *common, self.into, root)

    def listen(self) -> None:
        for child in self.children:
            end(child)
        self.children = []
        self.serve(
            self.port, "env", f"UNISON={self.cache}", "unison", "-socket", self.port,
            "-host", "127.0.0.1",
        )

    def reset(self) -> None:
        super().reset()
        self.listen()

    def elsewhere(self) -> None:
        super().elsewhere()
        self.into.mkdir()
        self.listen()


PEERS = {
    "restic": Restic, "rustic": Rustic, "borg": Borg, "tar | zstd": Tar, "rsync": Rsync,
    "unison": Unison,
}


def peers(world: World) -> dict[str, type[Store]]:
    """Those that this machine has; who is missing is said."""
    found = {}
    for name, made in PEERS.items():
        if shutil.which(name.split()[0], path=world.env["PATH"]):
            found[name] = made
        else:
            print(f"without {name}, which is not here", file=sys.stderr)
    return found
