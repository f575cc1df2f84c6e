# Everything is set up from Python 3.11 and make alone, in .venv beside this file.

PYTHON ?= python3
SIM_SCHEDULES ?= 20000
PY := .venv/bin/python
READY := .venv/.ready

.DEFAULT_GOAL := test
.PHONY: setup test demo sim sim-long lint bench languages clean

setup: $(READY)

$(READY): pyproject.toml tools/constraints.txt tools/setup.sh
	PYTHON="$(PYTHON)" sh tools/setup.sh
	touch $(READY)

test: $(READY)
	sh tools/postgresql.sh
	sh tools/chromium.sh
	sh tools/node_client.sh
	$(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder
	$(PY) -m tests.sim --schedules 400 --seed 1
	$(PY) -m tests.sim --schedules 100

demo: $(READY)
	.venv/bin/bothways demo

sim: $(READY)
	$(PY) -m tests.sim --schedules $(SIM_SCHEDULES) --mutation all
	$(PY) -m tests.sim --schedules 500 --postgresql

lint: $(READY)
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PY) -m pytest -n 2 --dist loadfile --cov=bothways --cov-report= \
		tests/engine tests/sync/test_deletes.py tests/service/test_tags.py tests/service/test_company_names.py
	.venv/bin/coverage report --include='src/bothways/engine/*' --show-missing --skip-covered --fail-under=95

sim-long: $(READY)
	$(PY) -m tests.sim --schedules 200000

bench: $(READY)
	$(PY) -m bench

languages: $(READY)
	$(PY) tools/languages.py

clean:
	rm -rf .venv .coverage htmlcov build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
