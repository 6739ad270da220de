"""The report of a session as a file to keep with the job: what went where, and with which SHA-256."""

from __future__ import annotations

import os
import time
from pathlib import Path

from sqlalchemy import Connection

from cardcat.catalog.items import items_of
from cardcat.catalog.sessions import each_error
from cardcat.history.account import Account
from cardcat.history.page import page
from cardcat.printed.place import free_place, on_card, put
from cardcat.storage.disk import Disk
from cardcat.storage.system import this_disk
from cardcat.storage.volumes import volume_of


def check_report(file: Path, account: Account, catalog: Path) -> Path:
    """
    The real place of a report to be written to *file*, about the session of *account*.

    UsageError if that name is taken, can't be written, or lies on the card: nothing is ever written there.
    A folder of the disk that the *catalog* is on is no card, so only what is in it is refused.
    """
    place = free_place(file)
    volume = volume_of(place.parent).key
    is_card = volume == account.card.key != volume_of(catalog.parent).key
    if is_card or place.is_relative_to(os.path.realpath(account.row.source_path)):
        raise on_card(place)
    return place


def write_report(place: Path, c: Connection, account: Account, disk: Disk | None = None) -> None:
    """
    Write the report on the session to *place*, which `check_report` gave: all of it, or nothing.

    Files and findings are read one by one by *c*, whose transaction sees one moment. DestinationError if
    the report can't be written.
    """
    session = account.row.id
    pieces = page(account, each_error(c, session), items_of(c, session), int(time.time()))
    put(disk or this_disk(), place, pieces)
