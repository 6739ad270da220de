"""Stands in for Prefect's command line: starts in no time, and fails as the file `behaviour` says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path

HOME = Path(os.environ["PREFECT_HOME"])
ANSWERS: dict[str, object] = {
    "/api/health": True,
    "/api/admin/version": metadata.version("prefect"),
    "/api/work_pools/cardcat": {"name": "cardcat"},
}


class Server(BaseHTTPRequestHandler):
    """Answers what cardcat asks."""

    def do_GET(self) -> None:
        answer = ANSWERS.get(self.path)
        self.send_response(404 if answer is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with (HOME.parent / "asked").open("a") as asked:
            asked.write(f"{self.path} {json.dumps(body)}\n")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(found(self.path, body)).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def found(path: str, body: dict[str, object]) -> object:
    """Two deployments, one of them on a schedule, and a worker."""
    if path == "/api/deployments/filter":
        return [{"id": "1", "name": "backup"}, {"id": "2", "name": "nightly"}]
    if path.endswith("/workers/filter"):
        return [{"status": "ONLINE"}, {"status": "OFFLINE"}]
    if "'2'" in str(body):
        return [{"next_scheduled_start_time": "2030-01-01T02:00:00Z"}]
    return []


def behaviour() -> set[str]:
    wishes = HOME.parent / "behaviour"
    return set(wishes.read_text().split()) if wishes.exists() else set()


def main(arguments: list[str]) -> int:
    HOME.mkdir(parents=True, exist_ok=True)
    record = {"arguments": arguments, "cwd": str(Path.cwd()), "environment": dict(os.environ)}
    with (HOME.parent / "calls").open("a") as calls:
        calls.write(json.dumps(record) + "\n")
    if arguments[1:] == ["server", "start"]:
        return serve()
    if "worker" in arguments:
        work() if "run-at-work" in behaviour() else signal.pause()
    return 1 if "deploy-fails" in behaviour() else 0


def work() -> None:
    """Have one run at work; as Prefect's worker does, kill it when the worker itself has to end."""
    run = "import signal, sys; signal.signal(15, lambda *_: sys.exit('ended well')); print(); signal.pause()"
    with (HOME.parent / "run").open("w") as said:
        child = subprocess.Popen([sys.executable, "-u", "-c", run], stdout=said, stderr=said)

    def kill(*_: object) -> None:
        child.kill()
        sys.exit(1)

    signal.signal(signal.SIGTERM, kill)
    child.wait()
    signal.pause()


def serve() -> int:
    if "server-fails" in behaviour():
        return 1
    if "server-hangs" in behaviour():
        time.sleep(600)
    (HOME / "prefect.db").touch()
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PREFECT_SERVER_API_PORT"])), Server).serve_forever()
    return 0


sys.exit(main(sys.argv[1:]))
