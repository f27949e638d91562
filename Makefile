# One word each, the same on a laptop and in CI. `make help` lists them.
.DEFAULT_GOAL := help
PY := .venv/bin/python
SOURCES = $(wildcard exam_service tests bench)
# Each worker starts its own PostgreSQL and Valkey.
WORKERS ?= 2
export PYTHON
# Tests start the service many times over; each time it would be compiled anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check fmt docs torture bench lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: ## a running service with sample data; prints what to open (ARGS=--new-key makes a new API key)
	@tools/env base
	@$(PY) -m exam_service demo $(ARGS)

test: ## every test: the quick unit tests first, then the rest
	@tools/env test
	@$(PY) -m pytest -q tests/unit
	@$(PY) -m pytest -q -n $(WORKERS) tests --ignore=tests/unit

check: ## lint, format, strict types, layers, file length
	@tools/env test
	@$(PY) -m ruff check $(SOURCES)
	@$(PY) -m ruff format --check $(SOURCES)
	@$(PY) -m mypy $(SOURCES)
	@.venv/bin/lint-imports
	@$(PY) -m pytest -q tests/unit/test_house.py

fmt: ## put the sources into the house's format
	@tools/env test
	@$(PY) -m ruff check --fix $(SOURCES)
	@$(PY) -m ruff format $(SOURCES)

docs: ## write the parts of docs/ anew that are made from the code
	@tools/env test
	@$(PY) -m tests.docs

pictures: ## the pictures of the docs, made anew from the real pages (needs a Chromium)
	@tools/env test
	@$(PY) -m tools.pictures

torture: ## kill everything under load, ROUNDS=200 on both databases: nothing acknowledged may be lost (SEED=… repeats)
	@tools/env test
	@$(PY) -m tests.torture

bench: ## measure (ARGS="saves day" only those), and print the figures with what they were measured on
	@tools/env test
	@$(PY) -m bench $(ARGS)

lock: ## choose the newest versions that fit pyproject.toml, with their hashes
	@tools/lock

clean: ## remove the environment and caches; what the service stored (var/) stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist build
	find exam_service tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
