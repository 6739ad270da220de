"""Which drives are plugged in now, put on record before anything is said of their copies."""

from __future__ import annotations

import time
from collections.abc import Iterable

from cardcat.catalog.engine import Catalog
from cardcat.catalog.knowledge import KnownCopy
from cardcat.catalog.volumes import remember_device, remember_volume
from cardcat.sightings import Places


def remember_drives(catalog: Catalog, places: Places, copies: Iterable[KnownCopy]) -> None:
    """Note the drives that hold *copies*, and on which disks they are: a clone has to be proved anew."""
    volumes = {volume.key: volume for copy in copies if (volume := places.volume(copy))}
    now = int(time.time())
    with catalog.write() as c:
        device = remember_device(c, now)
        for volume in volumes.values():
            remember_volume(c, volume, device, now)
