"""`cardcat duplicates find`: equal files in any folders, without a catalog."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cardcat import text
from cardcat.cli import output
from cardcat.cli.options import AsJson, examples, folder, patterns, size, whole_number
from cardcat.cli.output import Column, Json
from cardcat.errors import CardcatError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cardcat.searching.found import Found, Group

EXAMPLES = examples(
    "cardcat duplicates find ~/Pictures /mnt/archive",
    "cardcat duplicates find --min-size 1MB --exclude '*.xmp' --json ~/Pictures",
)

_MOST = 1_000_000_000
_USUAL_LIMIT = 20
_NAMED = 10  # copies of a group, in the table
_TOLD = 10  # findings
_COLUMNS = (
    Column("Waste", right=True),
    Column("Size", right=True),
    Column("Copies", right=True),
    Column("File", shrinks=True),
)


def find(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH", show_default=False, help="Folders or files to search.")
    ],
    *,
    min_size: Annotated[
        int,
        typer.Option(
            metavar="SIZE", parser=size("--min-size"), help="Leave smaller files out: 500, 64KB, 1MB."
        ),
    ] = 1,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="Leave out what matches, by name or path. May be given again."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=whole_number("--limit", _MOST),
            show_default=False,
            help="How many groups to tell. [default: 20 in the table, all with --json and --csv]",
        ),
    ] = None,
    sure: Annotated[
        bool, typer.Option("--sure", help="Compare by SHA-256 of all bytes, not XXH3-128. Slower.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Answer with one line of CSV a file.")] = False,
    as_json: AsJson = False,
) -> int:
    """
    Find equal files in any folders, the largest waste first.

    No catalog is needed, and nothing is written anywhere. As little as possible is read: files whose size is
    common to several, then samples of these, then all bytes of those whose samples match. Links are not
    followed. Hard links to one file are one copy. Ctrl-C stops at once.
    """
    if as_csv and as_json:
        raise UsageError("--csv and --json are two answers.", hint="Give one of them.")
    from cardcat.cli.searching import shown_progress, stopping_at_once
    from cardcat.searching.search import Search, find_duplicates

    roots = tuple(str(folder(path, "PATH")) for path in paths)
    with stopping_at_once(), shown_progress() as tell:
        found = find_duplicates(Search(roots, min_size, patterns(exclude), sure), tell)
    groups = found.groups[:limit] if limit or as_csv or as_json else found.groups[:_USUAL_LIMIT]
    if as_json:
        output.emit(document(found, groups))
    elif as_csv:
        _write_csv(groups)
        _tell_findings(found)
    else:
        _show(found, groups, roots)
    return CardcatError.exit_code if found.unread else 0


def document(found: Found, groups: tuple[Group, ...]) -> dict[str, Json]:
    """What was found, for `duplicates find --json`, with these *groups* of it."""
    seen = found.seen
    return {
        "total_groups": len(found.groups),
        "total_copies": found.copies,
        "wasted_space_bytes": found.wasted,
        "algorithm": "sha256" if found.sure else "xxh3-128",
        "files": seen.files,
        "size_bytes": seen.size,
        "read_bytes": seen.read,
        "hard_links": seen.links,
        "too_small": seen.small,
        "excluded": seen.excluded,
        "special": seen.special,
        "destinations": [output.path_fields(path) for path in seen.destinations],
        "findings": [{**output.path_fields(one.path), "message": one.message} for one in found.unread],
        "groups": [_group(group) for group in groups],
    }


def _group(group: Group) -> dict[str, Json]:
    return {
        "hash": group.hash,
        "file_size_bytes": group.size,
        "wasted_space_bytes": group.wasted,
        "copies": [
            {
                **output.path_fields(copy.paths[0]),
                **(
                    {"links": [output.path_fields(path) for path in copy.paths[1:]]} if copy.paths[1:] else {}
                ),
            }
            for copy in group.copies
        ],
    }


def _write_csv(groups: tuple[Group, ...]) -> None:
    import csv
    from base64 import b64encode

    from cardcat.paths import display

    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(["group", "hash", "file_size_bytes", "wasted_space_bytes", "copy", "path", "path_b64"])
    for number, group in enumerate(groups, 1):
        for copy, paths in enumerate(group.copies, 1):
            for path in paths.paths:
                shown = display(path)
                raw = "" if shown == path else b64encode(os.fsencode(path)).decode()
                rows.writerow([number, group.hash, group.size, group.wasted, copy, shown, raw])


def _show(found: Found, groups: tuple[Group, ...], roots: tuple[str, ...]) -> None:
    below = roots[0] if len(roots) == 1 and not os.path.isfile(roots[0]) else ""  # noqa: PTH113 - a text
    if groups:
        if below:
            output.say(f"Below {below}:")
        output.table(_COLUMNS, [row for group in groups for row in _rows(group, below)])
    if (more := len(found.groups) - len(groups)) > 0:
        output.say(f"… and {text.count(more)} more (--limit {len(found.groups)} shows them all)")
    _tell_findings(found)
    _tell_aside(found)
    _tell_sums(found)


def _rows(group: Group, below: str) -> Iterator[list[str]]:
    numbers = [text.size(group.wasted), text.size(group.size), text.count(len(group.copies))]
    for copy in group.copies[:_NAMED]:
        for path in copy.paths:
            shown = os.path.relpath(path, below) if below else path
            yield [*numbers, shown if path == copy.paths[0] else f"  also named {shown}"]
            numbers = ["", "", ""]
    if (more := len(group.copies) - _NAMED) > 0:
        yield [*numbers, f"… and {text.many(more, 'more copy', 'more copies')} (--json has them all)"]


def _tell_findings(found: Found) -> None:
    if not found.unread:
        return
    output.note("These were not compared:", style="yellow")
    for one in found.unread[:_TOLD]:
        output.note(f"  {one.path}: {one.message}")
    if (more := len(found.unread) - _TOLD) > 0:
        output.note(f"  … and {text.count(more)} more (--json has them all)")


def _tell_aside(found: Found) -> None:
    seen = found.seen
    for path in seen.destinations:
        output.say(f"{path} is a destination of cardcat: copies there are meant to be. They count here.")
    if seen.links:
        output.say(
            f"{text.many(seen.links, 'name is a hard link', 'names are hard links')} to a file that has "
            "another name here: one copy, no waste."
        )
    left_out = (
        (seen.small, "too small"),
        (seen.excluded, "excluded"),
        (seen.special, "links, pipes or devices"),
    )
    if told := ", ".join(f"{text.count(number)} {what}" for number, what in left_out if number):
        output.say(f"Left out: {told}.")


def _tell_sums(found: Found) -> None:
    seen = found.seen
    looked = (
        f"{text.many(seen.files, 'file')} ({text.size(seen.size)}) looked at, {text.size(seen.read)} read"
    )
    if not found.groups:
        output.say(f"No two files are equal. {looked}.")
        return
    how = "SHA-256" if found.sure else "XXH3-128"
    output.say(f"Equal by {how} of all bytes. {looked}.")
    if not found.sure:
        output.say("That is good for a report. To compare by SHA-256: --sure")
    output.say("To learn why they are there and what can go: cardcat index PATH")
    output.say(
        f"In all: {text.many(len(found.groups), 'file')} in {text.count(found.copies)} copies: "
        f"{text.size(found.wasted)} more than needed."
    )
