"""Whole commands, timed by hyperfine and measured by GNU time."""

import json
import re
import shlex
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


def quoted(*args) -> str:
    """Arguments as a shell wants them."""
    return shlex.join(str(arg) for arg in args)
