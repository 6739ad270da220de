"""`cardcat doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardcat.cli import output
from cardcat.cli.options import AsJson, CatalogPath, examples
from cardcat.cli.output import Json
from cardcat.errors import CardcatError

if TYPE_CHECKING:
    from cardcat.doctor import Check

EXAMPLES = examples("cardcat doctor")


def doctor(*, catalog: CatalogPath = None, as_json: AsJson = False) -> int:
    """
    Say what is installed, reachable and writable.

    And what to do about the rest. Exit 1 if something keeps backups from working.
    """
    from cardcat.doctor import Health, examine

    checks = examine(catalog)
    broken = any(check.health is Health.BROKEN for check in checks.values())
    if as_json:
        documents = [_document(name, check) for name, check in checks.items()]
        output.emit({"healthy": not broken, "checks": documents})
    else:
        for name, check in checks.items():
            _show(name, check)
    return CardcatError.exit_code if broken else 0


def _document(name: str, check: Check) -> dict[str, Json]:
    return {"name": name, "health": check.health.value, "found": check.found, "remedy": check.remedy}


def _show(name: str, check: Check) -> None:
    style = {"warn": "yellow", "broken": "bold red"}.get(check.health.value, "")
    output.say(f"{check.health.value:<8}{name}: {check.found}", style=style)
    if check.remedy:
        output.say(f"        {check.remedy}")
