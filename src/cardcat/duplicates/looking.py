"""One duplicate: all its copies as they stand now, which of them to keep, and why there are several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cardcat.analysis import Tables
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.knowledge import KnownContent, KnownCopy, copies_of_contents, known_content
from cardcat.catalog.library_copies import library_copies
from cardcat.duplicates.explaining import explanation
from cardcat.duplicates.findings import FolderFinding, finding_in
from cardcat.duplicates.tables import DIGITS
from cardcat.duplicates.why import Why
from cardcat.duplicates.words import told
from cardcat.errors import UsageError
from cardcat.model import Presence, Role
from cardcat.paths import display
from cardcat.plan.keepers import LibraryCopy, Suggestion, suggest
from cardcat.showing import Shown, ShownCopy, show_content
from cardcat.sightings import Now, Places
from cardcat.storage.system import this_disk

_FEWEST = 2  # copies that make a duplicate
_DIGITS = 12  # of a hash: enough to name it
_HELD = (Presence.PRESENT, Presence.UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class DuplicateCopy:
    """
    A copy on record. *path* is where it is now, None while its drive is unplugged; *now* says how it stands.

    *place* is where a person finds it.
    """

    known: KnownCopy
    path: Path | None
    now: str
    place: str
    is_keeper: bool = False

    @property
    def is_in_library(self) -> bool:
        """Whether it is one of those that make a duplicate."""
        return self.known.role is Role.LIBRARY and self.known.status in _HELD


@dataclass(frozen=True, slots=True)
class Duplicate:
    """
    A content with its *copies*, that to keep first. *why* is None if no library holds it more than once.

    *because* says more of the reason, *keep_reason* why that copy; '' for nothing. *partner* is the hash of
    the other half of a Live Photo, if that is the reason.
    """

    content: KnownContent
    copies: Sequence[DuplicateCopy]
    keep_reason: str = ""
    why: Why | None = None
    because: str = ""
    finding: FolderFinding | None = None
    partner: str | None = None
    library: Sequence[DuplicateCopy] = field(init=False)

    def __post_init__(self) -> None:
        """Note which copies count."""
        object.__setattr__(self, "library", [one for one in self.copies if one.is_in_library])

    @property
    def wasted(self) -> int:
        """Bytes of all library copies but one."""
        return self.content.size * max(len(self.library) - 1, 0)

    @property
    def taken(self) -> str:
        """When it was taken, by the clock where that was; '' where nothing tells."""
        metadata = self.content.metadata
        return ((metadata and metadata.date_taken) or "")[:19].replace("T", " ")


def look_at(given: str, path: Path, *, catalog: str | None = None) -> Duplicate:
    """
    Find out what *given* means, a hash or its beginning or a file (then at *path*), and look at its copies.

    UsageError if nothing or several contents are found, or the file is not in the catalog.
    """
    shown = show_content(given, path, catalog=catalog)
    if not shown.in_catalog:
        raise UsageError(
            f"The catalog does not know the file {display(given)}.",
            hint=f"To take it in: cardcat index {display(str(path.parent))}",
        )
    with open_catalog(catalog, create=False) as opened, opened.read() as c:
        hash_ = shown.content.hash
        held = library_copies(c, [hash_], held=True).get(hash_, [])
    found = _arranged(shown, held)
    if len(held) < _FEWEST:
        return found
    reason = explanation(catalog, lambda tables: tables).ask(lambda tables: _reason_of(tables, hash_))
    return found if reason is None else _with_reason(found, *reason)


def _arranged(shown: Shown, held: Sequence[LibraryCopy]) -> Duplicate:
    """The copies, that to keep first, then the others of libraries."""
    keep = suggest(held) if len(held) > 1 else None
    copies = [_copy(one, keep) for one in shown.copies]
    copies.sort(key=lambda copy: (not copy.is_keeper, not copy.is_in_library, copy.known.id))
    return Duplicate(shown.content, copies, keep.reason if keep else "")


def _copy(one: ShownCopy, keep: Suggestion | None) -> DuplicateCopy:
    known, path = one.known, one.sighting.path
    if path is not None:
        place = str(path)
    else:
        inner = "/".join(part for part in (known.location_path, known.path) if part)
        place = f"{known.last_mount_point.rstrip('/')}/{inner}" if known.last_mount_point else inner
    is_keeper = keep is not None and keep.keeper.id == known.id
    now = "not plugged in" if one.sighting.now is Now.OFFLINE else one.sighting.now.value
    return DuplicateCopy(known, path if one.sighting.now is Now.THERE else None, now, place, is_keeper)


def _reason_of(tables: Tables, hash_: str) -> tuple[Why, FolderFinding | None, str | None] | None:
    """Why a content is there several times, and the hash of its other half; None if it was not, by then."""
    start = hash_[:DIGITS]
    near = tables["hashes"].near("start", start, start).to_pylist()
    rows = [row["row"] for row in near if row["start"] == start]
    groups = tables["groups"].at(rows, "hash", "why", "finding", "partner_hash").to_pylist()
    for row in groups:
        if row["hash"] == hash_:
            number = row["finding"]
            return (
                Why(row["why"]),
                None if number is None else finding_in(tables, number),
                row["partner_hash"],
            )
    return None


def _with_reason(found: Duplicate, why: Why, finding: FolderFinding | None, partner: str | None) -> Duplicate:
    if len(found.library) < _FEWEST:  # by now
        return found
    because = " ".join(told(finding, with_reason=False)) if finding else ""
    if partner:
        because = f"its other half, {partner[:_DIGITS]}, is there twice too, and they belong together"
    return Duplicate(found.content, found.copies, found.keep_reason, why, because, finding, partner)


def each_of(
    rows: Sequence[Mapping[str, Any]], findings: Iterable[FolderFinding], *, catalog: str | None = None
) -> Iterator[Duplicate]:
    """The duplicates of these *rows* of a listing with those *findings*, looked at one by one."""
    if not rows:
        return
    by_number = {one.number - 1: one for one in findings}
    places = Places(this_disk())
    with open_catalog(catalog, create=False) as opened:
        for row in rows:
            hash_ = row["hash"]
            with opened.read() as c:
                content, held = known_content(c, hash_), library_copies(c, [hash_], held=True).get(hash_, [])
                copies = copies_of_contents(c, [hash_])
            if content is None:
                continue
            seen = tuple(ShownCopy(copy, places.look(copy)) for copy in copies)
            found = _arranged(Shown(content, in_catalog=True, copies=seen), held)
            yield _with_reason(found, Why(row["why"]), by_number.get(row["finding"]), row["partner_hash"])
