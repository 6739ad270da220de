"""`cardcat duplicates list`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cardcat import text
from cardcat.cli import catalogs, duplicates_words, output
from cardcat.cli.options import AsJson, CatalogPath, examples, folder, size, whole_number
from cardcat.cli.output import Column, Json
from cardcat.cli.progress import telling
from cardcat.errors import UsageError

if TYPE_CHECKING:
    from cardcat.catalog.duplicates import Duplicates
    from cardcat.duplicates.listing import Listing

EXAMPLES = examples(
    "cardcat duplicates list --limit 50",
    "cardcat duplicates list --folder ~/Pictures --why renamed --min-waste 1MB",
    "cardcat duplicates list --month 2024 --csv duplicates.csv",
)

_MOST = 1_000_000_000
_FOLDERS = 10  # findings about folders, on a screen
_DIGITS = 12  # of a hash: enough to name it
_COLUMNS = (
    Column("Waste", right=True),
    Column("Copies", right=True),
    Column("Size", right=True),
    Column("Why"),
    Column("File", shrinks=True),
    Column("Hash"),
)
_KINDS = ("image", "video")
_NONE = "No library holds a photo or video more than once."


def _kind(given: str) -> str:
    if given not in _KINDS:
        raise UsageError(f"--kind is image or video, not '{given}'.", hint="For example: --kind image")
    return given


def list_(
    *,
    volume: Annotated[
        str | None,
        typer.Option(metavar="VOLUME", help="With a copy on this drive: label, uuid, mount point."),
    ] = None,
    folder_: Annotated[
        str | None, typer.Option("--folder", metavar="PATH", help="With a copy in this folder or below.")
    ] = None,
    camera: Annotated[
        str | None, typer.Option(metavar="NAME", help="Taken with a camera whose name has this in it.")
    ] = None,
    month: Annotated[
        str | None, typer.Option(metavar="MONTH", help="Taken in this month or year: 2024-05, 2024.")
    ] = None,
    kind: Annotated[str | None, typer.Option(metavar="KIND", parser=_kind, help="image or video.")] = None,
    why: Annotated[
        str | None,
        typer.Option(metavar="REASON", help="There twice for this reason: tree, card, renamed ..."),
    ] = None,
    min_waste: Annotated[
        int,
        typer.Option(
            metavar="SIZE", parser=size("--min-waste"), help="That waste at least this: 500KB, 10MB."
        ),
    ] = 0,
    limit: Annotated[
        int,
        typer.Option(metavar="N", parser=whole_number("--limit", _MOST), help="How many groups to name."),
    ] = 20,
    page: Annotated[
        int, typer.Option(metavar="P", parser=whole_number("--page", _MOST), help="Which page of them.")
    ] = 1,
    csv: Annotated[
        str | None, typer.Option("--csv", metavar="FILE", help="Write all of them to a new CSV file.")
    ] = None,
    parquet: Annotated[
        str | None, typer.Option("--parquet", metavar="FILE", help="Write all to a new Parquet file.")
    ] = None,
    report: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write a page with pictures to a new HTML file.")
    ] = None,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    List the duplicates, and why they are there.

    The largest waste comes first, and before all files the folders that are there twice, each as one
    finding. It is what is on record at this moment; no drive is read but for the pictures of a report.
    """
    from cardcat.duplicates.filters import Filters
    from cardcat.duplicates.listing import list_groups, nothing, why_of

    filters = Filters(
        volume, folder_, camera, month, kind, why_of(why) if why is not None else None, min_waste
    )
    files = _Files(csv, parquet, report)
    is_absent = catalogs.present(catalog) is None
    with telling():
        found = nothing() if is_absent else list_groups(catalog, filters)
        files.write(found, catalog)
    if as_json:
        output.emit(_document(found, found.page((page - 1) * limit, limit), page, files))
        return 0
    if is_absent:
        catalogs.say_absent(catalog)
    elif found.count:
        _show(found, page, limit, singles=why is None)
    else:
        output.say(_NONE if filters == Filters() else "No duplicate passes these filters.")
    files.say()
    return 0


