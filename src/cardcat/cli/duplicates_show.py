"""`cardcat duplicates show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cardcat import text
from cardcat.cli import duplicates_words, output
from cardcat.cli.options import AsJson, CatalogPath, examples, folder
from cardcat.cli.output import Json
from cardcat.cli.progress import telling

if TYPE_CHECKING:
    from cardcat.duplicates.looking import Duplicate, DuplicateCopy

EXAMPLES = examples(
    "cardcat duplicates show 5f0c2a",
    "cardcat duplicates show ~/Pictures/IMG_0001.JPG --report equal.html",
)
_DIGITS = 12  # of a hash: enough to name it


def show(
    what: Annotated[
        str,
        typer.Argument(
            metavar="HASH|FILE", help="At least the first 6 digits of a hash, or a file on record."
        ),
    ],
    *,
    report: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write a page with all copies to a new HTML file.")
    ] = None,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Show all copies of one photo or video, and which to keep.

    It says why there are several, too. Nothing is changed. Drives that are plugged in are looked at, and
    read only for the pictures of a report.
    """
    from cardcat.duplicates.looking import look_at
    from cardcat.duplicates.report import write_report
    from cardcat.printed.place import free_place

    path = folder(what, "HASH|FILE")
    place = None if report is None else free_place(folder(report, "--report"))
    with telling():
        found = look_at(what, path, catalog=catalog)
        if place is not None:
            write_report(place, found)
    if as_json:
        output.emit({**_document(found), "report": None if place is None else output.path_fields(str(place))})
    else:
        _say(found)
        if place is not None:
            output.say(f"Written: {place}")
    return 0


def _document(found: Duplicate) -> dict[str, Json]:
    content = found.content
    return {
        "hash": content.hash,
        "media_type": content.kind.value,
        "file_size_bytes": content.size,
        "library_copies": len(found.library),
        "wasted_space_bytes": found.wasted,
        "why": None if found.why is None else found.why.value,
        "because": found.because or None,
        "belongs_to": found.partner,
        "folders": None if found.finding is None else duplicates_words.finding_document(found.finding),
        "keep_reason": found.keep_reason,
        "copies": [_copy(one) for one in found.copies],
    }


def _copy(one: DuplicateCopy) -> dict[str, Json]:
    known = one.known
    return {
        "keep": one.is_keeper,
        "volume": known.volume_name,
        **output.path_fields(known.path),
        **output.path_fields(known.location_path, "location_path"),
        **output.path_fields(None if one.path is None else str(one.path), "found_at"),
        "now": one.now,
        "role": known.role.value,
        "status": known.status.value,
        "evidence": known.evidence.value,
        "verified_at": known.verified_at,
        "size_bytes": known.size,
        "mtime_ns": known.mtime_ns,
    }


def _say(found: Duplicate) -> None:
    content = found.content
    output.say(
        f"{content.kind.value.capitalize()} {content.hash[:_DIGITS]}, {text.size(content.size)}", style="bold"
    )
    if found.taken:
        output.say(f"Taken: {found.taken}")
    if len(found.library) > 1:
        copies = text.many(len(found.library), "copy", "copies")
        output.say(f"Libraries hold {copies} of it: {text.size(found.wasted)} more than needed.")
    else:
        output.say("No library holds it more than once.")
    if found.why is not None:
        output.say(f"Why: {found.why.value}{f': {found.because}' if found.because else ''}")
    if found.keep_reason:
        output.say(f"Suggested to keep: the copy marked with *; {found.keep_reason}.")
    output.say()
    for one in found.copies:
        _say_copy(one)
    output.say("All that is known of it: cardcat show " + content.hash[:_DIGITS])


def _say_copy(one: DuplicateCopy) -> None:
    known = one.known
    mark = "*" if one.is_keeper else " "
    output.say(f"{mark} {one.place}", style="bold" if one.is_keeper else "")
    facts = [
        known.volume_name,
        known.role.value,
        known.evidence.value,
        f"checked {text.moment(known.verified_at)}" if known.verified_at is not None else "never checked",
        f"file of {text.moment(known.mtime_ns // 1_000_000_000)}",
        one.now,
    ]
    output.say(f"    {', '.join(facts)}")
