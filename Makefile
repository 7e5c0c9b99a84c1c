# Entry points. Each target makes what it needs: `make demo` and `make test` work as the first command on a fresh machine
# with Python 3.11 or newer.

VENV := .venv
BIN := $(VENV)/bin
# The first of these that is new enough creates the environment; choose your own with `make test PYTHON=python3.13`.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11 python

# The container engine that responds, and further build options (a proxy's certificate, another base image).
ENGINE ?= $(firstword $(foreach engine,docker podman,$(shell $(engine) info >/dev/null 2>&1 && echo $(engine))))
IMAGE ?= localhost/circleci-usage:dev
BUILD_OPTIONS ?=

NPM := $(shell command -v npm)
JAVASCRIPT := $(VENV)/javascript/node_modules/.bin
JAVASCRIPT_PINS := $(addprefix tools/javascript/,.npmrc package.json package-lock.json)
BIOME_OPTIONS := --error-on-warnings --config-path=tools/javascript \
	scripts/circleci_usage/render/explorer/modules tests/render/explorer

PINS := $(wildcard requirements*.txt)
SHELL_SCRIPTS := .ci/run .ci/containers docker-entrypoint.sh $(wildcard .circleci/publish-* orb/scripts/*.sh)

.DEFAULT_GOAL := help
.PHONY: help demo test test-spark test-attacks fuzz audit lint format bench bench-check bench-readme docs focus image orb release
.PHONY: notebook picture requirements schema clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.installed ## Try it without an account: the report of a sample company
	$(BIN)/circleci-usage demo

test: $(VENV)/.installed $(VENV)/.s3 $(VENV)/.javascript ## Run all tests; lists the ten slowest
	$(BIN)/python -m pytest -n auto --dist worksteal --durations=10 $(PYTEST_ARGS)

test-spark: ## Run the tests of --engine spark on a local cluster; needs Java
	@$(MAKE) --no-print-directory VENV=.venv-spark .venv-spark/.spark
	.venv-spark/bin/python -m pytest tests/usage/test_spark.py $(PYTEST_ARGS)

test-attacks: $(VENV)/.fuzz ## Run only the attacks: hostile servers, stores, files, settings; counts them
	$(BIN)/python -m pytest -n auto --dist worksteal tests/e2e/attacks $(PYTEST_ARGS)

fuzz: $(VENV)/.fuzz ## Fuzz the readers of usage files for ten minutes, coverage-guided; needs atheris
	$(BIN)/python tests/e2e/attacks/fuzz_readers.py 600 .fuzzed

audit: $(VENV)/.audit ## Check all pins for known vulnerabilities in PyPI's database
	@for pins in $(PINS); do \
	    echo "$$pins"; \
	    $(VENV)/audit/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off --requirement $$pins \
	        || failed=1; \
	done; test -z "$$failed"

lint: $(VENV)/.installed $(VENV)/.javascript ## Check style, types, JavaScript, shell scripts, YAML and the Dockerfile
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(if $(NPM),$(JAVASCRIPT)/biome check $(BIOME_OPTIONS),@echo "There is no npm: JavaScript is not checked.")
	$(if $(NPM),$(JAVASCRIPT)/tsc --project tools/javascript)
	$(BIN)/shellcheck $(SHELL_SCRIPTS)
	$(BIN)/yamllint --strict .
	$(BIN)/hadolint Dockerfile

format: $(VENV)/.installed $(VENV)/.javascript ## Fix what can be fixed automatically
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(if $(NPM),$(JAVASCRIPT)/biome check --write $(BIOME_OPTIONS))

bench: $(VENV)/.installed ## Measure reports on a million job runs, and small ones; ten minutes
	$(BIN)/python -m benchmarks --only quick $(BENCH_ARGS)

bench-readme: $(VENV)/.installed ## Measure everything, write docs/performance.md and the README's numbers; half an hour, 5 GB
	$(BIN)/python -m benchmarks --write $(BENCH_ARGS)

bench-check: $(VENV)/.installed ## Fail if anything is 15% slower than in the last table; before a release, on an idle machine
	$(BIN)/python -m benchmarks.check $(BENCH_ARGS)

docs: $(VENV)/.installed ## Generate the pages of docs/ that are made from the code
	$(BIN)/python tools/generate_docs.py

notebook: $(VENV)/.installed ## Run the example notebook and keep its results in it
	$(BIN)/python tools/run_notebook.py

focus: $(VENV)/.installed ## Validate focus.csv with the FinOps tools; needs Python 3.12 or newer
	PYTHONPATH=tests/support $(BIN)/python tools/focus_check.py $(PYTHON)

image: $(VENV)/.installed ## Build and test the container image, with docker or podman
	@test -n "$(ENGINE)" || { echo "make image needs docker (with its daemon running) or podman." >&2; exit 1; }
	$(ENGINE) build $(BUILD_OPTIONS) --tag $(IMAGE) .
	IMAGE=$(IMAGE) ENGINE=$(ENGINE) $(BIN)/python -m pytest tests/e2e/test_image.py

orb: $(VENV)/.installed ## Pack the orb into dist/orb.yml
	$(BIN)/python tools/orb_pack.py orb dist/orb.yml

release: $(VENV)/.installed ## Build a release in dist: package, pins, and the orb that references both by hash
	rm -rf dist
	$(BIN)/python -m hatchling build --target wheel
	cp requirements.txt dist
	$(BIN)/python tools/orb_pack.py orb dist/orb.yml dist/*.whl dist/requirements.txt

picture: $(VENV)/.installed ## Redraw the pictures of the README from the demo; needs chromium and chromedriver
	$(BIN)/python tools/picture.py docs

schema: $(VENV)/.installed ## Generate the JSON Schema of the settings file
	$(BIN)/python tools/settings_schema.py

requirements: $(BIN)/python ## Pin the newest versions that pyproject.toml allows
	$(BIN)/python -m pip install --quiet uv
	$(COMPILE) pyproject.toml --extra image --output-file requirements.txt
	$(COMPILE) pyproject.toml --extra dev --constraints requirements.txt --output-file requirements-dev.txt
	printf 'hatch-fancy-pypi-readme\nhatchling\n' | $(COMPILE) - --constraints requirements-dev.txt --output-file requirements-build.txt
	echo pip-audit | $(COMPILE) - --output-file requirements-audit.txt
	echo 'moto[server]' | $(COMPILE) - --output-file requirements-s3.txt
	printf "atheris; python_version >= '3.12'\natheris<3.1; python_version < '3.12'\n" | $(COMPILE) - --output-file requirements-fuzz.txt
	printf 'pyarrow\npyspark\n' | $(COMPILE) - --constraints requirements-dev.txt --output-file requirements-spark.txt
	cd tools/javascript && npm install --silent --package-lock-only --save-dev typescript@latest @biomejs/biome@latest @types/node@20 \
	    && sed '/"funding": {/,/}/d' package-lock.json >without-urls && mv without-urls package-lock.json

clean: ## Remove what the other targets created
	rm -rf $(VENV) .venv-spark dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .fuzzed demo-report

COMPILE := UV_CUSTOM_COMPILE_COMMAND="make requirements" $(BIN)/uv pip compile --quiet --upgrade --universal \
	--python-version 3.11 --generate-hashes --annotation-style line

$(BIN)/python:
	@for python in $(PYTHON); do \
	    if "$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        exec "$$python" -m venv $(VENV); \
	    fi; \
	done; \
	{ echo "No Python 3.11 or newer with its venv module among: $(PYTHON)."; \
	  echo "Install one (on Debian and Ubuntu: apt-get install python3 python3-venv) or specify it: make test PYTHON=/path/to/python3"; \
	} >&2; exit 1

$(VENV)/.requirements: requirements-dev.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.requirements
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# A separate environment: the tests do not depend on its packages.
$(VENV)/.audit: requirements-audit.txt | $(BIN)/python
	$(BIN)/python -m venv $(VENV)/audit
	$(VENV)/audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

# The stand-in for S3: a server that the tests start, with packages that they must not depend on.
$(VENV)/.s3: requirements-s3.txt | $(BIN)/python
	$(BIN)/python -m venv $(VENV)/s3
	$(VENV)/s3/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

# What checks the JavaScript of explore.html. Where npm is missing or cannot get it, its tests are skipped.
$(VENV)/.javascript: $(JAVASCRIPT_PINS) | $(BIN)/python
	@mkdir -p $(VENV)/javascript && cp $(JAVASCRIPT_PINS) $(VENV)/javascript
	@if npm ci --silent --prefix $(VENV)/javascript; then touch $@; \
	else echo "npm cannot install the tools that check JavaScript: their tests are skipped."; fi

# atheris supports a few Pythons on x86-64 Linux; elsewhere the attacks run without it.
$(VENV)/.fuzz: requirements-fuzz.txt $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes \
	    --requirement $< || echo "atheris does not install here: only hypothesis fuzzes the readers."
	@touch $@

# A separate environment: pyarrow changes how pandas stores text, which the other tests must not depend on.
$(VENV)/.spark: requirements-spark.txt | $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@
