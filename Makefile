# Everything a newcomer needs: `make plan` and `make test`.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: plan test lint types layers unit golden golden-live deep bench clean

# Plans Podman's runtime on this machine if it has podman's parts, else on the bundled sample host; says which.
plan: .venv/run
	@$(BIN)/python -m pypod.cli.sample

# Everything that CI runs.
test: lint types layers unit

lint: .venv/dev
	$(BIN)/ruff format --check pypod tests benchmarks
	$(BIN)/ruff check pypod tests benchmarks

types: .venv/dev
	$(BIN)/mypy
	$(BIN)/pyright

layers: .venv/dev
	$(BIN)/lint-imports

unit: .venv/dev
	$(BIN)/python -m pytest -q -n auto

# Agreement with what libpod 3.4.7 did on the recorded hosts, by area and aspect, and the first disagreements.
golden: .venv/dev
	$(BIN)/python -m tests.golden.agreement

# The same of the commands run for real, each case on a throw-away machine of its own; only root can.
golden-live: .venv/dev
	$(BIN)/python -m tests.golden_live.agreement

# The property tests with many more examples, and those of database files that have the reference library as their judge.
deep: .venv/dev
	HYPOTHESIS_PROFILE=deep $(BIN)/python -m pytest -q -n auto tests/property tests/interop/test_bolt_crashes.py tests/interop/test_bolt_judge.py

bench: .venv/dev
	$(BIN)/python -m benchmarks

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "pypod needs Python 3.11 or newer (PYTHON=... names one)" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "no virtual environments here: install python3-venv" >&2; exit 1; }

.venv/run: .venv/bin/python pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

.venv/dev: .venv/bin/python pyproject.toml constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ .venv/run

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
