"""
Why goals were missed, in a sentence or two: written by people, shown below the table of a row that misses.

A row's own reason goes before that of its script. What is empty is not known yet and not shown; what belongs
to a row that reaches its goal is not shown either, and may stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benchmarks.results import Result

OF_ROWS: dict[str, str] = {
    "copy and prove photos-400: | cp -r, sync, sha256sum of both": "",
    "copy and prove photos-4000: | cp -r, sync, sha256sum of both": "",
    "copy and prove photos-4000: | rclone copy, sync, rclone check": "",
    "copy and prove videos:": "",
    "run again, nothing new": "",
    "find duplicates, 200,000 small files": "",
    "find duplicates, 2,000 photos": "",
}
"""By the beginning of a row's work and, after ` | `, what it is against, where that matters."""

OF_SCRIPTS: dict[str, str] = {
    "unproved": "",
    "destinations": "",
    "queries": "",
    "growth": "",
}
"""By the name of a script, for all of its rows that have none of their own."""


def reason(
    script: str, one: Result, rows: Mapping[str, str] = OF_ROWS, scripts: Mapping[str, str] = OF_SCRIPTS
) -> str:
    """Why *one*, measured by *script*, misses its goal; empty where nobody wrote it down."""
    fitting = [key for key, why in rows.items() if why and fits(key, one)]
    return rows[max(fitting, key=len)] if fitting else scripts.get(script, "")


def without(script: str, results: Iterable[Result]) -> list[str]:
    """The rows that miss their goal, and nobody wrote down why: each as a key that would fit it."""
    missed = [one for one in results if not one.is_reached]
    return [f"{one.work} | {one.peer}" for one in missed if not reason(script, one)]


def fits(key: str, one: Result) -> bool:
    """Whether a key of `OF_ROWS` is that of this row."""
    work, _, peer = key.partition(" | ")
    return one.work.startswith(work) and peer in ("", one.peer)
