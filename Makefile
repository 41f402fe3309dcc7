# Masthead's commands; `make help` lists them. Settings of the service are the AUTH_* variables.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory --no-builtin-rules
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.ONESHELL:

PYTHON ?= python3
export HOST ?= 127.0.0.1
export PORT ?= 8000
export PYTHONUNBUFFERED := 1
unexport PYTHONDONTWRITEBYTECODE # every process would compile all its modules anew

venv := .venv
bin := $(venv)/bin
flask := $(bin)/flask --app wsgi
sources := service config wsgi.py tests

# Install one file of pinned packages, naming each while pip works on it, and remember that in a stamp.
define install
	@echo "Installing $(1) into $(venv)"
	@$(bin)/python -m pip install --require-hashes --no-deps --disable-pip-version-check --no-input \
		-r $(1) | sed -un -e 's/^Collecting \([^ =;]*\)==\([^ ;]*\).*/  \1 \2/p' \
		-e 's/^Processing .*\/\([^/-]*\)-\([^-]*\)-.*/  \1 \2/p' -e 's/^Installing collected.*/  unpacking/p'
	@touch $@
endef

## For everyone

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^## / { printf "\n%s\n", substr($$0, 4) } \
		/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: setup ## Everything on one machine from nothing, then says where to click
	@export AUTH_ENV=development WEB_CONCURRENCY=1
	if [ "$$PORT" != 8000 ]; then export AUTH_PUBLIC_URL="$${AUTH_PUBLIC_URL:-http://localhost:$$PORT}"; fi
	url="$${AUTH_PUBLIC_URL:-http://localhost:$$PORT}"
	$(flask) migrate
	printf '\n%s\n' "Masthead is starting. Ctrl-C stops it."
	printf '  %-18s %s\n' "A demo article" "$$url/dev/article" "Sign up" "$$url/signup" "Sign in" "$$url/login" \
		"Forgot password" "$$url/forgot-password" "Mailbox" "$$url/dev/mailbox" "All letters" "$$url/dev/letters" \
		"All components" "$$url/dev/components" \
		"API" "$$url/docs"
	echo
	exec $(bin)/python -m config.server

.PHONY: demo
demo: $(venv)/dev.stamp ## Masthead with a magazine, comments and a newsletter around it, and where to click
	@exec $(bin)/python -m tests.demo

.PHONY: test
test: $(venv)/dev.stamp ## Everything the tests need from nothing, then all tests
	@$(bin)/python -m tests.support.browser_setup
	$(bin)/python -m tests.support.missing
	$(bin)/python -m pytest --numprocesses=3 --dist=worksteal

.PHONY: check
check: $(venv)/dev.stamp ## Lint, formatting, types, arrows between layers, templates, Dockerfile, dependencies
	@step() { echo "== $$*"; "$$@"; }
	step $(bin)/ruff check $(sources)
	step $(bin)/ruff format --check $(sources)
	step $(bin)/mypy
	step $(bin)/lint-imports
	step $(bin)/djlint templates service/fake_provider/templates --lint --quiet
	step $(bin)/hadolint Dockerfile
	step $(bin)/python -m pip check

.PHONY: bench
bench: $(venv)/dev.stamp ## Measure, against what the machine can do at best
	@exec $(bin)/python -m benchmarks

.PHONY: soak
soak: $(venv)/dev.stamp ## 10,000 requests while everything is killed and cut off; takes a while
	@SOAK=$${SOAK:-10000} $(bin)/python -m pytest tests/faults/test_a_storm.py

.PHONY: fuzz
fuzz: $(venv)/dev.stamp ## Hours of chance: 20,000 examples of each property, FUZZ=1000 requests of each kind
	@$(bin)/python -m pytest -m hypothesis --hypothesis-profile=fuzz tests
	FUZZ=$${FUZZ:-1000} $(bin)/python -m pytest tests/api/test_fuzzed.py

.PHONY: nextjs
nextjs: $(venv)/dev.stamp ## Build and run the recipe for Next.js, which is too heavy for make test
	@exec $(bin)/python -m pytest tests/recipes/nextjs/prove.py

.PHONY: mutants
mutants: $(venv)/dev.stamp ## Change guarded code line by line; MUTANTS="service.core.*" changes some of it
	@$(bin)/python -m mutmut run $(if $(MUTANTS),"$(MUTANTS)") && exec $(bin)/python -m mutmut results

.PHONY: screenshots
screenshots: $(venv)/dev.stamp ## Make the pictures in docs/screenshots anew; PICTURES=letters makes some
	@$(bin)/python -m tests.support.browser_setup
	$(bin)/python -m tests.support.screenshots $(PICTURES)

## Production, configured by AUTH_*, HOST, PORT and WEB_CONCURRENCY

.PHONY: setup
setup: $(venv)/base.stamp ## A virtual environment with the pinned packages of production

.PHONY: migrate
migrate: setup ## Bring AUTH_DATABASE_URL to the newest schema; safe to run twice and at once
	@exec $(flask) migrate

# make hands SIGTERM on to its child and waits for it; exec makes that child the server itself.
.PHONY: serve
serve: setup ## The web server; SIGTERM drains it
	@exec $(bin)/python -m config.server

.PHONY: worker
worker: setup ## One delivery worker; SIGTERM finishes or releases what it holds
	@exec $(flask) worker

## Upkeep

.PHONY: lock
lock: $(venv)/dev.stamp ## Pin the newest versions of requirements/*.in, with hashes
	@for name in base dev; do
		echo "Resolving requirements/$$name.in"
		$(bin)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-header requirements/$$name.in --output-file requirements/$$name.txt
	done

.PHONY: messages
messages: $(venv)/dev.stamp ## Bring all translations up to date; LANGUAGES="sv da" begins new ones
	@exec $(bin)/python -m tests.support.messages $(LANGUAGES)

.PHONY: clean
clean: ## Remove what make made; development data in var/ stays
	@rm -rf $(venv) mutants .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(venv)/base.stamp: requirements/base.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Masthead needs Python 3.11 or newer: install it, or name it with make PYTHON=python3.13 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make virtual environments: install its venv package (Debian: apt-get install python3-venv)." >&2; exit 1; }
	@test -x $(bin)/python || $(PYTHON) -m venv $(venv)
	$(call install,requirements/base.txt)

$(venv)/dev.stamp: requirements/dev.txt $(venv)/base.stamp
	$(call install,requirements/dev.txt)
