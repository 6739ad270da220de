"""Which files of a card are one thing: a photo with its raw, a clip with its proxy, a take in chapters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cardcat.metadata import GroupKind, GroupRole
from cardcat.model import Kind
from cardcat.plan.chapters import chapter_of
from cardcat.plan.forms import Form, form_of, is_edit, is_of_apple, photo_rank
from cardcat.plan.groups import split_name
from cardcat.plan.indexes import counted_folder, takes_of_playlist
from cardcat.plan.structures import clip_place


@dataclass(frozen=True, slots=True)
class AssetFile:
    """
    One file of a card, as what belongs together is decided from. *group* is that of `assign_groups`.

    *live_photo_id* and *clips* are what the file itself says (`Details`), where it has been read.
    """

    item: int
    path: str
    size: int
    kind: Kind
    group: int
    live_photo_id: str | None = None
    clips: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asset:
    """Files that are one thing, each by its item with its role; the master first."""

    kind: GroupKind
    name: str
    members: tuple[tuple[int, GroupRole], ...]


def recording_key(path: str) -> str | None:
    """What the films of one take have in common, so that its chapters can stay together; None for others."""
    chapter = chapter_of(path)
    return chapter.take if chapter else None


def assemble(files: Sequence[AssetFile]) -> list[Asset]:
    """
    The assets of two members or more, whatever the order of *files*.

    A file is in one asset at most, but for those of the kind INDEX: a camera's list, and what it lists.
    """
    joins = _Joins()
    places = dict(_join_by_path(files, joins))
    _join_live_photos(files, joins)
    lists = [*_join_playlists(files, joins)]
    parts: dict[int, list[AssetFile]] = defaultdict(list)
    for file in files:
        parts[joins.find(file.group)].append(file)
    shots = (_asset(members, places) for members in parts.values() if len(members) > 1)
    assets = [asset for asset in shots if asset]
    assets += (_index(*each) for each in lists)
    assets += (_index(*each) for each in _counters(files))
    return sorted(assets, key=lambda asset: (asset.kind is GroupKind.INDEX, min(asset.members)))


class _Joins:
    """Naming groups that turn out to be one."""

    def __init__(self) -> None:
        self._parents: dict[int, int] = {}

    def find(self, group: int) -> int:
        """The least number of those that are one with *group*."""
        while (parent := self._parents.get(group, group)) != group:
            self._parents[group] = self._parents.get(parent, parent)  # so that long chains stay short
            group = parent
        return group

    def join(self, one: int, other: int) -> None:
        """Make two groups one."""
        first, last = sorted((self.find(one), self.find(other)))
        if first != last:
            self._parents[last] = first


def _join_by_path(files: Iterable[AssetFile], joins: _Joins) -> Iterator[tuple[int, str]]:
    """Join chapters of one take, and what a structure keeps of one clip; say where in the structure it is."""
    met: dict[str, int] = {}
    for file in files:
        place = clip_place(file.path)
        key = f"clip {place.clip}" if place else recording_key(file.path)
        if key is not None:
            joins.join(met.setdefault(key, file.group), file.group)
        if place:
            yield file.item, place.part


def _join_live_photos(files: Iterable[AssetFile], joins: _Joins) -> None:
    """Join the halves of a Live Photo that have other names, if it is certain which is whose."""
    halves: dict[str, tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
    for file in files:
        if file.live_photo_id and file.kind.is_media:
            halves[file.live_photo_id][file.kind is Kind.VIDEO].add(joins.find(file.group))
    for photos, films in halves.values():
        alone, others = photos - films, films - photos
        if len(alone) == 1 and len(others) == 1:
            joins.join(alone.pop(), others.pop())


def _join_playlists(files: Sequence[AssetFile], joins: _Joins) -> Iterator[tuple[AssetFile, list[AssetFile]]]:
    """Join the spans of a take, and a playlist to its only one; give those that list several takes."""
    lists = sorted((file for file in files if file.clips), key=_path_of)
    films = (file for file in files if lists and file.kind is Kind.VIDEO)
    streams = {file.path.rpartition(".")[0].lower(): file for file in films}
    for playlist in lists:
        named = takes_of_playlist(playlist.path, playlist.clips)
        takes = [[streams[path] for path in take if path in streams] for take in named]
        listed = [span for take in takes for span in take]
        for take in takes:
            for span in take:
                joins.join(take[0].group, span.group)
        if len({joins.find(span.group) for span in listed}) == 1:
            joins.join(listed[0].group, playlist.group)
        elif listed:
            yield playlist, listed


def _counters(files: Sequence[AssetFile]) -> Iterator[tuple[AssetFile, list[AssetFile]]]:
    """Canon's lists, each with the pictures and films of the folder that it counts."""
    lists = sorted((file for file in files if counted_folder(file.path)), key=_path_of)
    counted: dict[tuple[str, str], list[AssetFile]] = defaultdict(list)
    for file in files if lists else ():
        parent, _, name = file.path.rpartition("/")[0].rpartition("/")
        if file.kind.is_media and name[:3].isdigit():
            counted[parent.lower(), name[:3]].append(file)
    for file in lists:
        target = counted_folder(file.path)
        if target in counted:
            yield file, counted.pop(target)


