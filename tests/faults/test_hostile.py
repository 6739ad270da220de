"""A card, a drive and files that mean harm: nothing leaves the destination or reaches the terminal."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from cardcat.calling import run_name
from cardcat.catalog.details import METADATA_COLUMNS
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.knowledge import copies_of_contents
from cardcat.model import (
    BackupOptions,
    BackupResult,
    Counts,
    Finding,
    Layout,
    SessionResult,
    SessionStatus,
    Stage,
)
from cardcat.safety.answer import Reason
from cardcat.sightings import Now, Places
from cardcat.storage.disk import Disk, StrPath
from cardcat.storage.mhl.chain import CHAIN, LARGEST
from cardcat.summary import findings_table, summary_markdown
from tests.catalog.shelf import Shelf, sha256
from tests.drives import drive
from tests.faults import hostile
from tests.faults.command import Ended, run
from tests.support import DAY, Desk, fill, jpeg, snapshot

MIB = 1 << 20
MEMORY = 400 * MIB  # bytes of any one process; a quiet one takes a third of it
CARD, DRIVE = "card\x1b[31m\u202e", "drive\x9b<b>"
AROUND = ("outside", "home", "data", CARD, DRIVE)
SECRET = b"what lies outside, and is nobody's business"


@dataclass(frozen=True)
class Scene:
    """A hostile card, what lies around it, and what was said of it."""

    folder: Path
    card: Path
    drive: Path
    catalog: Path
    said: dict[str, Ended]

    @property
    def around(self) -> dict[str, tuple[int, int, int, bytes]]:
        """All that nobody may touch."""
        return snapshot(self.folder / "outside") | {
            f"home/{name}": what for name, what in snapshot(self.folder / "home").items() if name != "."
        }

    def ask(self, *words: str | Path) -> Ended:
        return run(*words, catalog=self.catalog, folder=self.folder / "home")


def contents(root: Path) -> list[bytes]:
    """The bytes of every file of a card that is a file, in order; links are not followed."""
    found = []
    for folder, _, names in os.walk(root):
        if len(folder) < 3000:
            files = (Path(folder, name) for name in names)
            found += [path.read_bytes() for path in files if stat.S_ISREG(path.lstat().st_mode)]
    return sorted(found)


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    """What a file would have to talk to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


@pytest.fixture(scope="module", params=list(Layout))
def scene(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, listener: socket.socket
) -> Scene:
    """The whole card, backed up twice by the command itself, and all that can be asked about it."""
    folder = tmp_path_factory.mktemp("scene")
    for name in AROUND:
        (folder / name).mkdir()
    (folder / "outside/secret.JPG").write_bytes(SECRET)
    card = hostile.build(folder / CARD, folder / "outside", listener.getsockname()[1])
    made = Scene(folder, card, folder / DRIVE, folder / "data/catalog.db", {})
    before, around = snapshot(card / "DCIM"), made.around
    backing_up = [
        "backup",
        card,
        made.drive,
        "--direct",
        "--layout",
        request.param,
        "--timezone",
        "UTC",
    ]
    commands: dict[str, list[str | Path]] = {
        "backup": backing_up,
        "backup again": [*backing_up, "--json"],
        "sessions": ["sessions", "list"],
        "errors": ["sessions", "errors", "1"],
        "errors as JSON": ["sessions", "errors", "1", "--json"],
        "session": ["sessions", "show", "1", "--json"],
        "safe": ["safe-to-format", card],
        "safe as JSON": ["safe-to-format", card, "--json"],
        "refresh": ["metadata", "refresh", "--json"],
        "volumes": ["volumes", "list"],
    }
    for name, words in commands.items():
        made.said[name] = made.ask(*words)
    assert snapshot(card / "DCIM") == before
    assert made.around == around
    return made


def unprintable(text: str) -> set[str]:
    """What a terminal might obey instead of showing it."""
    forbidden = ("Cc", "Cf", "Zl", "Zp", "Co", "Cs", "Cn")
    return {char for char in text if char != "\n" and unicodedata.category(char) in forbidden}


