"""
The XML that video cameras write beside, or into, a clip: Sony's, Canon's and Panasonic's.

They differ in names and in whether a value is text or an attribute; what a device and a date are is the same.
"""

from __future__ import annotations

from cardcat.media import values
from cardcat.media.combining import dated
from cardcat.media.geo import NOWHERE, Where, place, sexagesimal
from cardcat.media.sidecars.safe_xml import Element, elements
from cardcat.media.told import told
from cardcat.metadata import DateSource, Metadata

_ROOTS = {"NonRealTimeMeta", "VideoClip", "P2Main", "ClipMain", "ClipMetadata", "CanonVideoClip"}
_MAKE = ("manufacturer", "Manufacturer")
_MODEL = ("modelName", "ModelName")
_SERIAL = ("serialNo", "SerialNo", "SerialNo.", "serialNumber")
_DATES = ("StartDate", "CreationDate")  # when it was shot, before when it was stored


def read_clip_xml(document: bytes, source: DateSource = DateSource.SIDECAR) -> Metadata:
    """
    The camera, its lens, the clock and the place; nothing of other XML. *source* is what its date counts as.

    ValueError if it can't be read.
    """
    found = elements(document)
    if not found or found[0].name not in _ROOTS:
        return Metadata()
    device = [one for one in found if one.name == "Device" or _is_in(one, "Device")]
    lens = [one for one in found if one.name == "Lens" or _is_in(one, "Lens")]
    camera = told(
        make=_first(device, _MAKE),
        model=_first(device, _MODEL),
        serial=_first(device, _SERIAL),
        lens=_first(lens, _MODEL),
        where=_where(found),
    )
    return dated(camera, _date(found), source)


def _is_in(element: Element, name: str) -> bool:
    return bool(element.parents) and element.parents[-1][1] == name


def _first(found: list[Element], names: tuple[str, ...]) -> str | None:
    """The first value of one of *names*, written as an attribute or as an element."""
    for element in found:
        if element.name in names and element.text:
            return element.text
        for name in names:
            if value := element.attribute(name):
                return value
    return None


def _date(found: list[Element]) -> str | None:
    for name in _DATES:
        for element in found:
            if element.name == name:
                written = element.attribute("value") or element.text
                if values.local_time(written):
                    return written
    return None


def _where(found: list[Element]) -> Where:
    items = {
        element.attribute("name"): element.attribute("value") or ""
        for element in found
        if element.name == "Item" and any(name == "Group" for _, name in element.parents)
    }
    north = _degrees(items.get("Latitude"), items.get("LatitudeRef"))
    east = _degrees(items.get("Longitude"), items.get("LongitudeRef"))
    if north is None or east is None:
        return NOWHERE
    return place(north, east, values.number(items.get("Altitude")))


def _degrees(written: str | None, hemisphere: str | None) -> float | None:
    """`35:37:45.1` is degrees, minutes and seconds."""
    return sexagesimal([values.number(part) for part in (written or "").split(":")], hemisphere or "")
