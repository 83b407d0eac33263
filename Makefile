# `make demo` shows the product, `make test` tests it. CONTRIBUTING.md explains every target.
# Each target sets up what it needs; a second call finds it done.

PORT ?= 8000
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PY := .venv/bin/python
BOOTSTRAP := $(PYTHON) deploy/bootstrap.py
BENCHMARKS := $(patsubst benchmarks/%.py,bench-%,$(filter-out benchmarks/figures.py,$(wildcard benchmarks/*.py)))

export HF_HUB_DISABLE_TELEMETRY = 1
test check loop bench prove: export HF_HUB_OFFLINE = 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test check loop bench prove screenshots fmt schema pins reset python machine $(BENCHMARKS)

help:
	@echo 'make demo     the product with a demo project on http://127.0.0.1:$(PORT) (PORT=… for another)'
	@echo 'make test     every test'
	@echo 'make check    formatting, types, layers, migrations, API schema, frontend'
	@echo 'make loop     two rounds of the whole loop with a simulated crowd -> var/report'
	@echo 'make bench    measurements (make bench-<part> for one); make prove: the long forms'
	@echo 'make setup, fmt, schema, pins, reset'

python:
	@if [ -z "$(PYTHON)" ]; then \
		echo 'Plumbline needs Python 3.11 or newer: install it, or run `make PYTHON=/path/to/python3 …`.' >&2; \
		exit 1; fi

setup: python
	@$(BOOTSTRAP) python frontend

machine: python
	@$(BOOTSTRAP) machine

demo: export LOCAL_THREADS ?= 1
demo: setup
	@$(PY) manage.py demo --port $(PORT) && exec $(PY) manage.py up --port $(PORT)

test: setup machine
	@$(PY) -m tests.services test $(ARGS)

check: setup
	@$(PY) -m deploy.checkup

loop: setup
	@$(PY) -m fixtures.loop $(ARGS)

screenshots: setup machine
	@$(PY) -m fixtures.screenshots

bench: setup machine
	@for part in $(BENCHMARKS:bench-%=%); do $(PY) -m benchmarks.$$part || exit 1; done

$(BENCHMARKS): bench-%: setup machine
	@$(PY) -m benchmarks.$*

# What takes too long for every change: each benchmark in its long form, and the loop.
prove: loop machine
	@failed=; for part in $(BENCHMARKS:bench-%=%); do $(PY) -m benchmarks.$$part --long || failed="$$failed $$part"; done; \
	[ -z "$$failed" ] || { echo "not shown:$$failed" >&2; exit 1; }

fmt: setup
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format .

schema: setup
	@$(PY) manage.py spectacular --validate --fail-on-warn --file frontend/src/api/openapi.yaml
	@$(BOOTSTRAP) npm run schema

pins: setup
	@$(PY) -m deploy.pins > var/constraints.txt && mv var/constraints.txt constraints.txt

# Forget the demo: database, artifacts, reports. Packages stay.
reset:
	@rm -rf var && echo 'var/ is gone; `make demo` starts afresh.'