def test_a_hostile_card_is_copied_whole_and_nothing_else(scene: Scene) -> None:
    assert scene.said["backup"].code == 1
    arrived = contents(scene.drive)
    assert set(contents(scene.card)) <= set(arrived)
    assert SECRET not in arrived
    with Path("/etc/passwd").open("rb") as secret:
        assert secret.read() not in arrived
    assert {path.name for path in scene.folder.iterdir()} == set(AROUND)
    assert not list((scene.drive / ".cardcat/incoming").iterdir())


def test_everything_on_it_is_accounted_for(scene: Scene) -> None:
    again = json.loads(scene.said["backup again"].out)["sessions"][0]
    assert again["files_copied"] == again["files_failed"] == again["files_pending"] == 0
    assert again["files_skipped"] == again["files_scanned"]
    told = {Path(one["path"]).name: one["error_type"] for one in json.loads(scene.said["errors as JSON"].out)}
    wanted = {"secret": "SymbolicLink", "up": "SymbolicLink", "loop": "SymbolicLink", "proc": "SymbolicLink"}
    wanted |= {"pipe.JPG": "Pipe", "socket.MP4": "Socket"}
    assert wanted.items() <= told.items()
    assert os.geteuid() or told["device.JPG"] == "Device"


def test_nothing_of_it_reaches_a_terminal(scene: Scene) -> None:
    for name, said in scene.said.items():
        assert unprintable(said.out + said.err) == set(), name
        assert "Traceback" not in said.err, name


def test_what_is_said_for_programs_is_valid(scene: Scene) -> None:
    for name in ("backup again", "errors as JSON", "session", "safe as JSON", "refresh"):
        said = scene.said[name].out
        assert said.isascii(), name
        json.loads(said)


def test_it_is_not_safe_to_format(scene: Scene) -> None:
    answer = json.loads(scene.said["safe as JSON"].out)
    assert scene.said["safe as JSON"].code == 1
    assert not answer["safe"]
    assert {"LINKS/secret", "LINKS/pipe.JPG"} <= {reason["path"] for reason in answer["reasons"]}


