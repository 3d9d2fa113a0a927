"""Whole commands, timed by hyperfine and measured by GNU time."""

import json
import os
import re
import shlex
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from world import Failed, World


@dataclass
class Command:
    """What is timed, and what is done before each run and is not."""

    name: str
    command: str
    prepare: str = "true"


def hyperfine(
    world: World,
    commands: list[Command],
    *,
    runs: int,
    warmup: int = 0,
    env: dict | None = None,
    cwd: Path | None = None,
    shell: bool = True,
) -> dict[str, dict]:
    """Times commands one after another in one run of hyperfine. Times in milliseconds."""
    out = world.folder("hyperfine") / "out.json"
    args = ["hyperfine", "--style", "none", "--export-json", out, "--runs", runs]
    args += ["--warmup", warmup] if warmup else []
    args += [] if shell else ["-N"]
    for command in commands:
        args += ["--prepare", command.prepare, "--command-name", command.name, command.command]
    world.run(*args, env=env, cwd=cwd)
    found = json.loads(out.read_text())["results"]
    if len(found) != len(commands):
        raise Failed(f"hyperfine timed {len(found)} of {len(commands)} commands")
    results = {}
    for result in found:
        times = {key: result[key] * 1000 for key in ("mean", "stddev", "median", "min", "max")
                 if result[key] is not None}
        cpu = {"user": result["user"] * 1000, "system": result["system"] * 1000}
        results[result["command"]] = times | cpu | {"runs": len(result["times"])}
    return results


def peak_memory(world: World, command: list, *, env: dict, cwd: Path) -> float:
    """The most that a command had resident, in MB (10^6 bytes), as `/usr/bin/time -v` says."""
    report = world.folder("time") / "report"
    world.run("/usr/bin/time", "-v", "-o", report, *command, env=env, cwd=cwd)
    found = re.search(r"Maximum resident set size \(kbytes\): (\d+)", report.read_text())
    if not found:
        raise Failed(f"/usr/bin/time said nothing of memory: {report.read_text()[:500]}")
    return int(found[1]) * 1024 / 1e6


@dataclass
class Cost:
    """What one run of a command took. `wire` is all that passed loopback, headers and answers too."""

    seconds: float
    memory: int
    wire: int


def once(world: World, command: str, *, env: dict) -> Cost:
    """Runs a command of the shell to its end. The memory is that of its largest process."""
    log = world.root / "command.log"
    with log.open("wb") as out:
        before, began = loopback(), time.perf_counter()
        # What the kernel says of a child's memory begins with that of the process which started it:
        # a small one, and not this.
        report = world.root / "command.memory"
        child = subprocess.Popen(
            ["/usr/bin/time", "-q", "-f", "%M", "-o", report, "sh", "-c", command],
            env=world.env | env, cwd=world.root,
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
        )
        try:
            child.wait()
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise
        seconds, wire = time.perf_counter() - began, loopback() - before
    if child.returncode:
        raise Failed(f"{command}\nended with {child.returncode}\n{log.read_text()[-2000:]}")
    return Cost(seconds, int(report.read_text()) * 1024, wire)


def loopback() -> int:
    """Bytes that were sent over loopback since the machine began; see proc_net_dev(5)."""
    lines = Path("/proc/net/dev").read_text().splitlines()
    line = next(line for line in lines if line.strip().startswith("lo:"))
    return int(line.partition(":")[2].split()[0])


def quoted(*args) -> str:
    """Arguments as a shell wants them."""
    return shlex.join(str(arg) for arg in args)
