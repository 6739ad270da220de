"""
Take the guards of the program out, one at a time, and see that a test fails.

    python scripts/take_out_guards.py [NAME ...]

It works in a copy of this checkout, in a temporary folder. With names it tries those guards only; with none,
all of them, and writes the tables in docs/faults.md. Exit code 1 if a guard could be taken out unseen.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))

from tests.faults.guards import AREAS, GUARDS, Guard  # noqa: E402 - the checkout is on the path only now

PAGE = CHECKOUT / "docs" / "faults.md"
BEGIN, END = "<!-- guards: written by scripts/take_out_guards.py -->", "<!-- end of guards -->"
_FAILED, _PASSED = 1, 0  # what pytest ends with
_MEMORY = 4 << 30  # bytes that each process of the tests may take: some guards are against taking all


class Outcome(StrEnum):
    """What became of a guard that was taken out."""

    CAUGHT = "caught"
    SURVIVED = "SURVIVED"
    UNTESTED = "UNTESTED"


def main(names: Sequence[str]) -> int:
    """Try the guards that are named, or all; the exit code."""
    chosen = [guard for guard in GUARDS if not names or guard.name in names]
    if unknown := set(names) - {guard.name for guard in chosen}:
        say(f"There is no guard called {', '.join(sorted(unknown))}.")
        return 2
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    with tempfile.TemporaryDirectory(prefix="guards-") as folder:
        copy = Path(folder) / "checkout"
        copy_checkout(copy)
        require_own_source(copy)
        whole = run_tests(copy, sorted({guard.test for guard in chosen}))
        if judged(whole) is not Outcome.SURVIVED:
            say(told(whole))
            say("The tests fail or are skipped even with all guards in place: mend that first.")
            return 2
        outcomes = [tried(copy, guard) for guard in chosen]
    caught = outcomes.count(Outcome.CAUGHT)
    say(f"The tests noticed {caught} of {len(chosen)} guards that were taken out.")
    if caught == len(GUARDS):
        PAGE.write_text(with_tables(PAGE.read_text("utf-8"), AREAS), "utf-8")
    return 0 if caught == len(chosen) else 1


def say(line: str) -> None:
    """For whoever waits."""
    print(line, flush=True)  # noqa: T201 - this is a program


def copy_checkout(target: Path) -> None:
    """Copy what git knows or would take, as it is now."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=CHECKOUT, capture_output=True, check=True).stdout
    for name in filter(None, os.fsdecode(listed).split("\0")):
        if (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target / name)


def environment(copy: Path) -> dict[str, str]:
    """In which the copy's own source is imported, whatever is installed."""
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(copy / "src"), str(copy)])}


def require_own_source(copy: Path) -> None:
    """RuntimeError unless the tests would test the copy."""
    command = [sys.executable, "-c", "import cardcat; print(cardcat.__file__)"]
    done = subprocess.run(
        command, cwd=copy, env=environment(copy), capture_output=True, text=True, check=True
    )
    if not Path(done.stdout.strip()).is_relative_to(copy):
        raise RuntimeError(f"{done.stdout.strip()} is imported, not the copy in {copy}")


def tried(copy: Path, guard: Guard) -> Outcome:
    """Take one guard out, run its test, and put the guard back."""
    file = copy / guard.file
    whole = file.read_text("utf-8")
    if whole.count(guard.text) != 1:
        raise RuntimeError(f"{guard.name}: its text stands {whole.count(guard.text)} times in {guard.file}")
    file.write_text(whole.replace(guard.text, guard.without), "utf-8")
    try:
        done = run_tests(copy, [guard.test])
    finally:
        file.write_text(whole, "utf-8")
    outcome = judged(done)
    if outcome is Outcome.UNTESTED:
        say(told(done))
    say(f"{outcome:9} {guard.name}: {guard.test}")
    return outcome


def run_tests(copy: Path, tests: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """What pytest says of these tests of the copy."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    return subprocess.run(
        command, cwd=copy, env=environment(copy), capture_output=True, text=True, check=False
    )


def judged(done: subprocess.CompletedProcess[str]) -> Outcome:
    """Whether the tests missed something: they survive what they do not notice."""
    if done.returncode == _FAILED:
        return Outcome.CAUGHT
    if done.returncode == _PASSED and re.search(r"\d passed", done.stdout) and "skipped" not in done.stdout:
        return Outcome.SURVIVED
    return Outcome.UNTESTED


def told(done: subprocess.CompletedProcess[str]) -> str:
    """The end of what pytest said."""
    return done.stdout[-2000:] + done.stderr[-2000:]


def with_tables(page: str, areas: Mapping[str, Iterable[Guard]]) -> str:
    """The page with a table of the guards of each area between its two marks."""
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    tables = "\n".join(f"### {title}\n\n{table(guards)}" for title, guards in areas.items())
    return f"{before}{BEGIN}\n\n{tables}\n{END}{after}"


def table(guards: Iterable[Guard]) -> str:
    """A row a guard: what it keeps safe, where it was taken out, which test caught that."""
    rows = [f"| {guard.guard} | `{_short(guard.file)}` | {_words(guard.test)} |" for guard in guards]
    return "\n".join(["| guard | taken out in | caught by |", "|---|---|---|", *rows]) + "\n"


def _short(file: str) -> str:
    return file.removeprefix("src/cardcat/")


def _words(test: str) -> str:
    file, _, name = test.partition("::")
    name, _, row = name.removeprefix("Test").partition("[")
    said = name.replace("::test_", " ").removeprefix("test_").replace("_", " ")
    said += f": {row.rstrip(']')}" if row else ""
    return f"{said} (`{file.removeprefix('tests/')}`)"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