def test_no_command_takes_much_memory(scene: Scene) -> None:
    taken = {name: said.memory // MIB for name, said in scene.said.items()}
    assert min(taken.values()) > 10
    assert max(taken.values()) < MEMORY // MIB, taken


def test_nothing_was_fetched(scene: Scene, listener: socket.socket) -> None:
    assert scene.said["backup"].code == 1
    with pytest.raises(BlockingIOError):
        listener.accept()


@pytest.mark.parametrize(
    "name", ["laughs.xml", "entity.xml", "remote.xmp", "bomb.png", "nested.mp4", "loop.nef"]
)
def test_a_file_is_shown_without_harm(tmp_path: Path, name: str, listener: socket.socket) -> None:
    path = tmp_path / name
    path.write_bytes(hostile.bombs(listener.getsockname()[1])[name])
    shown = run("show", path, "--json", catalog=tmp_path / "catalog.db")
    assert shown.code == 0
    assert json.loads(shown.out)
    assert "root:" not in shown.out
    assert shown.memory < MEMORY
    with pytest.raises(BlockingIOError):
        listener.accept()


@pytest.mark.parametrize("text", hostile.CLIMBING[-4:])
def test_what_a_photo_says_is_shown_as_text(tmp_path: Path, text: str) -> None:
    for name, data in (("A.JPG", hostile.with_exif(1, text)), ("A.xmp", hostile.xmp(text))):
        (tmp_path / name).write_bytes(data)
        shown = run("show", tmp_path / name, catalog=tmp_path / "catalog.db")
        assert shown.code == 0
        assert unprintable(shown.out + shown.err) == set()


def test_metadata_of_100_mb_is_not_taken_into_memory(tmp_path: Path) -> None:
    hostile.sparse(tmp_path)
    for name in ("tag.tif", "atom.mp4", "meta.heic", "packet.xmp"):
        path = tmp_path / name
        shown = run("show", path, "--json", catalog=tmp_path / "catalog.db")
        assert shown.code == 0, shown
        assert json.loads(shown.out)
        assert shown.memory < MEMORY, (path.name, shown.memory)


def test_a_file_larger_than_any_drive_is_told_of_before_the_first_byte(desk: Desk) -> None:
    fill(desk.card, {"DCIM/A.JPG": jpeg(1)})
    try:
        (desk.card / "DCIM/huge.MP4").write_bytes(hostile.FTYP)
        os.truncate(desk.card / "DCIM/huge.MP4", 10 << 40)
    except OSError:
        pytest.skip("this filesystem has no such files")
    told = run("backup", desk.card, desk.make("drive"), "--direct", catalog=desk.catalog)
    assert told.code == 10
    assert "too small" in told.err
    assert desk.on() == {}
    assert told.memory < MEMORY


def test_ten_thousand_files_in_one_folder_are_listed(desk: Desk) -> None:
    folder = desk.card / "DCIM/100"
    folder.mkdir(parents=True)
    for number in range(10_000):
        os.close(os.open(folder / f"\x1b[3{number}m.JPG", os.O_CREAT | os.O_WRONLY))
    told = run("backup", desk.card, desk.make("drive"), "--dry-run", "--json", catalog=desk.catalog)
    assert told.code == 0
    assert json.loads(told.out)
    assert told.memory < MEMORY


class Meddling(Disk):
    """Changes the card when the first of its files is to be read."""

    def __init__(self, folder: Path, outside: Path, how: str) -> None:
        super().__init__()
        self._folder, self._outside, self._how = folder, outside, how

    def open_source(self, path: StrPath) -> int:
        how, self._how = self._how, ""
        photo = self._folder / "A.JPG"
        if how == "folder":
            self._folder.rename(self._folder.with_name("moved"))
            self._folder.symlink_to(self._outside)
        elif how == "folder above":
            self._folder.parent.rename(self._folder.parent.with_name("moved"))
            self._folder.parent.symlink_to(self._outside.parent)
        elif how:
            photo.unlink()
            if how == "pipe":
                os.mkfifo(photo)
            else:
                photo.symlink_to(self._outside / "A.JPG")
        return super().open_source(path)


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("how", ["folder", "folder above", "link", "pipe"])
def test_a_card_that_changes_while_it_is_read_leads_nowhere(desk: Desk, how: str, layout: Layout) -> None:
    """What lies there instead has the size and the time of the file that was scanned."""
    fill(desk.card, {"DCIM/outside/A.JPG": jpeg(1)})
    secret = SECRET.ljust(len(jpeg(1)), b".")
    outside = fill(desk.make("outside"), {"A.JPG": secret})

    result = desk.backup(layout=layout, disk=Meddling(desk.card / "DCIM/outside", outside, how))

    assert result.status == SessionStatus.FAILED
    assert [(finding.path, finding.failed) for finding in result.findings] == [("DCIM/outside/A.JPG", True)]
    assert secret not in desk.on().values()
    assert desk.on() == {}


@pytest.mark.parametrize(
    "marker",
    [
        b"[" * 60_000, b'{"a":' * 20_000, b"{" + b'"x": 1,' * 200_000, b"\xff\xfe" * 1000, b"null",
        b"[]", b'"x"', b"",
        b'{"format": "cardcat destination", "version": "9"}', b"1" * 10_000,
        b'{"format": "cardcat destination", "version": 1, "volume_uuid": "../../x", "location_uuid": "/x"}',
        b'{"format": "cardcat destination", "version": 1, "volume_uuid": [], "location_uuid": {"a": 1}}',
        b'{"format": ["cardcat destination"], "version": {}}',
    ],
    ids=range(13),
)  # fmt: skip
def test_a_marker_that_means_nothing_is_put_aside(desk: Desk, marker: bytes) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})
    fill(desk.make("drive"), {".cardcat/marker.json": marker})
    assert desk.backup().status == SessionStatus.COMPLETED
    aside = [path for path in (desk.folder / "drive/.cardcat").iterdir() if "marker.json." in path.name]
    assert [path.read_bytes() for path in aside] == [marker]
    assert json.loads((desk.folder / "drive/.cardcat/marker.json").read_bytes())["version"] == 1


def _pipe(place: Path, _: Path) -> None:
    os.mkfifo(place)


def _link(place: Path, outside: Path) -> None:
    place.symlink_to(outside)


def _other_name(place: Path, outside: Path) -> None:
    os.link(outside, place)


def _device(place: Path, _: Path) -> None:
    if os.geteuid():
        pytest.skip("only root makes devices")
    os.mknod(place, stat.S_IFCHR | 0o666, os.makedev(1, 3))


