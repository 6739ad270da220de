"""What the printable report lists: every file of the card, with its facts and where it is proved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cardcat.catalog.engine import Catalog
from cardcat.catalog.facts import Facts, facts_of
from cardcat.catalog.session_rows import SessionRow, get_session
from cardcat.media.formats import suffix_of
from cardcat.media.kind import kind_by_name
from cardcat.metadata import GroupRole
from cardcat.model import Kind
from cardcat.safety.answer import Account, Verdict
from cardcat.safety.drives import one_a_drive


@dataclass(frozen=True, slots=True)
class Listed:
    """
    One file of the card. *drives* have a copy of it that counts; *reason* is what is against it.

    *picture* is the photo that shows it, None where nothing does: itself, or what the camera put beside a
    film. It is read from a drive where one is plugged in, else from the card.
    """

    path: str
    size: int
    hash: str | None
    facts: Facts
    drives: tuple[str, ...]
    reason: str | None
    picture: Path | None

    @property
    def folder(self) -> str:
        """Where it is on the card, '' for its top."""
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    @property
    def format(self) -> str:
        """What people call its format, or the end of its name."""
        return self.facts.format or suffix_of(self.name).upper() or "file"


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that the report shows beside the verdict itself: the files in the order of their paths."""

    files: tuple[Listed, ...]
    sessions: tuple[SessionRow, ...]


def make_sheet(verdict: Verdict, catalog: Catalog | None) -> Sheet:
    """List the files that *verdict* is about, with what the catalog knows of them."""
    account = verdict.account
    known: Mapping[str, Facts] = {}
    sessions: list[SessionRow] = []
    if catalog is not None:
        ids = sorted({s.copy.session_id or 0 for proofs in account.proofs.values() for s in proofs} - {0})
        with catalog.read() as c:
            known = facts_of(c, list(account.hashes.values()))
            sessions = [row for id_ in ids if (row := get_session(c, id_))]
    return Sheet(tuple(_listed(verdict, known)), tuple(sessions))


def _listed(verdict: Verdict, known: Mapping[str, Facts]) -> Iterator[Listed]:
    account = verdict.account
    reasons = {reason.path: reason.reason for reason in verdict.reasons}
    shown_by = _shown_by(account)
    for path, size in sorted(zip(account.found.paths, account.found.sizes, strict=True)):
        hash_ = account.hashes.get(path)
        facts = known.get(hash_ or "") or Facts(kind_by_name(path))
        picture = path if facts.kind is Kind.IMAGE else shown_by.get(path)
        yield Listed(
            path=path,
            size=size,
            hash=hash_,
            facts=facts,
            drives=tuple(each.copy.volume_name for each in one_a_drive(account.proofs.get(hash_ or "", ()))),
            reason=reasons.get(path),
            picture=None if picture is None else _place(account, picture),
        )


def _place(account: Account, path: str) -> Path:
    """Where the file at *path* can be read: a copy before the card itself."""
    copies = account.proofs.get(account.hashes.get(path, ""), ())
    return next((copy.path for copy in copies if copy.path is not None), account.root / path)


def _shown_by(account: Account) -> dict[str, str]:
    """For each file that a camera put a picture beside, that picture."""
    paths = account.found.paths
    found: dict[str, str] = {}
    for asset in account.assets:
        previews = _pictures([paths[item] for item, role in asset.members if role is GroupRole.PREVIEW])
        if previews:
            found.update({paths[item]: previews[0] for item, _ in asset.members})
    return found


def _pictures(paths: Sequence[str]) -> list[str]:
    return [path for path in paths if kind_by_name(path) is Kind.IMAGE]
