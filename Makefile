# make run · make test · make check · make bench: each creates .venv and installs what it needs first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run test test-all check format schema bench pins clean

help:
	@echo "make run       serve http://127.0.0.1:8000/graphql on a MongoDB of its own"
	@echo "make test      run the tests"
	@echo "make test-all  these, the slow ones, and the one that needs Node"
	@echo "make check     format, lint, types, layers, and whether schema/schema.graphql is current"
	@echo "make format    format the code"
	@echo "make schema    write schema/schema.graphql"
	@echo "make bench     measure batches over HTTP against plain PyMongo, in about 7 minutes"
	@echo "make pins      compile requirements/*.txt from pyproject.toml"

run: $(VENV)/.run
	@exec $(BIN)/python -m server

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile -m "not slow and not node"

test-all: test
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile -m "slow or node"

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m server schema --check

format: $(VENV)/.dev
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format .

schema: $(VENV)/.run
	$(BIN)/python -m server schema

bench: $(VENV)/.dev
	$(BIN)/python -m bench

COMPILE := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links pyproject.toml
pins: $(VENV)/.dev
	$(COMPILE) -o requirements/serve.txt
	$(COMPILE) --extra embedded -o requirements/run.txt
	$(COMPILE) --extra embedded --extra test --extra check -o requirements/dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "stockbatch needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: requirements/run.txt | $(VENV)/.python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(VENV)/.python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@ $(VENV)/.run
