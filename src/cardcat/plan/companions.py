"""What a film or photo lacks, taken from the camera's files beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cardcat.metadata import DateSource, Details, Metadata
from cardcat.model import Kind
from cardcat.plan.forms import Form, form_of
from cardcat.plan.groups import split_name

_CAMERA = ("camera_make", "camera_model")
_SHOT = ("lens_model", "iso", "aperture", "shutter_speed", "focal_length")
_SERIALS = ("camera_serial", "lens_serial")
_PLACE = ("gps_latitude", "gps_longitude", "gps_altitude", "gps_date")
_THUMBNAIL_WIDTH = 640  # pixels; a wider JPEG beside a film is a picture of its own
_A_DAY = timedelta(days=1)
_JPEGS = frozenset({".jpg", ".jpeg"})


@dataclass(frozen=True, slots=True)
class Companion:
    """One file of a group: its name, its kind, and what it says of itself or, a sidecar, of its master."""

    name: str
    kind: Kind
    metadata: Metadata | None


def completed(members: Sequence[Companion]) -> list[Metadata | None]:
    """
    What is known of each member of one group, with what its companions add.

    A film or photo takes what it lacks from the camera's XML, then from an XMP, then from the thumbnail
    or the JPEG of the same stem. Nothing that it says itself is changed, but that a wall clock of its own
    day replaces an instant of UTC. Sizes and durations are its own; sidecars and thumbnails stay as they are.
    """
    if len(members) == 1:
        return [members[0].metadata]
    files = [_File.of(member) for member in members]
    return [_filled(file, files) for file in files]


@dataclass(frozen=True, slots=True)
class _File:
    """A member with what its name, in lower case, says of it."""

    name: str
    stem: str
    extension: str
    form: Form
    metadata: Metadata | None

    @classmethod
    def of(cls, member: Companion) -> _File:
        """See what a member is."""
        name = member.name.lower()
        return cls(name, *split_name(name), form_of(name, member.kind), member.metadata)


def _filled(file: _File, files: Iterable[_File]) -> Metadata | None:
    if file.form not in (Form.RAW, Form.PHOTO, Form.FILM):
        return file.metadata
    own = file.metadata or Metadata()
    known = own
    for source in _in_turn(file, files):
        if source.metadata and _may_tell(own, source):
            known = _with(known, source.metadata, is_other=_is_other_picture(file, source))
    return file.metadata if known is own else known


def _in_turn(file: _File, files: Iterable[_File]) -> list[_File]:
    ranked = [(rank, other.name, other) for other in files if (rank := _rank(file, other)) is not None]
    return [other for _, _, other in sorted(ranked, key=lambda each: each[:2])]


def _rank(file: _File, other: _File) -> int | None:
    """In which turn *other* is asked about *file*; None if it is not."""
    if other.extension == ".xml":
        return 0
    if other.extension in (".xmp", f"{file.extension}.xmp"):
        return 1
    if other is file or other.stem != file.stem or file.form is Form.PHOTO:
        return None
    if other.extension == ".thm":
        return 2
    return 3 if other.extension in _JPEGS else None


def _may_tell(own: Metadata, source: _File) -> bool:
    """Whether a picture of the same stem can be of the same camera."""
    other = source.metadata
    if other is None or source.extension not in _JPEGS or not own.camera_model or not other.camera_model:
        return other is not None
    return own.camera_model.casefold() == other.camera_model.casefold()


def _is_other_picture(file: _File, source: _File) -> bool:
    """Whether the two are a film and a photo that was taken beside it, and no thumbnail of it."""
    if file.form is not Form.FILM or source.extension not in _JPEGS:
        return False
    width = source.metadata.resolution_width if source.metadata else None
    return width is None or width > _THUMBNAIL_WIDTH


def _with(known: Metadata, other: Metadata, *, is_other: bool) -> Metadata:
    """What is *known* with what *other* adds; a picture of its own only tells of the camera, and a day."""
    details, others = known.details, other.details
    changes = _lacking(known, other, _CAMERA if is_other else _CAMERA + _SHOT)
    more = _lacking(details, others, _SERIALS[:1] if is_other else _SERIALS)
    if not is_other and details.gps_latitude is None and details.gps_longitude is None:
        more |= _lacking(details, others, _PLACE)
    if _is_better_dated(known, other, only_if_none=is_other):
        changes["date_taken"] = other.date_taken
        more |= {"date_source": _source(other), "date_subsec": others.date_subsec}
    if more:
        changes["details"] = replace(details, **more)
    return replace(known, **changes) if changes else known


def _lacking(known: Metadata | Details, other: Metadata | Details, names: Iterable[str]) -> dict[str, Any]:
    found = {name: getattr(other, name) for name in names if getattr(known, name) is None}
    return {name: value for name, value in found.items() if value is not None}


def _is_better_dated(known: Metadata, other: Metadata, *, only_if_none: bool) -> bool:
    """Whether *other* has a date where none is known, or a wall clock of the day of what is known in UTC."""
    own, its = _utc(known.date_taken), _utc(other.date_taken)
    if its is None or own is None:
        return its is not None
    if only_if_none or _source(other).is_utc or not known.date_is_utc:
        return False
    return abs(its - own) <= _A_DAY


def _source(other: Metadata) -> DateSource:
    """What a date from beside the file is: a wall clock, or still an instant of no place."""
    source = other.details.date_source
    return source if source and source.is_utc else DateSource.SIDECAR


def _utc(text: str | None) -> datetime | None:
    """A date in UTC, where it says no other."""
    try:
        moment = datetime.fromisoformat(text) if text else None
        return moment.astimezone(UTC) if moment and moment.tzinfo else moment and moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
