"""`./cardcat` and `./test` see to their own Python environment: once, whole, and one at a time."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

CHECKOUT = Path(__file__).parents[1]
Pip = Callable[[list[str]], int]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose path has a space, with nothing set up."""
    folder = tmp_path / "card cat"
    (folder / "scripts").mkdir(parents=True)
    for name in ("cardcat", "test", "scripts/ready.sh", "scripts/set_up.py"):
        shutil.copy(CHECKOUT / name, folder / name)
    for name in ("pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        (folder / name).write_text(name)
    return folder


class Machine:
    """Stands in for Python and pip: makes .venv, and notes what it was asked to install."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.installed: list[str] = []
        self.compiled: list[str] = []
        self.before_install: Callable[[str], None] = lambda what: None
        self.ensurepip = True

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        if "venv" in command:
            return self._make_venv(without_pip="--without-pip" in command)
        if "compileall" in command:
            self.compiled = command[command.index("0") + 1 :]
            return subprocess.CompletedProcess(command, 1, "what is for another Python")
        if "--version" in command:
            own = "--python" not in command
            return subprocess.CompletedProcess(command, int(own and not self.has_pip), "")
        what = Path(command[-1]).name
        self.before_install(what)
        self.installed.append(what)
        return subprocess.CompletedProcess(command, 0, "")

    def _make_venv(self, *, without_pip: bool) -> subprocess.CompletedProcess[str]:
        self.has_pip = not without_pip
        python: Path = self.module.PYTHON
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()
        return subprocess.CompletedProcess([], int(not self.ensurepip and not without_pip), "no ensurepip")


@pytest.fixture
def machine(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The set-up of the checkout, on a machine of the test's own."""
    spec = importlib.util.spec_from_file_location("set_up", checkout / "scripts" / "set_up.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = Machine(module)
    monkeypatch.setattr(module, "run", made.run)
    return made


def test_a_first_start_installs_what_runs_and_no_more(machine: Machine, checkout: Path) -> None:
    machine.module.with_lock("run", "stamp")

    assert machine.installed == ["requirements.lock", checkout.name]
    own = [str(checkout / name) for name in ("src", "flows", "tasks")]
    assert machine.compiled == [str(checkout / ".venv" / "lib"), *own]
    assert machine.module.is_ready("run", "stamp")
    assert not machine.module.is_ready("dev", "stamp")


def test_developers_get_their_tools_on_top(machine: Machine, checkout: Path) -> None:
    machine.module.with_lock("run", "stamp")
    machine.installed.clear()

    machine.module.with_lock("dev", "stamp")

    assert machine.installed == ["requirements-dev.lock", checkout.name]
    assert machine.module.is_ready("run", "stamp")
    assert machine.module.is_ready("dev", "stamp")


def test_nothing_is_done_twice(machine: Machine) -> None:
    machine.module.with_lock("dev", "stamp")
    machine.installed.clear()

    machine.module.with_lock("dev", "stamp")
    machine.module.with_lock("run", "stamp")

    assert machine.installed == []


def test_a_change_of_the_project_file_installs_no_packages(machine: Machine, checkout: Path) -> None:
    machine.module.with_lock("run", "stamp")
    machine.installed.clear()

    machine.module.with_lock("run", "another")

    assert machine.installed == [checkout.name]


def test_a_change_of_the_lock_begins_anew(machine: Machine, checkout: Path) -> None:
    machine.module.with_lock("run", "stamp")
    leftover = checkout / ".venv" / "leftover"
    leftover.touch()
    (checkout / "requirements.lock").write_text("other versions")
    machine.installed.clear()

    machine.module.with_lock("run", "another")

    assert machine.installed == ["requirements.lock", checkout.name]
    assert not leftover.exists()


@pytest.mark.parametrize("interrupted", ["requirements.lock", "requirements-dev.lock", "card cat"])
def test_an_interrupted_set_up_is_made_good(machine: Machine, checkout: Path, interrupted: str) -> None:
    """pip that was killed leaves halves that look whole to it, so that all begins anew."""

    def interrupt(what: str) -> None:
        if what == interrupted:
            raise KeyboardInterrupt

    machine.before_install = interrupt
    with pytest.raises(KeyboardInterrupt):
        machine.module.with_lock("dev", "stamp")
    machine.before_install = lambda what: None
    half = checkout / ".venv" / "half"
    half.touch()

    assert not machine.module.is_ready("dev", "stamp")
    machine.module.with_lock("dev", "stamp")

    assert half.exists() == (interrupted == "card cat")
    assert machine.module.is_ready("dev", "stamp")


def test_an_interrupted_addition_leaves_nothing_that_counts(machine: Machine, checkout: Path) -> None:
    machine.module.with_lock("run", "stamp")

    def interrupt(what: str) -> None:
        raise KeyboardInterrupt

    machine.before_install = interrupt
    with pytest.raises(KeyboardInterrupt):
        machine.module.with_lock("dev", "stamp")

    assert not machine.module.is_ready("run", "stamp")
    assert not machine.module.is_installed("run")


def test_a_system_without_ensurepip_uses_its_own_pip(machine: Machine, checkout: Path) -> None:
    machine.ensurepip = False

    machine.module.with_lock("run", "stamp")

    assert not machine.has_pip
    assert machine.installed == ["requirements.lock", checkout.name]


def test_a_moved_checkout_is_set_up_anew(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.module.with_lock("run", "stamp")
    monkeypatch.setattr(machine.module, "VENV", machine.module.VENV.parent / "moved")

    assert not machine.module.is_installed("run")


def test_a_second_start_waits_for_the_first(
    machine: Machine, checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.module.with_lock("run", "stamp")
    machine.installed.clear()
    lock = os.open(checkout, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    stamps = checkout / ".venv" / "ready-run"
    stamps.unlink()

    def say(sentence: str) -> None:  # the first one ends while the second one waits
        assert "waiting" in sentence
        stamps.write_text("stamp")
        os.close(lock)

    monkeypatch.setattr(machine.module, "say", say)
    machine.module.with_lock("run", "stamp")

    assert machine.installed == []


def ready(checkout: Path, kind: str) -> None:
    """Mark the checkout as set up, as ready.sh has it."""
    stamp = subprocess.run(
        ["sh", "-c", "pwd && cksum pyproject.toml requirements.lock requirements-dev.lock"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=True,
    )
    programs = checkout / ".venv" / "bin"
    programs.mkdir(parents=True, exist_ok=True)
    (checkout / ".venv" / f"ready-{kind}").write_text(stamp.stdout.rstrip("\n"))
    for name in ("cardcat", "python"):
        (programs / name).write_text('#!/bin/sh\nprintf "%s\\n" "${0##*/}" "$PWD" "$@"\n')
        (programs / name).chmod(0o755)


def start(script: Path, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ if path is None else os.environ | {"PATH": path}
    return subprocess.run(
        [script, *arguments], cwd="/", env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def no_python(tmp_path: Path) -> str:
    """A PATH on which any call of Python fails with 99."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("sh", "dirname", "readlink", "cksum", "cat", "pwd"):
        program = shutil.which(name)
        assert program is not None
        (folder / name).symlink_to(program)
    (folder / "python3").write_text("#!/bin/sh\nexit 99\n")
    (folder / "python3").chmod(0o755)
    return str(folder)


def test_a_later_start_is_at_once_and_passes_everything_on(checkout: Path, no_python: str) -> None:
    ready(checkout, "run")

    done = start(checkout / "cardcat", "backup", "a b", "", "*", "-x", path=no_python)

    assert done.stdout.splitlines() == ["cardcat", "/", "backup", "a b", "", "*", "-x"]
    assert (done.returncode, done.stderr) == (0, "")


def test_it_starts_through_a_link(checkout: Path, tmp_path: Path, no_python: str) -> None:
    ready(checkout, "run")
    (tmp_path / "link").symlink_to(checkout / "cardcat")

    assert start(tmp_path / "link", path=no_python).stdout.splitlines() == ["cardcat", "/"]


def test_the_tests_run_in_the_checkout(checkout: Path, no_python: str) -> None:
    ready(checkout, "dev")

    done = start(checkout / "test", "-k", "a b", path=no_python)

    assert done.stdout.splitlines() == ["python", str(checkout), "-m", "pytest", "-k", "a b"]


@pytest.mark.parametrize("changed", ["pyproject.toml", "requirements.lock", "requirements-dev.lock"])
def test_a_change_is_noticed(checkout: Path, no_python: str, changed: str) -> None:
    ready(checkout, "run")
    (checkout / changed).write_text("changed")

    done = start(checkout / "cardcat", path=no_python)

    assert done.returncode == 2
    assert "Python 3.11" in done.stderr
    assert done.stdout == ""


def test_a_failed_set_up_starts_nothing(checkout: Path) -> None:
    ready(checkout, "run")
    (checkout / ".venv" / "ready-run").unlink()
    (checkout / "scripts" / "set_up.py").write_text("import sys; sys.exit(2)")

    done = start(checkout / "cardcat")

    assert (done.returncode, done.stdout) == (2, "")
