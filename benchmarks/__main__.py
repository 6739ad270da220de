"""
All comparisons with other programs, one after the other, and the pages that are made of them.

`python -m benchmarks [NAME…] [--install] [--short] [--results DIR] [--only-pages]`: each script keeps its
figures in DIR (`benchmarks/results`), and docs/benchmarks.md and the table of the README are written from
what lies there. All of it takes some three hours on a machine that does nothing else, 50 GB, and root for the
cold ones; with `--short` the trees of 1,000,000 files are left out, from the pages too, and it takes an hour
less. `--install` gets the other programs where there is apt-get. Why a goal was missed stands in
`benchmarks.reasons`; at the end it is told of which nobody wrote it there. The others here (`start_up`,
`folder_pairs`, `metadata`, `backup_metadata`, `agreement`) print what they find.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks import pages, peers, reasons, results

SCRIPTS = (
    "commands",
    "copying",
    "unproved",
    "destinations",
    "ceiling",
    "again",
    "full_drive",
    "recording",
    "indexing",
    "duplicate_search",
    "reports",
    "queries",
    "prefect_share",
    "growth",
)
"""In the order of the pages."""

SHORT = {
    "again": ("--files", "200000"),
    "indexing": ("--files", "200000"),
    "growth": ("--files", "1000,10000,100000"),
}
"""What a script is told where the largest sizes are not wanted."""


def main() -> int:
    """Measure and write; the number of scripts that failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of these: {', '.join(SCRIPTS)}")
    parser.add_argument("--results", type=Path, default=pages.RESULTS, metavar="DIR")
    parser.add_argument("--short", action="store_true", help="without the largest sizes")
    parser.add_argument("--install", action="store_true", help="install the other programs first (apt-get)")
    parser.add_argument("--only-pages", action="store_true", help="measure nothing")
    given = parser.parse_args()
    if unknown := sorted({*given.names} - {*SCRIPTS}):
        parser.error(f"there is no {', '.join(unknown)}")
    if given.install and (told := peers.install()):
        parser.error(told)
    if not given.only_pages and (left_out := peers.missing()):
        print(f"Not installed, so nothing is measured against them: {', '.join(left_out)} (--install)")
    failed = 0
    given.results.mkdir(parents=True, exist_ok=True)
    for name in () if given.only_pages else given.names or SCRIPTS:
        print(f"\n== {name}", flush=True)
        file = (given.results / f"{name}.json").absolute()
        file.unlink(missing_ok=True)  # or what an earlier run found would stand for this one
        command = [sys.executable, "-m", f"benchmarks.{name}", "--json", str(file)]
        done = subprocess.run([*command, *(SHORT.get(name, ()) if given.short else ())], check=False)
        failed += done.returncode != 0
    pages.write_pages(given.results, SCRIPTS)
    for file in pages.files_of(given.results, SCRIPTS):
        for row in reasons.without(file.stem, results.read(file)):
            print(f"A goal is missed, and benchmarks/reasons.py does not say why: {row}")
    if not reasons.GROWTH:
        print("benchmarks/reasons.py does not say why the curves of growth bend where they do.")
    return failed


if __name__ == "__main__":
    sys.exit(main())
