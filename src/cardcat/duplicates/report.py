"""Reports on duplicates as files: each one HTML file with all that it shows."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from cardcat import text
from cardcat.duplicates.listing import Listing
from cardcat.duplicates.looking import Duplicate, DuplicateCopy, each_of
from cardcat.duplicates.page import Pictured, duplicate_page, list_page
from cardcat.media.picturing import ThumbnailPool
from cardcat.model import Kind, Stage
from cardcat.printed.place import put
from cardcat.reporting import current
from cardcat.storage.system import this_disk

GROUPS = 100
"""So many are shown with pictures; more could hardly be looked at."""

_FOLDERS = 500
_COPIES = 12  # of one group


def write_report(place: Path, found: Duplicate) -> None:
    """
    Write the report on one duplicate to *place*, which `free_place` gave: all of it, or nothing.

    Pictures are made of copies on plugged drives only. DestinationError if it can't be written.
    """
    with ThumbnailPool() as pool:
        pictures = _pictured(found.content.kind, found.copies, pool)
        put(this_disk(), place, duplicate_page(found, pictures, text.moment(int(time.time()))))


def write_list_report(place: Path, listing: Listing, *, catalog: str | None = None) -> None:
    """Write the report on *listing*, its largest groups with pictures, in the same way."""
    rows = listing.page(0, GROUPS)
    groups = each_of(rows, listing.findings, catalog=catalog)
    current().begin(Stage.METADATA, files=len(rows), size=0)
    with ThumbnailPool() as pool:
        pieces = list_page(
            listing,
            listing.findings[:_FOLDERS],
            _told(groups, pool),
            list(_untold(listing)),
            text.moment(int(time.time())),
        )
        put(this_disk(), place, pieces)


def _told(groups: Iterator[Duplicate], pool: ThumbnailPool) -> Iterator[tuple[Duplicate, Pictured]]:
    for found in groups:
        yield found, _pictured(found.content.kind, found.copies[:_COPIES], pool)
        current().advance(files=1, size=0)


def _untold(listing: Listing) -> Iterator[str]:
    if (more := len(listing.findings) - _FOLDERS) > 0:
        yield f"{text.many(more, 'further finding')} about folders: cardcat duplicates list --json"
    if (more := listing.count - GROUPS) > 0:
        yield f"{text.many(more, 'further file')} with less waste: cardcat duplicates list --csv FILE"
    yield f"Of each file the first {_COPIES} copies are shown."


def _pictured(
    kind: Kind, copies: Sequence[DuplicateCopy], pool: ThumbnailPool
) -> Iterator[tuple[DuplicateCopy, bytes | None]]:
    """Each copy with its small picture, where one can be made."""
    asked = [(copy.path, kind) for copy in copies if copy.path is not None] if kind is Kind.IMAGE else []
    answers = pool.answers(asked)
    for copy in copies:
        yield copy, next(answers) if asked and copy.path is not None else None
