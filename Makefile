# `make` alone lists the verbs.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
export UV_NO_CONFIG := 1

.DEFAULT_GOAL := help
.PHONY: help demo test check fix bench crash lock messages pictures clean

help: ## list the verbs
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(BIN)/uv: requirements/bootstrap.lock
	@command -v $(PYTHON) >/dev/null || { echo "Obole needs Python 3.11 or newer: install it, or say which one to use, for instance: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python cannot create a virtual environment here: install its venv module (on Debian: apt install python3-venv)."; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-warn-script-location --require-hashes -r requirements/bootstrap.lock
	@touch $@

$(VENV)/.base: $(BIN)/uv requirements/base.lock pyproject.toml
	@echo "Installing Obole (a minute at most)…"
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements/base.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/pybabel --quiet compile -D django -d src/obole/locale
	@touch $@

$(VENV)/.dev: $(VENV)/.base requirements/dev.lock
	@echo "Installing what the tests need…"
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements/dev.lock
	@touch $@

demo: $(VENV)/.base ## install, load a believable town, start everything (TOUR=1: play the whole mission, then stop)
	@$(BIN)/obole demo $(if $(TOUR),--tour)

test: $(VENV)/.dev ## run every test
	@$(BIN)/python -m tests

check: $(VENV)/.dev ## formatting, lint, types, import contracts, migrations, deployment settings
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@git ls-files 'src/*.html' | xargs -r $(BIN)/djade --target-version 5.2 --check
	@said=$$($(BIN)/lint-imports --no-cache 2>&1) || { echo "$$said"; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/obole makemigrations --check --dry-run
	@OBOLE_BASE_URL=https://obole.example OBOLE_SECRET_KEY=only-for-this-check-0123456789-abcdefghijklmnopqrstuvwxyz $(BIN)/obole check --deploy --fail-level WARNING

fix: $(VENV)/.dev ## format and repair what can be repaired
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .
	@git ls-files 'src/*.html' | xargs -r $(BIN)/djade --target-version 5.2 || true

bench: $(VENV)/.dev ## measure: settlements, lists, invoices, PDFs
	@$(BIN)/python -m bench

crash: $(VENV)/.dev ## settle 3,000 payments while PostgreSQL and a worker are killed, then count (about 5 minutes)
	@$(BIN)/python -m tests.crash

messages: $(VENV)/.dev ## refresh the translation catalogue (needs gettext)
	@cd src/obole && ../../$(BIN)/obole makemessages -l en --no-location --no-wrap
	@$(BIN)/pybabel --quiet compile -D django -d src/obole/locale

pictures: $(VENV)/.dev ## take the pictures of the README again
	@OBOLE_PICTURES=docs/images $(BIN)/python -m pytest tests/journeys -k pictures

lock: $(BIN)/uv ## choose the newest versions allowed and write the locks
	@cd requirements && for name in bootstrap base dev; do \
		../$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet $$name.in -o $$name.lock; done

clean: ## forget the demo and the virtual environment
	@[ ! -d var ] || $(BIN)/python -c "from pathlib import Path; from obole.config.embedded_postgres import EmbeddedServer; EmbeddedServer(Path('var')).erase()"
	@rm -rf $(VENV) var build
