"""What is inside a film: MediaInfo's answer, completed by what makers write into boxes of their own."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import BinaryIO

from pymediainfo import MediaInfo

from cardcat.media import values
from cardcat.media.boxes import boxes_in
from cardcat.media.combining import combined, dated
from cardcat.media.films.atoms import read_atoms
from cardcat.media.films.avi import told_by_avi
from cardcat.media.films.codecs import Track, audio_codec, codec, color_space
from cardcat.media.films.insta360 import told_by_insta360
from cardcat.media.films.makers import told_by_makers
from cardcat.media.films.mlv import read_mlv
from cardcat.media.films.transport import told_by_transport
from cardcat.media.films.unfinished import INDEXES, TOP_BOXES, unfinished
from cardcat.media.formats import HEAD, format_of
from cardcat.media.geo import iso_6709
from cardcat.metadata import DateSource, Details, Metadata

_BUFFER = 1 << 14  # larger ones read more in vain

_CAMERA_PROGRAMS = {"BDAV"}  # AVCHD names the camera where others name a program
_CAMERA_MAKERS = {"canon", "panasonic", "arri", "jvc", "red"}  # who do the same in MXF
_MAKES = ("com_apple_quicktime_make", "com_android_manufacturer", "Encoded_Hardware_CompanyName")
_MODELS = (
    "com_apple_quicktime_model",
    "com_android_model",
    "Encoded_Hardware_Model",
    "Encoded_Hardware_Name",
)
_SOFTWARE = ("com_apple_quicktime_software", "Encoded_Application")
_LOCAL_DATES = ("com_apple_quicktime_creationdate", "Recorded_Date", "Mastered_Date")
_PLACES = ("com_apple_quicktime_location_ISO6709", "Recorded_Location", "xyz")
_LIVE_PHOTO = ("com_apple_quicktime_content_identifier",)
_LENSES = ("com_apple_quicktime_camera_lens_model",)
_LOCAL_CLOCKS = {"GoPro"}  # whose films have the camera's own time where UTC belongs
_SIDEWAYS = (90, 270)
_MOST_FRAMES, _MOST_BITS, _DEEPEST = 1e6, 1e13, 64.0


def read_video(stream: BinaryIO, name: str = "") -> Metadata:
    """
    All that the film in *stream*, whose file is called *name*, says; its size is as it is shown, so rotated.

    MediaInfo gets bytes, never a name: names that are no UTF-8 work, and it looks for no neighbouring files.
    Without a search of the whole file (parse_speed 0), its long texts (full) and large buffers, all values of
    the test files are the same.
    """
    size = stream.seek(0, io.SEEK_END)
    tracks = _asked(stream) if _is_worth_asking(stream, size) else []
    general, picture, sound = (_first_track(tracks, kind) for kind in ("General", "Video", "Audio"))
    found = _completed(to_metadata(general, picture, sound), stream, size)
    details = replace(
        found.details,
        format=_format(stream, name),
        unfinished=unfinished(stream, size),
        read_with="MediaInfo" if tracks else None,
    )
    return _with_own_clock(replace(found, details=details))


def _is_worth_asking(stream: BinaryIO, size: int) -> bool:
    """Not of boxes without an index, of which MediaInfo knows nothing but may read tables for minutes."""
    stream.seek(4)
    is_of_boxes = stream.read(4) in TOP_BOXES
    return not is_of_boxes or any(box.kind in INDEXES for box in boxes_in(stream, 0, size))


def _asked(stream: BinaryIO) -> list[Track]:
    stream.seek(0)
    answer = MediaInfo.parse(stream, parse_speed=0, output="JSON", full=False, buffer_size=_BUFFER)
    return _tracks(json.loads(answer, strict=False))


def _tracks(answer: object) -> list[Track]:
    media = answer.get("media") if isinstance(answer, dict) else None
    tracks = media.get("track") if isinstance(media, dict) else None
    return [track for track in tracks if isinstance(track, dict)] if isinstance(tracks, list) else []


def _first_track(tracks: list[Track], kind: str) -> Track:
    return next((track for track in tracks if track.get("@type") == kind), {})


def _format(stream: BinaryIO, name: str) -> str | None:
    stream.seek(0)
    return format_of(stream.read(HEAD), name)


def _completed(found: Metadata, stream: BinaryIO, size: int) -> Metadata:
    """With what the film's own boxes, chunks or packets say, by what it begins with."""
    stream.seek(0)
    head = stream.read(12)
    if head[:4] == b"RIFF":
        return combined(found, told_by_avi(stream, size))
    if head[:4] == b"MLVI":
        return combined(found, read_mlv(stream))
    if head[:1] == b"\x47" or head[4:5] == b"\x47":
        return combined(found, told_by_transport(stream))
    if not head[4:8].isalnum():
        return found
    atoms = read_atoms(stream, size)
    whole = replace(found, duration_seconds=atoms.seconds or found.duration_seconds)
    return combined(whole, told_by_makers(atoms), told_by_insta360(stream, size))


