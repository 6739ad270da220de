"""What the commands about duplicates have in common: how findings are told, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cardcat import text
from cardcat.cli import output
from cardcat.cli.output import Json

if TYPE_CHECKING:
    from cardcat.duplicates.findings import FolderFinding


def finding_document(found: FolderFinding) -> dict[str, Json]:
    """A finding about two folders, for JSON."""
    return {
        "finding": found.number,
        "why": found.why.value,
        "kind": found.kind,
        "volume": found.place.volume,
        **output.path_fields(found.place.shown(found.path), "folder"),
        "other_volume": found.other_place.volume,
        **output.path_fields(found.other_place.shown(found.other_path), "other_folder"),
        "files": found.files,
        "bytes": found.bytes,
        "files_only_here": found.others,
    }


def say_findings(found: Sequence[FolderFinding], limit: int) -> None:
    """The first *limit* of the findings about folders, two lines each."""
    from cardcat.duplicates.words import told

    for one in found[:limit]:
        place, sentence = told(one)
        output.say(f"{one.number:>3}  {place}")
        output.say(f"     {sentence}")
    if (more := len(found) - limit) > 0:
        output.say(f"     … and {text.count(more)} more (--json lists them all)")
