"""XMP files beside a picture: what an editor, or the camera, wrote down of it."""

from __future__ import annotations

from collections.abc import Iterator

from cardcat.media import values
from cardcat.media.combining import dated
from cardcat.media.geo import Where, place, sexagesimal
from cardcat.media.sidecars.safe_xml import Element, elements
from cardcat.media.told import told
from cardcat.metadata import DateSource, Metadata

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_SPACES = {
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
}
_DATES = ("exif:DateTimeOriginal", "photoshop:DateCreated", "xmp:CreateDate")
_LENSES = ("exifEX:LensModel", "aux:Lens")
_SERIALS = ("exifEX:BodySerialNumber", "aux:SerialNumber")
_ISO = ("exif:ISOSpeedRatings", "exifEX:PhotographicSensitivity")

Words = dict[str, str]


def read_xmp(document: bytes, source: DateSource = DateSource.SIDECAR) -> Metadata:
    """
    The columns, from the first value of each property; *source* is what its date counts as.

    ValueError if it can't be read.
    """
    words: Words = {}
    for name, value in _said(elements(document)):
        words.setdefault(name, value)
    camera = told(
        make=words.get("tiff:Make"),
        model=words.get("tiff:Model"),
        lens=_first(words, _LENSES),
        serial=_first(words, _SERIALS),
        lens_serial=words.get("exifEX:LensSerialNumber"),
        iso=_number(_first(words, _ISO)),
        f_number=_number(words.get("exif:FNumber")),
        exposure=_number(words.get("exif:ExposureTime")),
        focal=_number(words.get("exif:FocalLength")),
        where=_where(words),
    )
    return _with_date(camera, words, source)


def _said(found: list[Element]) -> Iterator[tuple[str, str]]:
    """Property and value: attributes, elements with text, and the first item of a list."""
    for element in found:
        for (space, name), value in element.attributes.items():
            if space in _SPACES and value:
                yield f"{_SPACES[space]}:{name}", value
        space, name = _property(element)
        if space in _SPACES and element.text:
            yield f"{_SPACES[space]}:{name}", element.text


def _property(element: Element) -> tuple[str, str]:
    """Its own name, or for an item of a list the name of the property that the list belongs to."""
    names = ((element.space, element.name), *reversed(element.parents))
    return next((name for name in names if name[0] != _RDF), ("", ""))


def _first(words: Words, names: tuple[str, ...]) -> str | None:
    return next((words[name] for name in names if name in words), None)


def _with_date(found: Metadata, words: Words, source: DateSource) -> Metadata:
    """With the first date that is one; XMP may leave the seconds out."""
    for name in _DATES:
        written = words.get(name, "")
        for text in (written, _with_seconds(written)):
            with_it = dated(found, text, source)
            if with_it.date_taken:
                return with_it
    return found


def _with_seconds(written: str) -> str:
    """`2022-08-08T21:49Z` as `2022-08-08T21:49:00Z`."""
    minute = len("2022-08-08T21:49")
    return f"{written[:minute]}:00{written[minute:]}"


def _number(written: str | None) -> float | None:
    """`96/10` or `9.6`."""
    above, slash, below = (written or "").partition("/")
    dividend, divisor = values.number(above), values.number(below) if slash else 1.0
    return dividend / divisor if dividend is not None and divisor else None


def _where(words: Words) -> Where:
    altitude = _number(words.get("exif:GPSAltitude"))
    if altitude is not None and words.get("exif:GPSAltitudeRef") == "1":
        altitude = -altitude
    return place(_degrees(words.get("exif:GPSLatitude")), _degrees(words.get("exif:GPSLongitude")), altitude)


def _degrees(written: str | None) -> float | None:
    """`53,7.95354N` and `53,7,57.2N`."""
    digits, hemisphere = (written or "")[:-1], (written or "")[-1:].upper()
    parts = [values.number(part) for part in digits.split(",")]
    return sexagesimal(parts, hemisphere) if hemisphere in ("N", "S", "E", "W") else None
