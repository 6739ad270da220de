"""`cardcat catalog rebuild`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cardcat import stopping, text
from cardcat.cli import output
from cardcat.cli.options import AsJson, CatalogPath, DryRun, examples, folder
from cardcat.cli.output import Column
from cardcat.cli.progress import telling

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cardcat.care.rebuilding import OnDrive, Rebuilt
    from cardcat.cli.output import Json

EXAMPLES = examples(
    "cardcat catalog rebuild --dry-run /mnt/archive /mnt/safe",
    "cardcat catalog rebuild /mnt/archive /mnt/safe",
)


def rebuild(
    drives: Annotated[
        list[str], typer.Argument(metavar="DRIVE", help="Drives, or the folders backed up to.")
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Also in the place of a sound catalog.")] = False,
    dry_run: DryRun = False,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Make the catalog anew from what the drives tell of themselves.

    For a catalog that is lost or damaged and of which there is no copy; that one is set aside, never deleted.
    Give all drives that you have: what only an absent one tells is missing. Nothing is written to them, and
    nothing of what they say is believed before it is read back, by the next backup or `cardcat verify`.
    """
    given = [folder(drive, "DRIVE") for drive in drives]
    with stopping.listening(), telling():
        if dry_run:
            return _look(given, as_json=as_json)
        from cardcat.care.rebuilding import rebuild as rebuild_from

        made = rebuild_from(catalog, given, even_if_sound=yes)
    if as_json:
        output.emit(_document(made))
    else:
        _show(made)
    return 0


def _look(given: Sequence[Path], *, as_json: bool) -> int:
    from cardcat.care.rebuilding import look_at

    found = look_at(given)
    if as_json:
        output.emit({"rebuilt": False, "drives": [_drive(each) for each in found]})
    else:
        _table(found)
        output.say("This was a dry run: nothing was written.")
    return 0


def _show(made: Rebuilt) -> None:
    _table(made.drives)
    output.say(
        f"The catalog {made.catalog} was made anew: {text.many(made.copies, 'copy', 'copies')} of "
        f"{text.many(made.contents, 'content')}, {text.count(made.media)} of them photos and films."
    )
    if made.set_aside:
        output.say(f"The one before is now {made.set_aside}.")
    output.say("No copy is proved yet. To read them back: cardcat verify, or the next backup of a card.")
    output.say("To read places, offsets and other details again: cardcat metadata refresh")


def _table(found: Sequence[OnDrive]) -> None:
    columns = [
        Column("Drive", shrinks=True),
        Column("Manifests", right=True),
        Column("Files", right=True),
        Column("Since"),
        Column("Until"),
    ]
    rows = [
        [
            str(each.root),
            text.count(len(each.manifests)),
            text.count(each.files),
            text.moment(each.first_at),
            text.moment(each.last_at),
        ]
        for each in found
    ]
    output.table(columns, rows)


def _document(made: Rebuilt) -> dict[str, Json]:
    aside = None if made.set_aside is None else str(made.set_aside)
    return {
        **output.path_fields(str(made.catalog)),
        "rebuilt": True,
        **output.path_fields(aside, "set_aside"),
        "copies": made.copies,
        "contents": made.contents,
        "media_files": made.media,
        "drives": [_drive(each) for each in made.drives],
    }


def _drive(each: OnDrive) -> dict[str, Json]:
    return {
        **output.path_fields(str(each.root)),
        "manifests": len(each.manifests),
        "files": each.files,
        "first_at": each.first_at,
        "last_at": each.last_at,
    }
