# Sourced, with the checkout in $here: sees to .venv, the checkout's own Python environment.

# ready run|dev: what cardcat needs, or what its developers need too. At once where nothing has changed.
ready() {
    wanted=$(cd -- "$here" && pwd && cksum pyproject.toml requirements.lock requirements-dev.lock) || return 2
    if [ -x "$here/.venv/bin/python" ] && [ "$wanted" = "$(cat -- "$here/.venv/ready-$1" 2>/dev/null)" ]; then
        return 0
    fi
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            "$python" -I "$here/scripts/set_up.py" "$1" "$wanted" </dev/null
            return
        fi
    done
    echo "cardcat needs Python 3.11 or newer, and found none. Install it (Debian, Ubuntu: apt install python3)." >&2
    return 2
}
