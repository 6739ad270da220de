"""Is this card safe to format? Yes only by proof, looked at now; it never deletes anything."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from cardcat.catalog.details import live_photo_ids, unfinished_of
from cardcat.catalog.engine import Catalog, is_absent, open_catalog
from cardcat.drives import is_doubtful
from cardcat.inputs import check_source, show
from cardcat.media.kind import kind_by_name
from cardcat.metadata import GroupKind
from cardcat.plan.assets import Asset, AssetFile, assemble
from cardcat.plan.gaps import gaps_by_content, gaps_by_name
from cardcat.plan.structures import group_files
from cardcat.reporting import Reporter, current
from cardcat.safety.answer import Account, Reason, Trusted, Verdict
from cardcat.safety.card import Card, changes_since, contents_of, scan_card
from cardcat.safety.drives import awaited_drives, counted_drives
from cardcat.safety.standing import Terms
from cardcat.safety.weighing import weigh
from cardcat.storage.disk import Disk
from cardcat.storage.system import this_disk
from cardcat.storage.walk import Walk

__all__ = ["Reason", "Verdict", "safe_to_format"]


def safe_to_format(
    source: Path,
    *,
    catalog: str | None = None,
    copies: int = 1,
    full: bool = False,
    trust_offline: int | None = None,
    reporter: Reporter | None = None,
    disk: Disk | None = None,
) -> Verdict:
    """
    Scan the card now, and say whether each file of it has *copies* proved copies on as many disks.

    A copy counts if it was read back cold, lies on another disk than the card, and stands on a plugged
    drive now with its size and time; one with another time is read. With *full* the card and those copies
    are read again. With *trust_offline* a copy that was read in the last so many days counts though its
    drive is not plugged in. Nothing is written, neither on a drive nor in the catalog. Raises SourceError
    if there is no card to judge, or if it is pulled meanwhile.
    """
    teller, now = reporter or current(), int(time.time())
    card = scan_card(check_source(source), disk or this_disk(), teller)
    with ExitStack() as stack:
        opened = None if is_absent(catalog) else stack.enter_context(open_catalog(catalog, create=False))
        contents = contents_of(card, opened, teller, full=full or _is_doubtful(card, opened, teller))
        files = _files(card.found, contents.hashes, opened)
        assets = assemble(files)
        terms = Terms(max(copies, 1), full, trust_offline, now)
        together = _together(files, assets)
        weighed = weigh(card, contents.hashes, together, opened, terms=terms, teller=teller)
        warnings = [*_warnings(files, contents.hashes, opened)]
    found = [Reason(finding.path, finding.message) for finding in card.found.findings]
    reasons = [*contents.reasons, *found, *weighed.reasons(), *changes_since(card)]
    reasons.sort(key=lambda reason: reason.path)
    proofs = weighed.proofs()
    return Verdict(
        safe=not reasons,
        reasons=tuple(reasons),
        files=len(card.found.paths),
        warnings=tuple(warnings),
        copies=weighed.wanted,
        drives=counted_drives(contents.hashes, proofs),
        awaited=awaited_drives(weighed),
        trusted=None if trust_offline is None else Trusted(trust_offline, weighed.trusting()),
        account=Account(card.root, card.volume, now, card.found, contents.hashes, proofs, tuple(assets)),
    )


def _together(files: Sequence[AssetFile], assets: Sequence[Asset]) -> list[list[str]]:
    """The paths of what belongs together; what a camera's list merely lists does not."""
    return [
        [files[item].path for item, _ in asset.members]
        for asset in assets
        if asset.kind is not GroupKind.INDEX
    ]


def _is_doubtful(card: Card, catalog: Catalog | None, teller: Reporter) -> bool:
    """Whether the card may be a clone of the one on record: then its names and times tell nothing."""
    if catalog is None:
        return False
    with catalog.read() as c:
        doubtful = is_doubtful(c, card.volume)
    if doubtful:
        teller.note(
            f"{show(card.root)} has the name of a card that was on another disk or in another reader; it may "
            "be a clone. All its files are read."
        )
    return doubtful


def _files(found: Walk, hashes: Mapping[str, str], catalog: Catalog | None) -> list[AssetFile]:
    """The files of the card, with what tells which belong together: names, and identifiers of Live Photos."""
    ids: dict[str, str] = {}
    if catalog is not None:
        with catalog.read() as c:
            ids = live_photo_ids(c, list(hashes.values()))
    groups = group_files(found.paths)
    return [
        AssetFile(item, path, size, kind_by_name(path), group, ids.get(hashes.get(path, "")))
        for item, (path, size, group) in enumerate(zip(found.paths, found.sizes, groups, strict=True))
    ]


def _warnings(
    files: Sequence[AssetFile], hashes: Mapping[str, str], catalog: Catalog | None
) -> Iterator[Reason]:
    """What a person should know before the card leaves, by the names on it and by what was in the files."""
    named = gaps_by_name([file.path for file in files], [file.size for file in files])
    for gap in (*named, *gaps_by_content(files)):
        yield Reason(gap.path, gap.what)
    if catalog is None:
        return
    with catalog.read() as c:
        unfinished = unfinished_of(c, list(hashes.values()))
    for path, hash_ in hashes.items():
        if hash_ in unfinished:
            yield Reason(path, f"the recording {unfinished[hash_]}")