@pytest.mark.parametrize("make", [_pipe, _link, _other_name, _device])
@pytest.mark.parametrize("name", ["lock", "marker.json"])
def test_what_stands_for_a_file_of_ours_is_not_written_to(desk: Desk, name: str, make: object) -> None:
    assert callable(make)
    fill(desk.card, {"A.JPG": jpeg(1)})
    outside = fill(desk.make("outside"), {"mine": b"mine"}) / "mine"
    (desk.make("drive") / ".cardcat").mkdir()
    make(desk.folder / "drive/.cardcat" / name, outside)
    told = run("backup", desk.card, desk.folder / "drive", "--direct", catalog=desk.catalog)
    assert told.code in {0, 10}
    assert "Traceback" not in told.err
    assert outside.read_bytes() == b"mine"
    assert name == "marker.json" or told.code == 10


def claim(path: str, **more: object) -> bytes:
    said = {
        "path": path,
        "sha256": "0" * 64,
        "size": 1,
        "mtime_ns": 1,
        "evidence": "read_back_cold",
        "verified_at": 1,
    }
    return json.dumps(said | more).encode() + b"\n"


def test_a_crafted_manifest_is_trusted_for_nothing(desk: Desk) -> None:
    """Copies that it claims are looked for and read before anything is skipped for them."""
    data = jpeg(1)
    fill(desk.card, {"DCIM/A.JPG": data, "DCIM/B.JPG": jpeg(2)})
    sha = hashlib.sha256(data).hexdigest()
    lines = [
        claim("../outside/mine"), claim("/etc/passwd"), claim("a/../../b"), claim("C:\\x"), claim("x\0y"),
        claim("CON"),
        claim("a//b"), claim("\ud800"), claim(""), claim("x" * 100_000), claim("A.JPG", size=-1),
        claim("A.JPG", size=1 << 80), claim("A.JPG", mtime_ns="1"), claim("A.JPG", sha256="zz"),
        b"[" * 100_000 + b"\n",
        b"\xff\xfe\n", b"{}\n", b"null\n", b"1\n", b'{"path": {"a": 1}}\n',
        claim("2024/2024-05-01/A.JPG", sha256=sha, size=len(data), mtime_ns=DAY),
        claim("2024/2024-05-01/A.JPG", sha256="1" * 64, size=len(data), mtime_ns=DAY),
        claim("2024/2024-05-01/A.JPG", sha256=sha, size=len(data), mtime_ns=DAY),
        claim("link/A.JPG", sha256=sha, size=len(data), mtime_ns=DAY),
    ]  # fmt: skip
    outside = fill(desk.make("outside"), {"mine": b"mine", "A.JPG": data})
    name = "SHA256SUMS-20240501T100000Z-1"
    sums = (
        f"{sha}  ../outside/A.JPG\n{sha}  /etc/passwd\n{sha}  link/A.JPG\n\\{sha}  a\\nb\n".encode()
        + b"\xff" * 5000
    )
    manifests = ".cardcat/manifests"
    fill(desk.make("drive"), {f"{manifests}/{name}": sums, f"{manifests}/{name}.jsonl": b"".join(lines)})
    fill(desk.make("drive"), {f"{manifests}/{name[:-1]}2": sums, "2024/2024-05-01/A.JPG": data[:-1] + b"!"})
    (desk.folder / "drive/link").symlink_to(outside)
    before = snapshot(outside)

    told = run("backup", desk.card, desk.folder / "drive", "--direct", "--json", catalog=desk.catalog)

    assert told.code == 1, told  # one of the claims was found to be wrong
    session = json.loads(told.out)["sessions"][0]
    assert (session["files_copied"], session["files_skipped"]) == (2, 0)
    assert {data, jpeg(2)} <= set(desk.on().values())
    assert snapshot(outside) == before
    trusted = desk.ask(
        "SELECT count(*) FROM file_locations WHERE evidence <> 'claimed' AND status = 'present'"
    )
    assert trusted == [(2,)]
    assert desk.ask("SELECT count(*) FROM folders WHERE path LIKE '%..%' OR path LIKE '/%'") == [(0,)]


