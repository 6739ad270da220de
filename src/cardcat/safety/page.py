"""The printable report: one HTML file that asks nobody for anything and runs nothing. Pure text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from cardcat import text
from cardcat.model import Kind
from cardcat.printed.frame import foot, head
from cardcat.printed.html import Head, Html, bullets, element, joined, table
from cardcat.safety.answer import Reason, Verdict
from cardcat.safety.figures import contact_sheet, file_table
from cardcat.safety.sheet import Listed, Sheet

_FILES_SHOWN = 20  # for one reason; the list of files has them all, each with its reason
_OTHERS_SHOWN = 1_000  # of what is no file, and so is in no list
_KINDS = {
    Kind.IMAGE: "pictures",
    Kind.VIDEO: "films",
    Kind.AUDIO: "sound",
    Kind.SIDECAR: "files beside them (sidecars)",
    Kind.OTHER: "other files",
}


def page(
    verdict: Verdict,
    sheet: Sheet,
    pictures: Iterable[tuple[Listed, bytes | None]],
    others: Sequence[Listed],
    untold: str = "",
) -> Iterator[Html]:
    """The report, bit by bit: *pictures* shown, *others* listed, *untold* why some media are among these."""
    yield _head(verdict)
    yield from _answer(verdict)
    yield from _against(verdict)
    yield from _warnings(verdict.warnings)
    yield from _proof(verdict)
    yield from _contents(verdict, sheet)
    yield from _sessions(sheet)
    yield element("h2", "Pictures and films")
    if untold:
        yield element("p", untold)
    yield from contact_sheet(pictures)
    if others:
        yield element("h2", "All other files")
        yield from file_table(
            "Each with the beginning of its hash, and the drives that it is proved on", others
        )
    yield _foot(verdict)


def _head(verdict: Verdict) -> Html:
    title = f"Safe to format: {_word(verdict)} ({verdict.account.volume.name}, {_moment(verdict)})"
    return head(title)


def _answer(verdict: Verdict) -> Iterator[Html]:
    account, volume = verdict.account, verdict.account.volume
    word = _word(verdict)
    yield element("h1", f"Memory card {volume.name}, looked at {_moment(verdict)}")
    yield element("p", f"Safe to format: {word}", class_=f"verdict {word}")
    yield element("p", _sentence(verdict))
    size = text.size(sum(account.found.sizes))
    told = {
        "Card": volume.name,
        "Looked at": str(account.root),
        "Filesystem": f"{volume.fs_type}, {text.size(volume.total_bytes)}",
        "UUID": volume.fs_uuid or "none",
        "On it": f"{text.many(verdict.files, 'file')}, {size}",
        "Asked for": text.many(verdict.copies, "proved copy", "proved copies")
        + (" of each file" if verdict.copies == 1 else " of each file, on as many disks"),
    }
    yield Html("<dl>")
    for name, value in told.items():
        yield Html(f"{element('dt', name)}{element('dd', value)}\n")
    yield Html("</dl>\n")


def _sentence(verdict: Verdict) -> str:
    if not verdict.safe:
        return "Do not format it yet. What stands in the way is named below, and what to do about it."
    seen = "Every copy that counts was looked at on its drive at that moment."
    if not all(drive.is_seen for drive in verdict.drives):
        seen = "Enough copies of every file were looked at on their drives; those marked “no” were not."
    if verdict.trusted and verdict.trusted.files:
        seen = (
            f"{text.many(verdict.trusted.files, 'file')} would not have enough copies without drives that "
            "were not plugged in; they are trusted because they were read in the last "
            f"{text.many(verdict.trusted.days, 'day')}."
        )
    return (
        "Every file on the card has its copies on other disks, each read back from the drive and equal "
        f"to what the card gave. {seen} What happens to the card or the drives later, this page can't know."
    )


def _against(verdict: Verdict) -> Iterator[Html]:
    if verdict.awaited:
        yield element("h2", "Drives to plug in")
        heads = (Head("Drive"), Head("Last seen", "moment"), Head("Files that wait for it", "number"))
        rows = [(d.name, text.moment(d.last_seen_at), text.count(d.files)) for d in verdict.awaited]
        yield from table("Plug them in, then ask again", heads, rows)
    if verdict.reasons:
        yield element("h2", "What stands in the way")
        files = set(verdict.account.found.paths)
        grouped: dict[str, list[str]] = {}
        for each in verdict.reasons:
            grouped.setdefault(each.reason, []).append(each.path or "the card as a whole")
        for reason, paths in grouped.items():
            yield element("h3", f"{reason} ({text.count(len(paths))})", class_="no")
            yield bullets(_some(paths, files), class_="paths")


def _some(paths: Sequence[str], files: AbstractSet[str]) -> list[str]:
    """What is no file, and so many of the files as anybody reads."""
    others = [path for path in paths if path not in files][:_OTHERS_SHOWN]
    listed = [*others, *[path for path in paths if path in files][:_FILES_SHOWN]]
    more = len(paths) - len(listed)
    return [*listed, f"and {text.count(more)} more, marked in the lists below"] if more else listed


def _warnings(warnings: Sequence[Reason]) -> Iterator[Html]:
    if warnings:
        yield element("h2", "Before you format the card or put it away", class_="warn")
        yield bullets(dict.fromkeys(f"{each.path}: {each.reason}" for each in warnings))


def _proof(verdict: Verdict) -> Iterator[Html]:
    yield element("h2", "What was proved")
    if not verdict.drives:
        yield element("p", "No drive has a proved copy of anything on this card.")
        return
    heads = (
        Head("Drive"),
        Head("Files", "number"),
        Head("Size", "number"),
        Head("Read back"),
        Head("How"),
        Head("Seen now"),
    )
    rows = [
        (
            f"{drive.name} ({drive.fs_type or 'filesystem not known'})",
            text.count(drive.files),
            text.size(drive.size),
            _span(drive.verified_from, drive.verified_to),
            "; ".join(drive.how) or "not recorded",
            "yes" if drive.is_seen else "no, not plugged in",
        )
        for drive in verdict.drives
    ]
    yield from table(
        "The copies that count: read back from the medium, memory shut out, and equal", heads, rows
    )


def _contents(verdict: Verdict, sheet: Sheet) -> Iterator[Html]:
    yield element("h2", "What is on the card")
    counted: dict[Kind, list[int]] = {kind: [] for kind in _KINDS}
    for file in sheet.files:
        counted[file.facts.kind].append(file.size)
    rows = [
        (_KINDS[kind], text.count(len(sizes)), text.size(sum(sizes)))
        for kind, sizes in counted.items()
        if sizes
    ]
    yield from table("Files by kind", (Head("Kind"), Head("Files", "number"), Head("Size", "number")), rows)
    ignored = verdict.account.found.ignored
    if ignored:
        yield element(
            "p",
            f"Beside these, {text.many(ignored, 'file')} that systems leave on cards (such as .DS_Store) "
            "and that nobody needs are not counted.",
            class_="soft",
        )


def _sessions(sheet: Sheet) -> Iterator[Html]:
    if not sheet.sessions:
        return
    yield element("h2", "Backups that made these copies")
    heads = (
        Head("Session"),
        Head("To"),
        Head("Begun", "moment"),
        Head("Status"),
        Head("Copied", "number"),
        Head("Skipped", "number"),
        Head("Failed", "number"),
    )
    rows = [
        (
            str(row.id),
            row.destination_path,
            text.moment(row.started_at),
            row.status.value,
            *map(text.count, (row.files_copied, row.files_skipped, row.files_failed)),
        )
        for row in sheet.sessions
    ]
    yield from table("Counts are those of the whole session", heads, rows)


def _foot(verdict: Verdict) -> Html:
    told = (
        "Times of drives and backups are those of this computer's clock; the times under pictures are the "
        "camera's."
    )
    return foot(_moment(verdict), told)


def _word(verdict: Verdict) -> str:
    return "yes" if verdict.safe else "no"


def _moment(verdict: Verdict) -> str:
    return text.moment(verdict.account.judged_at)


def _span(first: int, last: int) -> Html:
    whole = [text.moment(first), text.moment(last)]
    return joined([element("span", each, class_="moment") for each in dict.fromkeys(whole)], " to ")
