"""Files of the source that are known to be bad: a drive that was backed up to may be backed up itself."""

from __future__ import annotations

from collections.abc import Sequence

from cardcat.catalog.checks import OpenFinding, Scope, Trouble, open_findings
from cardcat.catalog.knowledge import below
from cardcat.inputs import show
from cardcat.model import Finding, Stage
from cardcat.paths import from_text, quoted
from cardcat.run import Run
from cardcat.text import many


def suspects(run: Run, paths: Sequence[str]) -> list[Finding]:
    """
    What nothing has mended yet among *paths* of the source, and a note on how to.

    Its bytes are copied as they are: nobody but the owner knows whether a bad file is better than none.
    """
    with run.catalog.read() as c:
        known = open_findings(c, Scope(run.source.volume_id, from_text(*run.source.relative)))
    if not known:
        return []
    there = frozenset(paths)
    placed = [(_path(run, each), each) for each in known]
    found = [_finding(path, each) for path, each in placed if path in there]
    missing = [path for path, each in placed if path not in there and each.trouble is Trouble.MISSING]
    if found or missing:
        _say(run, len(found), len(missing))
    return found


def _path(run: Run, each: OpenFinding) -> str:
    """Where the copy is, or should be, relative to the source."""
    whole = f"{each.copy.location_path}/{each.copy.path}"
    return below(whole, from_text(*run.source.relative)) or whole


def _finding(path: str, each: OpenFinding) -> Finding:
    said = f"is not as it was when it was backed up to this drive ({each.message}); it is copied as it is"
    return Finding(path, Stage.SCAN, "KnownTrouble", said)


def _say(run: Run, found: int, missing: int) -> None:
    what = [f"{many(found, 'file')} that {'is' if found == 1 else 'are'} known to be bad"] if found else []
    what += [f"{many(missing, 'file')} too few"] if missing else []
    run.reporter.note(
        f"{show(run.source.root)} has {' and '.join(what)}. What is mended first is backed up right: "
        f"cardcat repair --dry-run {quoted(str(run.source.root))}"
    )