def test_a_folder_that_became_a_link_holds_no_copies(desk: Desk) -> None:
    """It leads out of the destination, even where that is the same filesystem."""
    photos = {"DCIM/A.JPG": jpeg(1), "DCIM/B.JPG": jpeg(2)}
    fill(desk.card, photos)
    desk.backup()
    (desk.folder / "drive/2024").rename(desk.make("outside") / "2024")
    (desk.folder / "drive/2024").symlink_to(desk.folder / "outside/2024")
    before = snapshot(desk.folder / "outside")

    told = json.loads(run("safe-to-format", desk.card, "--json", catalog=desk.catalog).out)
    assert {reason["path"] for reason in told["reasons"]} >= set(photos)
    assert desk.backup().sessions[0].counts.copied == 2
    assert set(photos.values()) <= set(contents(desk.folder / "drive"))
    assert snapshot(desk.folder / "outside") == before


def test_a_copy_behind_a_link_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(tmp_path, monkeypatch)
    shelf.back_up({"DCIM/A.JPG": b"a"})
    with open_catalog(shelf.catalog) as catalog, catalog.read() as c:
        (copy,) = copies_of_contents(c, [sha256(b"a")])
    found = Places(Disk()).look(copy)
    assert found.now is Now.THERE
    assert found.path
    folder = found.path.parent
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "moved")
    assert found.path.read_bytes() == b"a"
    assert Places(Disk()).look(copy).now is Now.CHANGED


def test_a_manifest_without_end_is_read_in_little_memory(desk: Desk) -> None:
    """A line of a quarter of a gigabyte, lines of a megabyte, and very many."""
    fill(desk.card, {"DCIM/A.JPG": jpeg(1)})
    folder = desk.make("drive") / ".cardcat/manifests"
    folder.mkdir(parents=True)
    stem = "SHA256SUMS-20240501T10000{}Z-1"
    for number in (1, 2):
        sparse = folder / (stem.format(number) + (".jsonl" if number == 1 else ""))
        sparse.touch()
        os.truncate(sparse, 1 << 28)
    with (folder / f"{stem.format(3)}.jsonl").open("wb") as file:
        for number in range(200):
            file.write(claim(f"x/{number}", source_path="x" * 1_000_000))
    with (folder / f"{stem.format(4)}.jsonl").open("wb") as file:
        file.writelines(claim(f"y/{number % 9}/{number}") for number in range(5_000))
        file.write(b"{}\n" * 100_000)
    told = run("backup", desk.card, desk.folder / "drive", "--direct", catalog=desk.catalog)
    assert told.code == 0
    assert told.memory < MEMORY, told.memory // MIB


def test_a_manifest_of_long_claims_is_read_in_little_memory(desk: Desk) -> None:
    """Each as long as a line may be: columns that nobody knows, or a film's every column."""
    fill(desk.card, {"DCIM/A.JPG": jpeg(1)})
    folder = desk.make("drive") / ".cardcat/manifests"
    folder.mkdir(parents=True)
    stem = "SHA256SUMS-20240501T10000{}Z-1.jsonl"
    unknown = {f"c{number}": "x" * 4096 for number in range(99)}
    known = dict.fromkeys(METADATA_COLUMNS, "\N{GRINNING FACE}" * 4096)
    with (folder / stem.format(1)).open("wb") as file:
        file.writelines(claim(f"{number}.jpg", kind="image", media=unknown) for number in range(500))
    with (folder / stem.format(2)).open("wb") as file:
        file.writelines(
            claim(f"{number}.mp4", sha256=f"{number + 1:064x}", kind="video", media=known)
            for number in range(500)
        )
    told = run("backup", desk.card, desk.folder / "drive", "--direct", catalog=desk.catalog)
    assert told.code == 0
    assert told.memory < MEMORY * 3 // 4, told.memory // MIB
    assert desk.ask("SELECT count(*) FROM media_files WHERE length(camera_make) = 4096") == [(500,)]


