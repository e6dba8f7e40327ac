# Needs Python 3.11 or newer, and make. Everything else goes into .venv.
# PYTHON=/path/to/python3.12 make demo   uses another interpreter.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$p"; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
JOBS ?= 2
CHECKED := postgwas cli reference tests benchmarks
TYPED := postgwas cli reference

.DEFAULT_GOAL := help
.PHONY: help venv install demo test lint format typecheck pre-commit lock wheel bench clean

help:  ## this text
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*##[[:space:]]*/\1|/' | \
	while IFS='|' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

demo: $(READY)  ## run the main job on the embedded demo study; results in demo_out/
	$(BIN)/postgwas demo --out demo_out --overwrite

test: $(READY)  ## run all tests (JOBS=2 processes)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(PYTEST_ARGS)

lint: $(READY)  ## check style with ruff
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)

format: $(READY)  ## let ruff format the code and mend what it can
	$(BIN)/ruff format $(CHECKED)
	$(BIN)/ruff check --fix $(CHECKED)

typecheck: $(READY)  ## check types with mypy
	$(BIN)/mypy $(TYPED)

pre-commit: $(READY)  ## have lint and types checked before each commit
	$(BIN)/pre-commit install
	$(BIN)/pre-commit run --all-files

lock: $(READY)  ## choose the newest dependencies again and write requirements.lock
	$(BIN)/python -m pip install --quiet 'uv>=0.5'
	$(BIN)/uv pip compile pyproject.toml --group dev --extra jobqueue --universal --python-version 3.11 \
		--upgrade --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet \
		--output-file requirements.lock

wheel: $(READY)  ## build the wheel into dist/
	rm -rf build dist
	$(BIN)/python -m build --wheel --no-isolation --outdir dist

bench: $(READY)  ## time the jobs of benchmarks/ (not part of the tests)
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

install: $(READY)  ## make .venv with the locked dependencies and this project in it

venv: install

# Hashes of every file are in the lock, so what is installed in two years is what was tested today.
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" && "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "postgwas needs Python 3.11 or newer, found: $$($(or $(PYTHON),python3) --version 2>&1)." \
	"Name one: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	"$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

clean:  ## remove .venv and everything that is built
	rm -rf $(VENV) build dist demo_out *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
