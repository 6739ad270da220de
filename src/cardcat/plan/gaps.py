"""What is missing on a card, to be known as long as the camera can still mend it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cardcat.model import INCOMPLETE, UNFINISHED, Kind
from cardcat.paths import display
from cardcat.plan.assets import AssetFile
from cardcat.plan.chapters import Chapter, chapter_of, name_of_chapter
from cardcat.plan.groups import FILM_EXTENSIONS, PHOTO_EXTENSIONS, group_key
from cardcat.plan.indexes import takes_of_playlist
from cardcat.plan.wholeness import missing_in_structures, shown_name

_UNENDED = {  # what cameras call a film that they had no time to end
    "rsv": "a recovery file of a recording that the camera did not end",
    "mdt": "a recording that the camera did not end",
}
_OF_MEDIA = {
    "srt": "holds the subtitles of",
    "lrv": "is the preview of",
    "lrf": "is the preview of",
    "thm": "is the thumbnail of",
}
_OF_ANYTHING = {"aae": "holds the edits of", "xmp": "describes"}  # also beside what no camera writes
_BESIDE = _OF_MEDIA | _OF_ANYTHING
_MEDIA = PHOTO_EXTENSIONS | FILM_EXTENSIONS
_MOST_NAMES = 3  # in one sentence
_OF_FILMS_ONLY = frozenset({"srt", "lrv", "lrf"})
_ONLY_AMONG_MEDIA = frozenset({"srt", "xmp"})  # in a folder without any they are no camera's


@dataclass(frozen=True, slots=True)
class Gap:
    """
    Something that is not on the card though it should be. *what* is a sentence that names the file.

    *path* is the file, or the folder of a structure, that shows it; *error_type* as findings have it.
    """

    path: str
    what: str
    error_type: str


def gaps_by_name(paths: Sequence[str], sizes: Sequence[int]) -> Iterator[Gap]:
    """
    What the names on a card say is missing, or was not ended. *paths* are relative, with '/'.

    What cameras delete together and what people delete is no gap: each one is something to look at.
    """
    folders: dict[str, list[str]] = defaultdict(list)
    for path, size in zip(paths, sizes, strict=True):
        folder, _, name = path.rpartition("/")
        folders[folder].append(name)
        extension = name.rpartition(".")[2].lower()
        if extension in _UNENDED:
            yield _unended(path, _UNENDED[extension])
        elif not size and extension in _MEDIA and name[:1] != ".":
            yield _empty(path, extension)
    for folder in sorted(folders):
        yield from _orphans(folder, sorted(folders[folder]))
    yield from _chapters(sorted(paths))
    for path, what in missing_in_structures(folders):
        yield Gap(path, what, INCOMPLETE)


def gaps_by_content(files: Sequence[AssetFile]) -> Iterator[Gap]:
    """
    What the files themselves say is missing: clips of an AVCHD playlist, halves of Live Photos.

    A half alone is only told of where another Live Photo of the card is whole: some ways to export photos
    leave out all films.
    """
    yield from _clips(files)
    yield from _halves(files)


def _empty(path: str, extension: str) -> Gap:
    if extension in PHOTO_EXTENSIONS:
        return Gap(path, f"{shown_name(path)} is an empty photo", UNFINISHED)
    return _unended(path, "an empty recording")


def _unended(path: str, what: str) -> Gap:
    """Cameras look for films like this and mend them; they do nothing of the kind for photos."""
    told = f"{shown_name(path)} is {what}; the camera may be able to mend it while it is on the card"
    return Gap(path, told, UNFINISHED)


def _orphans(folder: str, names: Sequence[str]) -> Iterator[Gap]:
    """Files that only say something of another one, where that is not in the folder; one a group."""
    beside = [name for name in names if _extension(name) in _BESIDE]
    if not beside:
        return
    others = [name for name in names if _extension(name) not in _BESIDE]
    media = {group_key(name) for name in others if _extension(name) in _MEDIA}
    anything = {group_key(name) for name in others} | {name.lower() for name in others}
    for name in beside:
        key, extension = group_key(name), _extension(name)
        if extension in _ONLY_AMONG_MEDIA and not media:
            continue
        if key in (media if extension in _OF_MEDIA else anything):
            continue
        media.add(key)
        anything.add(key)
        other = "film" if extension in _OF_FILMS_ONLY else "photo or film"
        what = f"{shown_name(name)} {_BESIDE[extension]} a {other} that is not on the card"
        yield Gap(f"{folder}/{name}" if folder else name, what, INCOMPLETE)


def _chapters(paths: Iterable[str]) -> Iterator[Gap]:
    """Takes that miss a chapter before their last one; a take may go on in the next folder."""
    takes: dict[tuple[str, str], list[tuple[Chapter, str]]] = defaultdict(list)
    for path in paths:
        chapter = chapter_of(path)
        if chapter and chapter.first is not None:
            folder, _, take = chapter.take.rpartition("/")
            takes[folder.rpartition("/")[0], take].append((chapter, path))
    for chapters in takes.values():
        numbers = {chapter.number for chapter, _ in chapters}
        first = min(chapter.first or 0 for chapter, _ in chapters)
        if missing := sorted({*range(first, max(numbers))} - numbers):
            path = min(path for _, path in chapters)
            named = [name_of_chapter(path.rpartition("/")[2], number) for number in missing]
            are = "are" if len(named) > 1 else "is"
            what = f"{_listed(named)} {are} not on the card, but a later chapter of the take is"
            yield Gap(path, what, INCOMPLETE)


def _clips(files: Sequence[AssetFile]) -> Iterator[Gap]:
    lists = sorted((file for file in files if file.clips), key=lambda file: file.path)
    streams = {file.path.rpartition(".")[0].lower() for file in files if lists and file.kind is Kind.VIDEO}
    for playlist in lists:
        takes = takes_of_playlist(playlist.path, playlist.clips)
        missing = {path: None for take in takes for path in take if path not in streams}
        if missing:
            names = _listed([path.rpartition("/")[2] for path in missing])
            what = f"{shown_name(playlist.path)} names clips that are not on the card: {names}"
            yield Gap(playlist.path, what, INCOMPLETE)


def _halves(files: Iterable[AssetFile]) -> Iterator[Gap]:
    halves: dict[str, dict[Kind, list[AssetFile]]] = defaultdict(lambda: {Kind.IMAGE: [], Kind.VIDEO: []})
    unread: set[int] = set()  # groups with a film that says nothing
    for file in files:
        if file.kind.is_media and file.live_photo_id:
            halves[file.live_photo_id][file.kind].append(file)
        elif file.kind is Kind.VIDEO:
            unread.add(file.group)
    if not any(half[Kind.IMAGE] and half[Kind.VIDEO] for half in halves.values()):
        return
    for half in sorted(halves.values(), key=_first_path):
        if half[Kind.IMAGE] and half[Kind.VIDEO]:
            continue
        file = min(half[Kind.IMAGE] or half[Kind.VIDEO], key=lambda file: file.path)
        if file.group not in unread:
            other = "film" if file.kind is Kind.IMAGE else "photo"
            what = f"{shown_name(file.path)} is half of a Live Photo whose {other} is not on the card"
            yield Gap(file.path, what, INCOMPLETE)


def _first_path(half: Mapping[Kind, Sequence[AssetFile]]) -> str:
    return min(file.path for files in half.values() for file in files)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(display(name) for name in names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""
