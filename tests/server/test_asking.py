"""Which server the user has chosen, and who uses ours."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from cardcat.server import asking


class Answering(BaseHTTPRequestHandler):
    """Answers everything with one document."""

    document: ClassVar[object] = True
    authorizations: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.authorizations.append(self.headers["Authorization"])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(self.document).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[str]:
    """The API URL of a server that is healthy."""
    Answering.document = True
    Answering.authorizations.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()


@pytest.fixture
def profiles(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The user's Prefect profiles."""
    path = tmp_path / "user" / ".prefect" / "profiles.toml"
    path.parent.mkdir(parents=True)
    return path


def test_nothing_configured() -> None:
    assert asking.configured() is None


def test_the_environment_names_a_server(monkeypatch: pytest.MonkeyPatch, api: str) -> None:
    monkeypatch.setenv("PREFECT_API_URL", f"{api}/")

    assert asking.configured() == api


def test_the_active_profile_names_a_server(profiles: Path, api: str) -> None:
    profiles.write_text(f'active = "mine"\n[profiles.mine]\nPREFECT_API_URL = "{api}"\n[profiles.other]\n')

    assert asking.configured() == api


def test_another_profile_may_be_chosen(monkeypatch: pytest.MonkeyPatch, profiles: Path, api: str) -> None:
    profiles.write_text(f'active = "other"\n[profiles.mine]\nPREFECT_API_URL = "{api}"\n[profiles.other]\n')
    assert asking.configured() is None

    monkeypatch.setenv("PREFECT_PROFILE", "mine")
    assert asking.configured() == api


@pytest.mark.parametrize(
    "damaged",
    ["", "active", 'active = "gone"', "active = 1\nprofiles = 2", "\x00", 'active = "a"\nprofiles.a = 3'],
)
def test_damaged_profiles_are_none(profiles: Path, damaged: str) -> None:
    profiles.write_text(damaged)

    assert asking.configured() is None


def test_a_server_that_does_not_answer_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/api")

        assert asking.configured() is None


@pytest.mark.parametrize("url", ["", "nonsense", "file:///etc/passwd", "http://", "http://[", "http://a b/"])
def test_a_url_that_is_none(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("PREFECT_API_URL", url)

    assert asking.configured() is None


def test_some_other_program_that_answers_is_none(monkeypatch: pytest.MonkeyPatch, api: str) -> None:
    Answering.document = {"some": "thing"}
    monkeypatch.setenv("PREFECT_API_URL", api)

    assert asking.configured() is None
    assert asking.version(api) is None


@pytest.mark.parametrize(
    "answer", [b"", b"\x00\x01", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"]
)
def test_a_program_that_speaks_something_else_is_none(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        threading.Thread(target=_answer_once, args=(foreign, answer), daemon=True).start()

        assert asking.version(f"http://127.0.0.1:{foreign.getsockname()[1]}/api") is None


def _answer_once(foreign: socket.socket, answer: bytes) -> None:
    connection, _ = foreign.accept()
    with connection:
        connection.recv(1000)
        connection.sendall(answer)


@pytest.mark.parametrize(
    ("variable", "secret", "authorization"),
    [("PREFECT_API_KEY", "k", "Bearer k"), ("PREFECT_API_AUTH_STRING", "a:b", "Basic YTpi")],
)
def test_the_user_is_known_to_the_server(
    monkeypatch: pytest.MonkeyPatch, api: str, variable: str, secret: str, authorization: str
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", api)
    monkeypatch.setenv(variable, secret)

    assert asking.configured() == api
    assert Answering.authorizations == [authorization]


def test_loopback_is_asked_past_the_proxy_of_the_user(monkeypatch: pytest.MonkeyPatch, api: str) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    Answering.document = "3.8.8"

    assert asking.version(api) == "3.8.8"


def test_clients_are_counted_while_they_are_connected_and_shortly_after() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert asking.connections(port) == 0

        with socket.create_connection(("127.0.0.1", port)):
            assert asking.connections(port) > 0
            server.accept()[0].close()

        assert asking.connections(port) > 0


def test_who_has_a_port_is_known() -> None:
    with socket.socket() as ours:
        ours.bind(("127.0.0.1", 0))
        ours.listen()
        port = ours.getsockname()[1]

        assert asking.is_listening(os.getpid(), port)
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
            assert not asking.is_listening(other.pid, port)

    assert not asking.is_listening(os.getpid(), port)
