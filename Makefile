# Everything a checkout needs. Each target sets up what it uses, once: a virtual environment in
# .venv, filled again only when pyproject.toml or constraints.txt changed.

VENV := .venv
BIN := $(VENV)/bin
# The interpreter to make .venv with, e.g. make PYTHON=/path/to/python3.13 run
PYTHON ?=
export PYTHON
# Arguments of the server, e.g. make run ARGS="--port 9000"
ARGS ?=

.PHONY: run test test-catalogue test-crowded test-interpreters free-threaded lint bench bench-growth bench-truth bench-overhead \
	test-brokers test-cpython kill-storm repeat-tests pictures witness-pictures constraints test-docker clean
.DEFAULT_GOAL := run

run: $(VENV)/.installed
	@$(BIN)/python -m app serve $(ARGS)

# Lint and every test, the browser's included: what .ci/run runs.
test: $(VENV)/.installed-dev lint
	@$(BIN)/python -m tools.run_tests

# Every scenario and variant, alone and through the real pipeline, three times: no claim may fail.
test-catalogue: $(VENV)/.installed-dev
	@for turn in 1 2 3; do $(BIN)/python -m pytest -q -m "" \
		tests/catalogue/test_programs.py tests/catalogue/test_variants.py \
		tests/catalogue/test_published.py tests/real/test_scenarios.py $(ARGS) || exit 1; done

# Every scenario beside four programs that compute, five times: no claim may fail for want of a CPU.
test-crowded: $(VENV)/.installed-dev
	@$(BIN)/python -m tools.crowded --times 5 $(ARGS)

# The tests that ask for another interpreter: CPython 3.14 and 3.15, PyPy, Jython, a free-threaded
# CPython. Each is looked for on the PATH, among pyenv's and uv's, in the folder INTERPRETERS, and
# where make free-threaded builds one (some minutes). Skipped by name where it isn't there.
FREE_THREADED ?= build/free-threaded
INTERPRETERS ?=
test-interpreters: $(VENV)/.installed-dev
	@PATH="$$PATH:$(abspath $(FREE_THREADED))/bin$(addprefix :,$(abspath $(INTERPRETERS)))" \
		$(BIN)/python -m pytest -m interpreters $(ARGS)

free-threaded:
	@sh tools/free_threaded.sh $(FREE_THREADED)

# The scenario of the brokers over real servers, on free ports; each that is not installed is skipped.
test-brokers: $(VENV)/.installed-brokers
	@$(BIN)/python -m tools.brokers $(BIN)/python -m pytest -rs tests/real/test_brokers.py $(ARGS)

lint: $(VENV)/.installed-dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@sh tools/check_javascript.sh

bench: $(VENV)/.installed-bench
	@sh tools/bench.sh $(BIN)/python

# Whether the time to fuse, send and fold a run grows with its records, and no faster. Ten minutes.
bench-growth: $(VENV)/.installed-bench
	@$(BIN)/python -m benchmarks.growth $(ARGS)

# How far the timeline agrees with the kernel's own events, under each witness. Needs root.
bench-truth: $(VENV)/.installed-bench
	@$(BIN)/python -m benchmarks.truth $(ARGS)
	@$(BIN)/python -m benchmarks.gil_truth

# What the probe costs: each program bare, under it and under viztracer; fails above a bound.
bench-overhead: $(VENV)/.installed-bench
	@$(BIN)/python -m benchmarks.probe_cost $(ARGS)

# The tests of real programs, the witnesses, the worker and the pages, 20 times each beside 0, 2 and 6
# programs that compute, which takes a day: ARGS="--passes 3 --loads 0,6 tests/witness" is less.
repeat-tests: $(VENV)/.installed-dev
	@$(BIN)/python -m tools.repeat_tests $(ARGS)

# CPython's own tests of threads, processes and coroutines, bare and under the probe. Takes an hour.
# CPYTHON names the interpreters, each installed with its tests.
CPYTHON ?= python3.11 python3.13
test-cpython: $(VENV)/.installed-dev
	@for python in $(CPYTHON); do $(BIN)/python -m tools.cpython_tests $$python $(ARGS) || exit 1; done

# Kills and stops program, guard, worker and owner at random instants; nothing may be left. Half an hour.
kill-storm: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks.kill_storm $(ARGS)

# The pictures of the README, from real runs in a real browser.
pictures: $(VENV)/.installed-dev
	@$(BIN)/python -m tools.pictures docs/pictures

# The same program seen from a container, from one with CAP_PERFMON, and from here; see docs/witnesses.md.
witness-pictures: $(VENV)/.installed-dev
	@PICTURES=docs/pictures sh tools/test_docker.sh
	@$(BIN)/python -m tools.witness_pictures docs/pictures $$([ $$(id -u) = 0 ] && echo root || echo user)

# Writes constraints.txt again from what .venv has, after an upgrade.
constraints: $(VENV)/.installed-bench
	@$(BIN)/python -m tools.constraints > constraints.txt.new
	@mv constraints.txt.new constraints.txt

test-docker:
	@sh tools/test_docker.sh

clean:
	rm -rf $(VENV) node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@python=$$(sh tools/python.sh) && echo "Making $(VENV) with $$python" && "$$python" -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	@$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/bin/python pyproject.toml constraints.txt
	@$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-bench: $(VENV)/.installed-dev
	@$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev,bench]'
	@touch $@

$(VENV)/.installed-brokers: $(VENV)/.installed-dev
	@$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev,brokers]'
	@$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[test-brokers]' || \
		echo "There is no broker for Kafka's protocol to be had here; Kafka will be skipped."
	@touch $@
