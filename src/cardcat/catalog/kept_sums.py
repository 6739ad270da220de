"""
How many copies each volume holds, kept from the last time that a large catalog was added up.

    <cache>/cardcat/sums/<uuid of the catalog>-<version>.json

What is kept counts only for a catalog whose files look as they did, to the nanosecond; a file that is cut
short or has other bytes in it counts for nothing. It may be removed at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import Connection, select

from cardcat.catalog import looks, migrate
from cardcat.catalog.looks import Look
from cardcat.catalog.tables import catalog_identity

_FORM = 1

Sums: TypeAlias = Mapping[int, tuple[int, int]]
"""Copies and their bytes, by the id of the volume."""


def place(c: Connection) -> Path:
    """The file for the sums of this catalog."""
    from platformdirs import user_cache_path  # noqa: PLC0415 - only large catalogs need it

    name = looks.name_of(c.scalar(select(catalog_identity.c.uuid)), migrate.revisions()[-1])
    return user_cache_path("cardcat", appauthor=False) / "sums" / f"{name}.json"


def kept(file: Path, seen: Look) -> Sums | None:
    """The sums in *file*, if they are those of a catalog that looks as it was *seen*."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        if document != _document(document["files"], document["sums"]) or document["files"] != [*seen.files]:
            return None
        return {int(volume): (int(copies), int(size)) for volume, copies, size in document["sums"]}
    except (OSError, ValueError, KeyError, TypeError):  # none yet, or cut short
        return None


def keep(file: Path, seen: Look, sums: Sums) -> None:
    """Write the *sums* of a catalog as it was *seen* before they were worked out, if there is room for it."""
    if not seen.is_settled:
        return
    text = json.dumps(_document([*seen.files], [[volume, *sum_] for volume, sum_ in sums.items()]))
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, partial = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.", suffix=".partial")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                out.write(text)
            Path(partial).replace(file)
        finally:
            Path(partial).unlink(missing_ok=True)


def _document(files: object, sums: object) -> dict[str, object]:
    """What is written, with the hash of it."""
    content = {"form": _FORM, "files": files, "sums": sums}
    return content | {"sha256": hashlib.sha256(json.dumps(content).encode()).hexdigest()}
