# `make help` lists the targets. They need git, make and Python 3.11 or newer with venv; the rest is
# installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
DOCS := $(VENV)/.docs
# Tests start hundreds of programs, which must not compile all modules each time.
unexport PYTHONDONTWRITEBYTECODE
# Half of the time most tests wait for servers and disks.
WORKERS = $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN))))

.PHONY: help run test test-fast test-soak coverage lint docs bench bench-build bench-import
.PHONY: bench-newsletter bench-plan bench-send bench-serve bench-tick soak soak-hosts schema translations wheel clean

help: ## List these targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(RUNTIME) ## Build the demonstration site, print its address, and serve it.
	@$(BIN)/syndicate build
	@$(BIN)/syndicate run

test: $(DEV) ## Run all tests but the soak tests.
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not soak"

test-fast: $(DEV) ## Run the tests that start no program, server or browser.
	$(BIN)/pytest -n auto --dist worksteal -m "not slow and not soak"

test-soak: $(DEV) ## Run the tests that are long by nature: many kills, random orders.
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m soak

coverage: $(DEV) ## Run the fast tests, and list the lines and branches they leave out.
	$(BIN)/pytest -n auto -m "not slow and not soak" --cov --cov-report=term-missing:skip-covered

lint: $(DEV) ## Check style, types, and which module may import which.
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(DOCS) ## Build the documentation as a site into build/docs; a broken link fails.
	$(BIN)/zensical build --clean --strict

bench: bench-build bench-import bench-newsletter bench-plan bench-send bench-serve bench-tick ## Run all benchmarks; each writes its part of docs/benchmarks.md.

bench-build: $(DEV) ## Measure builds against Hugo and Pelican.
	$(BIN)/python benchmarks/build.py

bench-import: $(DEV) ## Import a million subscribers, against sqlite3 reading the file; needs sqlite3.
	$(BIN)/python benchmarks/import.py

bench-newsletter: $(DEV) ## Render and inline an issue, against unmodified premailer.
	$(BIN)/python benchmarks/newsletter.py

bench-plan: $(DEV) ## Plan an issue for ten million people while others subscribe; needs postfix.
	$(BIN)/python benchmarks/plan.py

bench-send: $(DEV) ## Send an issue, against smtp-source and a plain Python sender; needs postfix.
	$(BIN)/python benchmarks/send.py

bench-serve: $(DEV) ## Serve a site, against nginx; needs nginx and wrk.
	$(BIN)/python benchmarks/serve.py

bench-tick: $(DEV) ## Measure the idle service, and the time from save to feed against Hugo.
	$(BIN)/python benchmarks/tick.py

soak: $(DEV) ## Kill the sender 100 times, on SQLite and PostgreSQL; takes minutes.
	$(BIN)/python benchmarks/soak.py
	$(BIN)/python benchmarks/soak.py --postgresql

soak-hosts: $(DEV) ## Kill, stop and cut off workers about 400 times, while they send together.
	SEEDS=20 $(BIN)/pytest -s -m soak tests/delivery/test_soak_workers.py

schema: $(DEV) ## Write store/sqlite.sql, after a change of the tables.
	$(BIN)/python -c "from syndicate.store.migrate import sqlite_script; print(sqlite_script(), end='')" \
		> src/syndicate/store/sqlite.sql

translations: $(DEV) ## Update the translation catalogues, after a change of texts in templates.
	mkdir -p build
	$(BIN)/pybabel --quiet extract --mapping-file pyproject.toml --no-location --omit-header \
		--output-file build/templates.pot templates
	for file in templates/translations/*.po; do \
		$(BIN)/pybabel --quiet update --locale $$(basename $$file .po | tr - _) \
			--input-file build/templates.pot --output-file $$file --no-fuzzy-matching \
			--ignore-obsolete --ignore-pot-creation-date --no-wrap; done

wheel: $(DEV) ## Build a wheel into dist/.
	$(BIN)/python -m build --wheel --outdir dist .

clean: ## Delete .venv, build results and the demonstration's output.
	rm -rf $(VENV) dist build public issues syndicate.db*

# `make run` installs only what the program itself needs.
$(RUNTIME): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Installing syndicate into $(VENV) (only the first time; it takes a minute or two)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $(RUNTIME)

$(DEV): $(RUNTIME)
	@echo "Installing the tools for tests and style into $(VENV)"
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --constraint constraints.txt --editable . --group dev
	@touch $(DEV)

$(DOCS): $(RUNTIME)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group docs
	@touch $(DOCS)
