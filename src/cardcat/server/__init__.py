"""
cardcat's local Prefect server: found, started, kept, stopped. Nothing in here imports Prefect.

The server is a witness: where none can be had, `ensure` says so with None and the backup goes on without.
A small supervisor process starts it, ends it after 15 idle minutes, and gives it a worker where it is kept.
"""

from cardcat.server.control import ServerStatus, ensure, find, soon, start, status, stop
from cardcat.server.settings import expect, settings, use

__all__ = ["ServerStatus", "ensure", "expect", "find", "settings", "soon", "start", "status", "stop", "use"]
