"""Looks for cards as soon as a disk is mounted, as the server is asked for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cardcat.server import asking, cards
from cardcat.server.cards import CardLooks

ROOT = "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw"
PROC = "22 21 0:19 / /proc rw - proc proc rw"
CARD = r"90 21 8:17 / /media/me/EOS\040DIGITAL rw - vfat /dev/sdb1 rw"
BIND = "91 21 8:1 /srv /mnt/srv rw - ext4 /dev/sda1 rw"
SHARE = "92 21 0:50 / /mnt/nas rw - cifs //nas/photos rw"


class Server:
    """Answers as Prefect's does, and keeps what it was asked to run."""

    def __init__(self) -> None:
        self.deployment: dict[str, Any] | None = {
            "id": "7",
            "paused": False,
            "schedules": [{"active": False}, {"active": True}],
        }
        self.at_work = 0
        self.looks = 0

    def ask(self, url: str, path: str, body: object = None) -> object:
        assert url == "http://server/api"
        if path == "/deployments/name/watch/watch-cards":
            return self.deployment
        if path == "/flow_runs/count":
            return self.at_work
        assert (path, body) == ("/deployments/7/create_flow_run", {"state": {"type": "SCHEDULED"}})
        self.looks += 1
        return {"id": "run"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    found = Server()
    monkeypatch.setattr(asking, "ask", found.ask)
    monkeypatch.setattr(cards, "_AGAIN", 0.0)
    return found


@pytest.fixture
def mountinfo(tmp_path: Path) -> Path:
    return mounted(tmp_path / "mountinfo", ROOT, PROC)


def mounted(file: Path, *lines: str) -> Path:
    file.write_text("".join(f"{line}\n" for line in lines))
    return file


def test_it_looks_at_first_and_when_a_disk_is_mounted(server: Server, mountinfo: Path) -> None:
    looks = CardLooks("http://server/api", mountinfo)
    looks.see_to()
    looks.see_to()
    assert server.looks == 1

    mounted(mountinfo, ROOT, PROC, CARD)
    looks.see_to()
    looks.see_to()
    assert server.looks == 2

    mounted(mountinfo, ROOT, PROC)
    looks.see_to()
    assert server.looks == 2, "a card that goes is nothing to look at"
    mounted(mountinfo, ROOT, PROC, CARD)
    looks.see_to()
    assert server.looks == 3


def test_a_folder_of_a_disk_that_is_there_and_a_share_are_no_new_disk(
    server: Server, mountinfo: Path
) -> None:
    looks = CardLooks("http://server/api", mountinfo)
    looks.see_to()

    mounted(mountinfo, ROOT, PROC, BIND, SHARE)
    looks.see_to()

    assert server.looks == 1


def test_what_is_mounted_while_one_looks_is_looked_at_after_it(server: Server, mountinfo: Path) -> None:
    looks = CardLooks("http://server/api", mountinfo)
    looks.see_to()
    server.at_work = 1
    mounted(mountinfo, ROOT, PROC, CARD)
    looks.see_to()
    assert server.looks == 1

    server.at_work = 0
    looks.see_to()
    looks.see_to()
    assert server.looks == 2


def test_a_server_that_does_not_answer_is_asked_again(server: Server, mountinfo: Path) -> None:
    deployment, server.deployment = server.deployment, None
    looks = CardLooks("http://server/api", mountinfo)
    looks.see_to()
    server.deployment = deployment
    looks.see_to()

    assert server.looks == 1


def test_it_is_not_asked_every_second(
    server: Server, mountinfo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "_AGAIN", 1_000.0)
    deployment, server.deployment = server.deployment, None
    looks = CardLooks("http://server/api", mountinfo)
    looks.see_to()
    server.deployment = deployment
    looks.see_to()

    assert server.looks == 0


@pytest.mark.parametrize("switched_off", [{"paused": True}, {"schedules": [{"active": False}]}])
def test_who_switched_the_schedule_off_wants_no_look(
    server: Server, mountinfo: Path, switched_off: dict[str, object]
) -> None:
    assert server.deployment
    server.deployment |= switched_off
    CardLooks("http://server/api", mountinfo).see_to()

    assert server.looks == 0


def test_a_system_without_the_file_has_no_disks(server: Server, tmp_path: Path) -> None:
    CardLooks("http://server/api", tmp_path / "nothing").see_to()

    assert server.looks == 1
