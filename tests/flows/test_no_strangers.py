"""Nothing is sent to any outside address: not by the server, not by a client of it, not by its worker."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.conftest import Page, command
from tests.support import Desk, fill, jpeg

_CONNECT = re.compile(r'sin6?_port=htons\((\d+)\).*?(?:inet_addr\("|inet_pton\(AF_INET6, ")([^"]+)"')


def can_trace() -> bool:
    """Whether system calls of other processes can be seen here."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-f", "true"], capture_output=True, check=False).returncode == 0


def strangers(trace: Path) -> list[str]:
    """The addresses beyond this computer that somebody wanted to talk to, name servers among them."""
    found = {(address, int(port)) for port, address in _CONNECT.findall(trace.read_text())}
    return [
        f"{address} port {port}" for address, port in found if not ipaddress.ip_address(address).is_loopback
    ]


@pytest.mark.skipif(not can_trace(), reason="needs strace, and the right to trace processes")
def test_a_server_its_worker_and_a_backup_talk_to_this_computer_only(desk: Desk, tmp_path: Path) -> None:
    home, trace = tmp_path / "home", tmp_path / "trace"
    home.mkdir()
    environment = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("PREFECT_", "XDG_")) and name not in ("CI", "DO_NOT_TRACK")
    }
    environment |= {"HOME": str(home), "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    fill(desk.card, {"IMG_1.JPG": jpeg(1)})

    traced = ["strace", "-f", "--seccomp-bpf", "-e", "trace=connect", "-o", str(trace)]
    program = [sys.executable, "-c", "from cardcat.cli.main import run; run()", "server", "start", "--json"]
    with subprocess.Popen(
        [*traced, *program], cwd=home, env=environment, stdout=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout is not None
        page = Page(environment, json.loads(started.stdout.read())["api_url"])
        try:
            deployment = page.ask("/deployments/name/backup/backup")["id"]
            order = {
                "source": str(desk.card),
                "destinations": [str(desk.make("drive"))],
                "catalog": str(desk.catalog),
            }
            run = page.ask(f"/deployments/{deployment}/create_flow_run", {"parameters": order})["id"]
            assert page.wait_for_end(run) == "COMPLETED"
            ours = tmp_path / "ours"
            arguments = ["--catalog", desk.catalog, "backup", desk.card, desk.make("other")]
            backup = [*traced[:-1], str(ours), *program[:3], *map(str, arguments)]
            subprocess.run(backup, cwd=home, env=environment, check=True, timeout=300)
        finally:
            command(environment, "server", "stop")
        started.wait(60)

    assert "127.0.0.1" in trace.read_text(), "nothing was seen at all"
    assert strangers(trace) == []
    assert strangers(ours) == []
