"""What is inside a film, as MediaInfo tells it."""

from __future__ import annotations

import json
from typing import BinaryIO

from pymediainfo import MediaInfo

from cardcat.media import values
from cardcat.metadata import DateSource, Details, Metadata

Track = dict[str, object]

_MAKES = {
    False: ("com_apple_quicktime_make", "com_android_manufacturer", "Encoded_Hardware_CompanyName"),
    True: ("Encoded_Application_CompanyName",),  # AVCHD names the camera where others name a program
}
_MODELS = {
    False: (
        "com_apple_quicktime_model",
        "com_android_model",
        "Encoded_Hardware_Model",
        "Encoded_Hardware_Name",
    ),
    True: ("Encoded_Application_Name",),
}
_SOFTWARE = ("com_apple_quicktime_software", "Encoded_Application")
_LOCAL_DATES = ("com_apple_quicktime_creationdate", "Recorded_Date", "Mastered_Date")
_SIDEWAYS = (90, 270)


def read_video(stream: BinaryIO) -> Metadata:
    """
    The columns of the film in *stream*; width and height as it is shown, so after its rotation.

    MediaInfo gets bytes, never a name: names that are no UTF-8 work, and it looks for no neighbouring files.
    Without a search of the whole file (parse_speed 0) all values of the test files are the same.
    """
    answer = MediaInfo.parse(stream, parse_speed=0, output="JSON")
    tracks = _tracks(json.loads(answer, strict=False))
    general = next((track for track in tracks if track.get("@type") == "General"), {})
    picture = next((track for track in tracks if track.get("@type") == "Video"), {})
    return to_metadata(general, picture)


def _tracks(answer: object) -> list[Track]:
    media = answer.get("media") if isinstance(answer, dict) else None
    tracks = media.get("track") if isinstance(media, dict) else None
    return [track for track in tracks if isinstance(track, dict)] if isinstance(tracks, list) else []


def to_metadata(general: Track, picture: Track) -> Metadata:
    """The columns, from MediaInfo's general track and its first video track."""
    date, source = _date_taken(general)
    width, height = _shown_size(picture) or (None, None)
    return Metadata(
        camera_make=_first(general, _MAKES[general.get("Format") == "BDAV"]),
        camera_model=_first(general, _MODELS[general.get("Format") == "BDAV"]),
        software=_first(general, _SOFTWARE),
        date_taken=date,
        duration_seconds=values.duration(values.number(general.get("Duration"))),
        resolution_width=width,
        resolution_height=height,
        details=Details(date_source=source),
    )


def _date_taken(general: Track) -> tuple[str | None, DateSource | None]:
    """The time by the camera's own clock, else the UTC time of creation, and which of them it is."""
    for name in _LOCAL_DATES:
        found = values.local_time(_value(general, name))
        if found:
            return found, DateSource.CREATION_DATE
    created = values.utc_time(_value(general, "Encoded_Date"))
    return created, DateSource.UTC if created else None


def _shown_size(picture: Track) -> tuple[int, int] | None:
    sides = values.size(values.number(picture.get("Width")), values.number(picture.get("Height")))
    turned = values.number(picture.get("Rotation")) or 0.0
    return (sides[1], sides[0]) if sides and round(turned) % 360 in _SIDEWAYS else sides


def _first(general: Track, names: tuple[str, ...]) -> str | None:
    found = (values.text(_value(general, name)) for name in names)
    return next((text for text in found if text), None)


def _value(general: Track, name: str) -> object:
    """A field of the general track, or of what MediaInfo puts beside its own fields."""
    extra = general.get("extra")
    return general.get(name) or (extra.get(name) if isinstance(extra, dict) else None)
