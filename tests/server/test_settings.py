"""What servers and their clients find in their environment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cardcat.owner import owner_stamp
from cardcat.server import settings, state, use
from cardcat.server.settings import environment, inherited


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have `use` change a copy of the environment."""
    monkeypatch.setattr(os, "environ", dict(os.environ))


@pytest.fixture
def own() -> state.State:
    """Our server, as its state file has it."""
    state.folder().mkdir(parents=True)
    ours = state.State(owner_stamp(), os.getpid(), 4711, "3.8.8", ready=True)
    state.write(ours)
    return ours


def test_a_client_of_our_server_forgets_those_of_the_user(own: state.State) -> None:
    os.environ |= {"PREFECT_PROFILE": "work", "PREFECT_API_KEY": "k", "PREFECT_LOGGING_LEVEL": "DEBUG"}

    use(own.api_url)

    assert "PREFECT_PROFILE" not in os.environ
    assert "PREFECT_API_KEY" not in os.environ
    assert os.environ["PREFECT_LOGGING_LEVEL"] == "DEBUG"
    assert settings(4711).items() <= os.environ.items()


def test_a_client_of_the_users_server_keeps_what_belongs_to_it(own: state.State) -> None:
    os.environ |= {"PREFECT_PROFILE": "work", "PREFECT_API_KEY": "k"}

    use("https://prefect.example/api")

    assert os.environ["PREFECT_API_URL"] == "https://prefect.example/api"
    assert os.environ["PREFECT_PROFILE"] == "work"
    assert os.environ["PREFECT_API_KEY"] == "k"
    assert "PREFECT_HOME" not in os.environ
    assert os.environ["PREFECT_SERVER_EPHEMERAL_ENABLED"] == "false"


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        ({}, None),
        ({"http_proxy": "http://p"}, "127.0.0.1"),
        ({"HTTP_PROXY": "http://p", "no_proxy": "a,b"}, "a,b,127.0.0.1"),
    ],
)
def test_our_server_is_reached_past_a_proxy(
    own: state.State, given: dict[str, str], passed: str | None
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        os.environ.pop(name, None)
    os.environ |= given

    use(own.api_url)

    assert os.environ.get("NO_PROXY") == os.environ.get("no_proxy") == passed


def test_the_server_takes_nothing_from_the_users_own_servers() -> None:
    os.environ["PREFECT_API_URL"] = "http://elsewhere/api"
    os.environ["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = "postgresql://elsewhere"

    ours = environment(4711)

    assert ours["PREFECT_API_URL"] == "http://127.0.0.1:4711/api"
    assert "PREFECT_SERVER_DATABASE_CONNECTION_URL" not in ours


def test_a_relative_import_path_still_holds_in_another_folder() -> None:
    os.environ["PYTHONPATH"] = f"src{os.pathsep}/else/where"

    assert inherited()["PYTHONPATH"] == f"{Path('src').absolute()}{os.pathsep}/else/where"
