"""The subtitles that drones write beside a film, one block a frame; the first block tells enough."""

from __future__ import annotations

import re

from cardcat.media import values
from cardcat.media.combining import dated
from cardcat.media.geo import NOWHERE, Where, place
from cardcat.media.told import told
from cardcat.metadata import DateSource, Metadata

_NUMBER = r"(-?[0-9]+(?:\.[0-9]+)?)"
_DATE = re.compile(r"\b[0-9]{4}[-.][0-9]{2}[-.][0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,6})?")
_ISO = re.compile(r"\biso ?:? ?([0-9]+)", re.IGNORECASE)
_SHUTTER = re.compile(rf"\b(?:shutter|SS) ?:? ?(?:1/)?{_NUMBER}", re.IGNORECASE)
_F_NUMBER = re.compile(rf"(?:\bfnum ?: ?|\bF/){_NUMBER}", re.IGNORECASE)
_NORTH = re.compile(rf"\[latitude ?: ?{_NUMBER}", re.IGNORECASE)
_EAST = re.compile(rf"\[longt?itude ?: ?{_NUMBER}", re.IGNORECASE)
_UP = re.compile(rf"(?:\babs_alt|\[altitude) ?: ?{_NUMBER}", re.IGNORECASE)
_EARLY_PLACE = re.compile(rf"\bGPS ?\( ?{_NUMBER} ?, ?{_NUMBER}", re.IGNORECASE)
_HUNDREDTHS = 100  # 280 stands for f/2.8


def read_srt(head: bytes) -> Metadata:
    """
    What a drone's subtitles that begin with *head* say of the first moment; nothing of a film's translation.

    The height is taken where it is the one above the sea, or the only one there is.
    """
    block = head.decode("utf-8", "replace").lstrip("\ufeff").replace("\r\n", "\n").partition("\n\n")[0]
    iso, shutter, f_number = (_found(pattern, block) for pattern in (_ISO, _SHUTTER, _F_NUMBER))
    if (iso is None or shutter is None) and _where(block) == NOWHERE:
        return Metadata()
    if f_number and f_number >= _HUNDREDTHS:
        f_number /= _HUNDREDTHS
    camera = told(iso=iso, exposure=1 / shutter if shutter else None, f_number=f_number, where=_where(block))
    date = _DATE.search(block)
    return dated(camera, date[0] if date else None, DateSource.SIDECAR)


def _found(pattern: re.Pattern[str], block: str) -> float | None:
    match = pattern.search(block)
    return values.number(match[1]) if match else None


def _where(block: str) -> Where:
    """Where the drone was; the early form has east before north."""
    early = _EARLY_PLACE.search(block)
    if early:
        return place(values.number(early[2]), values.number(early[1]))
    return place(_found(_NORTH, block), _found(_EAST, block), _found(_UP, block))
