"""What a notebook asks: the catalog as a DuckDB connection with tables made ready, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cardcat.catalog.engine import is_absent, local_path
from cardcat.errors import CardcatError
from cardcat.notebooks.look import notice
from cardcat.paths import display

if TYPE_CHECKING:
    import duckdb
    import polars as pl

_BACK_UP = "cardcat backup SOURCE DEST"
_INDEX = "cardcat index ~/Pictures"

COPIES = """
CREATE TEMP TABLE copies AS
SELECT f.id AS copy_id, f.content_id, f.size, f.role, f.status, f.evidence, f.first_seen_at,
    f.folder_id, d.location_id, l.volume_id
FROM file_locations AS f
JOIN folders AS d ON d.id = f.folder_id
JOIN locations AS l ON l.id = d.location_id
WHERE f.status IN ('present', 'unavailable') AND f.role <> 'source'
"""
"""Every file that is held now, also on drives that are not plugged in. What is on a card is not held yet."""

MEDIA = """
CREATE TEMP TABLE media AS
SELECT c.id AS content_id, c.kind, m.extension, m.file_size_bytes AS size, m.camera, m.lens,
    dense_rank() OVER (ORDER BY m.camera) AS camera_id,
    m.taken, date_trunc('month', m.taken) AS month,
    m.iso_number AS iso, m.focal, d.gps_latitude IS NOT NULL AS has_place
FROM (
    SELECT *, coalesce(nullif(trim(lens_model), ''), 'unknown lens') AS lens,
        TRY_CAST(left(date_taken, 10) AS DATE) AS taken,
        TRY_CAST(replace(focal_length, ' mm', '') AS DOUBLE) AS focal,
        TRY_CAST(iso AS BIGINT) AS iso_number,
        coalesce(nullif(trim(CASE
            WHEN starts_with(lower(camera_model), lower(split_part(camera_make, ' ', 1))) THEN camera_model
            ELSE concat_ws(' ', camera_make, camera_model)
        END), ''), 'unknown camera') AS camera
    FROM media_files
) AS m
JOIN content_identity AS c ON c.cas_id = m.hash
LEFT JOIN media_details AS d ON d.content_id = c.id
"""
"""The photos and films: what was read out of them, in forms that can be counted."""

TWICE = """
CREATE TEMP TABLE twice AS
SELECT copy_id, c.content_id, c.folder_id, c.location_id, c.volume_id, g.copies, m.size,
    m.size * (g.copies - 1) / g.copies AS waste
FROM copies AS c
JOIN (
    SELECT content_id, count(*) AS copies FROM copies WHERE role = 'library' GROUP BY 1 HAVING count(*) > 1
) AS g USING (content_id)
JOIN media AS m USING (content_id)
WHERE c.role = 'library'
"""
"""
The library copies of what libraries hold more than once. Each carries an equal part of the waste, which is
all copies but one: which one to keep is not decided here.
"""

PREPARED = {"copies": COPIES, "media": MEDIA, "twice": TWICE}
"""By name, in the order in which each can be made."""


@dataclass(frozen=True, slots=True)
class Opened:
    """
    The catalog as a notebook has it. Without a *db*, *notice* says to people why.
    *path* is for people, *where* for programs.

    The connection has the catalog's tables, and what was asked to be prepared.
    """

    db: duckdb.DuckDBPyConnection | None
    notice: str
    path: str = ""
    where: str | None = None
    _counted: dict[str, int] = field(default_factory=dict)

    def ask(self, question: str, **parameters: Any) -> pl.DataFrame:
        """What a statement in sql/ answers, as `cardcat ask` does."""
        from cardcat.analysis import ask  # noqa: PLC0415 - as below

        return ask(question, self.where, **parameters)

    def count(self, table: str) -> int:
        """How many rows a table has, 0 without a catalog."""
        if self.db is None:
            return 0
        if table not in self._counted:
            ((self._counted[table],),) = self.db.table(table).count("*").fetchall()
        return self._counted[table]


def given(arguments: Callable[[], Any]) -> object:
    """What a notebook was started with as `--catalog`; None also where nothing can be, as in Jupyter."""
    try:
        return arguments().get("catalog")
    except Exception:  # noqa: BLE001 - marimo's own, which only marimo could name
        return None


def opened(given: object = None, *prepared: str) -> Opened:
    """
    The catalog that was *given* to a notebook (None: as everywhere), with those of PREPARED that are named.

    Raises nothing that a user may be told: it is the notice then.
    """
    from cardcat.analysis import connect  # noqa: PLC0415 - `cardcat notebook` does without it

    where = None if given is None else str(given)
    try:
        path = display(str(local_path(where)))
        if is_absent(where):
            return Opened(None, nothing(f"There is no catalog at {path} yet.", _BACK_UP, _INDEX))
        wanted = [statement for name, statement in PREPARED.items() if name in prepared]
        db = connect(where, prepare=wanted)
    except CardcatError as error:
        return Opened(None, notice("The catalog can't be used", [error.message, error.hint]))
    if not _has_any(db, "file_locations", "backup_sessions"):
        return Opened(None, nothing(f"The catalog {path} is empty.", _BACK_UP, _INDEX), path)
    return Opened(db, "", path, where)


def nothing(told: str, *commands: str) -> str:
    """What is shown where there is nothing to be shown, with what to type to change that."""
    return notice("Nothing to show yet", [told, "This page fills itself from what you do:"], commands)


def choices(rows: Sequence[tuple[str, int]], everything: str) -> dict[str, int]:
    """The options of a filter: names with their numbers, after *everything*, which is 0."""
    return {everything: 0, **dict(rows)}


def _has_any(db: duckdb.DuckDBPyConnection, *tables: str) -> bool:
    return any(db.table(table).limit(1).fetchall() for table in tables)
