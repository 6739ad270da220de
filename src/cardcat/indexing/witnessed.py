"""An index as the flow `flows/index.py`, seen on the Prefect page; without a server, without it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cardcat import stopping
from cardcat.catalog.engine import local_path
from cardcat.indexing.handing import Handed, handing
from cardcat.indexing.places import Asked, checked_folders
from cardcat.indexing.results import Indexed
from cardcat.indexing.running import carry_out, opened_index
from cardcat.indexing.words import run_name
from cardcat.prefect_run import Witnessed, witnessed

_CANCELLED, _FAILED, _COMPLETED = "CANCELLED", "FAILED", "COMPLETED"


def index_as_flow(paths: Sequence[Path] | None, asked: Asked, catalog: str | None) -> Indexed:
    """
    Index *paths*, or all that was indexed before, as a flow. The same result and the same errors as without.

    What can't be meant is said before a server is asked for.
    """
    if paths is not None:
        checked_folders(paths)
    with handing() as handed:
        return witnessed("index", lambda api_url: _Index(api_url, paths, asked, catalog, handed))


class _Index(Witnessed[Indexed]):
    """An index of folders."""

    what = "index"
    deployment = "index/index-daily"

    def __init__(
        self, api_url: str, paths: Sequence[Path] | None, asked: Asked, catalog: str | None, handed: Handed
    ) -> None:
        super().__init__(api_url)
        self._paths, self._asked, self._catalog, self._handed = paths, asked, catalog, handed

    def directly(self) -> Indexed:
        with opened_index(self._catalog, stop=stopping.stop_requested) as run:
            return carry_out(run, self._paths, self._asked)

    def order(self) -> tuple[str, dict[str, Any]]:
        asked, paths = self._asked, [str(path.absolute()) for path in self._paths or ()]
        return run_name(paths), {
            "paths": paths,
            "mode": asked.mode.value if asked.mode else "as before",
            "includes": list(asked.includes or ()),
            "excludes": list(asked.excludes or ()),
            "everything": () in (asked.includes, asked.excludes),
            "catalog": str(local_path(self._catalog)),
        }

    def result(self) -> Indexed | None:
        return self._handed.result

    def state(self, result: Indexed) -> str:
        if result.is_cancelled:
            return _CANCELLED
        return _FAILED if result.exit_code else _COMPLETED
