"""`cardcat ask`."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cardcat import text
from cardcat.cli import catalogs, output
from cardcat.cli.options import AsJson, CatalogPath, examples, folder, whole_number
from cardcat.cli.output import Column, Json
from cardcat.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

    from cardcat.analysis import Question

EXAMPLES = examples(
    "cardcat ask",
    "cardcat ask waste_by_folder",
    "cardcat ask only_on_drive --parameter drive=ARCHIVE --csv alone.csv",
)
_MOST = 1_000_000_000
_SHOWN = 20  # rows on a screen, if nobody says
_WIDTH = 80
_NARROWEST = 10  # of a text that is shortened
_DIGITS = 12  # of a hash: enough to name it


def ask(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="The question; without it all are listed.")
    ] = None,
    *,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="What the question takes; repeatable."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=whole_number("--limit", _MOST),
            help=f"How many rows. [default: {_SHOWN} on the screen, else all]",
        ),
    ] = None,
    csv: Annotated[
        str | None, typer.Option("--csv", metavar="FILE", help="Write all columns to a new CSV file.")
    ] = None,
    parquet: Annotated[
        str | None, typer.Option("--parquet", metavar="FILE", help="Write all columns to a new Parquet file.")
    ] = None,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Ask the catalog about duplicates, waste, drives and growth.

    Each question is a statement in sql/. Nothing is changed, and no drive is read.
    """
    if name is None:
        return _list(as_json=as_json)
    from cardcat.analysis.statements import filled, question

    given = _parameters(parameter)
    filled(question(name), given)
    files = [_file(option, file) for option, file in (("--csv", csv), ("--parquet", parquet)) if file]
    if catalogs.present(catalog) is None:
        return _absent(catalog, as_json=as_json)
    on_screen = not (as_json or files)
    found = _answer(name, catalog, limit or (_SHOWN + 1 if on_screen else None), given)
    for write, file in files:
        write(found, file)
    if as_json:
        output.emit({"question": name, "rows": [row_document(row) for row in found.iter_rows(named=True)]})
    elif files:
        for _, file in files:
            output.say(f"{text.many(found.height, 'row')} in {file}")
    else:
        _show(found.head(limit or _SHOWN), more=limit is None and found.height > _SHOWN)
    return 0


def _answer(name: str, catalog: str | None, limit: int | None, given: dict[str, str]) -> pl.DataFrame:
    from cardcat import analysis

    return analysis.ask(name, catalog, limit=limit, **given)


def _parameters(given: list[str] | None) -> dict[str, str]:
    found = {}
    for one in given or []:
        name, equals, value = one.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(
                f"--parameter needs NAME=VALUE, not '{one}'.", hint="For example: --parameter drive=ARCHIVE"
            )
        found[name] = value
    return found


def _file(option: str, given: str) -> tuple[Callable[[pl.DataFrame, Path], None], Path]:
    from cardcat.answers import require_free, write_csv, write_parquet

    file = folder(given, option)
    require_free(file)
    return (write_csv if option == "--csv" else write_parquet), file


def _list(*, as_json: bool) -> int:
    from cardcat.analysis.statements import questions

    found = questions()
    if as_json:
        output.emit({"questions": [_question(one) for one in found]})
        return 0
    output.table([Column("Name"), Column("Question", shrinks=True)], [[one.name, one.title] for one in found])
    for one in found:
        for parameter in one.parameters:
            output.say(f"{one.name} takes --parameter {parameter}=VALUE")
    output.say("To ask one: cardcat ask NAME. What its columns are: cardcat ask --json")
    return 0


def _question(one: Question) -> dict[str, Json]:
    return {
        "name": one.name,
        "title": one.title,
        "about": one.about,
        "parameters": list(one.parameters),
        "sql": one.sql,
    }


def _absent(where: str | None, *, as_json: bool) -> int:
    if as_json:
        output.emit({"rows": []})
    else:
        catalogs.say_absent(where)
    return 0


def _show(found: pl.DataFrame, *, more: bool) -> None:
    if not found.height:
        output.say("There is nothing of this kind in the catalog.")
        return
    columns = [_column(name, found) for name in found.columns]
    rows = [[_cell(name, row[name]) for name in found.columns] for row in found.iter_rows(named=True)]
    taken = _fitting(columns, rows)
    output.table(columns[:taken], [row[:taken] for row in rows])
    if more:
        output.say("… and more: --limit N shows as many rows as you like, --csv FILE writes all of them.")
    if left := found.columns[taken:]:
        output.say(f"No room for {', '.join(left)}: --json and --csv FILE have them.")


def _column(name: str, found: pl.DataFrame) -> Column:
    title = name.removesuffix("_per_second").removesuffix("_bytes").replace("_", " ").capitalize()
    is_number = found.schema[name].is_numeric()
    return Column(title, right=is_number, shrinks=not is_number and name not in ("hash", "status", "kind"))


def _fitting(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> int:
    """How many of the columns fit side by side, texts shortened."""
    room = _WIDTH
    for at, column in enumerate(columns):
        wide = max([text.width(column.title), *(text.width(row[at]) for row in rows)])
        room -= min(wide, max(_NARROWEST, text.width(column.title))) if column.shrinks else wide
        if room < 0:
            return max(at, 1)
        room -= 2
    return len(columns)


def _cell(name: str, value: object) -> str:
    """*value* as a person reads it; what it measures is in the name of its column."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return text.duration(value)
    if isinstance(value, int) and not name.endswith("_id"):
        return _measured(name, value)
    return str(value)[:_DIGITS] if name == "hash" else str(value) or "."


def _measured(name: str, value: int) -> str:
    if name.endswith("_per_second"):
        return text.rate(value)
    if name in ("bytes", "size", "file_size") or name.endswith("_bytes") or name.startswith("bytes_"):
        return text.size(value)
    if name == "seconds":
        return text.duration(value)
    return text.moment(value) if name.endswith("_at") else text.count(value)


def row_document(row: dict[str, object]) -> dict[str, Json]:
    """A row of an answer, for JSON."""
    return {name: _value(value) for name, value in row.items()}


def _value(value: object) -> Json:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)
