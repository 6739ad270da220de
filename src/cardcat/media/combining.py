"""One answer out of what several readers told of the same film. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

from cardcat.media import values
from cardcat.metadata import DateSource, Details, Metadata

_DATE = ("date_source", "date_subsec")
_PLACE = ("gps_latitude", "gps_longitude", "gps_altitude")
_SUBSECONDS = re.compile(r":[0-9]{2}[.,]([0-9]{1,9})")
_NOT_ALONE = {"date_taken", "details", *_DATE, *_PLACE}
_METADATA = tuple(field.name for field in fields(Metadata) if field.name not in _NOT_ALONE)
_DETAILS = tuple(field.name for field in fields(Details) if field.name not in _NOT_ALONE)


def combined(*answers: Metadata) -> Metadata:
    """
    The first of *answers*, with what it lacks taken from the others in their order.

    A date comes with its source and a place whole, never from two readers; a wall clock wins over an instant.
    """
    details = [answer.details for answer in answers]
    dated_one = _dated(answers)
    placed = next((one for one in details if one.gps_latitude is not None), Details())
    found: dict[str, Any] = {name: getattr(placed, name) for name in _PLACE}
    found |= {name: getattr(dated_one.details, name) for name in _DATE}
    return replace(
        answers[0],
        date_taken=dated_one.date_taken,
        details=replace(details[0], **_first_told(details, _DETAILS), **found),
        **_first_told(answers, _METADATA),
    )


def _dated(answers: tuple[Metadata, ...]) -> Metadata:
    dates = [answer for answer in answers if answer.date_taken]
    local = (answer for answer in dates if not answer.date_is_utc)
    return next(local, dates[0] if dates else Metadata())


def _first_told(answers: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Of each of *names* the first value that is told."""
    first = {name: _told(getattr(one, name) for one in answers) for name in names}
    return {name: value for name, value in first.items() if value is not None}


def _told(values_told: Iterable[object]) -> object:
    return next((value for value in values_told if value not in (None, ())), None)


def dated(found: Metadata, written: object, source: DateSource, offset: object = None) -> Metadata:
    """
    *found* with the date that *written* says and the digits behind its second; unchanged without one.

    A date of XML that ends in Z is an instant, whatever *source* it counts as, and no clock of the place.
    """
    date, text = values.local_time(written, offset), values.text(written) or ""
    if date is None:
        return found
    if text.endswith("Z") and "T" in text:
        source = DateSource.UTC
    digits = _SUBSECONDS.search(text)
    details = replace(found.details, date_source=source, date_subsec=digits[1] if digits else None)
    return replace(found, date_taken=date, details=details)
