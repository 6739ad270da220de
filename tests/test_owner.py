"""Whose work a running session is, also on a computer that was renamed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cardcat.catalog import device
from cardcat.owner import is_alive, is_elsewhere, owner_stamp

MACHINE = "0123456789abcdef" * 2


@pytest.fixture(autouse=True)
def machine_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with this computer's machine id."""
    file = tmp_path / "machine-id"
    file.write_text(MACHINE)
    monkeypatch.setattr(device, "_MACHINE_IDS", (file,))
    return file


def stamp(**other: object) -> str:
    return json.dumps({**json.loads(owner_stamp()), **other})


def test_a_process_that_lives_is_alive() -> None:
    assert is_alive(owner_stamp())
    assert not is_elsewhere(owner_stamp())


def test_what_was_begun_before_the_computer_was_renamed_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, gone = owner_stamp(), stamp(boot="an earlier one")
    monkeypatch.setattr("socket.gethostname", lambda: "renamed")
    assert is_alive(mine)
    assert not is_alive(gone)
    assert not is_elsewhere(gone)


def test_of_another_computer_of_the_same_name_it_cannot() -> None:
    other = stamp(machine="another", boot="its own")
    assert is_alive(other)
    assert is_elsewhere(other)


def test_the_name_decides_for_a_stamp_without_a_machine() -> None:
    old = json.loads(stamp(boot="an earlier one"))
    del old["machine"]
    assert not is_alive(json.dumps(old))
    assert is_alive(json.dumps(old | {"host": "another"}))
    assert is_elsewhere(json.dumps(old | {"host": "another"}))


def test_the_name_decides_on_a_computer_without_machine_id(machine_id: Path) -> None:
    machine_id.unlink()
    assert "machine" not in json.loads(owner_stamp())
    assert is_alive(owner_stamp())
    assert not is_alive(stamp(machine="of another", boot="an earlier one"))
    assert is_alive(stamp(host="another", boot="its own"))


def test_the_machine_id_is_not_given_away() -> None:
    assert MACHINE not in owner_stamp().replace("-", "")


@pytest.mark.parametrize("nonsense", ["", "[]", "7", "null", "{}", '{"machine": "x"}'])
def test_nonsense_is_nobody(nonsense: str) -> None:
    assert not is_alive(nonsense)
    assert not is_elsewhere(nonsense)
