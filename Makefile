# `make` alone lists the verbs.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
export UV_NO_CONFIG := 1
LOCKING := --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet

.DEFAULT_GOAL := help
.PHONY: help demo install test check fix audit bench crash lock messages pictures clean

help: ## list the verbs
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(BIN)/uv: requirements/bootstrap.lock
	@command -v $(PYTHON) >/dev/null || { echo "Obole needs Python 3.11 or newer: install it, or say which one to use, for instance: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python cannot create a virtual environment here: install its venv module (on Debian: apt install python3-venv)."; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-warn-script-location --require-hashes -r requirements/bootstrap.lock
	@touch $@

$(VENV)/.demo: $(BIN)/uv requirements/demo.lock pyproject.toml setup.py
	@echo "Installing Obole (a minute at most)…"
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements/demo.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.demo requirements/dev.lock
	@echo "Installing what the tests need…"
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements/dev.lock
	@touch $@

demo: $(VENV)/.demo ## install, load a believable town, start everything (TOUR=1: play the whole mission, then stop)
	@$(BIN)/obole demo $(if $(TOUR),--tour)

install: $(BIN)/uv ## what an operator installs: the product alone, without demonstration, simulator, nor tests
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements/base.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --reinstall-package obole .

test: $(VENV)/.dev ## run every test (ONLY=unit or ONLY=system: one stage; T=tests/billing: what pytest is given)
	@ONLY=$(ONLY) $(BIN)/python -m tests $(T)

check: $(VENV)/.dev ## formatting, lint, types, import contracts, migrations, deployment settings
	@$(BIN)/ruff format --check . && $(BIN)/ruff check --quiet . || { echo "make fix mends what a machine can; the rest is said above."; exit 1; }
	@git ls-files 'src/*.html' | xargs -r $(BIN)/djade --target-version 5.2 --check || { echo "make fix formats the templates."; exit 1; }
	@said=$$($(BIN)/lint-imports --no-cache 2>&1) || { echo "$$said"; exit 1; }
	@$(BIN)/mypy
	@PYTHONWARNINGS=ignore::RuntimeWarning $(BIN)/obole makemigrations --check --dry-run || { echo "A model changed without its migration: .venv/bin/obole makemigrations"; exit 1; }
	@OBOLE_BASE_URL=https://obole.example OBOLE_SECRET_KEY=only-for-this-check-0123456789-abcdefghijklmnopqrstuvwxyz $(BIN)/obole check --deploy --fail-level WARNING

fix: $(VENV)/.dev ## format and repair what can be repaired
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .
	@git ls-files 'src/*.html' | xargs -r $(BIN)/djade --target-version 5.2 || true

audit: $(VENV)/.dev ## known weaknesses of what the locks name, and the bill of materials (build/sbom.cdx.json)
	@$(BIN)/python requirements/audit.py

bench: $(VENV)/.dev ## measure, and say how long each part takes (T=settlements: that part and what it needs)
	@$(BIN)/python -m bench $(T)

crash: $(VENV)/.dev ## settle 3,000 payments while PostgreSQL and a worker are killed, then count (about 5 minutes)
	@$(BIN)/python -m tests.crash

messages: $(VENV)/.dev ## refresh the translation catalogue (needs gettext)
	@cd src/obole && OBOLE_VAR=$(CURDIR)/var ../../$(BIN)/obole makemessages -l en --no-location --no-wrap
	@$(BIN)/python setup.py --quiet build_py --build-lib build/lib

pictures: $(VENV)/.dev ## take the pictures of the README again
	@OBOLE_PICTURES=docs/images $(BIN)/python -m pytest tests/journeys -k pictures

lock: $(BIN)/uv ## choose the newest versions allowed and write the locks
	@cd requirements && lock() { ../$(BIN)/uv pip compile $(LOCKING) -o "$$@"; } && lock bootstrap.lock bootstrap.in \
		&& lock base.lock base.in && lock demo.lock -c base.lock base.in demo.in && lock dev.lock -c demo.lock base.in demo.in dev.in

clean: ## forget the demo and the virtual environment
	@[ ! -d var ] || $(BIN)/python -c "from pathlib import Path; from obole_demo.embedded_postgres import EmbeddedServer; EmbeddedServer(Path('var')).erase()"
	@rm -rf $(VENV) var build
