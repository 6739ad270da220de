"""The pages with the figures: docs/benchmarks.md, and the table in the README, both from the same JSON."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import growth, peers, reasons
from benchmarks.limits import Limit
from benchmarks.results import MEGABYTE, Result, amount, read

HERE = Path(__file__).resolve().parents[1]
RESULTS = HERE / "benchmarks" / "results"
_PAGE = HERE / "docs" / "benchmarks.md"
_CHART = HERE / "docs" / "growth.svg"
_README = HERE / "README.md"
_BEGIN, _END = "<!-- figures: written by `python -m benchmarks` -->", "<!-- end of the figures -->"

_HEAD = """# How fast it is

Every figure here was written by `python -m benchmarks`, which measures cardcat and another program
doing the same work in turn, in one run: whole processes from their start to their end, and medians
of the rounds, where nothing else is said. Machines are noisy and differ, so the ratio is what
counts: below 1, cardcat is quicker. A goal that was not reached stands here as well. `python -m
benchmarks NAME` measures one of them again; the script of that name says what is done.
"""


def write_pages(results: Path, names: Iterable[str]) -> None:
    """Write both from the figures in *results*, in the order of *names*, as far as they were measured."""
    files = files_of(results, names)
    growing = results / "growth.json"
    if growing.exists():
        _CHART.write_text(growth.chart(growth.read(growing)), encoding="utf-8")
    _PAGE.write_text(page(files, growing if growing.exists() else None), encoding="utf-8")
    _README.write_text(with_figures(_README.read_text(encoding="utf-8"), files), encoding="utf-8")


def files_of(results: Path, names: Iterable[str]) -> list[Path]:
    """The figures of comparisons that are there."""
    of_two = [name for name in names if name != "growth"]
    return [file for name in of_two if (file := results / f"{name}.json").exists()]


def page(files: Sequence[Path], growing: Path | None = None) -> str:
    """All figures: a part for each file, and how time and memory grow."""
    return _HEAD + "".join(map(_part, files)) + ("".join(_growth(growing)) if growing else "")


def with_figures(text: str, files: Sequence[Path]) -> str:
    """The README with those of which a goal is known between its two marks. ValueError without the marks."""
    if text.count(_BEGIN) != 1 or text.count(_END) != 1:
        raise ValueError("the README has not both marks of the figures, each once")
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    wanted = [(file.stem, one) for file in files for one in read(file) if one.has_goal]
    parts = (
        _measured(files),
        _table([one for _, one in wanted]),
        _reasons(wanted),
    )
    shown = "".join(line for part in parts for line in part)
    return f"{before}{_BEGIN}\n{shown}{_END}{after}"


def _measured(files: Sequence[Path]) -> Iterator[str]:
    """When, on which machines, and what."""
    abouts = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    if abouts:
        days = sorted({about["date"] for about in abouts})
        machines = sorted({_machine(about) for about in abouts})
        used = [[one.peer for one in read(file) if one.has_goal] for file in files]
        told = [_versions(about, texts) for about, texts in zip(abouts, used, strict=True)]
        versions = sorted({one for each in told for one in each})
        what = f": {', '.join(versions)}" if versions else ""
        yield f"Measured {', '.join(days)} on {'; '.join(machines)}{what}.\n\n"


def _rounds(about: Mapping[str, Any], results: Sequence[Result]) -> str:
    """How often each was measured."""
    each = sorted({len(one.own) for one in results}) or [about["rounds"]]
    return f"{each[0]}" if len(each) == 1 else f"{each[0]} to {each[-1]}"


def _machine(about: Mapping[str, Any]) -> str:
    """What it was measured on, as far as it was told."""
    parts = (about["processors"], about.get("memory"), about.get("filesystem"), about["system"])
    return ", ".join([*filter(None, parts), f"Python {about['python']}"])


def _versions(about: Mapping[str, Any], texts: Iterable[str]) -> list[str]:
    """Of cardcat and of what is named in *texts*, as far as they were told."""
    wanted = {"cardcat"} | peers.named(texts)
    return [f"{name} {version}" for name, version in about.get("versions", {}).items() if name in wanted]


def _part(file: Path) -> str:
    about: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    found = read(file)
    limits = [Limit.of(row) for row in about.get("limits", [])]
    texts = [one.peer for one in found] + [one.limit for one in limits]
    what = ", ".join((about["date"], _machine(about), *_versions(about, texts)))
    head = f"\n## {file.stem}\n\n{what}, "
    head += f"{_rounds(about, found)} rounds, load {about['load']} at the end."
    head += f" {about['how']}" if "how" in about else ""
    head += "\n\n"
    parts = (
        _table(found) if found else (),
        _reasons([(file.stem, one) for one in found]),
        _steps(about.get("steps", [])),
        _limits(limits),
    )
    return head + "".join(line for part in parts for line in part).removeprefix("\n")


def _table(results: Sequence[Result]) -> Iterator[str]:
    yield "| work | against | cardcat | the other | ratio | goal |\n|---|---|---|---|---|---|\n"
    for one in results:
        own, other = (amount(statistics.median(rounds), one.unit) for rounds in (one.own, one.other))
        goal = one.aim if one.is_reached else f"{one.aim}, not reached"
        about = [one.note] if one.note else []
        about += [] if one.memory is None else [f"{_megabytes(one.memory)} of memory"]
        about += [] if not one.peer_memory else [f"the other {_megabytes(one.peer_memory)}"]
        work = f"{one.work} ({', '.join(about)})" if about else one.work
        yield f"| {work} | {one.peer} | {own} | {other} | {one.figure} | {goal} |\n"


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.0f} MB"


def _reasons(results: Sequence[tuple[str, Result]]) -> Iterator[str]:
    """Why goals were missed, each reason once, as far as they are known. Each result with its script."""
    told: dict[str, list[str]] = {}
    for script, one in results:
        if not one.is_reached and (why := reasons.reason(script, one)):
            told.setdefault(why, []).append(f"{one.work}, against {one.peer}")
    if told:
        yield "\nWhy a goal was not reached:\n\n"
    for why, rows in told.items():
        yield f"- {'; '.join(rows)}: {why}\n"


def _growth(file: Path) -> Iterator[str]:
    about: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    what = ", ".join((about["date"], _machine(about), *_versions(about, ())))
    yield f"\n## growth\n\n{what}.\n\n"
    yield "Tiny files, a backup of all of them and the same again, once each; the dotted line is linear.\n\n"
    yield f"![seconds and memory by the number of files]({_CHART.name})\n\n"
    yield "| files | first | memory | again | memory |\n|---|---|---|---|---|\n"
    by_files: dict[int, dict[str, growth.Point]] = {}
    for point in growth.read(file):
        by_files.setdefault(point.files, {})[point.what] = point
    for files, points in by_files.items():
        cells = [f"{amount(one.seconds)} | {one.memory / MEGABYTE:.0f} MB" for one in points.values()]
        yield f"| {files:,} | {' | '.join(cells)} |\n"
    yield from _by_stage(growth.read(file))
    if max(by_files) >= growth.MANY:
        reached = growth.is_small(growth.read(file))
        why = "" if reached else reasons.OF_SCRIPTS.get("growth", "")
        answer = "reached" if reached else f"not reached{'. ' if why else ''}{why.removesuffix('.')}"
        yield f"\nThe goal is less than 1 GiB of memory for {growth.MANY:,} files: {answer}.\n"


def _by_stage(points: Sequence[growth.Point]) -> Iterator[str]:
    """What a file costs in each stage, and why that is not the same for each number of files."""
    stages = list(dict.fromkeys(stage for point in points for stage in point.stages))
    if not stages:
        return
    yield "\nMicroseconds for each file, from the start of the program to its end, and those that each\n"
    yield "stage was at work. Stages overlap: together they may be more than all.\n\n"
    yield f"| files | run | all | {' | '.join(stages)} |\n|{'---|' * (len(stages) + 3)}\n"
    for point in points:
        each = (point.seconds, *(point.stages.get(stage) for stage in stages))
        cells = ["" if one is None else f"{one / point.files * 1_000_000:,.0f}" for one in each]
        yield f"| {point.files:,} | {point.what} | {' | '.join(cells)} |\n"
    if reasons.GROWTH:
        yield f"\n{reasons.GROWTH}\n"


def _limits(limits: Sequence[Limit]) -> Iterator[str]:
    """How near each stage comes to what the machine can do."""
    if not limits:
        return
    yield "\n| stage | limit | the limit | cardcat | part of the limit |\n|---|---|---|---|---|\n"
    for one in limits:
        yield f"| {one.stage} | {one.limit} | {one.most} | {one.reached} | {one.share} |\n"


def _steps(steps: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Work that has no peer."""
    if not steps:
        return
    yield "\n| work | time | memory |\n|---|---|---|\n"
    for step in steps:
        yield f"| {step['work']} | {amount(step['seconds'])} | {step['memory'] / MEGABYTE:.0f} MB |\n"
