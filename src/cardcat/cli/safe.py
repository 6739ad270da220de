"""`cardcat safe-to-format`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cardcat import text
from cardcat.cli import output
from cardcat.cli.options import AsJson, CatalogPath, examples, folder, whole_number
from cardcat.cli.progress import telling
from cardcat.cli.results import show_warnings
from cardcat.errors import CardcatError

if TYPE_CHECKING:
    from cardcat.safety.verdict import Verdict

EXAMPLES = examples("cardcat safe-to-format /media/me/EOS_DIGITAL --copies 2")
_FILES_SHOWN = 10


def safe_to_format(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The card that was backed up.")],
    *,
    copies: Annotated[
        int,
        typer.Option(
            metavar="N",
            parser=whole_number("--copies", 1_000),
            help="How many proved copies, each on a volume of its own.",
        ),
    ] = 1,
    full: Annotated[bool, typer.Option("--full", help="Read the whole card again.")] = False,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Say whether a card may be formatted.

    Exit 0 means yes, 1 means no. The card is scanned now. The answer is yes only if every file on it has
    enough copies that were read back from the drive itself. Only copies that are there now count, on
    drives that are plugged in now. Nothing is ever deleted.
    """
    from cardcat.safety.verdict import safe_to_format as judge

    path = folder(source, "SOURCE")
    with telling():
        verdict = judge(path, catalog=catalog, copies=copies, full=full)
    if as_json:
        reasons = [{**output.path_fields(each.path), "reason": each.reason} for each in verdict.reasons]
        warnings = [{**output.path_fields(each.path), "warning": each.reason} for each in verdict.warnings]
        output.emit({"safe": verdict.safe, "reasons": reasons, "warnings": warnings})
    else:
        _show(verdict, source, copies)
        show_warnings([(each.path, each.reason) for each in verdict.warnings])
    return 0 if verdict.safe else CardcatError.exit_code


def _show(verdict: Verdict, source: str, copies: int) -> None:
    files = text.many(verdict.files, "file")
    if verdict.safe:
        proved = text.many(copies, "proved copy", "proved copies")
        there = f"{source} has {files}, each with at least {proved} on drives that are plugged in now"
        output.say(f"Safe to format: yes. {there}.", style="green")
        return
    output.say(f"Safe to format: no. {source} has {files}; this stands in the way:", style="bold red")
    grouped: dict[str, list[str]] = {}
    for each in verdict.reasons:
        grouped.setdefault(each.reason, []).extend([each.path] if each.path else [])
    for reason, paths in grouped.items():
        output.say(f"  {reason}")
        for path in paths[:_FILES_SHOWN]:
            output.say(f"    {path}")
        if len(paths) > _FILES_SHOWN:
            output.say(f"    … and {text.count(len(paths) - _FILES_SHOWN)} more (--json lists them all)")
