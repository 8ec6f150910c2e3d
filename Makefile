# Two commands do everything: `make up` (the shop on this machine) and `make test`.
# Both set themselves up; `make help` lists the rest.

STACK  ?= local
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.installed

export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help setup up down reset backup restore status test check format lock bench diagram figures plan preview train teardown destroy

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Install everything into .venv (the other commands do it themselves)

$(READY): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; PYTHON=... names another one")'
	@echo "Installing into $(VENV), about a minute and a half the first time ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

up: $(READY) ## Run the shop on this machine (PORT=8080, DETACH=1), or deploy a stack (STACK=dev)
ifeq ($(STACK),local)
	@$(BIN)/python -m sandbox up $(if $(DETACH),--detach)
else
	@$(pulumi_cli)
	pulumi up --stack $(STACK)
	@AWS_REGION=$$(pulumi config get aws:region --stack $(STACK)) STACK=$(STACK) delivery/fleet
endif

down: ## Stop the shop on this machine; its data stays
	@$(BIN)/python -m sandbox down

reset: ## Stop the shop on this machine and wipe its data
	@$(BIN)/python -m sandbox reset

backup: ## Copy the database of the shop on this machine, and keep its log from now on
	@$(BIN)/python -m sandbox backup

restore: ## Bring that database back, with what its log has (TO=2030-01-31T14:05:00Z: as it was then)
	@$(BIN)/python -m sandbox restore $(if $(TO),--to "$(TO)")

status: ## What runs on this machine, and how each resource is played
	@$(BIN)/python -m sandbox status

test: $(READY) ## Run every test
	@$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder

check: $(READY) ## Formatting, lint, types, import rules, scripts, policy
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PYTHONPATH=services/storefront:services/functions $(BIN)/lint-imports --no-logo
	$(BIN)/hadolint services/storefront/Dockerfile
	$(BIN)/shellcheck $(SCRIPTS)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/jactionlint --profile correctness
	$(BIN)/zizmor --quiet --offline --no-progress .github
	@$(BIN)/python -m policy.check

SCRIPTS = $(addprefix services/storefront/fleet/instance/,agent boot lifecycle) \
	$(addprefix services/storefront/fleet/release/,fetch install serve start stop validate) \
	$(addprefix delivery/,admit alarms build deploy drift fleet functions identity prepare preview publish smoke verify)

format: $(READY) ## Format the code and fix what lint can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(READY) ## Compile the pinned, hashed requirements from their .in files
	$(LOCK) requirements-dev.in -o requirements-dev.txt
	$(LOCK) requirements.in -c requirements-dev.txt -o requirements.txt
	$(LOCK) services/storefront/requirements.in -c requirements-dev.txt -o services/storefront/requirements.txt
	$(LOCK) services/functions/requirements.in -c requirements-dev.txt -o services/functions/requirements.txt

LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

bench: $(READY) ## Measure the storefront and its shelves (ONLY=storefront, telemetry or shelves)
	@$(if $(filter shelves,$(ONLY)),,$(BIN)/python -m bench $(filter telemetry,$(ONLY)))
	@$(if $(filter storefront telemetry,$(ONLY)),,PYTHONPATH=services/storefront $(BIN)/python -m bench.recommend)

diagram: $(READY) ## Draw docs/architecture.md from the program
	@$(BIN)/python -m graph diagram prod > docs/architecture.md

figures: $(READY) ## Compute the README's table of costs and times
	@$(BIN)/python -m graph.plan.figures

plan: $(READY) ## Changes, cost and time without an account (BASE=main STACK=prod FORMAT=markdown)
	@$(BIN)/python -m graph.plan $(if $(filter-out file,$(origin STACK)),$(STACK)) \
		$(if $(BASE),--base "$(BASE)") $(if $(FORMAT),--format $(FORMAT))

preview: $(READY) ## Show what `make up STACK=...` would change
	@$(pulumi_cli)
	pulumi preview --stack $(STACK) --diff

train: ## Let Personalize learn now, in a stack that it serves (here: its stand-in)
ifeq ($(STACK),local)
	@$(BIN)/python -m sandbox execute recommendations-train
else
	@$(call run_machine,train)
endif

teardown: ## Take away what training made in Personalize, before its serving changes
	@$(call run_machine,teardown)

destroy: $(READY) teardown ## Delete everything a stack made in AWS (asks first)
	@$(pulumi_cli)
	pulumi destroy --stack $(STACK)

pulumi_cli = command -v pulumi >/dev/null || { echo "The Pulumi CLI is not installed: see https://www.pulumi.com/docs/install/ (it needs an AWS account; plain \`make up\` needs neither)." >&2; exit 1; }

# Starts a state machine of the stack, waits for its end and fails as it does; none there is no failure.
run_machine = $(pulumi_cli); \
	region=$$(pulumi config get aws:region --stack $(STACK)) && \
	machine=$$(aws stepfunctions list-state-machines --region $$region --output text \
		--query "stateMachines[?name=='shop-$(STACK)-$(1)'].stateMachineArn") || exit 1; \
	if [ -z "$$machine" ]; then echo "Personalize does not serve $(STACK): nothing to do."; exit 0; fi; \
	run=$$(aws stepfunctions start-execution --region $$region --state-machine-arn "$$machine" \
		--query executionArn --output text) || exit 1; \
	echo "$$run runs; Ctrl-C stops waiting for it, not the run ..."; \
	while state=$$(aws stepfunctions describe-execution --region $$region --execution-arn "$$run" \
		--query status --output text) && [ "$$state" = RUNNING ]; do sleep $(or $(POLL),15); done; \
	echo "$$state"; [ "$$state" = SUCCEEDED ]
