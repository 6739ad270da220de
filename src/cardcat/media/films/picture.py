"""The small picture with EXIF that some cameras put into a film."""

from __future__ import annotations

import io
from dataclasses import replace

from cardcat.media.photos.image import read_image
from cardcat.metadata import Details, Metadata


def told_by_picture(data: bytes) -> Metadata:
    """What the EXIF of a small picture inside a film says of the camera; its own size says nothing."""
    found = read_image(io.BytesIO(data))
    kept = Details(
        date_source=found.details.date_source,
        date_subsec=found.details.date_subsec,
        gps_date=found.details.gps_date,
        gps_latitude=found.details.gps_latitude,
        gps_longitude=found.details.gps_longitude,
        gps_altitude=found.details.gps_altitude,
        camera_serial=found.details.camera_serial,
        lens_serial=found.details.lens_serial,
    )
    return replace(found, resolution_width=None, resolution_height=None, details=kept, trouble=None)
