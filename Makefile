# Each target does all of its own set-up: a virtual environment in .venv, filled from a lock file
# whose hashes pip checks. The stamp files make every later run start at once.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALL_SELF := $(PIP) install --no-deps --no-build-isolation --editable .

# Bytecode is kept whatever the environment says: without it each process that tests, the demo and
# the benchmarks start would compile the program anew, a second every time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo fortnight study test browser lint schema bench lock clean

demo: .venv/ready
	$(BIN)/tracker demo

# A fortnight of chores in virtual time, twice.
fortnight: .venv/ready-dev
	$(BIN)/python -m pytest -m soak tests/daemon/test_fortnight.py

# A study on one core, on two, and on a Dask cluster of two workers: the same bytes.
study: .venv/ready-dev
	$(BIN)/python -m pytest -m soak tests/modelling/test_study.py

# One worker more than there are cores: the longest tests wait for processes of their own.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

test: .venv/ready-dev
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal

browser: .venv/ready-dev
	$(BIN)/python -m pytest -m browser -rs --timeout 300 tests/web

lint: .venv/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The schemas of every answer in JSON, out of the shapes in tracker/app/contracts.
schema: .venv/ready-dev
	$(BIN)/python .ci/schemas.py

bench: .venv/ready
	$(BIN)/python -m benchmarks

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tracker needs Python 3.11 or later: try make PYTHON=python3.11")'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/ready: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Setting up .venv: about half a minute, once"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(INSTALL_SELF)
	@touch $@

.venv/ready-dev: requirements-dev.lock pyproject.toml | .venv/bin/python
	@echo "Setting up .venv with the tools for tests: about half a minute, once"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(INSTALL_SELF)
	@touch $@

# For maintainers, with uv at hand. One resolution of every extra keeps the two files in step.
LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --no-emit-index-url --no-emit-find-links
lock:
	echo 'setuptools>=77' > .lock-build.in
	$(LOCK) --no-generate-hashes --all-extras pyproject.toml .lock-build.in -o .lock-all.txt
	$(LOCK) --extra charts --extra screen --extra telegram --extra web -c .lock-all.txt pyproject.toml .lock-build.in -o requirements.lock
	$(LOCK) --extra charts --extra screen --extra telegram --extra web --extra dev --extra modelling --extra cluster -c .lock-all.txt pyproject.toml .lock-build.in -o requirements-dev.lock
	rm .lock-all.txt .lock-build.in

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
