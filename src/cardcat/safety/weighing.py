"""Whether the copies of what is on a card are enough, file by file and group by group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cardcat.catalog.bulk import unique
from cardcat.catalog.engine import Catalog
from cardcat.catalog.evidence import open_troubles, placed_copies
from cardcat.catalog.groups import recordings_of
from cardcat.plan.judging import Judged, judge, judge_group
from cardcat.reporting import Reporter
from cardcat.safety.answer import Reason, Standing
from cardcat.safety.card import Card
from cardcat.safety.standing import Looker, Terms


@dataclass(frozen=True, slots=True)
class Weighed:
    """
    How the copies of a card's contents stand, and what follows. *judged* is by hash.

    *groups* are paths that belong together, those with at least two files on the card.
    """

    wanted: int
    hashes: Mapping[str, str]
    standings: Mapping[str, Sequence[Standing]] = field(default_factory=dict)
    judged: Mapping[str, Judged] = field(default_factory=dict)
    groups: Sequence[Sequence[str]] = ()

    def members(self, group: Sequence[str]) -> list[Judged]:
        """What was decided of each file of a group that has a hash."""
        return [self.judged[self.hashes[path]] for path in group if path in self.hashes]

    def reasons(self) -> Iterator[Reason]:
        """What is against files by themselves, then against groups that no drive has as a whole."""
        for path, hash_ in self.hashes.items():
            if not self.judged[hash_].enough:
                yield Reason(path, self.judged[hash_].reason)
        for group in self.groups:
            judged = judge_group(self.members(group), self.wanted)
            if not judged.enough:
                yield Reason(group[0], judged.reason)

    def proofs(self) -> dict[str, tuple[Standing, ...]]:
        """The copies of each content that count."""
        counting = {
            hash_: tuple(each for each in standings if each.state.counts)
            for hash_, standings in self.standings.items()
        }
        return {hash_: standings for hash_, standings in counting.items() if standings}

    def trusting(self) -> int:
        """How many files of the card would not be enough without the copies that could not be looked at."""
        return sum(self._is_trusting(hash_) for hash_ in self.hashes.values())

    def _is_trusting(self, hash_: str) -> bool:
        states = [each.state for each in self.standings.get(hash_, ()) if each.path is not None]
        return self.judged[hash_].enough and not judge(states, self.wanted).enough


def weigh(
    card: Card,
    hashes: Mapping[str, str],
    groups: Sequence[Sequence[str]],
    catalog: Catalog | None,
    *,
    terms: Terms,
    teller: Reporter,
) -> Weighed:
    """Look at the copies of these contents of the card, and judge them."""
    if catalog is None:
        never = Judged(enough=False, reason="was never backed up: there is no catalog yet")
        return Weighed(terms.wanted, hashes, judged=dict.fromkeys(hashes.values(), never))
    with catalog.read() as c:
        copies = [*placed_copies(c, list(hashes.values()))]
        takes = recordings_of(c, [copy.id for copy in copies])
        troubles = open_troubles(c)
    standings: dict[str, list[Standing]] = defaultdict(list)
    for standing in Looker(card.disk, card.volume, troubles, terms, teller).look(copies):
        standings[standing.copy.hash].append(standing)
    judged = {
        hash_: judge([each.state for each in standings.get(hash_, ())], terms.wanted)
        for hash_ in unique(hashes.values())
    }
    paths = {hash_: path for path, hash_ in reversed([*hashes.items()])}
    on_record = [[paths[hash_] for hash_ in take if hash_ in paths] for take in takes]
    together = unique(tuple(each) for each in [*groups, *on_record] if len(each) > 1)
    return Weighed(terms.wanted, hashes, standings, judged, together)
