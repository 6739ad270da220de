"""A server that stops answering costs a backup some seconds, not minutes."""

from __future__ import annotations

import time

import httpx
import pytest

from cardcat.server import fuse as module
from cardcat.server.fuse import Fuse, fused


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.2)


def call(url: str = "http://127.0.0.1:9/") -> str:
    """The error that a call ends with, nothing if it went well."""
    try:
        with httpx.Client() as client:
            client.get(url)
    except httpx.TransportError as error:
        return type(error).__name__
    return ""


def test_a_single_failure_is_none() -> None:
    with fused(Fuse()):
        assert [call(), call()] == ["ConnectError", "ConnectError"]


def test_after_some_time_of_failures_calls_are_not_tried_any_more() -> None:
    with fused(Fuse()):
        call()
        time.sleep(0.3)
        assert [call(), call()] == ["ConnectError", "SilentServerError"]


def test_nor_are_they_when_somebody_else_finds_the_server_silent() -> None:
    fuse = Fuse()
    with fused(fuse):
        fuse.silence = lambda: 1.0
        assert call() == "SilentServerError"


def test_now_and_then_one_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    fuse = Fuse()
    with fused(fuse):
        call()
        time.sleep(0.3)
        call()
        assert fuse.is_blown
        monkeypatch.setattr(module, "_AGAIN", 0.0)
        assert call() == "ConnectError"


def test_one_that_goes_well_mends_it() -> None:
    fuse = Fuse()
    fuse.failed(time.monotonic() - 1)
    assert fuse.is_blown

    fuse.went_well()

    assert not fuse.is_blown


def test_afterwards_calls_are_as_they_were() -> None:
    before = httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request

    with fused(Fuse()):
        pass

    assert (httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request) == before
