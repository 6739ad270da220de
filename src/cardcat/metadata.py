"""What a file says of itself, as plain data. No I/O, standard library only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class DateSource(StrEnum):
    """What a date was taken from, surest first."""

    ORIGINAL = "DateTimeOriginal"  # EXIF: the camera's clock when the picture was taken
    CREATION_DATE = "CreationDate"  # a film's own wall clock, mostly with its offset
    DIGITISED = "CreateDate"  # EXIF's DateTimeDigitized: when it was scanned or stored
    XMP = "XMP"  # XMP inside the file
    SIDECAR = "sidecar"  # the camera's XML, an XMP or a thumbnail beside the file
    UTC = "MediaCreateDate"  # a film's UTC instant, which says nothing of the place
    GPS = "GPS"  # the satellites' UTC
    FILE_NAME = "file name"
    FILE_TIME = "file time"

    @property
    def is_utc(self) -> bool:
        """Whether the date is an instant and no wall clock."""
        return self in (DateSource.UTC, DateSource.GPS)


class Confidence(StrEnum):
    """How sure a date is."""

    CERTAIN = "certain"  # the camera's own wall clock
    LIKELY = (
        "likely"  # a wall clock from beside the file, or an instant seen from a zone that something tells
    )
    GUESS = "guess"  # the file's name or time, or an instant seen from the computer's zone


@dataclass(frozen=True, slots=True)
class Details:
    """
    What a media file says beyond the columns of media_files: the facts, none of them decided.

    *unfinished* completes the sentence "it …" where a recording seems not to have been ended properly.
    """

    format: str | None = None  # what its bytes are: JPEG, MPO, CR3, MP4 …
    date_source: DateSource | None = None  # of `Metadata.date_taken`
    date_subsec: str | None = None  # the digits behind the second
    gps_date: str | None = None  # ISO 8601 in UTC, as the satellites said
    gps_latitude: float | None = None  # degrees, north is positive
    gps_longitude: float | None = None  # degrees, east is positive
    gps_altitude: float | None = None  # metres above the sea
    orientation: int | None = None  # EXIF's 1 to 8
    rotation: int | None = None  # degrees clockwise that a film is turned by when it is shown
    codec: str | None = None
    audio_codec: str | None = None
    frame_rate: float | None = None  # frames a second
    bit_rate: int | None = None  # bits a second
    bit_depth: int | None = None  # bits a sample
    color_space: str | None = None
    camera_serial: str | None = None
    lens_serial: str | None = None
    live_photo_id: str | None = None  # shared by the two halves of a Live Photo
    unfinished: str | None = None
    clips: tuple[
        str, ...
    ] = ()  # stems of the clips an AVCHD playlist names; `+00001` goes on from the one before
    read_with: str | None = None  # the libraries that told


@dataclass(frozen=True, slots=True)
class Metadata:
    """
    What is inside a media file, written as the columns of media_files want it.

    A camera's sidecar is told in the same words. *trouble* is a sentence if something could not be read.
    """

    camera_make: str | None = None
    camera_model: str | None = None
    lens_model: str | None = None
    date_taken: str | None = None  # ISO 8601 to the second; the offset where the file itself has it
    iso: str | None = None
    aperture: str | None = None
    shutter_speed: str | None = None
    focal_length: str | None = None
    software: str | None = None
    duration_seconds: float | None = None
    resolution_width: int | None = None
    resolution_height: int | None = None
    details: Details = field(default=Details())
    trouble: str | None = None

    @property
    def date_is_utc(self) -> bool:
        """Whether `date_taken` is a UTC instant and no wall clock."""
        source = self.details.date_source
        return source is not None and source.is_utc


UNREAD = Metadata()
"""Of a file that nobody has looked into."""


@dataclass(frozen=True, slots=True)
class Moment:
    """
    When a file was taken, as far as anything tells.

    *local* is the wall clock where it was taken, ISO 8601 with the digits behind the second that are known,
    or a date alone; *offset* (`+02:00`) that clock's distance from UTC, *offset_source* what told it:
    the file, GPS, the file name, the group, the card (another file of it), the time zone asked for.
    """

    local: str
    offset: str | None
    source: DateSource
    confidence: Confidence
    offset_source: str | None = None


class GroupKind(StrEnum):
    """What makes files one group."""

    PHOTO = "photo"  # one exposure: RAW, JPEG or HEIC, edits, sidecars, a spoken note
    LIVE_PHOTO = "live photo"  # a photo and the film of the moment
    CLIP = "clip"  # one film and what the camera wrote beside it
    RECORDING = "recording"  # one take in several films: chapters, spanned clips
    INDEX = "index"  # a camera's list of a folder, and what it lists


class GroupRole(StrEnum):
    """What a file is to its group."""

    MASTER = "master"  # the picture or film itself; of several the one with most in it
    PART = "part"  # a further chapter of a recording
    RENDITION = "rendition"  # the same picture in another form, or edited
    MOTION = "motion"  # the film of a Live Photo
    PREVIEW = "preview"  # THM, LRV, thumbnails
    SIDECAR = "sidecar"  # XMP, XML, AAE, SRT, a spoken note
    INDEX = "index"
