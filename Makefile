# `make demo` runs the demo and `make test` runs every check. Both install into .venv and write their
# files to .demo and .test.

PYTHON ?= python3
DEMO_ARGS ?=
TEST_ARGS ?=
BENCH_ARGS ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# The tests of these folders need no model and no browser.
FAST_TESTS = $(wildcard $(addprefix tests/,tools $(addprefix brain/,ann core queries store)))
# Processes that share the tests, many of which wait for a disk or a database, and those that share
# the tests in a browser, each with a server and a browser of its own.
PROCESSES ?= 3
BROWSERS ?= 2
SHARED = --dist loadfile --numprocesses

.PHONY: demo test test-fast test-backends coverage faults lint bench bench-embed bench-retrieval \
	bench-relevance bench-app bench-batch bench-ranking bench-graph bench-duplicates bench-planted \
	bench-understanding bench-labels bench-clusters bench-maps bench-map-panel bench-teaching \
	bench-matrix bench-tree bench-transfer bench-local-features bench-explanations bench-users quality \
	panel notebook train screenshots clean

demo: .venv/installed
	@$(BIN)/python tools/run_demo.py $(DEMO_ARGS)

# One thread is faster for small indexes, because FAISS waits for its threads.
ONE_THREAD = OMP_NUM_THREADS=1

test: .venv/installed-for-tests lint
	@$(BIN)/python tools/chromium.py
ifeq ($(TEST_ARGS),)
	$(ONE_THREAD) $(BIN)/python -m pytest -m "not (backends or browser)" $(SHARED) $(PROCESSES)
	$(ONE_THREAD) $(BIN)/python -m pytest -m "browser and not backends" $(SHARED) $(BROWSERS)
else
	$(ONE_THREAD) $(BIN)/python -m pytest -m "not backends" $(TEST_ARGS)
endif

test-fast: .venv/installed-for-tests
	$(ONE_THREAD) $(BIN)/python -m pytest -m "not (backends or browser or faults or slow)" \
		$(FAST_TESTS) $(TEST_ARGS)

# The tests that need heavy extras, which are installed for this.
test-backends: .venv/installed-for-backends
	@$(BIN)/python tools/chromium.py
	$(BIN)/python -m pytest -m backends $(SHARED) $(BROWSERS) $(TEST_ARGS)

# Writes the covered lines to .test/coverage-html.
coverage: .venv/installed-for-tests
	$(BIN)/python -m pytest -m "not (backends or browser or faults)" --cov --cov-report=term \
		--cov-report=html:.test/coverage-html $(TEST_ARGS)

# Injects faults and runs concurrency tests for about 25 minutes; "make test" does so for seconds.
faults: .venv/installed-for-tests
	FAULTS=long $(BIN)/python -m pytest tests/faults $(TEST_ARGS)

lint: .venv/installed-for-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@mkdir -p .test/types && ln -sfn ../.. .test/types/fiftyone_faiss
	$(BIN)/mypy
	$(BIN)/lint-imports --cache-dir .test/import-linter
	$(BIN)/python tools/check_vocabulary.py
	$(BIN)/python tools/check_lengths.py

.venv/installed: requirements.txt pyproject.toml setup.py tools/mongod.py
	@echo "Installing into .venv; the first time this takes a few minutes and 6 GB"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) --editable .
	@$(BIN)/python tools/mongod.py
	@touch $@

.venv/installed-for-tests: .venv/installed
	@$(PIP) --editable '.[test]'
	@touch $@

.venv/installed-for-backends: .venv/installed-for-tests
	@$(PIP) --editable '.[backends]'
	@touch $@

# Takes about an hour and 12 GB of memory, or with BENCH_ARGS='--sizes 10000 --real 0' a few minutes.
bench: .venv/installed
	@$(PIP) --editable '.[bench]'
	$(BIN)/python benchmarks/bench_index.py $(BENCH_ARGS)

# Takes about 40 minutes and 4 GB of memory, or with BENCH_ARGS='--images 160' half of the time.
bench-embed: .venv/installed
	@$(PIP) --editable '.[openvino]'
	$(BIN)/python benchmarks/bench_embed.py $(BENCH_ARGS)

# Takes about 10 minutes. BENCH_ARGS='--stamps DIR --weights FILE' adds photographs; see the script.
bench-relevance: .venv/installed
	$(BIN)/python benchmarks/bench_relevance.py $(BENCH_ARGS)

# Takes about 10 minutes, or with BENCH_ARGS='--pictures 400' about 4.
bench-retrieval: .venv/installed
	$(BIN)/python benchmarks/bench_retrieval.py $(BENCH_ARGS)

# Takes about 15 minutes and 10 GB of memory, or with BENCH_ARGS='--sizes 100000' about 3 minutes.
bench-batch: .venv/installed
	$(BIN)/python benchmarks/bench_batch.py $(BENCH_ARGS)

