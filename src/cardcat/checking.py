"""A check as it is done by night: also with what earlier ones found, and none where there is no catalog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cardcat.care.choosing import scope_of
from cardcat.care.verifying import Verified, verify
from cardcat.catalog.checks import OpenFinding, open_findings
from cardcat.catalog.engine import Catalog, is_absent, open_catalog
from cardcat.errors import DestinationError, UsageError
from cardcat.paths import display
from cardcat.plan.budgets import seconds_of
from cardcat.reporting import Reporter


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found now, and what an *earlier* check found that nobody has settled since."""

    found: Verified
    earlier: Sequence[OpenFinding]


def seconds(budget: str | None) -> float | None:
    """*budget* in seconds, None for no limit; UsageError if it is no length of time."""
    if not budget:
        return None
    found = seconds_of(budget)
    if found is None:
        raise UsageError(
            f"The budget '{display(budget)}' is no length of time.", hint="For example: 30m, 90s or 1h30m"
        )
    return found


def check(
    catalog: str | None, given: str | None, *, budget: float | None, reporter: Reporter
) -> Checked | None:
    """
    Check the copies that *given* means, for *budget* seconds; None if there is no catalog yet.

    As `care.verifying.verify`; and DestinationError if *given* is named and nothing of it can be reached.
    """
    if is_absent(catalog):
        return None
    with open_catalog(catalog, create=False) as opened:
        found = verify(opened, given, budget=budget, reporter=reporter)
        if given is not None and found.is_out_of_reach:
            names = ", ".join(sorted({name for name, _ in found.offline}))
            raise DestinationError(
                f"Nothing of {display(given)} can be reached now, so nothing was checked.",
                hint=f"Plug in {display(names)}, then run it again.",
            )
        return Checked(found, _earlier(opened, given, found))


def _earlier(catalog: Catalog, given: str | None, found: Verified) -> list[OpenFinding]:
    """What is open and was not found just now again."""
    now = {(wrong.drive, wrong.path, wrong.hash) for wrong in found.wrong}
    with catalog.read() as c:
        return [
            each
            for each in open_findings(c, scope_of(c, given))
            if (each.copy.volume_name, each.copy.path, each.copy.hash) not in now
        ]
