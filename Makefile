# leadpulse: every target sets up what it needs. `make` alone lists them.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(or $(shell command -v uv),$(BIN)/uv)
UV_VERSION := 0.13.9
READY  := $(VENV)/.ready
WHEEL  = HATCH_BUILD_HOOK_ENABLE_CUSTOM=1 $(UV) build --quiet --python $(BIN)/python --wheel

# What has the core run as it is compiled; nothing where it cannot be: no C compiler, or no headers of Python.
CORE     := build/core
HEADER   := $(shell $(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h
COMPILED := $(if $(and $(shell command -v cc),$(wildcard $(HEADER))),env PYTHONSAFEPATH=1 PYTHONPATH=$(CURDIR)/$(CORE):$(CURDIR))
AS_IT_RUNS := $(if $(COMPILED),$(CORE)/.ready,plain)
PYTEST   := $(COMPILED) $(BIN)/pytest $(if $(COMPILED),-o pythonpath=)

# The tests start some hundred processes: without bytecode each start takes a second more.
unexport PYTHONDONTWRITEBYTECODE

DEMO_ARGS ?=
UNIT = not integration and not thorough

.DEFAULT_GOAL := help
.PHONY: help demo test unit check format generate boards bench chaos wheel clean plain

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## A sales floor, Kafka and a worker on this machine, with a live board (Ctrl-C ends it)
	$(BIN)/leadpulse demo $(DEMO_ARGS)

test: UNIT = not integration
test: export LEADPULSE_THOROUGH ?= 1
test: unit $(AS_IT_RUNS) ## All tests, the core's as compiled too; Kafka is downloaded and started by itself
	$(if $(COMPILED),$(PYTEST) tests/processors -m "not uncompiled" -n auto $(PYTEST_ARGS))
	$(PYTEST) -m integration --numprocesses 2 --dist loadfile $(PYTEST_ARGS)

unit: $(READY) ## The tests that need neither a service nor patience, properties with a fifth of their examples
	$(BIN)/pytest -m "$(UNIT)" --numprocesses auto --dist worksteal $(PYTEST_ARGS)

check: $(READY) ## Format, lint, types, import arrows, generated files fresh, lock file in step
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m streams.generated --check
	$(BIN)/python -m deploy.generated --check
	$(UV) lock --check

format: $(READY) ## Format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

generate: $(READY) ## Write the generated files anew
	$(BIN)/python -m streams.generated
	$(BIN)/python -m deploy.generated
	$(BIN)/python -m deploy.manifests

boards: $(READY) ## Draw the dashboards into docs/img, in a real Chromium (see docs/boards.md)
	deploy/boards/drawing/install.sh
	$(BIN)/python -m tests.integration.draw_boards $(BOARDS)

bench: $(READY) $(AS_IT_RUNS) ## Measure speed, latency and memory (see docs/performance.md)
	$(COMPILED) $(BIN)/python -m bench $(BENCH_ARGS)

wheel: $(READY) ## The package with its core compiled, into dist/ (needs a C compiler)
	$(WHEEL)

chaos: $(READY) $(AS_IT_RUNS) ## Fifty kills of the engine, fifty of the worker; then every key compared with a model
	$(COMPILED) $(BIN)/python -m tests.integration.chaos $(CHAOS_ARGS)
	$(COMPILED) $(BIN)/python -m tests.integration.chaos --target tests.integration.harness.lead_target:LeadpulseTarget $(CHAOS_ARGS)

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) $(CORE) build/wheel .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# A virtual environment with exactly the locked versions; uv comes from PyPI where it is not installed.
$(READY): pyproject.toml uv.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@command -v uv >/dev/null || test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(UV) sync --frozen --all-extras --inexact
	@touch $@

# The core as it is in a compiled wheel, beside the tree and never in it: there a stale extension would hide a change.
$(CORE)/.ready: $(READY) hatch_build.py $(shell find processors -name '*.py')
	rm -rf $(CORE) build/wheel
	$(WHEEL) --out-dir build/wheel
	$(BIN)/python -m zipfile -e build/wheel/*.whl $(CORE)
	rm -r $(CORE)/schemas $(CORE)/streams $(CORE)/*.dist-info
	@touch $@

plain:
	@echo "There is no C compiler here, or no Python.h: the core runs as plain Python."
