"""What a server has for cardcat: its worker, its deployments, and what it will run next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cardcat.server import asking
from cardcat.server.deploying import POOL

_MOST = 5  # runs to come that are told


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A run that is due: of which deployment, and when, in ISO 8601 with its offset."""

    deployment: str
    at: str


@dataclass(frozen=True, slots=True)
class Overview:
    """
    What there is; each is None where the server did not say.

    *workers*: how many are at work or waiting for it. *deployments*: their names.
    """

    workers: int | None = None
    deployments: tuple[str, ...] | None = None
    upcoming: tuple[Upcoming, ...] | None = None


def overview(api_url: str) -> Overview:
    """Ask the server at *api_url*."""
    in_pool = {"work_pools": {"name": {"any_": [POOL]}}}
    found = _rows(asking.ask(api_url, "/deployments/filter", in_pool))
    workers = _rows(asking.ask(api_url, f"/work_pools/{POOL}/workers/filter", {}))
    names = None if found is None else {row["id"]: str(row.get("name")) for row in found if "id" in row}
    return Overview(
        workers=None if workers is None else sum(row.get("status") == "ONLINE" for row in workers),
        deployments=None if names is None else tuple(sorted(names.values())),
        upcoming=None if names is None else _upcoming(api_url, names),
    )


def _upcoming(api_url: str, names: dict[str, str]) -> tuple[Upcoming, ...] | None:
    """The next run of each deployment that has one, the soonest first."""
    soonest: list[Upcoming] = []
    for identity, name in names.items():
        wanted = {
            "state": {"type": {"any_": ["SCHEDULED"]}},
            "deployment_id": {"any_": [identity]},
            "next_scheduled_start_time": {"after_": datetime.now(UTC).isoformat()},
        }
        order = {"flow_runs": wanted, "sort": "NEXT_SCHEDULED_START_TIME_ASC", "limit": 1}
        runs = _rows(asking.ask(api_url, "/flow_runs/filter", order))
        if runs is None:
            return None
        soonest += [Upcoming(name, str(run.get("next_scheduled_start_time"))) for run in runs]
    return tuple(sorted(soonest, key=lambda each: each.at))[:_MOST]


def _rows(answer: object) -> list[dict[str, Any]] | None:
    if not isinstance(answer, list):
        return None
    return [row for row in answer if isinstance(row, dict)]
