"""What stands in the lists of guards, `guards_*.py`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guard:
    """
    A piece of the program that keeps a promise: *guard* says which, for the page.

    *name* chooses it on the command line. It is taken out by putting *without* in the place of *text*, which
    stands once in *file*; then *test* must fail, as pytest names it.
    """

    name: str
    guard: str
    file: str
    text: str
    without: str
    test: str
