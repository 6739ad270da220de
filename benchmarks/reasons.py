"""
Why goals were missed, in a sentence or two: written by people, shown below the table of a row that misses.

A row's own reason goes before that of its script. What is empty is not known yet and not shown; what belongs
to a row that reaches its goal is not shown either, and may stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benchmarks.results import Result

OF_ROWS: dict[str, str] = {
    "copy and prove photos-400:": (
        "Half a second is the start of Python and of what is imported. Copying and one cold read alone, "
        "which hash nothing, take nine tenths of what the goal allows: the row of that."
    ),
    "copy and prove photos-4000:": (
        "Copying and one cold read alone, which hash nothing, take longer than the goal allows, and longer "
        "than this: the row of that. On a virtual machine new memory for the page cache is slow to come by, "
        "and each photo needs it twice: when it is read from the card, and when its copy is read back."
    ),
    "run again, nothing new": (
        "rsync compares names, sizes and times, and keeps no record. Here a second process reads what the "
        "last session says of each file and looks at its copy, while the card is walked; then the journal "
        "says it again, a row a file, in a quarter of the time. Half a second is the start of Python."
    ),
    "find duplicates, 2,000 photos": (
        "All of them read the same 1.6 GB at the speed of the disk, and that takes nine tenths of the time."
    ),
    "cardcat volumes show": "It is about a whole drive: every copy on it is weighed against all others.",
    "cardcat duplicates list --folder": (
        "What all duplicates with a copy there waste is added up, by a library that has to be loaded for it."
    ),
    "cardcat catalog status": "It reads all of the catalog's file and checks it.",
}
"""By the beginning of a row's work and, after ` | `, what it is against, where that matters."""

OF_SCRIPTS: dict[str, str] = {
    "unproved": (
        "To read the card once takes longer on this disk than the goal allows (the ceiling's table has its "
        "speed), and the same disk is written to meanwhile."
    ),
    "destinations": (
        "Card and drives lie on one disk here: what goes to the second drive is written to that disk, and "
        "read back from it, after what goes to the first. The rows with card and drives held to a rate show "
        "what devices of their own would take."
    ),
    "queries": "",
}
"""By the name of a script, for all of its rows that have none of their own."""

GROWTH = ""
"""Why the curves of time and memory bend where they do."""


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
