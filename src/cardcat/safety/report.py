"""The verdict on a card as a file to keep with the job: one HTML file with all that was proved."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from cardcat import text
from cardcat.catalog.engine import is_absent, open_catalog
from cardcat.errors import DestinationError, UsageError
from cardcat.inputs import check_source, show
from cardcat.media.picturing import ThumbnailPool
from cardcat.model import Kind, Stage
from cardcat.reporting import Reporter, current
from cardcat.safety.answer import Verdict
from cardcat.safety.page import page
from cardcat.safety.sheet import Listed, Sheet, make_sheet
from cardcat.storage.atomic import new_file
from cardcat.storage.disk import Disk
from cardcat.storage.presence import cause
from cardcat.storage.volumes import volume_of

MOST_PICTURES = 5_000
"""So many are shown; a report with more could no longer be opened or printed."""


def check_report(file: Path, source: Path) -> Path:
    """
    The real place of a report to be written to *file*, about the card at *source*.

    UsageError if that name is taken, can't be written, or lies on the card: nothing is ever written there.
    """
    place = Path(os.path.realpath(file.parent), file.name)
    if not file.name or file.name in (".", ".."):
        raise UsageError(f"{show(file)} is no name for a report.", hint="Give a file: --report card.html")
    if os.path.lexists(place):
        raise UsageError(
            f"The report {show(file)} can't be written: that name is taken, and nothing is ever overwritten.",
            hint="Give another name, or move the file that is there.",
        )
    if not _is_folder(place.parent):
        raise UsageError(
            f"The report {show(file)} can't be written: there is no folder {show(place.parent)}.",
            hint="Make the folder first, or give another place.",
        )
    if not os.access(place.parent, os.W_OK | os.X_OK):
        raise UsageError(
            f"The report {show(file)} can't be written: {show(place.parent)} can't be written to.",
            hint="Give a place in a folder of yours.",
        )
    _check_off_card(place, check_source(source))
    return place


def write_report(
    place: Path,
    verdict: Verdict,
    *,
    catalog: str | None = None,
    reporter: Reporter | None = None,
    disk: Disk | None = None,
) -> None:
    """
    Write the report on *verdict* to *place*, which `check_report` gave: all of it, or nothing.

    Pictures are made from copies on plugged drives, else from the card; one that can't be made is drawn.
    DestinationError if it can't be written.
    """
    disk, teller = disk or Disk(), reporter or current()
    with ExitStack() as stack:
        opened = None if is_absent(catalog) else stack.enter_context(open_catalog(catalog, create=False))
        sheet = make_sheet(verdict, opened)
    workplace = place.parent / f".cardcat-{hashlib.sha256(os.fsencode(place.name)).hexdigest()[:12]}"
    try:
        with new_file(disk, place, workplace) as write, ThumbnailPool() as pool:
            for piece in _pieces(verdict, sheet, pool, teller):
                write(piece.encode("utf-8"))
    except OSError as error:
        raise DestinationError(
            f"The report {show(place)} could not be written: {cause(error)}.",
            hint="Look after that place, or give another one with --report.",
        ) from error
    finally:
        with suppress(OSError):
            if not disk.list_folder(workplace):
                disk.remove_tree(workplace)


def _pieces(verdict: Verdict, sheet: Sheet, pool: ThumbnailPool, teller: Reporter) -> Iterator[str]:
    media = [file for file in sheet.files if file.facts.kind in (Kind.IMAGE, Kind.VIDEO)]
    pictured = media[:MOST_PICTURES]
    is_shown = {file.path for file in pictured}
    others = [file for file in sheet.files if file.path not in is_shown]
    untold = ""
    if len(media) > len(pictured):
        untold = (
            f"The first {text.many(len(pictured), 'picture or film', 'pictures and films')} are shown; "
            f"the other {text.count(len(media) - len(pictured))} are in the table below."
        )
    return page(verdict, sheet, _with_pictures(pictured, pool, teller), others, untold)


def _with_pictures(
    files: Sequence[Listed], pool: ThumbnailPool, teller: Reporter
) -> Iterator[tuple[Listed, bytes | None]]:
    """Each file with its small picture, where one can be made."""
    asked = [(file.picture, Kind.IMAGE) for file in files if file.picture is not None]
    if asked:
        teller.note(f"Making {text.many(len(asked), 'small picture')} for the report.")
        teller.begin(Stage.METADATA, files=len(asked), size=0)
    answers = pool.answers(asked)
    for file in files:
        if file.picture is None:
            yield file, None
            continue
        yield file, next(answers)
        teller.advance(files=1, size=0)


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError:
        return False


def _check_off_card(place: Path, root: Path) -> None:
    is_on_card = place.is_relative_to(root) or volume_of(place.parent).key == volume_of(root).key
    if is_on_card:
        raise UsageError(
            f"The report {show(place)} would lie on the card itself, which is never written to "
            "and may be formatted next.",
            hint="Give a place on this computer or on a drive.",
        )
