"""`cardcat index --findings`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cardcat import text
from cardcat.cli import output
from cardcat.cli.output import Column
from cardcat.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardcat.cli.output import Json
    from cardcat.indexing.recalled import Recalled
    from cardcat.model import Finding

SHOWN = 20


def show_recorded(folders: list[Path] | None, catalog: str | None, *, as_json: bool) -> int:
    """Say what the last indexes could not take in. Nothing is walked, nothing changed."""
    from cardcat.catalog.engine import open_catalog
    from cardcat.indexing.recalled import findings_on_record

    with open_catalog(catalog, create=False) as opened:
        found = findings_on_record(opened, folders)
    if not found:
        raise nothing_indexed()
    if as_json:
        output.emit({"locations": [_document(each) for each in found]})
    else:
        _show(found)
    return 0


def nothing_indexed() -> UsageError:
    """There is no library on record yet."""
    return UsageError("No folder was indexed yet.", hint="Name one: cardcat index ~/Pictures")


def findings_json(findings: Sequence[Finding]) -> list[Json]:
    """What could not be taken in, for `--json`."""
    return [
        {
            **output.path_fields(finding.path),
            "stage": finding.stage.value,
            "error_type": finding.error_type,
            "message": finding.message,
        }
        for finding in findings
    ]


def findings_table(findings: Sequence[Finding]) -> None:
    """The first `SHOWN` of them as a table, and how many more there are."""
    columns = [Column("File", shrinks=True), Column("What", shrinks=True)]
    output.table(columns, [[finding.path, finding.message] for finding in findings[:SHOWN]])
    if len(findings) > SHOWN:
        output.say(f"… and {text.count(len(findings) - SHOWN)} more (--json lists them all)")


def _document(each: Recalled) -> Json:
    return {
        **output.path_fields(each.path),
        "location_id": each.location_id,
        "findings": findings_json(each.findings),
    }


def _show(found: Sequence[Recalled]) -> None:
    for each in found:
        if each.findings:
            output.say(f"{each.path}: {text.many(len(each.findings), 'finding')} of the last index")
            findings_table(each.findings)
        else:
            output.say(f"{each.path}: the last index took in everything.")
