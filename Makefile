# make demo     set up what the road needs, then run all of it on bundled and simulated recordings
# make setup    .venv with every extra and the development tools
# make test     setup, lint, tests            make lint   ruff, mypy (strict), import rules
# make docs     the pages, into docs/_build/html
# make pictures  of every view of the window, dark and light, from simulated sessions (needs xvfb-run; some minutes)
# make wheel    sdist, and the wheel built from it, into dist/
# make bench    measurements beside peers and floors; exit 1 where a ratio is missed (an hour and more, on a quiet machine)
# make installs try the wheel in empty environments on every Python that is here (slow, downloads packages)
#
# Variables: PYTHON (an interpreter of 3.11 to 3.13), TORCH_INDEX (address of a package index with CPU builds of
# torch; without it pip takes a CPU build only where your pip settings offer one), PYTEST_ARGS.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	if $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then echo $$p; break; fi; done)
TORCH_INDEX ?=
PYTEST_ARGS ?= -n 2 -q

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --constraint constraints.txt
INDEX := $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

# one thread per process: two test workers share two cores
export OMP_NUM_THREADS ?= 1

.PHONY: setup demo test lint docs pictures wheel bench installs clean

setup: .venv/.dev

demo: .venv/.runtime
	$(BIN)/mmed demo --to demo-out

test: lint
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: .venv/.dev
	$(BIN)/sphinx-build --fail-on-warning --keep-going -q -b html docs docs/_build/html

pictures: .venv/.dev
	xvfb-run -a -s "-screen 0 1280x800x24" $(BIN)/python scripts/screenshots.py docs/pictures/window

wheel: .venv/.dev
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist .

# each is run, whatever became of those before
BENCHES := decode cutting ingest memory sound quality syncing tracking spotting mutated window agreement operating \
	page loading release download folds imbalance
bench: .venv/.dev
	@missed=; for name in $(BENCHES); do echo "== $$name"; $(BIN)/python benchmarks/$$name.py || missed="$$missed $$name"; done; \
	test -z "$$missed" || { echo "missed:$$missed" >&2; exit 1; }

installs: .venv/.dev
	bash scripts/check_installs.sh

clean:
	rm -rf .venv dist docs/_build demo-out

.venv/.made:
	@test -n "$(PYTHON)" || { echo "need Python 3.11, 3.12 or 3.13: install one, or name it with make PYTHON=…" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.runtime: .venv/.made pyproject.toml constraints.txt
	@echo "installing what the road needs into .venv (several minutes the first time)"
	$(PIP) $(INDEX) torch
	$(PIP) --editable '.[curate,benchmark]'
	@touch $@

# everything at once; the runtime extras are part of it
.venv/.dev: .venv/.made pyproject.toml constraints.txt
	@echo "installing every extra and the development tools into .venv (several minutes the first time)"
	$(PIP) $(INDEX) torch
	$(PIP) --editable '.[dev]'
	@touch .venv/.runtime $@
