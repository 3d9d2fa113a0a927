"""Runs the rows, prints a table and writes target/bench.json. Called by scripts/bench."""

import argparse
import datetime
import json
import os
import platform
import signal
import sys
import time
from pathlib import Path

import git_rows  # noqa: F401 - adds its rows to ROWS
import snapshot_rows  # noqa: F401 - the same
from rows import ROWS, Bench, Line
from world import REPOSITORY, Failed, World


def main() -> int:
    args = arguments()
    if args.list:
        print("\n".join(ROWS))
        return 0
    for name in (signal.SIGTERM, signal.SIGHUP):
        # As Ctrl-C does: everything that was started is ended on the way out.
        signal.signal(name, lambda number, _: sys.exit(128 + number))
    began = time.monotonic()
    with World(args.keep) as world:
        document = {"machine": machine(world), "quick": args.quick, "rows": []}
        bench = Bench(world, args.quick)
        failed = False
        for name in args.rows or ROWS:
            say(f"{name} … ")
            row_began, load_before = time.monotonic(), os.getloadavg()[0]
            lines: list[Line] = []
            try:
                for line in ROWS[name](bench):
                    lines.append(line)
            except Failed as error:
                failed = True
                say(f"failed: {error}\n")
            took = time.monotonic() - row_began
            say(f"{took:.0f} s, load {load_before:.1f} before and {os.getloadavg()[0]:.1f} after\n")
            load = {"before": load_before, "after": os.getloadavg()[0]}
            document["rows"].append(
                {"row": name, "seconds": took, "load": load, "lines": [vars(l) for l in lines]}
            )
            # After each row, so that a long run that is stopped leaves what it has.
            Path(args.output).write_text(json.dumps(document, indent=1) + "\n")
    print(table(document))
    print(f"\n{time.monotonic() - began:.0f} s in all; details in {args.output}")
    return 1 if failed else 0


def arguments() -> argparse.Namespace:
    target = os.environ.get("CARGO_TARGET_DIR", str(REPOSITORY / "target"))
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="Measures Progy side by side with its peers."
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help="only these rows")
    parser.add_argument("--list", action="store_true", help="name the rows, and end")
    parser.add_argument("--quick", action="store_true", help="few runs: does it work at all")
    parser.add_argument("--keep", action="store_true", help="leave the temporary folder")
    parser.add_argument(
        "-o", "--output", metavar="FILE", default=f"{target}/bench.json", help="where to write JSON"
    )
    args = parser.parse_args()
    for name in args.rows:
        if name not in ROWS:
            parser.error(f"no row {name}; there are {', '.join(ROWS)}")
    return args


def machine(world: World) -> dict:
    """What the numbers were measured on, and with."""
    cpuinfo = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((l.partition(":")[2].strip() for l in cpuinfo if l.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

    def first_line(*command: str) -> str:
        return world.run(*command).splitlines()[0]

    return {
        "date": datetime.date.today().isoformat(),
        "cpu": f"{os.cpu_count()} × {model}",
        "memory_gib": round(memory / 2**30, 1),
        "kernel": f"{platform.system()} {platform.release()}",
        "file_system": first_line("stat", "-f", "-c", "%T", str(world.root)),
        "load": os.getloadavg(),
        "versions": {
            "progy": first_line(str(world.progy), "--version"),
            "git": first_line("git", "--version"),
            "tar": first_line("tar", "--version"),
            "lighttpd": first_line("lighttpd", "-v"),
            "hyperfine": first_line("hyperfine", "--version"),
        },
    }


def table(document: dict) -> str:
    """The lines as Markdown."""
    rows = [["what", "to reach", "progy", "peer", "progy / peer"]]
    for row in document["rows"]:
        for line in row["lines"]:
            value, unit, peers = line["value"], line["unit"], line["peers"]
            if value is None:
                rows.append([line["what"], line["goal"], "not applicable", "", ""])
                continue
            compared = "; ".join(f"{name} {amount(peer, unit)}" for name, peer in peers.items())
            ratios = "; ".join(f"{value / peer:.2f}" if peer else "-" for peer in peers.values())
            rows.append([line["what"], line["goal"], amount(value, unit), compared, ratios])
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    text = [f"| {' | '.join(c.ljust(w) for c, w in zip(row, widths))} |" for row in rows]
    text.insert(1, f"|{'|'.join('-' * (w + 2) for w in widths)}|")
    return "\n".join(text)


def amount(value: float, unit: str) -> str:
    """A number as people read it; k and M are thousands."""
    if unit == "ms" and value >= 1000:
        return f"{value / 1000:.2f} s"
    if unit == "B" and value >= 1_000_000:
        return f"{value / 1e6:.1f} MB"
    if unit == "B" and value >= 10_000:
        return f"{value / 1e3:.1f} KB"
    digits = 1 if value < 100 and unit != "B" else 0
    return f"{value:,.{digits}f} {unit}"


def say(text: str) -> None:
    print(text, end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
