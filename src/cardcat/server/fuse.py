"""
A fuse between Prefect's client in this process and a server that stops answering.

Each call of the client may wait for its timeout, and Prefect makes many. After some seconds in which every
call had no answer, the others fail at once; every now and then one is let through, as the server may be back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

PATIENCE = 10.0  # seconds in which every call failed, until others are not tried any more
_AGAIN = 30.0  # seconds until one is


class Fuse:
    """
    Whether the server of this process can be reached, as its calls tell.

    *silence* says for how many seconds the server has not answered somebody who asks it anyway.
    """

    def __init__(self) -> None:
        self.silence: Callable[[], float] = lambda: 0.0
        self._lock = threading.Lock()
        self._failing_since: float | None = None
        self._blown_at: float | None = None

    @property
    def is_blown(self) -> bool:
        """Whether calls fail at once now."""
        with self._lock:
            if self._blown_at is None and self.silence() > PATIENCE:
                self._blown_at = time.monotonic()
            return self._blown_at is not None and time.monotonic() - self._blown_at < _AGAIN

    def went_well(self) -> None:
        """Note that the server answered a call."""
        with self._lock:
            self._failing_since = self._blown_at = None

    def failed(self, began: float) -> None:
        """Note that a call that *began* then had no answer."""
        now = time.monotonic()
        with self._lock:
            if self._failing_since is None:
                self._failing_since = began
            if now - self._failing_since >= PATIENCE:
                self._blown_at = now


@contextmanager
def fused(fuse: Fuse) -> Iterator[None]:
    """Have every HTTP call of this process go through *fuse*, whoever made its client."""
    import httpx  # noqa: PLC0415 - Prefect's client has it loaded

    class SilentServerError(httpx.TransportError):
        """None of those that Prefect tries again."""

    one, several = httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request

    def refuse(request: httpx.Request) -> None:
        if fuse.is_blown:
            raise SilentServerError("The server does not answer.", request=request)

    def handle_request(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        refuse(request)
        began = time.monotonic()
        try:
            answer = one(self, request)
        except httpx.TransportError:
            fuse.failed(began)
            raise
        fuse.went_well()
        return answer

    async def handle_async_request(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        refuse(request)
        began = time.monotonic()
        try:
            answer = await several(self, request)
        except httpx.TransportError:
            fuse.failed(began)
            raise
        fuse.went_well()
        return answer

    _set(httpx.HTTPTransport, "handle_request", handle_request)
    _set(httpx.AsyncHTTPTransport, "handle_async_request", handle_async_request)
    try:
        yield
    finally:
        _set(httpx.HTTPTransport, "handle_request", one)
        _set(httpx.AsyncHTTPTransport, "handle_async_request", several)


def _set(owner: type, name: str, function: Callable[..., Any | Awaitable[Any]]) -> None:
    setattr(owner, name, function)