def _index(file: AssetFile, listed: Iterable[AssetFile]) -> Asset:
    parts = sorted({part.path: part.item for part in listed}.items())
    members = [(file.item, GroupRole.INDEX), *((item, GroupRole.PART) for _, item in parts)]
    return Asset(GroupKind.INDEX, _name(file), tuple(members))


class _Part(NamedTuple):
    """A file of a shot with its name in lower case and what that says of it."""

    file: AssetFile
    name: str
    form: Form


def _part(file: AssetFile, places: Mapping[int, str]) -> _Part:
    name = file.path.rpartition("/")[2].lower()
    return _Part(file, name, form_of(name, file.kind, places.get(file.item)))


def _asset(members: Sequence[AssetFile], places: Mapping[int, str]) -> Asset | None:
    """The asset that files which belong together make; None if no photo or film is among them."""
    parts = [_part(file, places) for file in sorted(members, key=_path_of)]
    photos = sorted((part for part in parts if part.form <= Form.PHOTO), key=_by_fullness)
    films = sorted((part for part in parts if part.form is Form.FILM), key=_by_chapter)
    if not photos and not films:
        return None
    kind = _kind(photos, films)
    is_film = kind in (GroupKind.CLIP, GroupKind.RECORDING)
    master = films[0] if is_film else photos[0]
    others = [part for part in parts if part.form in _OTHER_ROLES]
    roles = [(part.file.item, _role(part, master, kind)) for part in [*films, *photos, *others]]
    roles.sort(key=lambda each: _RANKS[each[1]])
    return Asset(kind, _name(master.file), tuple(roles))


_RANKS = {role: rank for rank, role in enumerate(GroupRole)}
_OTHER_ROLES = {
    Form.SOUND: GroupRole.PART,
    Form.PREVIEW: GroupRole.PREVIEW,
    Form.SIDECAR: GroupRole.SIDECAR,
}


def _kind(photos: Sequence[_Part], films: Sequence[_Part]) -> GroupKind:
    if photos and films and _is_live(photos, films):
        return GroupKind.LIVE_PHOTO
    if len({part.file.group for part in films}) > 1:
        return GroupKind.RECORDING
    return GroupKind.PHOTO if photos else GroupKind.CLIP


def _is_live(photos: Sequence[_Part], films: Sequence[_Part]) -> bool:
    """By the identifier of the two halves; by an iPhone's names only where neither half has one."""
    ids = {part.file.live_photo_id for part in photos} - {None}
    film_ids = {part.file.live_photo_id for part in films} - {None}
    if ids or film_ids:
        return not ids.isdisjoint(film_ids)
    return any(is_of_apple(part.name) for part in photos) and all(is_of_apple(part.name) for part in films)


def _by_fullness(part: _Part) -> tuple[bool, int, int, str]:
    return is_edit(part.name), photo_rank(part.name), -part.file.size, part.file.path


def _by_chapter(part: _Part) -> tuple[bool, int, str, int, str]:
    chapter = chapter_of(part.file.path)
    stem = part.name.rpartition(".")[0]
    return is_edit(part.name), chapter.number if chapter else 0, stem, -part.file.size, part.file.path


def _role(part: _Part, master: _Part, kind: GroupKind) -> GroupRole:
    if part is master:
        return GroupRole.MASTER
    if part.form in _OTHER_ROLES:
        return _OTHER_ROLES[part.form]
    if part.form is not Form.FILM or is_edit(part.name):
        return GroupRole.RENDITION
    if kind is GroupKind.LIVE_PHOTO:
        return GroupRole.MOTION
    is_same = part.name.rpartition(".")[0] == master.name.rpartition(".")[0]
    return GroupRole.RENDITION if kind is GroupKind.CLIP and is_same else GroupRole.PART


def _path_of(file: AssetFile) -> str:
    return file.path


def _name(file: AssetFile) -> str:
    return split_name(file.path.rpartition("/")[2])[0]
