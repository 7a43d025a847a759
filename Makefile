# Two commands do everything: `make demo` and `make test`. Both work in .venv, and keep what they
# make in .demo and .test.

PYTHON ?= python3
DEMO_ARGS ?=
TEST_ARGS ?=
BENCH_ARGS ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test faults lint bench bench-embed bench-retrieval bench-app panel train screenshots clean

demo: .venv/installed
	@$(BIN)/python tools/run_demo.py $(DEMO_ARGS)

test: .venv/installed-for-tests lint
	@$(BIN)/python tools/chromium.py
	$(BIN)/python -m pytest $(TEST_ARGS)

# Kills, damages and crowds a store for some minutes; "make test" does so for some seconds.
faults: .venv/installed-for-tests
	FAULTS=long $(BIN)/python -m pytest tests/faults $(TEST_ARGS)

lint: .venv/installed-for-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@mkdir -p .test/types && ln -sfn ../.. .test/types/fiftyone_faiss
	$(BIN)/mypy

.venv/installed: requirements.txt pyproject.toml setup.py tools/mongod.py
	@echo "Installing into .venv; the first time this takes a few minutes and 6 GB"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) --editable .
	@$(BIN)/python tools/mongod.py
	@touch $@

.venv/installed-for-tests: .venv/installed
	@$(PIP) --editable '.[test]'
	@touch $@

# Takes about an hour and 12 GB of memory; BENCH_ARGS='--sizes 10000 --real 0' a few minutes.
bench: .venv/installed
	@$(PIP) --editable '.[bench]'
	$(BIN)/python benchmarks/bench_index.py $(BENCH_ARGS)

# Takes about 40 minutes and 4 GB of memory; BENCH_ARGS='--images 160' half of that.
bench-embed: .venv/installed
	$(BIN)/python benchmarks/bench_embed.py $(BENCH_ARGS)

# Takes about 10 minutes; BENCH_ARGS='--pictures 400' some 4.
bench-retrieval: .venv/installed
	$(BIN)/python benchmarks/bench_retrieval.py $(BENCH_ARGS)

# Drives Chromium for about ten minutes.
bench-app: .venv/installed-for-tests
	$(BIN)/python benchmarks/bench_app.py $(BENCH_ARGS)

# Bundles the panel's page. The bundle is committed, so only changes of the page need this.
panel: .venv/installed-for-tests
	$(BIN)/python tools/page.py build

train: .venv/installed
	$(BIN)/python -m fiftyone_faiss.demo.train

screenshots: .venv/installed-for-tests
	$(BIN)/python tools/screenshots.py

clean:
	rm -rf .venv .demo .test .bench build *.egg-info
