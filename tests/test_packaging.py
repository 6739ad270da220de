"""What is locked is complete, what is built holds everything, and what is installed works anywhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cardcat import project, shipped
from cardcat.errors import UsageError

CHECKOUT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
LOCKS = ("requirements.lock", "requirements-dev.lock")


def locked(name: str) -> list[Requirement]:
    """The requirements of a lock file, without their hashes."""
    lines = (CHECKOUT / name).read_text().splitlines()
    return [Requirement(line.rstrip(" \\")) for line in lines if re.match(r"[a-z0-9]", line)]


def versions(*locks: str) -> Mapping[str, list[str]]:
    """The locked versions by the package's name; there may be one for each range of Pythons."""
    found: dict[str, list[str]] = {}
    for requirement in (requirement for lock in locks for requirement in locked(lock)):
        (pin,) = requirement.specifier
        assert pin.operator == "==", f"{requirement} is no exact version"
        found.setdefault(canonicalize_name(requirement.name), []).append(pin.version)
    return found


@pytest.mark.parametrize(
    ("wanted", "locks"),
    [
        (PYPROJECT["project"]["dependencies"], LOCKS[:1]),
        (PYPROJECT["dependency-groups"]["build"], LOCKS[:1]),
        (PYPROJECT["build-system"]["requires"], LOCKS[:1]),
        (PYPROJECT["dependency-groups"]["dev"], LOCKS),
    ],
    ids=["run", "build", "build-system", "dev"],
)
def test_every_requirement_is_locked(wanted: list[str], locks: tuple[str, ...]) -> None:
    have = versions(*locks)
    for requirement in map(Requirement, wanted):
        pins = have.get(canonicalize_name(requirement.name))
        assert pins, f"{requirement.name} is not in {locks}: run `just lock`"
        for pin in pins:
            assert requirement.specifier.contains(pin), f"{requirement} but {pin} is locked: run `just lock`"


def test_the_locks_agree() -> None:
    run, dev = (versions(lock) for lock in LOCKS)

    assert {name: (run[name], dev[name]) for name in run.keys() & dev.keys() if run[name] != dev[name]} == {}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_hashes_for_everything_and_names_no_index(lock: str) -> None:
    text = (CHECKOUT / lock).read_text()
    entries = re.split(r"\n(?=[a-z0-9])", text.split("\n", 2)[2])

    assert len(entries) == len(locked(lock))
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert not re.search(r"://|index-url|find-links|trusted-host", text)


def test_prefect_is_held_below_what_breaks_it() -> None:
    wanted = {
        requirement.name: requirement
        for requirement in map(Requirement, PYPROJECT["project"]["dependencies"])
    }

    assert not wanted["fastapi"].specifier.contains("0.151.0")
    assert not wanted["sqlalchemy"].specifier.contains("2.1.0")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    pytest.importorskip("hatchling", reason="hatchling is not installed: ./test sees to it")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content, as an installation has it."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_the_wheel_puts_one_name_on_the_path(installed: Path) -> None:
    assert sorted(path.name for path in installed.iterdir()) == [
        "cardcat",
        f"cardcat-{PYPROJECT['project']['version']}.dist-info",
    ]


def test_the_wheel_holds_everything_that_the_checkout_does(installed: Path) -> None:
    def files(*folders: Path) -> set[str]:
        return {
            str(path.relative_to(folder.parent))
            for folder in folders
            for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    shipped = installed / "cardcat" / "_project"
    inside = {name for name in files(installed / "cardcat") if not name.startswith("cardcat/_project/")}

    assert inside == files(CHECKOUT / "src" / "cardcat")
    assert files(*(shipped / name for name in ("flows", "tasks", "sql"))) == files(
        *(CHECKOUT / name for name in ("flows", "tasks", "sql"))
    )
    assert (shipped / "prefect.yaml").read_text() == (CHECKOUT / "prefect.yaml").read_text()
    assert not list(installed.rglob("__pycache__"))
    assert (installed / "cardcat" / "py.typed").exists()
    assert (installed / "cardcat" / "_project" / "flows" / "__init__.py").exists()


def test_an_installed_cardcat_works_where_there_are_other_flows_and_tasks(
    installed: Path, tmp_path: Path
) -> None:
    for name in ("flows", "tasks", "cardcat"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('the wrong one')")
    program = (
        "import sys; from importlib.metadata import entry_points; sys.argv = ['cardcat', 'init', 'mine'];"
        "entry_points(group='console_scripts', name='cardcat')['cardcat'].load()()"
    )

    subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed)},
        check=True,
    )

    assert (tmp_path / "mine" / "flows" / "backup.py").exists()


def test_the_project_is_found() -> None:
    for name in ("flows/backup.py", "tasks/__init__.py", "sql", "prefect.yaml"):
        assert (shipped.ROOT / name).exists()


def test_a_user_gets_the_project_to_own(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "mine"

    project.init_project(folder)

    assert sorted(path.name for path in folder.iterdir()) == ["flows", "prefect.yaml", "tasks"]
    assert (folder / "flows" / "backup.py").read_bytes() == (
        shipped.ROOT / "flows" / "backup.py"
    ).read_bytes()
    assert not list(folder.rglob("__pycache__"))


@pytest.mark.parametrize("name", ["flows", "tasks", "prefect.yaml"])
def test_nothing_of_the_user_is_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to("nowhere")

    with pytest.raises(UsageError, match=name):
        project.init_project(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(UsageError, match="can't be written"):
        project.init_project(tmp_path / "file" / "mine")
