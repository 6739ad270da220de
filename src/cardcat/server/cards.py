"""Looks for cards as soon as a disk is mounted: a run of the deployment `watch-cards`, made by plain HTTP."""

from __future__ import annotations

import time
from pathlib import Path

from cardcat.server import asking

_MOUNTINFO = Path("/proc/self/mountinfo")
_AT_WORK = ("PENDING", "RUNNING", "CANCELLING")
_AGAIN = 5.0  # seconds between two attempts to have the server look


class CardLooks:
    """
    Has the server at *api_url* look for cards, at first and whenever a disk is mounted that was not before.

    One look at a time: what is mounted meanwhile is looked at after it. A user who has paused the deployment,
    or all of its schedules, is not asked again.
    """

    def __init__(self, api_url: str, mountinfo: Path = _MOUNTINFO) -> None:
        self._api_url = api_url
        self._mountinfo = mountinfo
        self._there: frozenset[str] = frozenset()
        self._is_due = True
        self._tried = -_AGAIN

    def see_to(self) -> None:
        """Call it every second or so. Never raises."""
        there = _disks(self._mountinfo)
        self._is_due = self._is_due or not there <= self._there
        self._there = there
        if self._is_due and time.monotonic() - self._tried >= _AGAIN:
            self._tried = time.monotonic()
            self._is_due = not _look(self._api_url)


def _disks(mountinfo: Path) -> frozenset[str]:
    """The numbers of the devices that are mounted; a folder of one that is mounted twice is no new one."""
    try:
        lines = mountinfo.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return frozenset()
    return frozenset(line.split()[2] for line in lines if _is_of_disk(line))


def _is_of_disk(line: str) -> bool:
    """Whether a line of a mountinfo is of a block device: its source stands after a dash and the type."""
    return line.partition(" - ")[2].partition(" ")[2].startswith("/dev/")


def _look(api_url: str) -> bool:
    """Make a run that looks; False if it has to be tried again: one is at work, or nobody answers."""
    deployment = asking.ask(api_url, "/deployments/name/watch/watch-cards")
    if not isinstance(deployment, dict):
        return False
    if deployment.get("paused") or not any(each.get("active") for each in deployment.get("schedules") or ()):
        return True
    at_work = {
        "deployments": {"id": {"any_": [deployment["id"]]}},
        "flow_runs": {"state": {"type": {"any_": list(_AT_WORK)}}},
    }
    if asking.ask(api_url, "/flow_runs/count", at_work) != 0:
        return False
    order = {"state": {"type": "SCHEDULED"}}
    return isinstance(asking.ask(api_url, f"/deployments/{deployment['id']}/create_flow_run", order), dict)
