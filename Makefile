# demo, test, lint, bench, gpu, docs: each sets up .venv by itself; demo installs the package alone, the others everything.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_DEMO := $(VENV)/.ready-demo
PIP := $(BIN)/python -m pip
INSTALL := $(PIP) install --quiet --disable-pip-version-check --no-compile -c constraints.txt

.PHONY: demo test lint format bench gpu docs clean
.NOTPARALLEL:

demo: $(READY_DEMO)
	$(BIN)/aspis-sim sweep --q 1..7 --attack strong

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m tests.lint.dead_code

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)
	$(BIN)/python -m benchmarks

gpu: $(READY)
	$(BIN)/python -m benchmarks.gpu --keep

docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "open site/index.html"

clean:
	rm -rf $(VENV) site

# An environment without pip (interrupted, or made by another tool) is given one; if that fails, it is made anew.
define VENV_WITH_PIP
@$(PIP) --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip --upgrade >/dev/null 2>&1 || true
@$(PIP) --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
endef

$(READY_DEMO): pyproject.toml constraints.txt
	$(VENV_WITH_PIP)
	$(INSTALL) -e .
	touch $@

$(READY): pyproject.toml constraints.txt
	$(VENV_WITH_PIP)
	$(INSTALL) -e '.[dev]'
	touch $@ $(READY_DEMO)
