"""The whole catalog as a folder of Parquet files, for other tools: checked, and there as a whole or not."""

from __future__ import annotations

import errno
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.parquet as pq
from pandera.errors import SchemaError

from cardcat.analysis import schemas
from cardcat.analysis.opening import answered
from cardcat.catalog import arrow
from cardcat.catalog.engine import open_catalog
from cardcat.errors import DestinationError, UsageError
from cardcat.paths import display, quoted
from cardcat.text import cause, count

_AT_ONCE = 1 << 17  # rows that are checked
_COLUMNS = Path(__file__).with_name("columns.md")
_FORMAT = "FORMAT parquet, COMPRESSION zstd"
_PARTED = {  # the tables of `schemas.PARTITIONS` with their columns
    "file_locations": "SELECT f.*, l.volume_id FROM file_locations AS f"
    " JOIN folders AS d ON d.id = f.folder_id JOIN locations AS l ON l.id = d.location_id",
    "media_files": "SELECT *, coalesce(TRY_CAST(substr(date_taken, 1, 4) AS BIGINT), 0) AS year"
    " FROM media_files",
}


@dataclass(frozen=True, slots=True)
class Exported:
    """Where the export is, its tables with their rows, and the bytes of its Parquet files."""

    folder: Path
    rows: dict[str, int]
    files: int
    size: int


def export(folder: Path, catalog: str | Path | None = None) -> Exported:
    """
    Write every table of the catalog, as of one moment, to the new or empty *folder*.

    What was written is read back and kept to its schema before the folder gets its name. UsageError if the
    folder is not empty, DestinationError if it can't be written or holds something else than was written,
    CatalogError if the catalog can't be read.
    """
    require_empty(folder)
    with open_catalog(catalog, create=False) as opened:
        return answered(opened, lambda db: _export(db, folder))


def _export(db: duckdb.DuckDBPyConnection, folder: Path) -> Exported:
    with _whole(folder) as partial:
        rows = {table: _write(db, table, partial / table) for table in sorted(arrow.TABLES)}
        _explain(partial / "README.md", rows, db)
        for file in partial.rglob("*"):
            _sync(file)
        _sync(partial)
        written = [file.stat().st_size for file in partial.rglob("*.parquet")]
    return Exported(folder, rows, len(written), sum(written))


def require_empty(folder: Path) -> None:
    """UsageError if *folder* holds anything, or can't be made because of what is in its place or above."""
    shown = display(str(folder))
    if os.path.lexists(folder) and not folder.is_dir():
        raise UsageError(
            f"{shown} is no folder, and nothing is overwritten.", hint="Name a new or empty folder."
        )
    try:
        if folder.is_dir() and any(folder.iterdir()):
            raise _not_empty(folder)
    except OSError as error:
        raise _unwritable(folder, error) from error
    if not folder.parent.is_dir():
        raise UsageError(
            f"The folder {shown} can't be made: there is no folder {display(str(folder.parent))}.",
            hint=f"Make it first: mkdir -p {quoted(str(folder.parent))}",
        )


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A temporary folder that gets the name *folder* at the end, and goes if the block raises."""
    partial = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        partial.mkdir()
        yield partial
        partial.rename(folder)  # over an empty folder, never over one that holds anything
        _sync(folder.parent)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise _not_empty(folder) from error
        raise _unwritable(folder, error) from error
    except duckdb.IOException as error:
        if partial.name not in str(error):  # it is not what is written that is amiss, but what is read
            raise
        raise _unwritable(folder, OSError(0, str(error).splitlines()[0])) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write(db: duckdb.DuckDBPyConnection, table: str, place: Path) -> int:
    """Write a table, check what was written, and say how many rows it has."""
    source = _PARTED.get(table, f"SELECT * FROM {table}")  # noqa: S608 - a name of ours
    ((rows,),) = db.sql(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608 - a name of ours
    if table in schemas.PARTITIONS and rows:
        by = f", PARTITION_BY ({schemas.PARTITIONS[table]}), WRITE_PARTITION_COLUMNS true"
        db.execute(f"COPY ({source}) TO {_literal(place)} ({_FORMAT}, FILENAME_PATTERN 'part-{{i}}'{by})")
    else:
        place.mkdir()
        db.execute(f"COPY ({source}) TO {_literal(place / 'part-0.parquet')} ({_FORMAT})")
    if (found := sum(_checked(table, file) for file in sorted(place.rglob("*.parquet")))) != rows:
        raise _spoilt(place, f"it has {count(found)} rows instead of {count(rows)}")
    return int(rows)


def _checked(table: str, file: Path) -> int:
    """How many rows *file* has, all of which keep the table's schema."""
    schema, rows = schemas.schema(table), 0
    with pq.ParquetFile(file) as opened:
        for batch in opened.iter_batches(_AT_ONCE):
            frame = pl.DataFrame(pl.from_arrow(batch))
            try:
                schema.validate(frame)
            except SchemaError as error:
                raise _spoilt(file, str(error).splitlines()[0]) from error
            rows += batch.num_rows
    return rows


def _explain(file: Path, rows: dict[str, int], db: duckdb.DuckDBPyConnection) -> None:
    ((identity,),) = db.sql("SELECT uuid FROM catalog_identity").fetchall()
    made = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    parted = ", ".join(f"`{table}` by `{column}`" for table, column in schemas.PARTITIONS.items())
    lines = [
        "# A cardcat catalog as Parquet",
        "",
        f"Written {made} from the catalog {identity}, all tables as of one moment. Nothing reads it back:",
        "the catalog is the file that cardcat works with, `cardcat catalog backup FILE` copies that.",
        "",
        f"A folder for each table. Parted further, hive style: {parted}. To read one:",
        "",
        "    SELECT * FROM read_parquet('file_locations/**/*.parquet', hive_partitioning = true)  -- DuckDB",
        "    pl.scan_parquet('file_locations/**/*.parquet', hive_partitioning=True)  # Polars",
        "",
        "| table | rows |",
        "|---|---:|",
        *(f"| `{table}` | {count(number)} |" for table, number in rows.items()),
        "",
        _COLUMNS.read_text("utf-8"),
    ]
    file.write_text("\n".join(lines), "utf-8")


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _not_empty(folder: Path) -> UsageError:
    return UsageError(
        f"The folder {display(str(folder))} is not empty, and nothing is overwritten.",
        hint="Name a new or empty folder.",
    )


def _unwritable(folder: Path, error: OSError) -> DestinationError:
    return DestinationError(
        f"The catalog can't be exported to {display(str(folder))}: {cause(error)}.",
        hint="Name a folder that you may write to, on a disk with room.",
    )


def _spoilt(place: Path, what: str) -> DestinationError:
    return DestinationError(
        f"What was written to {display(str(place))} is not what the catalog holds: {what}.",
        hint="Export to another disk, and look after this one.",
    )
