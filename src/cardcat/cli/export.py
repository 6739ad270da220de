"""`cardcat catalog export`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cardcat import text
from cardcat.cli import catalogs, output
from cardcat.cli.options import AsJson, CatalogPath, DryRun, examples, folder
from cardcat.cli.output import Column

if TYPE_CHECKING:
    from cardcat.analysis.exporting import Exported

EXAMPLES = examples("cardcat catalog export ~/catalog-2026-05-01")


def export(
    where: Annotated[str, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    *,
    dry_run: DryRun = False,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Write every table of the catalog as Parquet files.

    DuckDB, Polars, R and others read them. The large tables are parted: file_locations by volume,
    media_files by year. A README in the folder says
    what the columns are. The folder is there as a whole or not at all.
    """
    from cardcat.analysis.exporting import export as write
    from cardcat.analysis.exporting import require_empty

    place = folder(where, "DIR")
    require_empty(place)
    if dry_run or catalogs.present(catalog) is None:
        return _not_done(str(place), catalog, as_json=as_json)
    done = write(place, catalog)
    if as_json:
        output.emit(
            output.path_fields(str(place))
            | {"exported": True, "rows": done.rows, "files": done.files, "size_bytes": done.size}
        )
    else:
        _show(done)
    return 0


def _show(done: Exported) -> None:
    rows = [[table, text.count(number)] for table, number in done.rows.items() if number]
    output.table([Column("Table"), Column("Rows", right=True)], rows)
    output.say(
        f"{text.many(done.files, 'Parquet file')}, {text.size(done.size)}, in {done.folder}. What the "
        "columns are: README.md in it."
    )


def _not_done(place: str, catalog: str | None, *, as_json: bool) -> int:
    is_there = catalogs.present(catalog) is not None
    if as_json:
        output.emit(output.path_fields(place) | {"exported": False})
    elif is_there:
        output.say(f"The catalog would be exported to {place}.")
    else:
        catalogs.say_absent(catalog)
    return 0
