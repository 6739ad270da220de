"""A plan for duplicates: what goes and what stays, written down for a person to decide on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from cardcat.answers import write_new
from cardcat.care.choosing import scope_of
from cardcat.catalog.engine import Catalog
from cardcat.catalog.volumes import every_volume
from cardcat.cleanup.choosing import Choice, Choosing, Going, Wanted
from cardcat.cleanup.plans import Action, Block, Line, Plan, Root, Verb, written
from cardcat.cleanup.standing import Standing
from cardcat.plan.keepers import DEFAULT, LibraryCopy, Preferred, Rule, suggest
from cardcat.storage.disk import Disk
from cardcat.storage.system import this_disk


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user asks a plan of, in the words of the command line. See `Wanted`."""

    action: Action = Action.QUARANTINE
    rules: tuple[Rule, ...] = DEFAULT
    prefer: tuple[str, ...] = ()
    folder: str | None = None
    volume: str | None = None
    min_waste: int = 0


@dataclass(slots=True)
class Chosen:
    """
    A plan, and what is not in it.

    *left* counts copies by the reason why they stay, *small* are groups that waste less than was asked for.
    """

    plan: Plan
    left: Counter[str] = field(default_factory=Counter)
    small: int = 0


def choose(catalog: Catalog, wish: Wish | None = None, *, disk: Disk | None = None) -> Chosen:
    """
    Plan which duplicates go. Nothing is written, and no file is opened.

    UsageError if a folder or a drive that was named is not known.
    """
    standing = Standing(disk or this_disk())
    with catalog.read() as c:
        wanted = _wanted(c, wish or Wish())
        choosing = Choosing(c, standing, wanted)
    return _Planning(choosing.decide(), standing, wanted).chosen()


def write_plan(chosen: Chosen, path: Path, made: str) -> None:
    """
    Write the plan as text into the new file *path*: all of it, or nothing.

    *made* is a sentence that says when it was made, and from which catalog. UsageError if *path* is taken,
    DestinationError if it can't be written.
    """
    write_new("".join(f"{line}\n" for line in written(chosen.plan, made)).encode(), path)


def _wanted(c: Connection, wish: Wish) -> Wanted:
    keys = {known.volume.id: known.volume.key for known in every_volume(c)}

    def preferred(given: str) -> Preferred:
        scope = scope_of(c, given)
        assert scope.volume_id is not None
        return Preferred(keys[scope.volume_id], scope.path)

    return Wanted(
        action=wish.action,
        rules=wish.rules,
        prefer=tuple(map(preferred, wish.prefer)),
        inside=tuple(preferred(given) for given in (wish.folder, wish.volume) if given is not None),
        min_waste=wish.min_waste,
    )


class _Planning:
    """Makes blocks of what goes."""

    def __init__(self, choice: Choice, standing: Standing, wanted: Wanted) -> None:
        self._choice, self._standing, self._wanted = choice, standing, wanted
        self._roots: dict[str, Root] = {}
        self._small = 0

    def chosen(self) -> Chosen:
        """The plan with the largest waste first; what belongs to a file follows it."""
        blocks = tuple(self._blocks(self._worth_it()))
        roots = tuple(sorted(self._roots.values(), key=lambda root: (root.path, root.uuid)))
        return Chosen(Plan(self._wanted.action, roots, blocks), self._choice.left, self._small)

    def _worth_it(self) -> list[list[Going]]:
        by_lead: dict[str, list[Going]] = defaultdict(list)
        for going in self._choice.going:
            by_lead[going.lead.hash].append(going)
        found = [goings for goings in by_lead.values() if _waste(goings) >= self._wanted.min_waste]
        self._small = len(by_lead) - len(found)
        return sorted(found, key=lambda goings: (-_waste(goings), goings[0].lead.hash))

    def _blocks(self, groups: Iterable[Sequence[Going]]) -> Iterator[Block]:
        pairs: dict[str, list[tuple[LibraryCopy, LibraryCopy]]] = defaultdict(list)
        leads: dict[str, LibraryCopy] = {}
        for goings in groups:
            for going in goings:
                leads.setdefault(going.lead.hash, going.lead)
                for goer, keeper in sorted(going.pairs, key=lambda pair: pair[0].hash != going.lead.hash):
                    pairs[goer.hash].append((goer, keeper))
                    leads.setdefault(goer.hash, going.lead)
        for hash_, some in pairs.items():
            yield self._block(hash_, some, leads[hash_])

    def _block(
        self, hash_: str, pairs: Sequence[tuple[LibraryCopy, LibraryCopy]], lead: LibraryCopy
    ) -> Block:
        goers = [goer for goer, _ in pairs]
        keepers = list({keeper.id: keeper for _, keeper in pairs}.values())
        named = {copy.id for copy in [*goers, *keepers]}
        others = [copy for copy in self._choice.copies.get(hash_, ()) if copy.id not in named]
        lines = [
            *self._lines(Verb.KEEP, [*keepers, *(copy for copy in others if self._is_there(copy))]),
            *self._lines(Verb.AWAY, goers),
        ]
        return Block(
            hash_, lead.size if hash_ == lead.hash else goers[0].size, tuple(lines), self._why(pairs, lead)
        )

    def _why(self, pairs: Sequence[tuple[LibraryCopy, LibraryCopy]], lead: LibraryCopy) -> str:
        goer, keeper = pairs[0]
        if goer.hash != lead.hash:
            return f"belongs to {lead.name}"
        wanted = self._wanted
        if wanted.inside and not all(folder.holds(keeper) for folder in wanted.inside):
            return "kept: it is not where you want to clean up"
        found = suggest([keeper, *(goer for goer, _ in pairs)], wanted.rules, wanted.prefer)
        return f"kept: {found.reason}"

    def _lines(self, verb: Verb, copies: Iterable[LibraryCopy]) -> Iterator[Line]:
        for copy in copies:
            root = self._standing.root(copy)
            assert root is not None
            self._roots.setdefault(copy.location_uuid, Root(copy.location_uuid, str(root)))
            yield Line(verb, str(root / copy.path))

    def _is_there(self, copy: LibraryCopy) -> bool:
        return self._standing.against_staying(copy) is None


def _waste(goings: Sequence[Going]) -> int:
    return sum(goer.size for going in goings for goer, _ in going.pairs)
