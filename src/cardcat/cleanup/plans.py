"""The plan of a cleanup, as data and as the text that a person reads and edits."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from cardcat import text
from cardcat.cleanup.quoting import quote, unquote
from cardcat.errors import UsageError
from cardcat.paths import display

_FIRST = "cardcat cleanup plan 1"
_GROUP = re.compile(r"group +([0-9a-f]{64}) +([0-9]{1,19})")
_ROOT = re.compile(r"root +([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) +(.+)")
_LINE = re.compile(r"(keep|away) +(.+)")
_COLUMNS = 98


class Action(StrEnum):
    """What becomes of a copy that is put away."""

    QUARANTINE = "quarantine"  # moved into a folder of ours on the same drive
    HARDLINK = "hardlink"  # its name becomes one more name of the kept copy
    REFLINK = "reflink"  # a file of its own that shares the blocks of the kept copy


class Verb(StrEnum):
    """What a line of a plan says of a copy."""

    KEEP = "keep"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Line:
    """One copy, by its full path at the time of the plan."""

    verb: Verb
    path: str


@dataclass(frozen=True, slots=True)
class Block:
    """The copies of one content of *size* bytes. *comment* is for people; *number* is that of its line."""

    hash: str
    size: int
    lines: tuple[Line, ...]
    comment: str = ""
    number: int = 0

    def paths(self, verb: Verb) -> list[str]:
        """The copies that are to be kept, or to go."""
        return [line.path for line in self.lines if line.verb is verb]


@dataclass(frozen=True, slots=True)
class Root:
    """A library by the uuid of its location, and where its folder was mounted at the time of the plan."""

    uuid: str
    path: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done with every copy that goes, and which these are."""

    action: Action
    roots: tuple[Root, ...]
    blocks: tuple[Block, ...]

    @property
    def goers(self) -> int:
        """How many copies go."""
        return sum(len(block.paths(Verb.AWAY)) for block in self.blocks)

    @property
    def size(self) -> int:
        """The bytes of all copies that go."""
        return sum(block.size * len(block.paths(Verb.AWAY)) for block in self.blocks)

    @property
    def hash(self) -> str:
        """What tells it from other plans: everything that it orders, and no comment."""
        digest = hashlib.sha256(f"{_FIRST}\n{self.action.value}\n".encode())
        for line in [*self._roots(), *self._blocks()]:
            digest.update(line.encode("utf-8", "surrogateescape") + b"\n")
        return digest.hexdigest()

    def _roots(self) -> Iterator[str]:
        for root in sorted(self.roots, key=lambda root: (root.uuid, root.path)):
            yield f"root {root.uuid} {quote(root.path)}"

    def _blocks(self) -> Iterator[str]:
        for block in self.blocks:
            yield f"group {block.hash} {block.size}"
            for line in block.lines:
                yield f"{line.verb.value} {quote(line.path)}"


class PlanError(UsageError):
    """A plan that can't be read as one."""


def written(plan: Plan, made: str) -> Iterator[str]:
    """The lines of the plan as text. *made* is a sentence that says when and from what."""
    yield f"# {_FIRST}"
    yield from (f"# {line}".rstrip() for line in _header(plan, made))
    yield ""
    yield f"action  {plan.action.value}"
    yield ""
    for root in plan.roots:
        yield f"root  {root.uuid}  {quote(root.path)}"
    for block in plan.blocks:
        yield ""
        yield f"group {block.hash} {block.size}"
        for line in block.comment.splitlines():
            yield f"  # {display(line)}"
        for each in block.lines:
            yield f"  {each.verb.value}  {quote(each.path)}"


def _header(plan: Plan, made: str) -> Sequence[str]:
    files, groups = text.many(plan.goers, "file"), text.many(len(plan.blocks), "group")
    return (
        display(made),
        f"{files} of {groups} would be put away, {text.size(plan.size)} in all.",
        "Nothing was done yet. What would be done:   cardcat duplicates apply THIS-FILE",
        "Do it:                                      cardcat duplicates apply THIS-FILE --yes",
        "Take it back afterwards:                    cardcat duplicates undo",
        "",
        "Each group is one content: files that are equal byte by byte. Read it, and edit it as you like:",
        "- `away` goes, `keep` stays. Write keep instead of away, or away instead of keep.",
        "  One copy on each drive has to stay, and files that belong together go together.",
        "- Delete a whole group, from its line `group` to the next empty line, to leave it alone.",
        "- The line `action` says what becomes of what goes:",
        "    quarantine  moved into the folder .cardcat-quarantine of its library, on the same drive",
        "    hardlink    its name leads to the kept file from then on; the file itself is quarantined",
        "    reflink     the same with a clone of its own (Btrfs, XFS)",
        "- Leave the rest as it is: the hashes, the sizes, the lines `root`, the paths in their quotes.",
        "Lines that begin with # are for you. No file is ever deleted.",
    )


def parsed(content: str) -> Plan:
    """The plan that *content* is. PlanError names the first line that says nothing known."""
    lines = content.removeprefix("\ufeff").split("\n")
    if lines[0].strip() != f"# {_FIRST}":
        raise PlanError(
            "This is no plan of cardcat's: its first line is another one.",
            hint="Make one: cardcat duplicates plan FILE",
        )
    reading = _Reading()
    for number, line in enumerate(lines, start=1):
        word = line.strip()
        if word and not word.startswith("#"):
            reading.take(number, word)
    return reading.plan()


class _Reading:
    """Takes the lines of a plan one by one."""

    def __init__(self) -> None:
        self._action: Action | None = None
        self._roots: list[Root] = []
        self._groups: list[tuple[int, str, int, list[Line]]] = []

    def take(self, number: int, line: str) -> None:
        """Understand one line, or raise PlanError."""
        try:
            self._take(number, line)
        except ValueError as error:
            shown = text.shorten(display(line), _COLUMNS)
            raise PlanError(
                f"Line {number} of the plan is not understood: {error}: {shown}",
                hint="Lines say: action WORD, root ID PATH, group HASH SIZE, keep PATH, away PATH.",
            ) from None

    def _take(self, number: int, line: str) -> None:
        if found := _LINE.fullmatch(line):
            if not self._groups:
                raise ValueError("it stands before the first group")
            self._groups[-1][3].append(Line(Verb(found[1]), _absolute(unquote(found[2]))))
        elif found := _GROUP.fullmatch(line):
            self._groups.append((number, found[1], int(found[2]), []))
        elif found := _ROOT.fullmatch(line):
            self._roots.append(Root(found[1], _absolute(unquote(found[2]))))
        elif line.split(maxsplit=1)[0] == "action":
            self._set_action(line)
        else:
            raise ValueError("it says nothing that is known")

    def _set_action(self, line: str) -> None:
        if self._action:
            raise ValueError("there is one action already")
        word = line.removeprefix("action").strip()
        if word not in list(Action):
            raise ValueError(f"the action is one of {', '.join(Action)}")
        self._action = Action(word)

    def plan(self) -> Plan:
        """What was taken. PlanError without an action."""
        if self._action is None:
            raise PlanError("The plan has no line `action`.", hint="It says: action  quarantine")
        blocks = tuple(
            Block(hash_, size, tuple(lines), number=number) for number, hash_, size, lines in self._groups
        )
        return Plan(self._action, tuple(self._roots), blocks)


def _absolute(path: str) -> str:
    pieces = path.split("/")
    if not path.startswith("/") or {"..", "."} & set(pieces) or "\0" in path or str(PurePath(path)) != path:
        raise ValueError("a path begins at the root, and has no . or .. in it")
    return path
