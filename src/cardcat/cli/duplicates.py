"""`cardcat duplicates`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cardcat import text
from cardcat.cli import catalogs, output
from cardcat.cli.options import AsJson, CatalogPath, examples, group, whole_number
from cardcat.cli.output import Column, Json

if TYPE_CHECKING:
    from cardcat.catalog.duplicates import DuplicateGroup, Duplicates, Refreshed

app = group("Photos and videos that your libraries hold more than once. Backups are none.")

_MOST = 1_000_000_000
_COLUMNS = (
    Column("Waste", right=True),
    Column("Copies", right=True),
    Column("Size", right=True),
    Column("File", shrinks=True),
    Column("Hash"),
)
_DIGITS = 12  # of a hash: enough to name it


@app.command(epilog=examples("cardcat duplicates refresh"))
def refresh(*, catalog: CatalogPath = None, as_json: AsJson = False) -> int:
    """
    Count the duplicates anew from the copies on record.

    No drive is read, and no file is touched. The Prefect page does this every day as duplicates-daily.
    """
    from cardcat.catalog.duplicates import Duplicates, Refreshed
    from cardcat.counting import count_duplicates

    counted = count_duplicates(catalog, named=0)
    if as_json:
        output.emit(refreshed_document(counted.refreshed if counted else Refreshed(Duplicates(), 0, 0, 0)))
    elif counted:
        _say(counted.refreshed)
    else:
        catalogs.say_absent(catalog)
    return 0


@app.command("list", epilog=examples("cardcat duplicates list --limit 50"))
def list_(
    *,
    limit: Annotated[
        int,
        typer.Option(metavar="N", parser=whole_number("--limit", _MOST), help="How many groups to name."),
    ] = 20,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """List the duplicates of the last count, the largest waste first."""
    from cardcat.catalog.duplicates import Duplicates, all_duplicates, list_duplicates

    with catalogs.reading(catalog) as c:
        rows = [] if c is None else list_duplicates(c, limit)
        whole = Duplicates() if c is None else all_duplicates(c)
    if as_json:
        output.emit({**_counts(whole), "groups": [_document(row) for row in rows]})
    elif rows:
        _show(rows, whole)
    elif c is None:
        catalogs.say_absent(catalog)
    else:
        output.say("No duplicates are on record. To count them anew: cardcat duplicates refresh")
    return 0


def refreshed_document(found: Refreshed) -> dict[str, Json]:
    """What a refresh found, for `duplicates refresh --json`."""
    return {**_counts(found.now), "new": found.new, "changed": found.changed, "gone": found.gone}


def _counts(whole: Duplicates) -> dict[str, Json]:
    return {
        "total_groups": whole.groups,
        "total_copies": whole.copies,
        "total_size_bytes": whole.size,
        "wasted_space_bytes": whole.wasted,
    }


def _document(row: DuplicateGroup) -> dict[str, Json]:
    return {
        "id": row.id,
        "hash": row.hash,
        "media_type": row.kind,
        "path": row.path,
        "copies": row.copies,
        "file_size_bytes": row.size,
        "wasted_space_bytes": row.wasted,
    }


def _show(rows: list[DuplicateGroup], whole: Duplicates) -> None:
    from cardcat.summaries import duplicates_line

    cells = [
        [
            text.size(row.wasted),
            text.count(row.copies),
            text.size(row.size),
            row.path or "-",
            row.hash[:_DIGITS],
        ]
        for row in rows
    ]
    output.table(_COLUMNS, cells)
    if (more := whole.groups - len(rows)) > 0:
        output.say(f"… and {text.count(more)} more (--limit {whole.groups} lists them all)")
    first = rows[0].hash[:_DIGITS]
    output.say(f"In all: {duplicates_line(whole)} Where the copies of one are: cardcat show {first}")


def _say(found: Refreshed) -> None:
    from cardcat.summaries import duplicates_line

    if not found.now.groups:
        output.say(f"{duplicates_line(found.now)} Backups do not count.")
    else:
        output.say(duplicates_line(found.now))
        changes = (("new", found.new), ("changed", found.changed), ("gone", found.gone))
        if told := ", ".join(f"{text.count(number)} {what}" for what, number in changes if number):
            output.say(f"Since the last time: {told}.")
        output.say("The largest: cardcat duplicates list")
