# Everything works from a fresh clone with Python >= 3.11, make and the package registries.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: venv demo test ci-test lab-test lint bench lock schema clean

venv: .venv/.done

.venv/.done: requirements/dev.lock pyproject.toml
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: venv
	$(BIN)/ltlab demo

test: venv
	$(BIN)/python tests/setup_machine.py
	$(BIN)/pytest

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

ci-test lab-test bench: venv
	@echo "$@: nothing yet; see docs/roadmap.md" && exit 1
