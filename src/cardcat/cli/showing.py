"""What `cardcat show` says to people: sections that fit 80 columns, without what is not known."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from cardcat import text
from cardcat.cli import output
from cardcat.metadata import Confidence, GroupKind
from cardcat.model import Kind, Presence
from cardcat.paths import display

if TYPE_CHECKING:
    from cardcat.catalog.groups import Group
    from cardcat.catalog.origins import Origin
    from cardcat.metadata import Metadata, Moment
    from cardcat.showing import Shown, ShownCopy

_WIDTH = 80
_INDENT = 14
_ORIGINS = 10
_MEMBERS = 12
_SURE = {
    Confidence.CERTAIN: "certain",
    Confidence.LIKELY: "likely",
    Confidence.GUESS: "only a guess",
}
_ARTICLE = {"GPS": ""}
_TURNED = {2: "mirrored", 3: "turned by 180°", 4: "mirrored and turned by 180°"}
_TURNED |= {5: "mirrored and turned by 270°", 6: "turned by 90°", 7: "mirrored and turned by 90°"}
_TURNED |= {8: "turned by 270°"}


def tell(found: Shown) -> None:
    """Say everything that is known."""
    output.say(_name(found), style="bold")
    for title, lines in _facts(found):
        _section(title, lines)
    _say_warnings(found)
    _say_groups(found)
    _say_copies(found.copies)
    _say_origins(found)
    if not found.in_catalog:
        output.say()
        output.say("This file is not in the catalog. To back it up: cardcat backup SOURCE DEST")


def _name(found: Shown) -> str:
    if found.path:
        return str(found.path)
    return found.copies[0].known.name if found.copies else found.content.hash


def _facts(found: Shown) -> Iterator[tuple[str, str]]:
    """Title and text of what is known of the content; texts may be empty."""
    content = found.content
    metadata = content.metadata
    what = [metadata.details.format if metadata else None, content.kind.value, text.size(content.size)]
    yield "What it is", _joined(what)
    yield "SHA-256", content.hash
    if content.moment:
        yield "Taken", _taken(content.moment)
    if metadata:
        yield from _inside(metadata, content.kind)


def _taken(moment: Moment) -> str:
    local = moment.local.replace("T", " ")
    told = f"by {moment.source.value}, {_SURE[moment.confidence]}"
    if moment.offset and moment.offset_source:
        told += f"; offset from {_ARTICLE.get(moment.offset_source, 'the ')}{moment.offset_source}"
    return f"{local} {moment.offset or '(no offset known)'}: {told}"


def _inside(metadata: Metadata, kind: Kind) -> Iterator[tuple[str, str]]:
    details = metadata.details
    model = metadata.camera_model or ""
    make = metadata.camera_make or ""
    camera = model if model.lower().startswith(make.lower()) and model else f"{make} {model}".strip()
    yield "Camera", _with_serial(camera, details.camera_serial)
    yield "Lens", _with_serial(metadata.lens_model or "", details.lens_serial)
    yield "Exposure", _exposure(metadata)
    yield ("Film" if kind is Kind.VIDEO else "Picture"), _picture(metadata)
    yield "Place", _place(metadata)
    yield "Software", metadata.software or ""
    yield "Live Photo", details.live_photo_id or ""
    yield "Read with", details.read_with or ""


def _with_serial(name: str, serial: str | None) -> str:
    if not (name and serial):
        return name or (f"serial number {serial}" if serial else "")
    return f"{name} (serial number {serial})"


def _exposure(metadata: Metadata) -> str:
    shutter = f"{metadata.shutter_speed} s" if metadata.shutter_speed else None
    iso = f"ISO {metadata.iso}" if metadata.iso else None
    return _joined([shutter, metadata.aperture, iso, metadata.focal_length])


def _picture(metadata: Metadata) -> str:
    details = metadata.details
    width, height = metadata.resolution_width, metadata.resolution_height
    seconds = metadata.duration_seconds
    return _joined(
        [
            f"{width} x {height} pixels" if width and height else None,
            text.duration(seconds) if seconds is not None else None,
            f"{details.frame_rate:g} frames/s" if details.frame_rate else None,
            details.codec,
            f"sound {details.audio_codec}" if details.audio_codec else None,
            f"{details.bit_rate / 1e6:.1f} Mbit/s" if details.bit_rate else None,
            f"{details.bit_depth} bits a sample" if details.bit_depth else None,
            details.color_space,
            _TURNED.get(details.orientation or 1),
            f"turned by {details.rotation}°" if details.rotation else None,
        ]
    )


def _place(metadata: Metadata) -> str:
    details = metadata.details
    latitude, longitude = details.gps_latitude, details.gps_longitude
    has_place = latitude is not None and longitude is not None
    return _joined(
        [
            f"{latitude:.5f}, {longitude:.5f}" if has_place else None,
            f"{details.gps_altitude:.0f} m" if details.gps_altitude is not None else None,
            f"satellites' time {details.gps_date}" if details.gps_date else None,
        ]
    )


def _say_warnings(found: Shown) -> None:
    metadata = found.content.metadata
    if metadata and metadata.details.unfinished:
        _section("Warning", f"the recording {metadata.details.unfinished}", style="yellow")
    if metadata and metadata.trouble:
        _section("Not read", metadata.trouble, style="yellow")
    if found.in_catalog and found.content.kind.is_media and found.content.reader_version is None:
        _section("Not read", "nobody has looked inside yet; to do so: cardcat metadata refresh")
    for note in found.notes:
        _section("Note", note, style="yellow")


def _say_groups(found: Shown) -> None:
    """Each group once, however many drives have it."""
    told: set[tuple[GroupKind, frozenset[str]]] = set()
    for group in found.groups:
        key = group.kind, frozenset(member.hash for member in group.members)
        if key not in told:
            told.add(key)
            _say_group(group, found.content.hash)


def _say_group(group: Group, own: str) -> None:
    output.say()
    output.say(f"Group: {group.kind.value} {group.name}", style="bold")
    for member in group.members[:_MEMBERS]:
        mark = "  (this one)" if member.hash == own else f"  {member.hash[:12]}"
        output.say(f"  {member.role.value:<{_INDENT - 4}}  {_short(member.name, 50)}{mark}")
    if len(group.members) > _MEMBERS:
        output.say(f"  … and {text.count(len(group.members) - _MEMBERS)} more (--json lists them all)")


def _say_copies(copies: Sequence[ShownCopy]) -> None:
    if not copies:
        return
    output.say()
    rows = [("Copies", "Evidence", "Checked", "Now"), *map(_cells, copies)]
    widths = [max(text.width(row[at]) for row in rows) for at in range(4)]
    for row, copy in zip(rows, [None, *copies], strict=True):
        cells = [cell + " " * (width - text.width(cell)) for cell, width in zip(row, widths, strict=True)]
        output.say("  ".join(cells).rstrip(), style=_style(copy) if copy else "bold")
        for line in _where(copy) if copy else ():
            output.say(f"  {line}")


def _cells(copy: ShownCopy) -> tuple[str, str, str, str]:
    known = copy.known
    return (
        _short(known.volume_name, 25),
        known.evidence.value,
        text.moment(known.verified_at),
        _now(copy),
    )


def _now(copy: ShownCopy) -> str:
    """As it was found; but what was set aside, or is known to be gone, is called so."""
    from cardcat.sightings import Now

    if copy.known.status is Presence.QUARANTINED:
        if copy.sighting.now is Now.MISSING:
            return "not in the quarantine any more"
        return copy.known.status.value
    gone = copy.known.status is Presence.DELETED
    return copy.known.status.value if gone and copy.sighting.now is Now.MISSING else copy.sighting.now.value


def _where(copy: ShownCopy) -> Iterator[str]:
    from cardcat.sightings import Now

    known = copy.known
    if copy.sighting.path:
        yield str(copy.sighting.path)
    else:
        yield f"{known.location_path}/{known.path}" if known.location_path else known.path
    if copy.sighting.now is Now.OFFLINE:
        place = f" at {known.last_mount_point}" if known.last_mount_point else ""
        yield f"not plugged in; last seen {text.moment(known.last_seen_at)}{place}"
    if copy.finding:
        found = f"{copy.finding.trouble.value}, found {text.moment(copy.finding.found_at)}"
        yield f"{found}: {copy.finding.message}"
        yield "to mend it: cardcat repair"


def _style(copy: ShownCopy) -> str:
    from cardcat.sightings import Now

    if copy.finding or copy.known.status is Presence.QUARANTINED:
        return "red"
    return {Now.THERE: "green", Now.OFFLINE: ""}.get(copy.sighting.now, "red")


def _say_origins(found: Shown) -> None:
    """Each file of a card once, however many sessions met it."""
    files: dict[tuple[str, str], list[Origin]] = {}
    for origin in found.origins:
        files.setdefault((origin.volume_name, origin.path), []).append(origin)
    if files:
        output.say()
        output.say("Backed up from", style="bold")
    for (volume, path), origins in list(files.items())[:_ORIGINS]:
        output.say(f"  {volume}: {path}")
        first, last = origins[0], origins[-1]
        output.say(f"    {text.moment(first.started_at)}, {_sessions(first.session_id, last.session_id)}")
    if len(files) > _ORIGINS:
        output.say(f"  … and {text.count(len(files) - _ORIGINS)} more (--json lists them all)")


def _sessions(first: int, last: int) -> str:
    return f"session {first}" if first == last else f"session {first}; last seen by session {last}"


def _section(title: str, told: str, *, style: str = "") -> None:
    """One fact, its further lines below its first."""
    lines = textwrap.wrap(display(told), _WIDTH - _INDENT, break_long_words=False, break_on_hyphens=False)
    for at, line in enumerate(lines):
        output.say(f"{'' if at else title + ':':<{_INDENT}}{line}", style=style)


def _joined(parts: Iterable[str | None]) -> str:
    return ", ".join(part for part in parts if part)


def _short(name: str, columns: int) -> str:
    return text.shorten(display(name), columns)
