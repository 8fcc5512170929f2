# Every target prepares what it needs. `make` alone lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
SOURCES := aidants tests scripts hatch_build.py $(wildcard bench migrations)
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locales/*/LC_MESSAGES/*.po))
QUIET := scripts/quiet.sh
export UV_PYTHON_DOWNLOADS := never

.PHONY: help run setup serve test faults interop check fix db bench pictures wheel locales dev static-checks

help: ## list these commands
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 18

run: setup ## try it: invented people, in demo-data/, on http://127.0.0.1:8000
	@AIDANTS_DATA_DIR="$${AIDANTS_DATA_DIR:-demo-data}" $(BIN)/aidants run-demo

setup: bootstrap-run $(CATALOGUES) ## prepare .venv with the command .venv/bin/aidants

serve: setup ## serve a real installation (first: .venv/bin/aidants init)
	@$(BIN)/aidants serve

test: dev ## everything: static checks, then all tests with Chromium and PostgreSQL
	@scripts/system_packages.sh
	@scripts/fetch_test_tools.sh
	@$(MAKE) static-checks
	@$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

faults: dev ## crashes and damage at length: 50 killed servers, 500 changed bits of the file (prints tables, ten minutes)
	@scripts/system_packages.sh
	@FAULTS=long $(BIN)/pytest -n 0 -s tests/faults/test_crashes.py tests/faults/test_whole_file.py tests/faults/test_races.py $(PYTEST_ARGS)

interop: dev ## let Go's own transparency log packages read our log (installs Go, 465 MB)
	@scripts/system_packages.sh go
	@INTEROP=required $(BIN)/pytest -n 0 tests/interop $(PYTEST_ARGS)

check: dev static-checks ## the static checks only: style, types, layers, templates, guides, translations

fix: dev ## correct what the style checkers can correct by themselves
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

db: setup ## bring the database of AIDANTS_DATA_DIR to the newest schema
	@$(BIN)/aidants migrate

bench: dev ## measure: load, sizes, start-up (prints a table)
	@$(BIN)/python -m bench

pictures: dev ## draw the pictures of the documentation from the running demonstration
	@scripts/system_packages.sh
	@$(BIN)/python -m scripts.pictures

wheel: dev ## build dist/aidants-*.whl
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist .

locales: dev ## bring the translation catalogues up to date with the sources, then compile them
	@$(BIN)/python scripts/check_locales.py --update
	@$(MAKE) $(CATALOGUES)

# --- steps ---------------------------------------------------------------------------------------

.PHONY: bootstrap-run bootstrap-test
bootstrap-run:
	@scripts/bootstrap.sh run

bootstrap-test:
	@scripts/bootstrap.sh test

dev: bootstrap-test $(CATALOGUES)

$(CATALOGUES): %.mo: %.po | bootstrap-run
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

static-checks:
	@echo "ruff"            && $(BIN)/ruff check --quiet --output-format concise $(SOURCES) && $(BIN)/ruff format --check --quiet $(SOURCES)
	@echo "mypy"            && $(BIN)/mypy --no-error-summary
	@echo "lint-imports"    && $(QUIET) $(BIN)/lint-imports
	@echo "djlint"          && $(QUIET) $(BIN)/djlint --lint templates
	@echo "deptry"          && $(QUIET) $(BIN)/deptry aidants migrations \
	                             --per-rule-ignores 'DEP002=psycopg|tzdata,DEP003=pydantic_core'
	@echo "vulture"         && $(BIN)/vulture aidants --min-confidence 80
	@echo "guides"          && $(QUIET) $(BIN)/aidants guides check
	@echo "translations"    && $(BIN)/python scripts/check_locales.py
	@echo "migrations"      && $(BIN)/python scripts/check_migrations.py
