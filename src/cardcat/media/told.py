"""How readers of films and sidecars write down what they found."""

from __future__ import annotations

from cardcat.media import values
from cardcat.media.geo import NOWHERE, Where
from cardcat.metadata import DateSource, Details, Metadata


def told(
    *,
    make: object = None,
    model: object = None,
    lens: object = None,
    software: object = None,
    serial: object = None,
    lens_serial: object = None,
    date: str | None = None,
    iso: float | None = None,
    f_number: float | None = None,
    exposure: float | None = None,
    focal: float | None = None,
    where: Where = NOWHERE,
) -> Metadata:
    """What a camera wrote, as the columns want it; numbers that make no sense are left out."""
    return Metadata(
        camera_make=values.text(make),
        camera_model=values.text(model),
        lens_model=values.text(lens),
        software=values.text(software),
        date_taken=date,
        iso=values.iso(iso),
        aperture=values.aperture(f_number),
        shutter_speed=values.shutter_speed(exposure),
        focal_length=values.focal_length(focal),
        details=Details(
            date_source=DateSource.CREATION_DATE if date else None,
            camera_serial=values.text(serial),
            lens_serial=values.text(lens_serial),
            **where,
        ),
    )
