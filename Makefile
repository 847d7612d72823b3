# make run · make test · make check · make bench: each creates .venv and installs what it needs first.
# make web · make clients · make test-all need Node 20 and npm besides, and the last one Chromium. Where these are there, make run
# builds GraphiQL, and make check looks at the types of the console.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

NODE_IS_THERE = node -e 'process.exit(Number(process.versions.node.split(".")[0] < 20))' 2>/dev/null && command -v npm >/dev/null
BUILT := server/web/graphiql/built/manifest.json

NODE_CLIENTS := examples/typescript examples/convex tests/node

.DEFAULT_GOAL := help
.PHONY: help run test test-all test-rest web clients check check-console vendor format schema prove bench bench-quick bench-node pins clean

help:
	@echo "make run       serve http://127.0.0.1:8000 on a MongoDB of its own"
	@echo "make test      run the tests"
	@echo "make test-all  these, the slow ones, and those that need Node and Chromium"
	@echo "make web       build GraphiQL, so that its page needs no internet; make run does that where Node is there"
	@echo "make vendor    write the library of the console anew, from web/package-lock.json"
	@echo "make clients   install what the clients in examples/ need"
	@echo "make check     format, lint, types (of the console, too, where Node is there), layers, whether the schema's file is current, and breaks no client unsaid; alert rules, licences, known vulnerabilities"
	@echo "make format    format the code"
	@echo "make schema    write schema/schema.graphql"
	@echo "make prove     strain servers: single requests, crowds, fuzzed requests, outages, killed workers, restarts; SCALE=0.1 is shorter"
	@echo "make bench     measure batches over HTTP against plain PyMongo, in about 10 minutes"
	@echo "make bench-quick  the same with few small batches, which only proves that every side does its work"
	@echo "make bench-node   install what the server in bench/node needs, for python -m bench --node"
	@echo "make pins      compile the pins: requirements/*.txt, and those of examples/python"

run: $(VENV)/.run
	@if $(NODE_IS_THERE); then $(MAKE) -s web || \
		echo "GraphiQL could not be built: its page needs the internet." >&2; fi
	@exec $(BIN)/python -m server

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 4 --dist worksteal -m "not slow and not node and not browser"

test-all: test test-rest

test-rest: $(VENV)/.dev web clients
	$(BIN)/python -m pytest -n 4 --dist loadfile -m "slow or node or browser"

web: $(BUILT)

$(BUILT): web/node_modules/.installed web/build.js $(wildcard web/src/*.js server/web/graphiql/static/*.js)
	@npm --prefix web run --silent build

vendor: web/node_modules/.installed
	@npm --prefix web run --silent vendor

check-console: web/node_modules/.installed
	@npm --prefix web run --silent check

clients: $(NODE_CLIENTS:%=%/node_modules/.installed) examples/python/.venv/.installed

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.schema check
	$(BIN)/python -m tools.alerts
	$(BIN)/python -m tools.licences
	$(BIN)/python -m tools.audit
	@if $(NODE_IS_THERE); then $(MAKE) -s check-console; else echo "Node 20 is not here: the types of the console are not checked."; fi

format: $(VENV)/.dev
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format .

schema: $(VENV)/.run
	$(BIN)/python -m tools.schema write

bench: $(VENV)/.dev
	$(BIN)/python -m bench

bench-quick: $(VENV)/.dev
	$(BIN)/python -m bench --quick $(if $(wildcard bench/node/node_modules/.installed),--node)

# Long proofs. SCALE=0.1 is what CI has time for. With BESIDE="-j2 --output-sync=target" those run in
# pairs that mostly wait; the others measure, and need the machine for themselves.
SCALE ?= 1
BESIDE ?= -j1
MEASURED := single_requests overload neighbours long_texts fuzz
prove: $(VENV)/.dev
	@$(MAKE) --no-print-directory -j1 $(MEASURED:%=proof-%)
	@$(MAKE) --no-print-directory $(BESIDE) proof-worker_kills proof-rolling_restart
	@$(MAKE) --no-print-directory $(BESIDE) proof-outage proof-faults

proof-%: $(VENV)/.dev
	$(BIN)/python -m tests.proofs.$* --scale $(SCALE)

bench-node: bench/node/node_modules/.installed

COMPILE := uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links
pins: $(VENV)/.dev
	$(BIN)/$(COMPILE) pyproject.toml --extra tracing -o requirements/serve.txt
	$(BIN)/$(COMPILE) pyproject.toml --extra embedded --extra tracing -o requirements/run.txt
	$(BIN)/$(COMPILE) pyproject.toml --extra embedded --extra tracing --extra test --extra check -o requirements/dev.txt
	cd examples/python && ../../$(BIN)/$(COMPILE) requirements.in -o requirements.txt

clean:
	rm -rf $(VENV) build server/web/graphiql/built examples/python/.venv web/node_modules bench/node/node_modules $(NODE_CLIENTS:%=%/node_modules) .mypy_cache .pytest_cache .ruff_cache .hypothesis

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

%/node_modules/.installed: %/package-lock.json
	@[ "$$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge 20 ] || \
		{ echo "The packages of $* need Node 20 or newer, and npm." >&2; exit 1; }
	npm --prefix $* ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

examples/python/.venv/.installed: examples/python/requirements.txt | $(VENV)/.python
	$(PYTHON) -m venv examples/python/.venv
	examples/python/.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@
