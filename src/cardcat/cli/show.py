"""`cardcat show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cardcat.cli import output
from cardcat.cli.options import AsJson, CatalogPath, examples, folder
from cardcat.cli.progress import telling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardcat.catalog.checks import OpenFinding
    from cardcat.catalog.groups import Group
    from cardcat.catalog.knowledge import KnownCopy
    from cardcat.catalog.origins import Origin
    from cardcat.cli.output import Json
    from cardcat.metadata import Metadata, Moment
    from cardcat.showing import Shown, ShownCopy

EXAMPLES = examples(
    "cardcat show /mnt/archive/2024/2024-05-01/IMG_0001.CR3",
    "cardcat show 5f0c2a --json",
)


def show(
    what: Annotated[
        str,
        typer.Argument(metavar="FILE|HASH", help="A file, or at least the first 6 digits of its hash."),
    ],
    *,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Show all that is known of one file and its copies.

    What it is, when and with what it was taken, what belongs to it, each copy with how well it is proved and
    how it stands now, and the cards it came from. A file that the catalog does not know is read, and so is a
    sidecar. Nothing is written, neither to the file nor to the catalog.
    """
    from cardcat.cli import showing
    from cardcat.showing import show_content

    path = folder(what, "FILE|HASH")
    with telling():
        found = show_content(what, path, catalog=catalog)
    if as_json:
        output.emit(document(found))
    else:
        showing.tell(found)
    return 0


def document(found: Shown) -> dict[str, Json]:
    """All of it for `show --json`."""
    content = found.content
    metadata = content.metadata
    return {
        "in_catalog": found.in_catalog,
        **output.path_fields(None if found.path is None else str(found.path)),
        "hash": content.hash,
        "size_bytes": content.size,
        "kind": content.kind.value,
        "known_since": content.known_since,
        "metadata": None if metadata is None else _metadata(metadata),
        "taken": None if content.moment is None else _moment(content.moment),
        "reader_version": content.reader_version,
        "read_at": content.read_at,
        "copies": [_copy(one) for one in found.copies],
        "groups": [_group(one, found) for one in found.groups],
        "sources": [_origin(one) for one in found.origins],
        "notes": list(found.notes),
    }


def _metadata(metadata: Metadata) -> Mapping[str, Json]:
    """The columns of media_files and media_details by their names; the decided date stands under `taken`."""
    from dataclasses import fields

    details = metadata.details
    own = {one.name: getattr(metadata, one.name) for one in fields(metadata) if one.name != "details"}
    decided = ("date_source", "date_subsec", "clips")  # what came of them stands under `taken` and `groups`
    more = {one.name: getattr(details, one.name) for one in fields(details) if one.name not in decided}
    return own | more


def _moment(moment: Moment) -> Mapping[str, Json]:
    return {
        "local": moment.local,
        "offset": moment.offset,
        "offset_source": moment.offset_source,
        "source": moment.source.value,
        "confidence": moment.confidence.value,
    }


def _copy(one: ShownCopy) -> Mapping[str, Json]:
    known, found = one.known, one.sighting
    return {
        **_drive(known),
        **output.path_fields(known.path),
        "now": found.now.value,
        **output.path_fields(None if found.path is None else str(found.path), "found_at"),
        "size_bytes": known.size,
        "mtime_ns": known.mtime_ns,
        "role": known.role.value,
        "status": known.status.value,
        "evidence": known.evidence.value,
        "verified_at": known.verified_at,
        "verified_how": known.verified_how,
        "session_id": known.session_id,
        "finding": None if one.finding is None else _finding(one.finding),
    }


def _finding(finding: OpenFinding) -> Mapping[str, Json]:
    return {
        "trouble": finding.trouble.value,
        "message": finding.message,
        "found_at": finding.found_at,
    }


def _drive(known: KnownCopy) -> Mapping[str, Json]:
    return {
        "volume": known.volume_name,
        "last_seen_at": known.last_seen_at,
        **output.path_fields(known.last_mount_point, "last_mount_point"),
        **output.path_fields(known.location_path, "location_path"),
    }


def _group(group: Group, found: Shown) -> Mapping[str, Json]:
    drives = {one.known.location_id: one.known.volume_name for one in found.copies}
    return {
        "kind": group.kind.value,
        "name": group.name,
        "volume": drives.get(group.location_id),
        "members": [
            {"role": member.role.value, "hash": member.hash, **output.path_fields(member.path)}
            for member in group.members
        ],
    }


def _origin(origin: Origin) -> Mapping[str, Json]:
    return {
        "session_id": origin.session_id,
        "started_at": origin.started_at,
        "volume": origin.volume_name,
        **output.path_fields(origin.source_path, "source_path"),
        **output.path_fields(origin.path),
    }
