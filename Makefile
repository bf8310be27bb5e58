# Jobyard's commands. All that is needed beforehand is make and a Python of 3.11 or newer; the rest goes into .venv.
#
# requirements.lock and requirements-dev.lock pin every package, so that pip has nothing to search for; files in .venv
# remember what was installed, so that a second run starts at once.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# What is imported is kept compiled, whatever the environment says: each of a run's hundreds of processes would compile
# all of it anew, which doubles what its start takes.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input install --quiet --no-compile
# Give another one with `make up PYTHON=python3.13`.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: up
up: $(VENV)/installed ## Start everything: API, worker and embedded AWS; Ctrl-C drains and stops
	@exec $(VENV)/bin/jobyard up

.PHONY: test
test: $(VENV)/installed-dev ## Run all tests
	@$(PY) -m pytest -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: check
check: $(VENV)/installed-dev ## Check style, types and the direction of imports
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

.PHONY: docs
docs: $(VENV)/installed ## Write anew docs/aws-actions.md, the page that is made from the code
	@$(PY) -m infra.actions

.PHONY: fidelity
fidelity: $(VENV)/installed-dev ## Run the contract suite on all implementations of AWS and write docs/fidelity.md
	@$(PY) -m pytest -r fE tests/contract --fidelity docs/fidelity.md

.PHONY: package
package: $(VENV)/installed ## Build the zips that Lambda runs, into build/artifacts
	@$(VENV)/bin/jobyard package $(ARGS)

.PHONY: deploy
deploy: $(VENV)/installed ## Deploy to AWS, with a plan and a price first: make deploy STAGE=dev; needs Node
	@test -n "$(STAGE)" || { echo "make: say which stage: make deploy STAGE=dev" >&2; exit 2; }
	@exec $(VENV)/bin/jobyard deploy --stage "$(STAGE)" $(ARGS)

.PHONY: remove
remove: $(VENV)/installed ## Remove a stage from AWS: make remove STAGE=dev
	@test -n "$(STAGE)" || { echo "make: say which stage: make remove STAGE=dev" >&2; exit 2; }
	@exec $(VENV)/bin/jobyard remove --stage "$(STAGE)" $(ARGS)

.PHONY: deploy-local
deploy-local: $(VENV)/installed-dev ## Deploy to an emulator of AWS on this machine: MiniStack, or LocalStack; needs Node
	@$(VENV)/bin/jobyard deploy-local $(ARGS)

.PHONY: remove-local
remove-local: $(VENV)/installed ## Remove what deploy-local has deployed, and stop the emulator that it started
	@$(VENV)/bin/jobyard remove-local $(ARGS)

.PHONY: test-deploy
test-deploy: $(VENV)/installed-dev ## Test the deployment: osls to a fresh MiniStack, jobs through it, removal; 3 minutes
	@$(PY) -m pytest -n 2 --dist loadfile tests/deploy_live $(ARGS)

.PHONY: crash
crash: $(VENV)/installed-dev ## Kill the server at random moments under 2,000 jobs and count what became of each
	@$(PY) -m tests.campaigns.crash $(ARGS)

.PHONY: durability
durability: $(VENV)/installed-dev ## Kill the AWS endpoint under load, fill its disk, cut its power; compare with what it said
	@$(PY) -m tests.campaigns.durability $(ARGS)

.PHONY: scale
scale: $(VENV)/installed-dev ## Run 100,000 jobs of a tenant before another's, and batches of 10,000; 2 minutes
	@$(PY) -m tests.campaigns.scale $(ARGS)

.PHONY: sim
sim: $(VENV)/installed-dev ## Run the worker against injected faults on a virtual clock, thousands of seeds
	@$(PY) -m tests.campaigns.simulation $(ARGS)

.PHONY: bench
bench: $(VENV)/installed ## Measure jobs/s, latency and CPU beside other job queues; installs them into .bench
	@$(PY) benchmarks/end_to_end.py $(ARGS)

.PHONY: bench-sqs
bench-sqs: $(VENV)/installed ## Measure the embedded SQS as a server beside MiniStack, moto and ElasticMQ
	@$(PY) benchmarks/sqs_server.py $(ARGS)

.PHONY: bench-dynamodb
bench-dynamodb: $(VENV)/installed ## Measure the embedded DynamoDB as a server beside MiniStack, moto and DynamoDB Local
	@$(PY) benchmarks/dynamodb_server.py $(ARGS)

.PHONY: bench-growth
bench-growth: $(VENV)/installed ## Measure a receive and a conditional update at a million against a thousand
	@PYTHONPATH=. $(PY) benchmarks/growth.py $(ARGS)

.PHONY: bench-features
bench-features: $(VENV)/installed ## Measure what limits, keys, levels, flows, events, encryption, artifacts cost a job
	@PYTHONPATH=. $(PY) benchmarks/features.py $(ARGS)

.PHONY: bench-opcodes
bench-opcodes: $(VENV)/installed ## Count the opcodes of a job's life, by function: a profile that does not waver
	@PYTHONPATH=. $(PY) benchmarks/opcodes.py $(ARGS)

# In a fresh environment, so that only what pyproject.toml asks for is pinned.
LOCK := build/lock/bin/python -m pip --disable-pip-version-check
# Prints all extras of pyproject.toml, with commas.
EXTRAS := import tomllib; \
	print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"], sep=",")
.PHONY: lock
lock: ## Pin anew, at their newest versions, the packages that pyproject.toml asks for
	rm -rf build/lock
	$(PYTHON) -m venv build/lock
	$(LOCK) install --quiet --no-compile --upgrade 'pip>=25.1'
	$(LOCK) install --quiet --no-compile 'setuptools>=77' ".[$$($(PYTHON) -c '$(EXTRAS)')]"
	(echo '# Every package at one version, so that pip has nothing to search for. Made by `make lock`.'; \
		$(LOCK) freeze --all --exclude pip --exclude jobyard) > requirements.lock
	$(LOCK) install --quiet --no-compile --constraint requirements.lock --group dev
	(echo '# What tests and checks need besides, every package at one version. Made by `make lock`.'; \
		echo '-r requirements.lock'; \
		$(LOCK) freeze --all --exclude pip --exclude jobyard | grep -vxFf requirements.lock) > requirements-dev.lock
	rm -rf build/lock

.PHONY: clean
clean: ## Remove what was installed and cached; jobs in .jobyard stay
	rm -rf $(VENV) .bench .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/made:
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "make: $(or $(PYTHON),python3) is no Python of 3.11 or newer; install one, or name it:" \
			"make up PYTHON=/path/to/python3" >&2; \
		exit 1; \
	}
	@echo "making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { \
		echo "make: $(PYTHON) cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; \
		rm -rf $(VENV); \
		exit 1; \
	}
	@touch $@

$(VENV)/installed: $(VENV)/made requirements.lock pyproject.toml
	@echo "installing what Jobyard needs; the first time takes about a minute"
	@$(PIP) -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.lock
	@echo "installing what the tests need"
	@$(PIP) -r requirements-dev.lock
	@touch $@
