# Every target is one line; `make help` lists them. bin/headwater finds Python, user and environment.
PYTHON = bin/headwater --dev python
PYTEST = $(PYTHON) -m pytest -q
GATES = format ruff mypy imports migrations templates trees test-fast test-real test-crash test-browser
.DEFAULT_GOAL = help
.PHONY: help up down status test lint demo bench lock $(GATES)

help: ## show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1	/p' $(MAKEFILE_LIST) | expand -t 16

up: ## start everything and stay; Ctrl-C stops the console, data stores go on
	@bin/headwater up

down: ## stop the console; data stores go on
	@bin/headwater down

status: ## show every service and data store
	@bin/headwater status

test: $(GATES) ## every check and every test, on real engines

lint: format ruff mypy imports migrations templates ## the checks that need no engine

format: ## the code is formatted by ruff
	$(PYTHON) -m ruff format --check .

ruff: ## ruff's rules hold
	$(PYTHON) -m ruff check .

mypy: ## types hold, strictly
	$(PYTHON) -m mypy .

imports: ## modules import in one direction only
	$(PYTHON) -c "from importlinter.cli import lint_imports_command as main; main()" --no-cache

migrations: ## no migration is missing
	$(PYTHON) -W ignore manage.py makemigrations --check --dry-run

templates: ## templates are well-formed
	$(PYTHON) -m djlint --lint --quiet templates

trees: ## the engine trees that tests run on are installed
	bin/headwater engines install

test-fast: ## decisions, pages and access: seconds
	$(PYTEST) -m "not real and not crash and not browser"

test-real: ## real engines through the real site: minutes
	$(PYTEST) -m "real and not crash and not browser"

test-crash: ## every step of every procedure, killed between effect and commit
	$(PYTEST) -m crash

test-browser: ## sign-up to a query through the URI on the page, in Chromium
	program="$$(bin/chromium)" && HEADWATER_CHROMIUM="$$program" $(PYTEST) -m browser

demo: ## fill an organization with believable data, beside a running console
	@bin/headwater seed_demo

bench: ## the numbers that the design must hold, beside their baselines
	$(PYTHON) -m tests.bench

lock: ## pin the newest packages that pyproject.toml allows, with hashes
	CUSTOM_COMPILE_COMMAND="make lock" bin/lock
