"""
Makes .venv, the checkout's own Python environment: exactly the locked versions, checked by their hashes.

    python3 -I scripts/set_up.py run|dev STAMP

Called by ready.sh where .venv does not carry STAMP yet. Standard library only. Where it is interrupted,
the next start begins again; where two start at once, one waits for the other. pip as the user has
configured it does the installing, so that a mirror, a proxy or a certificate of theirs is used.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
VENV = HERE / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = {"run": HERE / "requirements.lock", "dev": HERE / "requirements-dev.lock"}

# Of the user's PIP_ variables, those about the way to the packages count; others could lead elsewhere.
PIP_SETTINGS = (
    "CACHE_DIR CERT CLIENT_CERT CONFIG_FILE DEFAULT_TIMEOUT EXTRA_INDEX_URL FIND_LINKS INDEX_URL"
    " KEYRING_PROVIDER NO_CACHE_DIR NO_INDEX PROXY RETRIES TIMEOUT TRUSTED_HOST USE_DEPRECATED USE_FEATURE"
).split()


class SetUpError(Exception):
    """Why there is no environment, in words for the user."""


def main() -> int:
    """Set up what is missing; the exit code of the command that needed it, 0 if it can go on."""
    kind, stamp = sys.argv[1:]
    try:
        with_lock(kind, stamp)
    except SetUpError as error:
        say(str(error))
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def with_lock(kind: str, stamp: str) -> None:
    """One at a time. The lock is on the checkout's folder, and pip's process holds it too."""
    lock = os.open(HERE, os.O_RDONLY)
    os.set_inheritable(lock, True)  # noqa: FBT003 - it has no name
    try:
        wait_for(lock)
        if not is_ready(kind, stamp):
            set_up(kind, stamp)
    except OSError as error:
        raise SetUpError(f"the set-up in {VENV} failed: {error}") from error
    finally:
        os.close(lock)


def wait_for(lock: int) -> None:
    """Take the lock, and say so if that takes a while."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another start is setting up; waiting for it ...")
        fcntl.flock(lock, fcntl.LOCK_EX)


def is_ready(kind: str, stamp: str) -> bool:
    """Whether somebody else has done it while we waited."""
    return PYTHON.exists() and read(VENV / f"ready-{kind}") == stamp


def set_up(kind: str, stamp: str) -> None:
    """Install what is missing of the locked packages, then cardcat itself as the checkout has it."""
    fresh = not is_installed("run")
    say(f"setting up in {VENV}, once; about a minute ..." if fresh else f"bringing {VENV} up to date ...")
    for other in LOCKS:
        (VENV / f"ready-{other}").unlink(missing_ok=True)
    if fresh:
        make_venv()
        install("run")
    if kind == "dev" and not is_installed("dev"):
        install("dev")
    pip("--no-deps", "--no-index", "--no-build-isolation", "--editable", str(HERE))
    compile_all()
    for done in ("run", kind):
        (VENV / f"ready-{done}").write_text(stamp)
    say("ready.")


def is_installed(kind: str) -> bool:
    """Whether every package of the lock is there, of these very versions, and for this Python."""
    return PYTHON.exists() and read(VENV / f"installed-{kind}") == fingerprint(kind)


def install(kind: str) -> None:
    """
    Install the packages of one lock.

    Until that is done, nothing counts as installed: pip that is killed leaves halves that look whole to it.
    """
    marks = [VENV / f"installed-{name}" for name in LOCKS]
    before = {mark: read(mark) for mark in marks}
    for mark in marks:
        mark.unlink(missing_ok=True)
    pip("--no-deps", "--require-hashes", "--no-compile", "--requirement", str(LOCKS[kind]))
    for mark, content in before.items():
        if content:
            mark.write_text(content)
    (VENV / f"installed-{kind}").write_text(fingerprint(kind))


def compile_all() -> None:
    """
    Compile what is not compiled yet, on all processors: pip has one, and takes twice as long.

    Every start is quick then, the first one too, and those that may not write what they compile. What can't
    be compiled is not for this Python, and nobody imports it.
    """
    own = [str(HERE / name) for name in ("src", "flows", "tasks")]
    run([str(PYTHON), "-I", "-m", "compileall", "-q", "-j", "0", str(VENV / "lib"), *own])


def fingerprint(kind: str) -> str:
    """What an installed environment depends on: the lock and the folder, whose path is in its scripts."""
    return hashlib.sha256(LOCKS[kind].read_bytes() + os.fsencode(VENV)).hexdigest()


def make_venv() -> None:
    """
    Make .venv anew, of the Python that the system keeps, not of a virtual environment that is active now.

    Where the system has no ensurepip (Debian without python3-venv), it gets no pip of its own.
    """
    shutil.rmtree(VENV, ignore_errors=True)
    base = os.path.realpath(sys.executable)
    made = run([base, "-I", "-m", "venv", str(VENV)])
    if made.returncode:
        made = run([base, "-I", "-m", "venv", "--clear", "--without-pip", str(VENV)])
    if made.returncode:
        raise SetUpError(f"Python can't make a virtual environment in {VENV}:\n{tail(made)}")


def pip(*arguments: str) -> None:
    """Run `pip install` for .venv: its own pip, else the system's."""
    own = [str(PYTHON), "-I", "-m", "pip"]
    if run([*own, "--version"]).returncode:
        own = [sys.executable, "-E", "-P", "-m", "pip", "--python", str(PYTHON)]
        if run([*own, "--version"]).returncode:
            raise SetUpError("Python has no pip. On Debian and Ubuntu: apt install python3-venv")
    done = run([*own, "install", "--quiet", "--no-input", *arguments])
    if done.returncode:
        raise SetUpError(
            f"pip can't install what cardcat needs:\n{tail(done)}\n"
            "If this computer is offline, or pip needs a proxy or a mirror, see to that and start again."
        )


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run *command* and keep what it says."""
    settings = {f"PIP_{name}" for name in PIP_SETTINGS}
    environment = {n: text for n, text in os.environ.items() if not n.startswith("PIP_") or n in settings}
    environment |= {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return subprocess.run(
        command,
        env=environment,
        cwd=HERE,
        close_fds=False,  # the lock is held until pip, too, has ended
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


def read(path: Path) -> str:
    """What a file holds, nothing if it is not there."""
    return path.read_text() if path.exists() else ""


def tail(done: subprocess.CompletedProcess[str]) -> str:
    """The end of what a command said, where the reason stands; its errors alone if it marks them."""
    lines = done.stdout.strip().splitlines()
    errors = [line for line in lines if line.startswith("ERROR")] or lines
    return "\n".join(line[:300] for line in errors[-6:])


def say(sentence: str) -> None:
    """Tell the user, apart from what the command itself will print."""
    sys.stderr.write(f"cardcat: {sentence}\n")


if __name__ == "__main__":
    sys.exit(main())
