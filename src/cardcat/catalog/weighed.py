"""The contents of a volume, weighed against the copies on all others: in the catalog, or in a copy of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    case,
    column,
    func,
    select,
    table,
    values,
)

from cardcat.catalog.tables import copy_findings, file_locations, folders, locations
from cardcat.model import Evidence, Presence, Role

Rows: TypeAlias = Iterable[Sequence[Any]]

READ = (Evidence.READ_BACK.value, Evidence.READ_BACK_COLD.value)
"""The evidence that counts: the copy was read, and was right."""

TABLES = ("content_identity", "copy_findings", "file_locations", "folders", "locations", "volumes")
"""What is read of a copy of the catalog."""

_COLUMNS = ("content_id", "copy_id", "disks", "elsewhere")


@dataclass(frozen=True, slots=True)
class Question:
    """
    What is asked: of which volume, and on how many physical disks its contents should be.

    *disks* numbers the disk of every volume whose copies count, by the volume's id: the same number for
    parts of one disk. *own_disk* is that of the volume itself, also if it does not count.
    """

    volume_id: int
    wanted: int
    disks: Mapping[int, int]
    own_disk: int


@dataclass(frozen=True, slots=True)
class Weighing:
    """
    The contents of a volume, to be weighed against the copies on all others: what is asked, and of whom.

    *ask* executes a statement. *each* has one row a content: its first copy on the volume, and on how many
    physical disks it was read back; *elsewhere* says whether one of these is another than the volume's own.
    """

    asked: Question
    ask: Callable[[Select[Any]], Rows]
    each: FromClause


def in_catalog(c: Connection, asked: Question) -> Weighing:
    """Weigh by the catalog's own engine: what each answer needs is worked out for it."""
    return Weighing(asked, c.execute, _contents(asked).subquery())


def in_copy(run: Callable[[str], Rows], asked: Question) -> Weighing:
    """
    Weigh by *run*, which executes SQL on a copy of the catalog's tables: worked out once, for all answers.

    The same statements, as a text that PostgreSQL and DuckDB know; a temporary table is made for them.
    """
    each = table("weighed", *(column(name, Integer) for name in _COLUMNS))
    run(f"CREATE TEMPORARY TABLE weighed AS {_as_text(_contents(asked))}")
    return Weighing(asked, lambda statement: run(_as_text(statement)), each)


def is_kept() -> ColumnElement[bool]:
    """Whether a copy is there as far as is known; an unplugged drive still has its copies."""
    f = file_locations.c
    return f.status.in_((Presence.PRESENT.value, Presence.UNAVAILABLE.value)) & (f.role != Role.SOURCE.value)


def is_wrong() -> ColumnElement[bool]:
    """Whether something was found wrong with a copy and is not mended yet."""
    x = copy_findings.c
    return file_locations.c.id.in_(select(x.file_location_id).where(x.resolved_at.is_(None)))


def _contents(asked: Question) -> Select[Any]:
    """What `Weighing.each` has."""
    here, disks = _here(asked.volume_id).subquery(), _disks(asked).subquery()
    return select(
        here.c.content_id,
        here.c.copy_id,
        func.coalesce(disks.c.disks, 0).label("disks"),
        func.coalesce(disks.c.elsewhere, 0).label("elsewhere"),
    ).outerjoin_from(here, disks, disks.c.content_id == here.c.content_id)


def _disks(asked: Question) -> Select[Any]:
    """
    For each content that was read back somewhere, on how many disks that counts.

    They are made different before they are counted: to count different ones takes more memory.
    """
    good = _good(asked).distinct().subquery()
    elsewhere = case((good.c.disk != asked.own_disk, 1), else_=0)
    return select(
        good.c.content_id, func.count().label("disks"), func.max(elsewhere).label("elsewhere")
    ).group_by(good.c.content_id)


def _good(asked: Question) -> Select[Any]:
    """The content and the disk of every copy that was read back and is right, as far as its disk counts."""
    numbered, f = _numbered(asked), file_locations.c
    return (
        select(f.content_id, numbered.c.disk)
        .select_from(file_locations)
        .join(folders, folders.c.id == f.folder_id)
        .join(locations, locations.c.id == folders.c.location_id)
        .join(numbered, numbered.c.volume_id == locations.c.volume_id)
        .where(is_kept(), f.evidence.in_(READ), ~is_wrong())
    )


def _here(volume_id: int) -> Select[Any]:
    f = file_locations.c
    return (
        select(f.content_id, func.min(f.id).label("copy_id"))
        .join(folders, folders.c.id == f.folder_id)
        .join(locations, locations.c.id == folders.c.location_id)
        .where(locations.c.volume_id == volume_id, is_kept())
        .group_by(f.content_id)
    )


def _numbered(asked: Question) -> CTE:
    """The disk of each volume that counts."""
    columns = column("volume_id", Integer), column("disk", Integer)
    rows = [*asked.disks.items()] or [(-1, -1)]  # a list of none is no SQL
    return values(*columns, name="numbered").data(rows).cte("numbered")


def _as_text(statement: Select[Any]) -> str:
    """The statement with its values in it; all of them are ours, none is a name from a disk."""
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - only large catalogs need it

    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
