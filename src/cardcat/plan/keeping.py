"""Which copies of the catalog are kept: the newest ones of those that were made by the same hand."""

from __future__ import annotations

import re
from collections.abc import Iterable

KEEP = 8
"""Copies of the catalog that are kept, unless somebody says how many."""

_DATE = re.compile(r"(\d{8}T\d{6}Z)(?:-(\d{1,9}))?", re.ASCII)


def order_of(name: str, prefix: str) -> tuple[str, int] | None:
    """
    What sorts the copy *name* by its age; None if it is not *prefix* and a date as `20240501T120000Z`.

    Several of one second have a number at the end.
    """
    found = _DATE.fullmatch(name.removeprefix(prefix)) if name.startswith(prefix) else None
    return (found[1], int(found[2] or 1)) if found else None


def surplus(names: Iterable[str], prefix: str, *, keep: int, made: str) -> list[str]:
    """
    Those of *names* that can go, the oldest first, so that the newest *keep* of that *prefix* stay.

    *made* is the one that has just been made and checked: it counts among them whatever its date, since a
    clock may be wrong. A name of any other form never goes.
    """
    dates = {name: order for name in names if (order := order_of(name, prefix)) and name != made}
    others = sorted(dates, key=lambda name: dates[name], reverse=True)
    return others[max(0, keep - 1) :][::-1]
