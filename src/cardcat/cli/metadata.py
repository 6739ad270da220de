"""`cardcat metadata`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cardcat import stopping, text
from cardcat.cli import catalogs, output
from cardcat.cli.options import AsJson, CatalogPath, DryRun, examples, group
from cardcat.cli.output import Column
from cardcat.cli.progress import telling
from cardcat.errors import CardcatError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardcat.care.refreshing import Noted, Refreshed
    from cardcat.cli.output import Json

app = group("What is read out of the files.")

_SHOWN = 10


class MediaKind(StrEnum):
    """What metadata is read from."""

    IMAGE = "image"
    VIDEO = "video"


@app.callback()
def _group() -> None:
    """A group also while it has one command only."""


@app.command(
    epilog=examples("cardcat metadata refresh --dry-run", "cardcat metadata refresh --kind video --all")
)
def refresh(
    *,
    kind: Annotated[MediaKind | None, typer.Option(help="Only these. [default: both]")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what this version of cardcat has read already.")
    ] = False,
    dry_run: DryRun = False,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Read metadata again from the copies.

    For a cardcat that reads it better: by default only what an older version has read. Only copies on drives
    that are plugged in now are read, one of each content; no file is changed, only the catalog. It may be
    stopped at any time: the same command goes on where it was. What can't be read now erases nothing that
    is known.
    """
    if catalogs.present(catalog) is None:
        return _absent(catalog, as_json=as_json)
    from cardcat.care.refreshing import MEDIA, refresh
    from cardcat.catalog.engine import open_catalog
    from cardcat.model import Kind

    kinds = MEDIA if kind is None else (Kind(kind.value),)
    with open_catalog(catalog, create=False) as opened, stopping.listening(), telling():
        found = refresh(opened, kinds, everything=everything, dry_run=dry_run)
    if as_json:
        output.emit(document(found, dry_run=dry_run))
    else:
        _show(found, dry_run=dry_run)
    return CardcatError.exit_code if found.altered_count else 0


def document(found: Refreshed, *, dry_run: bool) -> dict[str, Json]:
    """What came of it for `metadata refresh --json`."""
    return {
        "dry_run": dry_run,
        "to_read": found.to_read,
        "read": found.read,
        "changed": found.changed,
        "unchanged": found.unchanged,
        "troubled": found.troubled_count,
        "unreachable": found.unreachable,
        "lost": found.lost,
        "columns": dict(sorted(found.columns.items())),
        "drives": [
            {"volume": name, "last_seen_at": seen, "contents": count}
            for (name, seen), count in sorted(found.drives.items())
        ],
        "troubles": [_noted(one) for one in found.troubled],
        "altered": [_noted(one) for one in found.altered],
    }


def _noted(one: Noted) -> dict[str, Json]:
    return {**output.path_fields(one.path), "hash": one.hash, "message": one.what}


def _absent(where: str | None, *, as_json: bool) -> int:
    if as_json:
        from cardcat.care.refreshing import Refreshed

        output.emit(document(Refreshed(), dry_run=False))
    else:
        catalogs.say_absent(where)
    return 0


def _show(found: Refreshed, *, dry_run: bool) -> None:
    if not found.to_read:
        output.say("Nothing to read: this version of cardcat has read everything already.")
        return
    changed = "would change" if dry_run else "changed"
    output.say(
        f"{text.many(found.read, 'file')} read: {text.count(found.changed)} {changed}, "
        f"{text.count(found.unchanged)} unchanged, {text.count(found.troubled_count)} not read in full."
    )
    if found.columns:
        rows = [[name, text.count(count)] for name, count in found.columns.most_common()]
        output.table([Column("Column"), Column("Changed", right=True)], rows)
    _list("Not read in full; what was known of these is kept:", found.troubled, found.troubled_count)
    _list("These copies need a look:", found.altered, found.altered_count)
    if found.lost:
        output.say(f"{text.many(found.lost, 'file')} could not be read: no copy is as it was recorded.")
    if found.unreachable:
        output.say(f"{text.many(found.unreachable, 'file')} not reachable now. To reach them, plug in:")
        for (name, seen), count in sorted(found.drives.items(), key=lambda item: -item[1]):
            output.say(f"  {name}: {text.many(count, 'file')}; last seen {text.moment(seen)}")
    if dry_run:
        output.say("This was a dry run: nothing was written.")


def _list(title: str, noted: Sequence[Noted], count: int) -> None:
    if not count:
        return
    output.say(title, style="yellow")
    for one in noted[:_SHOWN]:
        output.say(f"  {one.path}: {one.what}")
    if count > _SHOWN:
        output.say(f"  … and {text.count(count - _SHOWN)} more")