class _Files:
    """The new files that were asked for; UsageError if one of them can't be."""

    def __init__(self, csv: str | None, parquet: str | None, report: str | None) -> None:
        from cardcat.answers import require_free
        from cardcat.printed.place import free_place

        self.csv = None if csv is None else folder(csv, "--csv")
        self.parquet = None if parquet is None else folder(parquet, "--parquet")
        for file in (self.csv, self.parquet):
            if file is not None:
                require_free(file)
        self.report = None if report is None else free_place(folder(report, "--report"))
        self.all = [file for file in (self.csv, self.parquet, self.report) if file is not None]
        if len(set(self.all)) < len(self.all):
            raise UsageError("Two files can't have one name.", hint="Give each a name of its own.")

    def write(self, found: Listing, catalog: str | None) -> None:
        """Write them."""
        from cardcat.answers import write_csv, write_parquet
        from cardcat.duplicates.listing import as_table

        if self.csv is not None:
            write_csv(as_table(found), self.csv)
        if self.parquet is not None:
            write_parquet(as_table(found), self.parquet)
        if self.report is not None:
            from cardcat.duplicates.report import write_list_report

            write_list_report(self.report, found, catalog=catalog)

    def say(self) -> None:
        """Name them."""
        for file in self.all:
            output.say(f"Written: {file}")


def counts(whole: Duplicates) -> dict[str, Json]:
    """The sums over groups, for JSON."""
    return {
        "total_groups": whole.groups,
        "total_copies": whole.copies,
        "total_size_bytes": whole.size,
        "wasted_space_bytes": whole.wasted,
    }


def _document(found: Listing, rows: Sequence[dict[str, Any]], page: int, files: _Files) -> dict[str, Json]:
    return {
        **counts(found.whole),
        "on_same_drive_bytes": found.twice,
        "why": [
            {"why": why.value, "groups": groups, "wasted_space_bytes": wasted}
            for why, groups, wasted in found.by_why
        ],
        "folders": [duplicates_words.finding_document(one) for one in found.findings],
        "page": page,
        "groups": [_group(row) for row in rows],
        "written": [output.path_fields(str(file)) for file in files.all],
    }


def _group(row: dict[str, Any]) -> dict[str, Json]:
    return {
        "hash": row["hash"],
        "media_type": row["media_type"],
        "path": row["path"],
        "copies": row["copies"],
        "file_size_bytes": row["size"],
        "wasted_space_bytes": row["wasted"],
        "camera": row["camera"],
        "month": row["month"],
        "why": row["why"],
        "finding": None if row["finding"] is None else row["finding"] + 1,
        "belongs_to": row["partner_hash"],
    }


def _show(found: Listing, page: int, limit: int, *, singles: bool) -> None:
    if found.findings and page == 1:
        output.say("Folders that are there twice", style="bold")
        duplicates_words.say_findings(found.findings, _FOLDERS)
        output.say()
    rows = found.page((page - 1) * limit, limit, singles=singles)
    groups = found.singles_count if singles else found.count
    if rows:
        output.table(_COLUMNS, [_cells(row) for row in rows])
    elif page > 1:
        output.say(f"There is no page {page}: {text.many(-(-groups // limit), 'page')} in all.")
    if (more := groups - (page - 1) * limit - len(rows)) > 0:
        output.say(f"… and {text.count(more)} more (--limit {groups} lists them all)")
    if explained := found.count - groups:
        output.say(
            f"{text.many(explained, 'file')} more: what is said of folders explains them (--why lists them)"
        )
    _sum_up(found)


def _sum_up(found: Listing) -> None:
    from cardcat.duplicates.words import SHORT
    from cardcat.summaries import duplicates_line

    told = ", ".join(f"{SHORT[why]} {text.size(wasted)}" for why, _, wasted in found.by_why)
    output.say(f"Why: {told}")
    output.say(f"In all: {duplicates_line(found.whole)} The copies of one: cardcat duplicates show HASH")
    output.say(
        f"Of that, {text.size(found.twice)} lie on one and the same drive: cardcat duplicates plan"
        if found.twice
        else "No drive holds one of them twice, and the last on a drive is never put aside."
    )


def _cells(row: dict[str, Any]) -> list[str]:
    from cardcat.duplicates.why import Why
    from cardcat.duplicates.words import SHORT

    number = "" if row["finding"] is None else f" {row['finding'] + 1}"
    return [
        text.size(row["wasted"]),
        text.count(row["copies"]),
        text.size(row["size"]),
        f"{SHORT[Why(row['why'])]}{number}",
        row["path"] or "-",
        row["hash"][:_DIGITS],
    ]
