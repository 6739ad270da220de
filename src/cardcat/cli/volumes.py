"""`cardcat volumes`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from cardcat import text
from cardcat.cli import catalogs, exact, output
from cardcat.cli.options import AsJson, CatalogPath, examples, group, whole_number
from cardcat.cli.output import Column, Json
from cardcat.cli.waiting import waiting

if TYPE_CHECKING:
    from pathlib import Path

    from cardcat.catalog.volumes import VolumeSummary

app = group("The cards and drives that were seen.")

_MOST_IN_JSON = 10_000  # files; more only if asked for, for the memory that they take

_COLUMNS = (
    Column("Name", shrinks=True),
    Column("Filesystem"),
    Column("Size", right=True),
    Column("Copies", right=True),
    Column("Held", right=True),
    Column("Last seen"),
    Column("Now"),
)


@app.callback()
def _group() -> None:
    """A group also while it has one command only."""


@app.command("list", epilog=examples("cardcat volumes list --json"))
def list_(*, catalog: CatalogPath = None, as_json: AsJson = False) -> int:
    """List the volumes, with the copies that each one holds."""
    path = catalogs.present(catalog)
    rows = [] if path is None else _rows(path)
    mounted = _mounted() if rows else {}
    if as_json:
        output.emit([_document(row, mounted) for row in rows])
    elif rows:
        output.table(_COLUMNS, [_cells(row, is_mounted=row.volume.key in mounted) for row in rows])
    elif path is None:
        catalogs.say_absent(catalog)
    else:
        output.say("No volume was seen yet. To begin: cardcat backup SOURCE DEST")
    return 0


@app.command(epilog=examples("cardcat volumes show ARCHIVE", "cardcat volumes show /mnt/archive --json"))
def show(
    drive: Annotated[
        str, typer.Argument(metavar="DRIVE", help="Its name, its uuid, or where it is mounted.")
    ],
    *,
    copies: Annotated[
        int,
        typer.Option(
            metavar="N",
            parser=whole_number("--copies", 1_000),
            help="On how many drives each file should be.",
        ),
    ] = 2,
    everything: Annotated[
        bool, typer.Option("--all", help="Name every file in too few places (else 10; 10,000 in JSON).")
    ] = False,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Say what would be lost if a drive died.

    What only this drive has, what is on fewer drives than it should be, and what to do about it. Only copies
    that were read back once count, and two parts of one disk count once. Nothing is read from the drives:
    unplugged ones count by what is on record.
    """
    path = catalogs.present(catalog)
    if path is None:
        return _absent(catalog, as_json=as_json)
    from cardcat.catalog.engine import open_catalog
    from cardcat.cli import protection
    from cardcat.safety.protection import EXAMPLES, protection_of

    most = _MOST_IN_JSON if as_json else EXAMPLES
    with open_catalog(path, create=False) as opened, waiting("Weighing copies", path):
        found = protection_of(opened, drive, wanted=copies, limit=None if everything else most)
    if as_json:
        output.emit(protection.document(found))
    else:
        protection.show(found)
    return 0


def _absent(where: str | None, *, as_json: bool) -> int:
    if as_json:
        output.emit(None)
    else:
        catalogs.say_absent(where)
    return 0


def _rows(path: Path) -> list[VolumeSummary]:
    from cardcat.catalog.engine import open_catalog
    from cardcat.catalog.volumes import list_volumes

    with open_catalog(path, create=False) as opened, waiting("Adding up copies", path):
        return list_volumes(opened)


def _mounted() -> dict[str, str]:
    """Where each volume is mounted now, by its key."""
    from cardcat.storage.volumes import mounted_volumes

    return {volume.key: str(volume.mount_point) for volume in mounted_volumes()}


def _cells(row: VolumeSummary, *, is_mounted: bool) -> list[str]:
    volume = row.volume
    return [
        volume.name,
        volume.fs_type or "",
        "" if volume.total_bytes is None else text.size(volume.total_bytes),
        text.count(row.copies),
        text.size(row.bytes),
        text.moment(volume.last_seen_at),
        "mounted" if is_mounted else "offline",
    ]


def _document(row: VolumeSummary, mounted: Mapping[str, str]) -> dict[str, Json]:
    volume, now = row.volume, mounted.get(row.volume.key)
    return {
        "uuid": volume.uuid,
        "fs_uuid": volume.fs_uuid,
        "fs_type": volume.fs_type,
        "label": volume.label,
        "total_bytes": volume.total_bytes,
        "free_bytes": volume.free_bytes,
        **output.path_fields(exact.chosen(volume.last_mount_point, now), "last_mount_point"),
        "last_seen_at": volume.last_seen_at,
        "copies": row.copies,
        "bytes": row.bytes,
        **output.path_fields(now, "mount_point"),
    }