@pytest.mark.parametrize("inside", ["attribute", "names"])
def test_a_generation_of_the_history_without_end_is_read_in_little_memory(desk: Desk, inside: str) -> None:
    """It says that it lists a manifest of ours, and is not in the chain: as after a kill."""
    fill(desk.card, {"DCIM/A.JPG": jpeg(1)})
    desk.backup()
    drive = desk.folder / "drive"
    manifest = next((drive / ".cardcat/manifests").glob("*-1")).name
    with (drive / "ascmhl/0002_drive_2024-05-01_100000Z.mhl").open("wb") as file:
        file.write(b"<hashlist><creatorinfo><comment>.cardcat/manifests/%s" % manifest.encode())
        file.write(b"</comment></creatorinfo><hashes>")
        if inside == "attribute":
            file.write(b'<hash a="')
            file.writelines([b"x" * MIB] * 300)
            file.write(b'"/>')
        else:
            file.writelines(b"<a%d/>" % number for number in range(2_000_000))
        file.write(b"</hashes></hashlist>")
    chain = (drive / "ascmhl" / CHAIN).read_bytes()

    fill(desk.card, {"DCIM/B.JPG": jpeg(2)})
    told = run("backup", desk.card, drive, "--direct", catalog=desk.catalog)

    assert told.code == 0
    assert told.memory < MEMORY * 3 // 4, told.memory // MIB
    assert (drive / "ascmhl" / CHAIN).read_bytes().startswith(chain[: chain.rindex(b"</")])
    assert b"0002_" not in (drive / "ascmhl" / CHAIN).read_bytes()


def test_a_chain_of_the_history_that_is_all_names_is_read_in_little_memory(desk: Desk) -> None:
    fill(desk.card, {"DCIM/A.JPG": jpeg(1)})
    desk.backup()
    path = desk.folder / "drive/ascmhl" / CHAIN
    name = "x" * 60_000 + "\N{GRINNING FACE}"  # takes four bytes a character
    link = f'<hashlist sequencenr="2"><path>{name}</path></hashlist>'.encode()
    end = b"</ascmhldirectory>"
    room = LARGEST - path.stat().st_size - 1000
    path.write_bytes(path.read_bytes().replace(end, link * (room // len(link)) + end))

    fill(desk.card, {"DCIM/B.JPG": jpeg(2)})
    told = run("backup", desk.card, desk.folder / "drive", "--direct", catalog=desk.catalog)

    assert told.code == 0
    assert told.memory < MEMORY * 3 // 4, told.memory // MIB


def test_a_label_of_a_card_leads_nowhere(desk: Desk) -> None:
    with drive(desk.folder / "card", label="../../outside/x") as card:
        fill(card, {"PRIVATE/AVCHD/x": b"x", "DCIM/A.JPG": jpeg(1)})
        for layout in Layout:
            assert desk.backup(source=card, layout=layout).status == SessionStatus.COMPLETED
    assert list(desk.folder.rglob("outside")) == []
    assert {"card", "card.img", "drive"} >= {
        path.name for path in desk.folder.iterdir() if "catalog" not in path.name
    }


def test_nothing_of_a_name_is_markup_on_the_page() -> None:
    """Read as a page may read it: as Markdown with tables, links and HTML."""
    evil = [
        *hostile.EVIL,
        *hostile.CLIMBING,
        "x|<img src=x onerror=alert(1)>|",
        "`<b>x</b>`",
        "\\|<i>",
        "a`|`<u>",
    ]
    findings = tuple(Finding(name, Stage.COPY, "OSError", f"{name}: failed", failed=True) for name in evil)
    counts = Counts(scanned=1, failed=1)
    session = [
        SessionResult(
            n,
            f"/mnt/{name}",
            SessionStatus.FAILED,
            resumed=False,
            counts=counts,
            files_ignored=0,
            files_excluded=0,
            message=name,
        )
        for n, name in enumerate(evil)
    ]
    for name in evil:
        result = BackupResult(SessionStatus.FAILED, tuple(session), 0, 1.0, findings=findings)
        page = summary_markdown(
            result, BackupOptions(Path(f"/media/{name}"), ()), safe=False, reasons=[Reason(name, name)]
        )
        rows = "".join(f"{row['file']}\n\n{row['message']}\n\n" for row in findings_table(findings))
        active = {"html_inline", "html_block", "link_open", "image"}
        for text in (page, rows):
            assert unprintable(text) == set()
            tokens = [
                part
                for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text)
                for part in (token, *(token.children or ()))
            ]
            assert {token.type for token in tokens} & active == set(), name
        assert unprintable(run_name(f"/media/{name}", [f"/mnt/{name}"])) == set()