def _with_own_clock(found: Metadata) -> Metadata:
    """The date as a wall clock where the maker is known to write that instead of UTC."""
    if found.camera_make not in _LOCAL_CLOCKS or not found.date_is_utc or found.date_taken is None:
        return found
    return dated(found, found.date_taken.partition("+")[0], DateSource.CREATION_DATE)


def to_metadata(general: Track, picture: Track, sound: Track | None = None) -> Metadata:
    """The columns, from MediaInfo's general track and its first video and audio tracks."""
    width, height = _shown_size(picture) or (None, None)
    aperture = values.number(_value(picture, "IrisFNumber"))
    make, model, software = _camera(general)
    found = Metadata(
        camera_make=make,
        camera_model=model,
        lens_model=_first(general, _LENSES) or _first(picture, _LENSES),
        software=software,
        aperture=values.aperture(aperture),
        duration_seconds=values.duration(values.number(general.get("Duration"))),
        resolution_width=width,
        resolution_height=height,
        details=_details(general, picture, sound or {}),
    )
    return _with_date(found, general)


def _camera(general: Track) -> tuple[str | None, str | None, str | None]:
    """Make, model and software."""
    maker = _first(general, ("Encoded_Application_CompanyName",))
    is_camera = general.get("Format") in _CAMERA_PROGRAMS
    if general.get("Format") == "MXF" and maker and maker.lower() in _CAMERA_MAKERS:
        is_camera = True
    if is_camera:
        return maker, _first(general, ("Encoded_Application_Name",)), None
    return _first(general, _MAKES), _first(general, _MODELS), _first(general, _SOFTWARE)


def _details(general: Track, picture: Track, sound: Track) -> Details:
    turned = values.number(picture.get("Rotation"))
    rate = values.number(picture.get("FrameRate"))
    bits = values.number(picture.get("BitRate")) or values.number(general.get("OverallBitRate"))
    depth = values.number(picture.get("BitDepth"))
    return Details(
        **iso_6709(_first(general, _PLACES)),
        rotation=None if turned is None else round(turned) % 360,
        codec=codec(picture),
        audio_codec=audio_codec(sound),
        frame_rate=rate if rate and 0 < rate < _MOST_FRAMES else None,
        bit_rate=int(bits) if bits and 0 < bits < _MOST_BITS else None,
        bit_depth=int(depth) if depth and 0 < depth <= _DEEPEST else None,
        color_space=color_space(picture),
        live_photo_id=_first(general, _LIVE_PHOTO),
    )


def _with_date(found: Metadata, general: Track) -> Metadata:
    """With the time by the camera's own clock, else with the UTC time of creation."""
    for name in _LOCAL_DATES:
        for written in _each(general, name):
            with_it = dated(found, written, DateSource.CREATION_DATE)
            if with_it.date_taken:
                return with_it
    created = (values.utc_time(written) for written in _each(general, "Encoded_Date"))
    return dated(found, next((time for time in created if time), None), DateSource.UTC)


def _each(track: Track, name: str) -> list[str]:
    """The values of a field; MediaInfo puts a bar between several."""
    return (values.text(_value(track, name)) or "").split(" / ")


def _shown_size(picture: Track) -> tuple[int, int] | None:
    sides = values.size(values.number(picture.get("Width")), values.number(picture.get("Height")))
    turned = values.number(picture.get("Rotation")) or 0.0
    return (sides[1], sides[0]) if sides and round(turned) % 360 in _SIDEWAYS else sides


def _first(track: Track, names: tuple[str, ...]) -> str | None:
    found = (values.text(_value(track, name)) for name in names)
    return next((text for text in found if text), None)


def _value(track: Track, name: str) -> object:
    """A field of the track, or of what MediaInfo puts beside its own fields."""
    extra = track.get("extra")
    return track.get(name) or (extra.get(name) if isinstance(extra, dict) else None)
