# `make run` and `make test` need git, make and Python 3.11 or newer with venv; the rest comes here.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev

.PHONY: run test lint bench bench-build bench-import bench-newsletter bench-send bench-serve
.PHONY: bench-tick soak schema translations wheel clean

run: $(RUNTIME) ## Build this repository's own site, print its address, and serve it.
	@$(BIN)/syndicate build
	@$(BIN)/syndicate run

test: $(DEV) ## Run all tests.
	$(BIN)/pytest -n auto

lint: $(DEV) ## Style, types, and which module may import which.
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: bench-build bench-import bench-newsletter bench-send bench-serve bench-tick ## All benchmarks; each writes its part of docs/benchmarks.md.

bench-build: $(DEV) ## Against Hugo and Pelican, in the same run.
	$(BIN)/python benchmarks/build.py

bench-import: $(DEV) ## A million subscribers, against sqlite3 reading the bare file; needs sqlite3.
	$(BIN)/python benchmarks/import.py

bench-newsletter: $(DEV) ## Rendering and inlining an issue, against premailer as it comes.
	$(BIN)/python benchmarks/newsletter.py

bench-send: $(DEV) ## An issue going out, against smtp-source and the plain way; needs postfix.
	$(BIN)/python benchmarks/send.py

bench-serve: $(DEV) ## Against nginx, in the same run; needs nginx and wrk.
	$(BIN)/python benchmarks/serve.py

bench-tick: $(DEV) ## What the running service costs, and from save to feed against Hugo.
	$(BIN)/python benchmarks/tick.py

soak: $(DEV) ## Whoever sends is killed 100 times, on SQLite and on PostgreSQL; takes minutes.
	$(BIN)/python benchmarks/soak.py
	$(BIN)/python benchmarks/soak.py --postgresql

schema: $(DEV) ## What new SQLite databases are made from, after a change of the schema.
	$(BIN)/python -c "from syndicate.store.migrate import sqlite_script; print(sqlite_script(), end='')" \
		> src/syndicate/store/sqlite.sql

translations: $(DEV) ## The catalogues of all languages, after a change of the templates' words.
	mkdir -p build
	$(BIN)/pybabel --quiet extract --mapping-file pyproject.toml --no-location --omit-header \
		--output-file build/templates.pot templates
	for file in templates/translations/*.po; do \
		$(BIN)/pybabel --quiet update --locale $$(basename $$file .po | tr - _) \
			--input-file build/templates.pot --output-file $$file --no-fuzzy-matching \
			--ignore-obsolete --ignore-pot-creation-date --no-wrap; done

wheel: $(DEV)
	$(BIN)/python -m build --wheel --outdir dist .

clean:
	rm -rf $(VENV) dist build public issues syndicate.db*

# To see the demonstration, only what the program itself needs is installed.
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
