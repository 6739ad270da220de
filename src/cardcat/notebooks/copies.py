"""The copies of one content side by side: where each is, how it stands now, and a small picture of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardcat import text
from cardcat.media.picturing import ThumbnailPool
from cardcat.model import Kind
from cardcat.notebooks.look import soft
from cardcat.paths import from_text
from cardcat.printed.html import Html, element, joined
from cardcat.sightings import Now, Places
from cardcat.storage.system import this_disk

if TYPE_CHECKING:
    import duckdb

MOST = 24
"""So many copies of one content are looked at and shown."""

_QUERY = """
SELECT e.path AS readable, e.relative_path, e.name, e.relative_path_raw, e.name_raw, e.size, e.mtime_ns,
    l.uuid, l.path, l.path_raw, d.drive, d.volume_key, d.last_seen_at, f.evidence, f.first_seen_at, c.kind
FROM copies AS f
JOIN entries AS e ON e.id = f.copy_id
JOIN locations AS l ON l.id = f.location_id
JOIN drives AS d ON d.volume_id = f.volume_id
JOIN content_identity AS c ON c.id = f.content_id
WHERE f.content_id = $content AND f.role = 'library'
ORDER BY d.drive, e.path
LIMIT $most
"""
_PROOF = {
    "claimed": "not proved",
    "written": "written",
    "synced": "written to the drive",
    "read_back": "read back",
    "read_back_cold": "read back from the drive",
}


@dataclass(frozen=True, slots=True)
class Copy:
    """A library copy. *path* is exact and relative to its location, *readable* for people."""

    path: str
    readable: str
    size: int
    mtime_ns: int
    location_uuid: str
    location_path: str
    volume_key: str
    drive: str
    last_seen_at: int
    evidence: str
    first_seen_at: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Seen:
    """A copy as it stands at this moment, with a JPEG of it where one can be made."""

    copy: Copy
    now: Now
    picture: bytes | None


def seen_copies(db: duckdb.DuckDBPyConnection, content_id: int) -> list[Seen]:
    """The library copies of a content, each looked at where its drive is plugged in. Nothing is written."""
    rows = db.sql(_QUERY, params={"content": content_id, "most": MOST}).pl()
    copies = [_copy(row) for row in rows.iter_rows(named=True)]
    places = Places(this_disk())
    sightings = [places.look(copy) for copy in copies]
    found = [
        sighting.path if sighting.now is Now.THERE and copy.kind is Kind.IMAGE else None
        for copy, sighting in zip(copies, sightings, strict=True)
    ]
    pictures = _pictures(found)
    return [
        Seen(copy, sighting.now, picture)
        for copy, sighting, picture in zip(copies, sightings, pictures, strict=True)
    ]


def sheet(seen: Sequence[Seen]) -> str:
    """All of them side by side."""
    if not seen:
        return soft("Choose a row to see its copies.")
    return str(element("div", joined(_figure(each) for each in seen), class_="cc-sheet"))


def _copy(row: Mapping[str, Any]) -> Copy:
    folder = from_text(row["relative_path"], row["relative_path_raw"])
    name = from_text(row["name"], row["name_raw"])
    return Copy(
        path=f"{folder}/{name}" if folder else name,
        readable=row["readable"],
        size=row["size"],
        mtime_ns=row["mtime_ns"],
        location_uuid=row["uuid"],
        location_path=from_text(row["path"], row["path_raw"]),
        volume_key=row["volume_key"],
        drive=row["drive"],
        last_seen_at=row["last_seen_at"],
        evidence=row["evidence"],
        first_seen_at=row["first_seen_at"],
        kind=Kind(row["kind"]),
    )


def _pictures(paths: Sequence[Path | None]) -> list[bytes | None]:
    """In order, made in processes of their own."""
    asked = [(path, Kind.IMAGE) for path in paths if path is not None]
    if not asked:
        return [None] * len(paths)
    with ThumbnailPool() as pool:
        answers = iter(list(pool.answers(asked)))
    return [None if path is None else next(answers) for path in paths]


def _figure(seen: Seen) -> Html:
    copy = seen.copy
    lines = [
        element("strong", copy.drive),
        element("span", "/".join(part for part in (copy.location_path, copy.readable) if part)),
        element("span", f"{text.size(copy.size)}, {_PROOF.get(copy.evidence, copy.evidence)}"),
        element("span", f"first seen {text.moment(copy.first_seen_at)}"),
        element("span", f"now: {seen.now.value}"),
    ]
    inside = [element("div", _picture(seen), class_="cc-picture"), *lines]
    return element("figure", joined(inside))


def _picture(seen: Seen) -> Html:
    if seen.picture is not None:
        data = base64.b64encode(seen.picture).decode("ascii")
        return Html(f'<img alt="{seen.copy.kind.value}" src="data:image/jpeg;base64,{data}">')
    if seen.now is Now.THERE:
        return element("span", "a film" if seen.copy.kind is Kind.VIDEO else "no picture can be made of it")
    if seen.now is Now.OFFLINE:
        return element(
            "span", f"its drive is not plugged in; last seen {text.moment(seen.copy.last_seen_at)}"
        )
    return element(
        "span", {Now.CHANGED: "changed since", Now.MISSING: "missing"}.get(seen.now, seen.now.value)
    )
