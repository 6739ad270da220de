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
        "Copying and one cold read alone, which hash nothing, take all of the time that the goal allows: the "
        "row of that. Half a second is the start of the program (`commands` has it)."
    ),
    "copy and prove photos-4000:": (
        "To read the card, to write and to read the copies again, all at once, past the page cache and "
        "without any hash, takes this disk longer than the goal allows; cardcat is within a twentieth of it "
        "(`ceiling`, the row of all of it). With photos past the page cache cardcat takes a fifth longer."
    ),
    "run again, nothing new": (
        "rsync compares names, sizes and times, and keeps no record. Here a second process reads what the "
        "last session says of each file and looks at its copy, while the card is walked; then the journal "
        "says it again, a row a file, in a quarter of the time. Half a second is the start of Python."
    ),
    "find duplicates, 2,000 photos": (
        "All of them read the same bytes, as the rows say, and none of them can read these quicker than the "
        "disk gives them."
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
        "To read the card once takes all of the time that the goal allows (`ceiling` has the speed of this "
        "disk), and the same disk is written to meanwhile."
    ),
    "destinations": (
        "Card and drives lie on one disk here, which moves five times the bytes of the card in place of "
        "three: that alone is 1.67. The rows with card and drives held to a rate show what devices of their "
        "own would take."
    ),
    "queries": "",
}
"""By the name of a script, for all of its rows that have none of their own."""

GROWTH = (
    "From 10,000 files on, a file costs the same or less. With fewer files the start of the program, and "
    "what is done once in a session, is most of the time. Reading back takes more of a file where there are "
    "many, and copying less: they overlap, and share the disk and the processors. Recording does take more, "
    "which the others hide so far: each batch lists the folder of the day that it goes to, and here that is "
    "one for all files. Nor is the memory of that given back: a first backup of 1,000,000 files is at the "
    "very limit, and another run, of which no time was taken, went 2 % beyond it. 110 MB are Python and its "
    "libraries; from 100,000 files on each takes 0.6 to 0.9 kB."
)
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
