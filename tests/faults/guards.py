"""
The guards of the program, each with the change that takes it out and the test that must then fail.

`python scripts/take_out_guards.py` does that, one at a time, in a copy of the checkout. They stand in
`guards_*.py`. To add one: say what it keeps safe, name the file, give the text as it stands there once, what
stands there without it, and a test. What is left must be a program that works, only without the guard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.faults.guards_again import AGAIN
from tests.faults.guards_backup import BACKUP
from tests.faults.guards_care import CARE
from tests.faults.guards_form import Guard
from tests.faults.guards_hostile import HOSTILE
from tests.faults.guards_records import RECORDS
from tests.faults.guards_safety import SAFETY
from tests.faults.guards_watching import WATCHING

__all__ = ["AREAS", "GUARDS", "Guard"]

AREAS: Mapping[str, Sequence[Guard]] = {
    "Backup": BACKUP,
    "Cards that come again, large files": AGAIN,
    "Verify, repair and rebuild": CARE,
    "Safe to format, and which drive is which": SAFETY,
    "Lists on the drives, catalogs, locks": RECORDS,
    "Hostile and damaged input": HOSTILE,
    "Cards that are backed up as they are plugged in": WATCHING,
}
"""The guards by what they belong to, as the page has them."""

GUARDS = tuple(guard for area in AREAS.values() for guard in area)
