"""A real catalog: cards of two cameras backed up to a drive, and a library that was indexed."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from cardcat.backup import backup
from cardcat.cli.main import main
from cardcat.indexing import index
from cardcat.model import BackupOptions, Layout
from cardcat.notebooks.finding import FOLDER
from tests.notebooks.browser import Browser, browser
from tests.notebooks.serving import address_of, served

EXIF, GPS = 0x8769, 0x8825
CANON, SONY = ("Canon", "Canon EOS R5", "RF50mm F1.8 STM"), ("SONY", "ILCE-7M4", "FE 35mm F1.8")


@dataclass(frozen=True)
class Gallery:
    """
    Two cards of 4 and 3 photos on one drive, and a library with the first card's three times, less one.

    The library has `2024/` (4), `old disk/2024/` (4) and `best/` (the first of them).
    """

    folder: Path

    @property
    def catalog(self) -> Path:
        return self.folder / "catalog.db"

    @property
    def library(self) -> Path:
        return self.folder / "Pictures"


def photo(number: int, camera: tuple[str, str, str], *, has_place: bool = False, size: int = 50_000) -> bytes:
    """A photo of exactly *size* bytes, taken in the month and at the ISO of its number."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = camera[:2]
    exif.get_ifd(EXIF).update(
        {
            0x9003: f"2024:{number + 1:02}:10 10:00:00",
            0x8827: 100 * 2**number,
            0x920A: IFDRational(35 + 15 * number, 1),
            0xA434: camera[2],
        }
    )
    if has_place:
        degrees = (IFDRational(48, 1), IFDRational(10, 1), IFDRational(0, 1))
        exif.get_ifd(GPS).update({1: "N", 2: degrees, 3: "E", 4: degrees})
    out = io.BytesIO()
    Image.new("RGB", (240, 160), (40 * number, 90, 160)).save(out, "JPEG", exif=exif)
    return out.getvalue().ljust(size, bytes([number + 1]))


def fill(folder: Path, camera: tuple[str, str, str], count: int, *, has_place: bool = False) -> Path:
    folder.mkdir(parents=True)
    for number in range(count):
        name = f"IMG_{camera[0]}_{number}.JPG"
        (folder / name).write_bytes(photo(number, camera, has_place=has_place, size=50_000 + 10_000 * number))
    return folder


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Nobody changes it."""
    made = Gallery(tmp_path_factory.mktemp("gallery"))
    drive = made.folder / "ARCHIVE"
    drive.mkdir()
    cards = [
        fill(made.folder / "card 1" / "DCIM", CANON, 4),
        fill(made.folder / "card 2" / "DCIM", SONY, 3, has_place=True),
    ]
    for card in cards:
        backup(
            BackupOptions(source=card, destinations=(drive,), layout=Layout.DATED, timezone="UTC"),
            catalog=str(made.catalog),
        )
    for place in ("2024", "old disk/2024"):
        shutil.copytree(cards[0], made.library / place)
    (made.library / "best").mkdir()
    shutil.copy2(cards[0] / "IMG_Canon_0.JPG", made.library / "best" / "<b>first (1).JPG")
    index([made.library], catalog=made.catalog)
    return made


@pytest.fixture(scope="package", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Marimo and the snapshots keep what they keep in a home of their own."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            patch.setenv(variable, str(home / variable))
        patch.setenv("HOME", str(home))
        patch.delenv("CARDCAT_CATALOG", raising=False)
        yield


@pytest.fixture(scope="package")
def exported(
    own_folders: None, gallery: Gallery, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str], Path]:
    """The file of a notebook, by its name and kind: each is made once, and nothing is left beside it."""

    @cache
    def made(name: str, kind: str) -> Path:
        before = sorted(FOLDER.iterdir())
        place = tmp_path_factory.mktemp("kept") / f"{name}.{kind}"
        assert main(["notebook", name, f"--{kind}", str(place), "--catalog", str(gallery.catalog)]) == 0
        assert list(place.parent.iterdir()) == [place]
        assert sorted(FOLDER.iterdir()) == before  # what marimo leaves is gone with the copy that was run
        return place

    return made


@pytest.fixture(scope="package")
def address(own_folders: None, gallery: Gallery) -> Iterator[Callable[[str], str]]:
    """The address of a notebook that is served, by its name: each is begun once."""
    with ExitStack() as stack:

        @cache
        def begun(name: str) -> str:
            return address_of(stack.enter_context(served(name, catalog=gallery.catalog)))

        yield begun


@pytest.fixture(scope="package")
def tab(own_folders: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One Chromium for all of them."""
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def page(tab: Browser) -> Browser:
    """A page that has asked nobody yet."""
    tab.clear()
    return tab
