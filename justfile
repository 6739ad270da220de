# `.venv/bin/just` lists what there is; ./test makes .venv.

_list:
    @just --list --unsorted

# The tests; arguments go to pytest.
test *arguments:
    ./test {{ arguments }}

# Style and types.
lint:
    .venv/bin/ruff check
    .venv/bin/ruff format --check
    .venv/bin/mypy

# Mend what can be mended by itself.
format:
    .venv/bin/ruff check --fix
    .venv/bin/ruff format

# What the figures come from, against other programs in the same run: all of it (three hours), or some by name.
bench *names:
    .venv/bin/python -m benchmarks {{ names }}

# What CI runs.
ci:
    .ci/run

# The whole table of faults, of which the tests take a sample: an hour or two. docs/faults.md tells of it.
faults *arguments:
    CARDCAT_FAULTS=1000000 ./test tests/faults {{ arguments }}

# Take each guard out, see which test misses it, and write that into docs/faults.md; or try those named.
guards *names:
    .venv/bin/python scripts/take_out_guards.py {{ names }}

compile := "uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --annotation-style line --custom-compile-command 'just lock'"

# Write the lock files after a change of pyproject.toml; `just lock --upgrade` takes the newest versions. Needs uv.
lock *arguments:
    {{ compile }} {{ arguments }} pyproject.toml --group build --output-file requirements.lock
    {{ compile }} {{ arguments }} --group dev --constraint requirements.lock --output-file requirements-dev.lock
