"""The systemd unit that keeps the server: written, handed to systemd, removed; never anybody else's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cardcat.cli.main import main
from cardcat.errors import UsageError
from cardcat.server import state, unit

Told = Callable[[], list[str]]

FAKE = """#!{python}
import os, sys
from pathlib import Path
log = Path({log!r})
with log.open("a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
refused = log.with_name("refused")
sys.exit(1 if refused.exists() and refused.read_text() in sys.argv else 0)
"""


@pytest.fixture(autouse=True)
def _config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def systemd(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Told:
    """What a stand-in for systemctl was told; it refuses what the file `refused` names."""
    folder, log = tmp_path / "bin", tmp_path / "told"
    folder.mkdir()
    program = folder / "systemctl"
    program.write_text(FAKE.format(python=sys.executable, log=str(log)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return lambda: [line.removeprefix("--user --no-ask-password ") for line in log.read_text().splitlines()]


def test_the_unit_is_written_and_started(systemd: Told) -> None:
    done = unit.install()

    assert done.left == ()
    assert unit.path().read_text() == done.text == unit.text()
    assert systemd() == [
        "daemon-reload",
        "enable cardcat-server.service",
        "restart cardcat-server.service",
    ]
    assert unit.is_installed()


def test_the_command_is_named_in_full() -> None:
    """It works from any folder, for a wheel as for a checkout."""
    (command,) = [line for line in unit.text().splitlines() if line.startswith("ExecStart=")]
    python = command.removeprefix("ExecStart=").split()[0].strip('"')

    assert Path(python).is_absolute()
    done = subprocess.run(
        [python, "-P", "-c", "import cardcat.server.supervisor"],
        cwd="/",
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert done.returncode == 0


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("folder", ["plain", "a b", "50%", "$HOME", 'quo"te', "back\\slash"])
def test_systemd_takes_the_unit_as_it_is(
    folder: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / folder))
    monkeypatch.setenv("CARDCAT_CATALOG", f"/{folder}/catalog.db")
    state.folder().mkdir(parents=True)
    written = tmp_path / unit.NAME
    written.write_text(unit.text())

    environment = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}
    command = ["systemd-analyze", "--user", "verify", str(written)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert "%" not in unit.text().replace("%%", "")


def test_installing_again_replaces_ours(systemd: Told) -> None:
    unit.install()
    unit.path().write_text(unit.path().read_text() + "# of an older version\n")

    unit.install()

    assert unit.path().read_text() == unit.text()


def test_a_unit_of_somebody_else_is_left_alone(systemd: Told, tmp_path: Path) -> None:
    unit.path().parent.mkdir(parents=True)
    unit.path().write_text("[Service]\nExecStart=/bin/true\n")

    with pytest.raises(UsageError, match="has not written"):
        unit.install()
    with pytest.raises(UsageError, match="has not written"):
        unit.uninstall()

    assert unit.path().read_text() == "[Service]\nExecStart=/bin/true\n"
    assert not (tmp_path / "told").exists()
    assert not unit.is_installed()


def test_a_link_is_somebody_elses(systemd: Told, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text(unit.text())
    unit.path().parent.mkdir(parents=True)
    unit.path().symlink_to(mine)

    with pytest.raises(UsageError):
        unit.install()
    with pytest.raises(UsageError):
        unit.uninstall()

    assert unit.path().is_symlink()
    assert mine.exists()


def test_where_it_cannot_be_written_that_is_said(systemd: Told, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file where a folder should be")

    with pytest.raises(UsageError, match="can't be written"):
        unit.install()


def test_what_systemd_does_not_take_is_left_to_the_user(systemd: Told, tmp_path: Path) -> None:
    (tmp_path / "refused").write_text("enable")

    done = unit.install()

    assert unit.path().exists()
    assert done.left == (
        "systemctl --user enable cardcat-server.service",
        "systemctl --user restart cardcat-server.service",
    )


def test_without_systemd_everything_is_left_to_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert len(unit.install().left) == 3


def test_removing_it_ends_the_server(systemd: Told) -> None:
    unit.install()

    assert unit.uninstall() is not None

    assert not unit.path().exists()
    assert systemd()[-2:] == ["disable --now cardcat-server.service", "daemon-reload"]
    assert unit.uninstall() is None


def test_what_was_kept_by_it_is_not_kept_any_more(systemd: Told) -> None:
    unit.install()
    state.folder().mkdir(parents=True, exist_ok=True)
    state.keep_file().touch()

    unit.uninstall()

    assert not state.keep_file().exists()


def test_a_unit_that_cannot_be_removed_is_said(systemd: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    unit.install()

    def refuse(_self: Path) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", lambda path, **options: None if options else refuse(path))
        with pytest.raises(UsageError, match="can't be removed: permission denied"):
            unit.uninstall()


def test_its_log_is_where_the_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDCAT_TIMEZONE", "Europe/Paris")

    assert f"StandardOutput=append:{state.log_file()}\n" in unit.text()
    assert 'Environment="CARDCAT_TIMEZONE=Europe/Paris"' in unit.text()


def test_a_dry_run_changes_nothing(systemd: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["server", "install", "--dry-run"]) == 0

    assert "ExecStart=" in capsys.readouterr().out
    assert not (tmp_path / "config").exists()
    assert not (tmp_path / "told").exists()


def test_the_commands_say_what_is_left_to_do(
    systemd: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["server", "install"]) == 0
    assert "enable-linger" in capsys.readouterr().out

    (tmp_path / "refused").write_text("restart")
    assert main(["server", "install", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "unit": str(unit.path()),
        "left_to_do": ["systemctl --user restart cardcat-server.service"],
    }

    assert main(["server", "uninstall"]) == 0
    assert "is removed" in capsys.readouterr().out
    assert main(["server", "uninstall"]) == 0
    assert "There is no unit" in capsys.readouterr().out
