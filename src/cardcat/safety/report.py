"""The verdict on a card as a file to keep with the job: one HTML file with all that was proved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from cardcat import text
from cardcat.catalog.engine import is_absent, open_catalog
from cardcat.inputs import check_source
from cardcat.media.picturing import ThumbnailPool
from cardcat.model import Kind, Stage
from cardcat.printed.place import free_place, on_card, put
from cardcat.reporting import Reporter, current
from cardcat.safety.answer import Verdict
from cardcat.safety.page import page
from cardcat.safety.sheet import Listed, Sheet, make_sheet
from cardcat.storage.disk import Disk
from cardcat.storage.system import this_disk
from cardcat.storage.volumes import volume_of

MOST_PICTURES = 5_000
"""So many are shown; a report with more could no longer be opened or printed."""


def check_report(file: Path, source: Path) -> Path:
    """
    The real place of a report to be written to *file*, about the card at *source*.

    UsageError if that name is taken, can't be written, or lies on the card: nothing is ever written there.
    """
    place = free_place(file)
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
    disk, teller = disk or this_disk(), reporter or current()
    with ExitStack() as stack:
        opened = None if is_absent(catalog) else stack.enter_context(open_catalog(catalog, create=False))
        sheet = make_sheet(verdict, opened)
    with ThumbnailPool() as pool:
        put(disk, place, _pieces(verdict, sheet, pool, teller))


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


def _check_off_card(place: Path, root: Path) -> None:
    if place.is_relative_to(root):
        raise on_card(place)
    if volume_of(place.parent).key == volume_of(root).key:
        raise on_card(place) if volume_of(root).mount_point == root else on_card(place, root)
