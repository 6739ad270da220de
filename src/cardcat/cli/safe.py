"""`cardcat safe-to-format`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cardcat.cli import output, verdicts
from cardcat.cli.options import AsJson, CatalogPath, examples, folder, whole_number
from cardcat.cli.progress import telling
from cardcat.errors import CardcatError

if TYPE_CHECKING:
    from cardcat.safety.answer import Verdict

EXAMPLES = examples(
    "cardcat safe-to-format /media/me/EOS_DIGITAL --copies 2",
    "cardcat safe-to-format /media/me/EOS_DIGITAL --report ~/card-1.html",
)


def safe_to_format(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The card that was backed up.")],
    *,
    copies: Annotated[
        int,
        typer.Option(
            metavar="N",
            parser=whole_number("--copies", 1_000),
            help="How many proved copies, each on a disk of its own.",
        ),
    ] = 1,
    full: Annotated[bool, typer.Option("--full", help="Read the whole card and its copies again.")] = False,
    trust_offline: Annotated[
        int | None,
        typer.Option(
            "--trust-offline",
            metavar="DAYS",
            parser=whole_number("--trust-offline", 36_500),
            help="Count drives that are not plugged in, where they were read in the last DAYS.",
        ),
    ] = None,
    report: Annotated[
        str | None,
        typer.Option(
            "--report", metavar="FILE", help="Write the answer with a contact sheet to FILE, to be printed."
        ),
    ] = None,
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
    place = None if report is None else _place(report, path)
    trouble: CardcatError | None = None
    with telling():
        verdict = judge(path, catalog=catalog, copies=copies, full=full, trust_offline=trust_offline)
        if place is not None:
            trouble = _write(place, verdict, catalog)
    if as_json:
        output.emit(verdicts.document(verdict, place, trouble))
    else:
        verdicts.show(verdict, source, catalog)
        verdicts.show_report(place, trouble)
    if trouble is not None:
        return trouble.exit_code
    return 0 if verdict.safe else CardcatError.exit_code


def _place(report: str, source: Path) -> Path:
    """Where the report will be; UsageError before any work if it can't be."""
    from cardcat.safety.report import check_report

    return check_report(folder(report, "--report"), source)


def _write(place: Path, verdict: Verdict, catalog: str | None) -> CardcatError | None:
    """What went wrong with the report: the answer itself is said all the same."""
    from cardcat.safety.report import write_report

    try:
        write_report(place, verdict, catalog=catalog)
    except CardcatError as error:
        return error
    return None