# Takes about half an hour and 9 GB of memory, or with BENCH_ARGS='--sizes 100000' a few minutes.
bench-graph: .venv/installed
	@$(PIP) --editable '.[bench]'
	$(BIN)/python benchmarks/bench_graph.py $(BENCH_ARGS)

# Takes about 10 minutes and 8 GB of memory.
bench-ranking: .venv/installed
	$(BIN)/python benchmarks/bench_ranking.py $(BENCH_ARGS)

bench-duplicates: .venv/installed
	$(BIN)/python benchmarks/bench_duplicates.py $(BENCH_ARGS)

# Takes about 15 minutes, or with BENCH_ARGS='--images 200' about 4.
bench-planted: .venv/installed
	$(BIN)/python benchmarks/bench_planted.py $(BENCH_ARGS)

# BENCH_ARGS='--stamps DIR --weights FILE' adds photographs and a network; see the script.
bench-understanding: .venv/installed
	$(BIN)/python benchmarks/bench_understanding.py $(BENCH_ARGS)

# Takes about 10 minutes, or with BENCH_ARGS='--data digits' about 3.
bench-labels: .venv/installed
	@$(PIP) --editable '.[bench]'
	$(BIN)/python benchmarks/bench_labels.py $(BENCH_ARGS)

bench-clusters: .venv/installed
	$(BIN)/python benchmarks/bench_clusters.py $(BENCH_ARGS)

# Takes about 10 minutes, or with BENCH_ARGS='--sizes 20000' about 3.
bench-maps: .venv/installed
	@$(PIP) --editable '.[bench,maps]'
	$(BIN)/python benchmarks/bench_maps.py $(BENCH_ARGS)

# Takes about 10 minutes, or with BENCH_ARGS='--seeds 601 --random-seeds 5' about 3.
bench-teaching: .venv/installed
	@$(PIP) --editable '.[bench]'
	$(BIN)/python benchmarks/bench_teaching.py $(BENCH_ARGS)

bench-matrix: .venv/installed
	$(BIN)/python benchmarks/bench_matrix.py $(BENCH_ARGS)

bench-transfer: .venv/installed-for-backends
	@$(PIP) --editable '.[bench]'
	$(BIN)/python benchmarks/bench_transfer.py $(BENCH_ARGS)

bench-local-features: .venv/installed
	$(BIN)/python benchmarks/bench_local_features.py $(BENCH_ARGS)

bench-tree: .venv/installed
	$(BIN)/python benchmarks/bench_tree.py $(BENCH_ARGS)

# Takes about 20 minutes. BENCH_ARGS='--weights FILE' adds a trained network; see the script.
bench-explanations: .venv/installed
	$(BIN)/python benchmarks/bench_explanations.py $(BENCH_ARGS)

# Measures the quality of the answers, on photographs too, which Debian's apt-get downloads.
quality: .venv/installed-for-tests
	@$(PIP) --editable '.[bench]'
	stamps=$$($(BIN)/python tools/quality_data.py stamps) && \
	weights=$$($(BIN)/python tools/quality_data.py weights) && \
	$(BIN)/python benchmarks/bench_relevance.py --stamps "$$stamps" --weights "$$weights" && \
	$(BIN)/python benchmarks/bench_duplicates.py --stamps "$$stamps" && \
	$(BIN)/python benchmarks/bench_understanding.py --stamps "$$stamps" --weights "$$weights"
	$(BIN)/python benchmarks/bench_planted.py
	$(BIN)/python benchmarks/bench_labels.py
	$(BIN)/python benchmarks/bench_retrieval.py

# Runs Chromium for about 10 minutes.
bench-app: .venv/installed-for-tests
	$(BIN)/python benchmarks/bench_app.py $(BENCH_ARGS)

# Takes about 5 minutes.
bench-users: .venv/installed-for-tests
	$(BIN)/python benchmarks/bench_users.py $(BENCH_ARGS)

# Runs Chromium for about 5 minutes.
bench-map-panel: .venv/installed-for-tests
	$(BIN)/python benchmarks/bench_map_panel.py $(BENCH_ARGS)

# Bundles the panel's page. The bundle is committed, so only changes of the page need this.
panel: .venv/installed-for-tests
	$(BIN)/python tools/page.py build

# Runs the notebook and keeps its outputs.
notebook: .venv/installed-for-tests
	$(BIN)/python tools/run_notebook.py

train: .venv/installed
	$(BIN)/python -m fiftyone_faiss.demo.train

screenshots: .venv/installed-for-tests
	$(BIN)/python tools/screenshots.py

clean:
	rm -rf .venv .demo .test .bench build *.egg-info
