"""Paths with their exact bytes, where the catalog has them as a whole in readable text only."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

from cardcat.paths import to_text

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from cardcat.catalog.sessions import SessionRow

_ESCAPE = "\\x"  # stands in a readable text where the bytes are no text


def session(c: Connection, row: SessionRow) -> SessionRow:
    """*row* with paths as `os.fsdecode` gives them, as far as the catalog knows their bytes."""
    text, raw = row.key.source_root
    source = completed(row.source_path, text, raw)
    return dataclasses.replace(row, source_path=source, destination_path=_destination(c, row))


def chosen(shown: str | None, candidate: str | None) -> str | None:
    """*candidate*, an exact path, if it reads as *shown*; else *shown*."""
    return candidate if candidate is not None and to_text(candidate)[0] == shown else shown


def completed(shown: str, text: str, raw: bytes) -> str:
    """
    The readable path *shown*, with the exact bytes of the last parts that it shares with *text*.

    *raw* are the exact bytes of *text*, empty if the text is exact. If what they do not tell may be
    escaped, *shown* as it is: half of a path is none. So too if *raw* can't be the bytes of *text*, as in a
    damaged catalog.
    """
    readable, exact = text.split("/"), (os.fsencode(raw) if raw else text.encode()).split(b"/")
    if len(readable) != len(exact):
        return shown
    parts, known = shown.split("/"), list(zip(readable, exact, strict=True))
    end = len(parts)
    while known and end and known[-1][0] == parts[end - 1]:
        end -= 1
        parts[end] = os.fsdecode(known.pop()[1])
    return shown if any(_ESCAPE in part for part in parts[:end]) else "/".join(parts)


def _destination(c: Connection, row: SessionRow) -> str:
    if _ESCAPE not in row.destination_path:
        return row.destination_path
    from cardcat.catalog.locations import get_location

    try:
        text, raw = to_text(get_location(c, row.key.destination_location_id).path)
    except LookupError:  # of a damaged catalog: what there is to read is shown as it is
        return row.destination_path
    return completed(row.destination_path, text, raw or b"")
