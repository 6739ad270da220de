"""`cardcat duplicates waste`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cardcat import text
from cardcat.cli import catalogs, output
from cardcat.cli.ask import row_document
from cardcat.cli.options import AsJson, CatalogPath, examples, whole_number
from cardcat.cli.output import Column, Json
from cardcat.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

EXAMPLES = examples("cardcat duplicates waste --by folder", "cardcat duplicates waste --by camera --json")

_MOST = 1_000_000_000
_BY = ("folder", "volume", "camera", "month", "kind")
_NAMES = {  # what a row is called, from the columns of sql/waste_by_*.sql
    "folder": ("drive", "location", "folder"),
    "volume": ("drive",),
    "camera": ("make", "model"),
    "month": ("month",),
    "kind": ("media_type", "extension"),
}
_BETWEEN = {"folder": "/"}


def _by(given: str) -> str:
    if given not in _BY:
        raise UsageError(f"--by is one of {', '.join(_BY)}, not '{given}'.", hint="For example: --by folder")
    return given


def waste(
    *,
    by: Annotated[
        str, typer.Option("--by", metavar="WHAT", parser=_by, help="folder, volume, camera, month or kind.")
    ] = "folder",
    limit: Annotated[
        int,
        typer.Option(metavar="N", parser=whole_number("--limit", _MOST), help="How many rows to name."),
    ] = 20,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Sum up the space that duplicates take, the most first.

    All copies but one of each count, of what is on record at this moment. By folder and volume each copy of a
    duplicate carries an equal part: which of them is the one to keep is not decided here.
    """
    if catalogs.present(catalog) is None:
        return _absent(catalog, by, as_json=as_json)
    from cardcat import analysis

    found = analysis.ask(f"waste_by_{by}", catalog).sort("wasted_bytes", descending=True, maintain_order=True)
    if as_json:
        output.emit(_document(by, found, limit))
    elif len(found):
        _show(by, found, limit)
    else:
        output.say("No library holds a photo or video more than once.")
    return 0


def _absent(where: str | None, by: str, *, as_json: bool) -> int:
    if as_json:
        output.emit({"by": by, "wasted_space_bytes": 0, "total_rows": 0, "rows": []})
    else:
        catalogs.say_absent(where)
    return 0


def _document(by: str, found: pl.DataFrame, limit: int) -> dict[str, Json]:
    return {
        "by": by,
        "wasted_space_bytes": int(found["wasted_bytes"].sum()),
        "total_rows": len(found),
        "rows": [row_document(row) for row in found.head(limit).iter_rows(named=True)],
    }


def _show(by: str, found: pl.DataFrame, limit: int) -> None:
    columns = [
        Column("Waste", right=True),
        Column("Copies", right=True),
        Column(by.capitalize(), shrinks=True),
    ]
    rows = [
        [text.size(row["wasted_bytes"]), text.count(row["copies"]), _name(by, row)]
        for row in found.head(limit).iter_rows(named=True)
    ]
    output.table(columns, rows)
    if (more := len(found) - limit) > 0:
        output.say(f"… and {text.count(more)} more (--limit {len(found)} lists them all)")
    output.say(
        f"In all: {text.size(int(found['wasted_bytes'].sum()))} more than one copy of each would take."
    )


def _name(by: str, row: dict[str, object]) -> str:
    parts = [str(row[name]).rstrip("/") for name in _NAMES[by] if row[name]]  # a drive may be called "/"
    return _BETWEEN.get(by, " ").join(parts) or "(not known)"
