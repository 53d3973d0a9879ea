PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
export PYTHONUNBUFFERED = 1

.DEFAULT_GOAL := help
.PHONY: help run test services check fmt bench lock messages clean

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv==0.13.8

$(VENV)/.run: requirements.txt | $(BIN)/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@touch $@

run: $(VENV)/.run ## Install, migrate, make a demo client and an operator, serve
	$(BIN)/python manage.py migrate --verbosity 0
	$(BIN)/python manage.py make_demo --url http://$(HOST):$(PORT)
	FACE_DEMO=true $(BIN)/python manage.py serve --host $(HOST) --port $(PORT)

test: $(VENV)/.dev ## Run the whole test suite
	$(BIN)/python -m pytest $(ARGS)

services: ## Install what some tests need beside Python: Redis and Chromium (PostgreSQL comes from PyPI)
	scripts/install_services.sh

check: $(VENV)/.dev ## ruff, mypy --strict, import-linter, missing migrations, API schema
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null

fmt: $(VENV)/.dev ## Format the code
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format .

bench: $(VENV)/.dev ## Measure; writes docs/benchmarks/
	$(BIN)/python benchmark_performance.py

lock: $(BIN)/uv ## Remake the hashed requirement locks from the .in files
	$(BIN)/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes requirements-dev.in -o requirements-dev.txt

messages: $(VENV)/.run ## Compile the translations (needs gettext)
	$(BIN)/python manage.py compilemessages --ignore $(VENV)

clean: ## Remove the environment and caches, never data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
