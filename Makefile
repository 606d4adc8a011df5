# `make run` and `make test` need python3 (3.11 or newer) with venv, and the package index; nothing else.
# Tests can be chosen: make test ARGS="-k sync". Settings are environment variables: HAVEN_BIND=0.0.0.0:8000 make run.

SHELL := /bin/sh
# The suite starts hundreds of processes; where each had to compile what it imports, it would take a third longer.
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= python3
PY := .venv/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
ARGS ?=
# Tests of whole processes wait now and then, so one worker more than there are cores.
WORKERS ?= $(shell echo $$((1 + $$(getconf _NPROCESSORS_ONLN))))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test test-long test-firebase simulate demo check openapi openapi-diff client-files client-types schema mutants mutations bench lock reset

help: ## Show what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

run: .venv/.ok ## Set everything up and serve; Ctrl-C stops it, the next start finds everything again
	@$(PY) -m api serve

test: .venv/.ok ## Run the suite on an embedded PostgreSQL
	@$(PY) -m pytest -n $(WORKERS) --dist worksteal -q -m "not long" $(ARGS)

test-long: .venv/.ok ## Run what takes long: the tests marked so, then, unless ARGS chose, many times the laws' examples and the mutations
	@$(PY) -m pytest -n auto --dist worksteal -q -m long $(ARGS)
	@$(if $(ARGS),:,HYPOTHESIS_PROFILE=long $(PY) -m pytest -n auto -q tests/laws -m "not long")
	@$(if $(ARGS),:,$(PY) -m tests.mutants.every)

test-firebase: .venv/.ok ## Ask accounts of the emulator of Firebase Authentication (needs Node, and 240 MB for the emulator)
	@cd tests/security/emulator && npm ci
	@HAVEN_EMULATOR=required $(PY) -m pytest -q tests/security/test_firebase_emulator.py -m long $(ARGS)

simulate: .venv/.ok ## Tell the story of one simulated seed: make simulate SEED=7
	@SEED="$(SEED)" $(PY) -m tests.simulation

demo: .venv/.ok ## Tell the story of two partners and three phones, on the real server
	@$(PY) -m api.demo

check: .venv/.ok ## Format, lint, types, directions, what breaks apps, copy, then the suite: what CI runs
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@.venv/bin/mypy --no-error-summary
	@.venv/bin/lint-imports --no-cache
	@$(PY) -m api.openapi_file --check
	@$(PY) -m notifications.copy_lint --quiet
	@$(MAKE) --no-print-directory test

openapi: .venv/.ok ## Write docs/openapi.json anew from the routes, unless that would break apps unannounced
	@$(PY) -m api.openapi_file

openapi-diff: .venv/.ok ## Tell what became of docs/openapi.json: make openapi-diff BASE=main
	@$(PY) -m api.openapi_file "$(or $(BASE),HEAD)"

client-files: .venv/.ok ## Write docs/clients anew from the table of kinds and the adapters
	@$(PY) -m api.client_files

client-types: ## Write docs/clients/haven.d.ts anew from docs/openapi.json (for maintainers; needs Node)
	@cd tests/clients && npm ci && npm run --silent types

schema: .venv/.ok ## Write infra/schema.sql anew from the migrations
	@$(PY) -m api.schema

mutants: .venv/.ok ## Plant bugs one at a time and see which test catches each: make mutants MUTANTS="the loser is dropped"
	@MUTANTS="$(MUTANTS)" $(PY) -m tests.mutants

mutations: .venv/.ok ## Make every small change in the chosen files: make mutations FILES=sync/merge.py
	@FILES="$(FILES)" $(PY) -m tests.mutants.every

bench: .venv/.ok ## Measure against the floor: make bench JOBS=W1,W6 REPS=10; the worker: make bench JOBS=worker
	@JOBS="$(JOBS)" REPS="$(REPS)" RECORD="$(RECORD)" $(PY) -m tests.bench

lock: ## Pin and hash the dependencies anew (for maintainers; needs uv)
	$(foreach of,pip dev,uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
		--no-strip-extras requirements-$(of).in -o requirements-$(of).txt &&) true

reset: .venv/.ok ## Delete the embedded databases and their keys, after asking; never those of a database of your own
	@$(PY) -m api.reset

# Two first starts at once must not install into each other: the second waits, and then finds nothing left to do.
# The lock is a handle on this file that the inner make and its pip inherit, so that it ends when they all have.
LOCKED := import fcntl, os, sys; \
	lock = os.open("Makefile", os.O_RDONLY); os.set_inheritable(lock, True); fcntl.flock(lock, fcntl.LOCK_EX); \
	os.execvp(sys.argv[1], sys.argv[1:])

.venv/.ok: requirements-pip.txt requirements-dev.txt pyproject.toml
ifndef SETTING_UP
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Haven needs Python 3.11 or newer: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "python3-venv is missing. Install it with:  sudo apt-get install -y python3-venv"; exit 1; }
	@$(PYTHON) -c '$(LOCKED)' $(MAKE) --silent --no-print-directory SETTING_UP=1 $@
else
	@echo "Setting up .venv (about half a minute, once) ..."
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@$(PIP) --no-compile --require-hashes -r requirements-pip.txt
	@$(PIP) --no-compile --require-hashes -r requirements-dev.txt
	@$(PY) -m compileall -q -j 0 .venv/lib >/dev/null || true  # with all cores, as pip does not; templates do not compile
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@
endif
