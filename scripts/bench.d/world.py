"""Servers, devices and folders, all of which end with the benchmark."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


class Failed(Exception):
    """Something did not do what it should: the numbers would mean nothing."""


def remove(folder: Path) -> None:
    """Removes a folder of which a part may go by itself meanwhile, as a server's log does."""

    def goes_on(_function, _path, info) -> None:
        if not issubclass(info[0], FileNotFoundError):
            raise info[1]

    shutil.rmtree(folder, onerror=goes_on)


class World:
    """A temporary folder, and processes that do not outlive it."""

    def __init__(self, keep: bool):
        self.keep = keep
        self.stack = ExitStack()
        target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
        # Beside the repository and not in /tmp, which is memory on many machines: a save that
        # reaches no disk would be measured against one that does not try to.
        self.root = Path(tempfile.mkdtemp(prefix="bench-", dir=target))
        self.count = 0
        # Copies: a build that goes on meanwhile does not change what is measured.
        bin = self.root / "bin"
        bin.mkdir()
        self.progy = Path(shutil.copy2(target / "release/progy", bin))
        self.load = Path(shutil.copy2(target / "release/progy-load", bin))
        (self.root / "home").mkdir()
        self.env = {
            "PATH": f"{bin}:{target}/bench-tools/bin:{os.environ['PATH']}:/usr/sbin:/sbin",
            "HOME": str(self.root / "home"),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "PROGY_LANG": "en",
        }

    def __enter__(self) -> "World":
        (self.root / "home/.gitconfig").write_text(
            "[user]\n name = Bench\n email = bench@example.org\n[init]\n defaultBranch = main\n"
        )
        return self

    def __exit__(self, *_) -> None:
        self.stack.close()
        if self.keep:
            print(f"kept {self.root}")
        else:
            shutil.rmtree(self.root, ignore_errors=True)

    def folder(self, name: str) -> Path:
        """A new, empty folder."""
        self.count += 1
        path = self.root / f"{self.count:02}-{name}"
        path.mkdir()
        return path

    def run(self, *args, env: dict | None = None, cwd: Path | None = None, codes=(0,)) -> str:
        """Runs a command to its end. Its output; `Failed` if it ends otherwise than it should.

        The command has a session of its own, so that what it starts can be ended with it.
        """
        child = subprocess.Popen(
            [str(arg) for arg in args],
            env=self.env | (env or {}),
            cwd=cwd or self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            out, err = child.communicate()
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise
        if child.returncode not in codes:
            what = " ".join(str(arg) for arg in args)[:300]
            raise Failed(f"{what}\nended with {child.returncode}\n{out[-2000:]}{err[-2000:]}")
        return out

    def start(self, *args, log: Path, stdout=None) -> subprocess.Popen:
        """Starts a server. It is ended with the world at the latest."""
        with log.open("ab") as file:
            child = subprocess.Popen(
                [str(arg) for arg in args],
                env=self.env,
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=stdout or file,
                stderr=file,
                start_new_session=True,
            )
        self.stack.callback(end, child)
        return child


def end(child: subprocess.Popen) -> None:
    """Asks a process to end, and sees to it that it does."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


class Server:
    """`progy serve` with data of its own."""

    def __init__(self, world: World, name: str, config: Path | None = None):
        self.world = world
        self.options = ["--config", config] if config else []
        self.folder = world.folder(f"server-{name}")
        self.data = self.folder / "data"
        self.child: subprocess.Popen | None = None
        self.port = 0
        self.start()
        self.admin = self.person("root", "admin")

    def start(self) -> None:
        """Starts it, on the port that it had."""
        self.child = self.world.start(
            self.world.progy, "serve", "--listen", f"127.0.0.1:{self.port}", "--data", self.data,
            *self.options,
            log=self.folder / "log", stdout=subprocess.PIPE,
        )
        line = self.child.stdout.readline().decode().strip()
        if not line.startswith("listening on http://"):
            raise Failed(f"the server said {line!r}: {(self.folder / 'log').read_text()[-2000:]}")
        self.port = int(line.rsplit(":", 1)[1])

    def stop(self) -> None:
        """Ends it as an operator does."""
        end(self.child)
        self.child.stdout.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def person(self, name: str, role: str = "learner") -> str:
        """A new person's token."""
        admin = [self.world.progy, "admin"]
        self.world.run(*admin, "user", "add", name, "--role", role, "--data", self.data)
        return self.world.run(*admin, "token", "create", name, "--data", self.data).strip()

    def publish(self, course: Path) -> None:
        Device(self, "root", self.admin).progy("course", "publish", course)

    def memory(self) -> dict[str, float]:
        """What is resident now and what was at most, in MB (10^6 bytes)."""
        return memory(self.child.pid)

    def stored(self) -> int:
        """Bytes of all files that a stopped server keeps, uploads in progress left out."""
        return tree_bytes(self.data)


class Device:
    """An installation of a person's, with a folder for workspaces."""

    def __init__(self, server: Server, name: str, token: str | None = None, port: int = 0):
        self.world = server.world
        self.folder = server.world.folder(f"device-{name}")
        self.env = {
            "PROGY_CONFIG_DIR": str(self.folder / "config"),
            "PROGY_API_URL": f"http://127.0.0.1:{port or server.port}",
            "PROGY_TOKEN": token or server.person(name),
            "PROGY_DEVICE_NAME": name,
        }

    def progy(self, *args, cwd: Path | None = None) -> str:
        return self.world.run(self.world.progy, *args, env=self.env, cwd=cwd or self.folder)

    def init(self, course: str) -> Path:
        """Starts or resumes a course in a folder of its name."""
        self.progy("init", "-c", course, course, "--yes")
        return self.folder / course

    def status(self, workspace: Path) -> dict:
        return json.loads(self.progy("status", "--json", cwd=workspace))

    def check_saved(self, workspace: Path) -> None:
        """Everything here is on the server."""
        status = self.status(workspace)
        if status["changed"] or status["queued"] or not status["head"]:
            raise Failed(f"{workspace} is not saved: {json.dumps(status)[:1000]}")
        if status["base"] != status["head"]:
            raise Failed(f"{workspace} is not at the head: {json.dumps(status)[:1000]}")


class GitServer:
    """Bare repositories over smart HTTP: git http-backend behind lighttpd."""

    def __init__(self, world: World):
        self.world = world
        self.folder = world.folder("git-server")
        self.repositories = self.folder / "repositories"
        self.repositories.mkdir()
        self.port = free_port()
        backend = Path(world.run("git", "--exec-path").strip()) / "git-http-backend"
        uploads = self.folder / "uploads"
        uploads.mkdir()
        config = self.folder / "lighttpd.conf"
        config.write_text(
            f"""
server.modules = ("mod_alias", "mod_setenv", "mod_cgi")
server.bind = "127.0.0.1"
server.port = {self.port}
server.document-root = "{self.repositories}"
server.upload-dirs = ("{uploads}")
server.stream-response-body = 1
alias.url = ("/git" => "{backend}")
$HTTP["url"] =~ "^/git/" {{
    cgi.assign = ("" => "")
    setenv.set-environment = (
        "GIT_PROJECT_ROOT" => "{self.repositories}", "GIT_HTTP_EXPORT_ALL" => "1",
        "HOME" => "{world.env['HOME']}", "PATH" => "/usr/local/bin:/usr/bin:/bin"
    )
}}
"""
        )
        self.child = world.start("lighttpd", "-D", "-f", config, log=self.folder / "log")
        deadline = time.monotonic() + 10
        while not is_listening(self.port):
            if time.monotonic() > deadline or self.child.poll() is not None:
                raise Failed(f"lighttpd: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def repository(self, name: str, content: Path | None = None) -> str:
        """A new bare repository, with one commit of `content`. Its URL."""
        bare = self.repositories / f"{name}.git"
        git = ["git", "-C", bare]
        self.world.run("git", "init", "-q", "--bare", bare)
        self.world.run(*git, "config", "http.receivepack", "true")
        if content:
            work = self.world.folder(f"commit-{name}")
            self.world.run("cp", "-a", f"{content}/.", work)
            self.world.run("git", "-C", work, "init", "-q")
            self.world.run("git", "-C", work, "add", "-A")
            self.world.run("git", "-C", work, "commit", "-qm", "Template")
            self.world.run("git", "-C", work, "push", "-q", bare, "main")
            # As a host keeps what many clone: packed.
            self.world.run(*git, "gc", "-q")
            remove(work)
        return self.url(name)

    def url(self, name: str, port: int = 0) -> str:
        return f"http://127.0.0.1:{port or self.port}/git/{name}.git"

    def check_pushed(self, work: Path) -> None:
        """Everything in the clone is in the bare repository."""
        dirty = self.world.run("git", "-C", work, "status", "--porcelain")
        here = self.world.run("git", "-C", work, "rev-parse", "HEAD").strip()
        there = self.world.run("git", "-C", work, "ls-remote", "origin", "refs/heads/main")
        if dirty or not there.startswith(here):
            raise Failed(f"{work} is not pushed: {dirty[:500]} {here} {there}")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def memory(pid: int) -> dict[str, float]:
    """VmRSS and VmHWM of a process in MB (10^6 bytes); see proc(5)."""
    found = {}
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in ("VmRSS", "VmHWM"):
            found[name] = int(rest.split()[0]) * 1024 / 1e6
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def tree_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
