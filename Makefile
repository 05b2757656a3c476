# Every target does its own set-up in .venv; only python3 (3.11 to 3.13) and make have to be there.
# PYTHON=... chooses the interpreter for a new .venv; AUDIT_STATE_HOME=... the folder of local state (default .contact_audit).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

BIN := .venv/bin
LOCAL := PYTHONPATH=plugins $(BIN)/python -m contact_audit.local
# uv takes the interpreter of .venv, and never fetches one of its own.
UV := UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV=.venv $(BIN)/uv
ARGS ?=
ENV ?= .env

.PHONY: help demo demo-roundup up down clean migrate verify check-source doctor watch-test airflow secrets test test-heavy test-all prove lint format bench accuracy screenshots superset lock

help: ## show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 21

demo: $(BIN)/.runtime ## fill a demo helpdesk, audit it through Airflow, show a contact's activity
	@$(LOCAL) demo

demo-roundup: $(BIN)/.runtime ## start a real Roundup tracker, edit it, audit it through Airflow, show a contact's activity
	@PYTHONPATH=plugins:. $(BIN)/python -m tests.trackers.roundup.demo

up: $(BIN)/.runtime ## start Airflow with its UI in the background (PORT=8080)
	@$(LOCAL) up

down: $(BIN)/.runtime ## end what up and demo have started
	@$(LOCAL) down

clean: ## down, then delete local state and .venv
	@if [ -e $(BIN)/.runtime ]; then $(LOCAL) clean; fi
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis

migrate: $(BIN)/.runtime ## bring the audit database's schema up to date
	@$(LOCAL) migrate

doctor: $(BIN)/.runtime ## say what is wrong with this set-up, each fault with its fix; exit status 0 where all is well
	@$(LOCAL) doctor

check-source: $(BIN)/.runtime ## check that the helpdesk can be read: what is wrong, missing or noise, in plain words
	@$(LOCAL) check-source

verify: $(BIN)/.runtime ## prove that nobody has touched the log; 0: nobody has, 1: what was touched, line by line
	@$(LOCAL) verify $(ARGS)

watch-test: $(BIN)/.runtime ## say what the watch file would have said of the past year (ARGS=deploy/watches.example.yaml: another)
	@$(LOCAL) watch-test $(ARGS)

airflow: $(BIN)/.runtime ## any Airflow command: make airflow ARGS='dags list'
	@$(LOCAL) airflow $(ARGS)

secrets: ## write .env for docker-compose.yaml: every secret of .env.example, random (ENV=.env)
	@umask 077; set -o noclobber; \
	random() { od -An -N "$$1" -tx1 /dev/urandom | tr -d ' \n'; }; \
	while IFS= read -r line; do \
	  case "$$line" in \
	    FERNET_KEY=) line=FERNET_KEY=$$(head -c 32 /dev/urandom | base64 | tr '+/' '-_') ;; \
	    *_PASSWORD=) line=$$line$$(random 32) ;; \
	    *_SECRET=) line=$$line$$(random 64) ;; \
	  esac; \
	  printf '%s\n' "$$line"; \
	done < .env.example > "$(ENV)" || { echo "$(ENV) is there already, or cannot be written: nothing is changed." >&2; exit 1; }
	@echo "Wrote $(ENV), readable by you alone; docker compose takes it from there."

test: $(BIN)/.development ## all tests but the heavy ones; ARGS go to pytest
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m 'not heavy' $(ARGS)

test-heavy: $(BIN)/.development ## the heavy tests, one after the other, each within its own budget
	@$(BIN)/python -m pytest -m heavy $(ARGS)

test-all: test test-heavy ## all tests

prove: $(BIN)/.development ## the properties on 10,000 worlds each; takes long (ARGS='--worlds 1000')
	@$(BIN)/python -m tests.prove $(ARGS)

lint: $(BIN)/.development ## ruff, mypy, sqlfluff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar include/sql

format: $(BIN)/.development ## let ruff mend and format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(BIN)/.development ## measure; ARGS go to bench
	@PYTHONPATH=plugins:. $(BIN)/python -m bench $(ARGS)

accuracy: $(BIN)/.development ## how often the named author is right, against what else one could do; writes docs/accuracy
	@PYTHONPATH=plugins:. $(BIN)/python -m bench.accuracy $(ARGS)

screenshots: $(BIN)/.development ## take the pictures of the Activity page anew, after make demo and make up
	@PYTHONPATH=plugins:. $(BIN)/python -m tests.browser.screenshots

superset: $(BIN)/.development ## have Apache Superset read the log and draw a chart; writes docs/reporting
	@PYTHONPATH=plugins:. $(BIN)/python -m bench.superset.draw

lock: $(BIN)/.uv ## compile requirements*.txt anew from requirements*.in
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes $(ARGS) requirements-bootstrap.in -o requirements-bootstrap.txt
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes $(ARGS) requirements.in -o requirements.txt
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes $(ARGS) requirements-dev.in -o requirements-dev.txt
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes $(ARGS) bench/superset/requirements.in -o bench/superset/requirements.txt
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes $(ARGS) bench/peers/requirements.in -o bench/peers/requirements.txt
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes $(ARGS) tests/trackers/roundup/requirements.in -o tests/trackers/roundup/requirements.txt

$(BIN)/.runtime: requirements.txt | $(BIN)/.uv
	@echo "Installing the locked requirements into .venv"
	@$(UV) pip install --quiet --compile-bytecode --require-hashes -r requirements.txt
	@touch $@

$(BIN)/.development: requirements.txt requirements-dev.txt | $(BIN)/.uv
	@echo "Installing the locked requirements, and those of development, into .venv"
	@$(UV) pip install --quiet --compile-bytecode --require-hashes -r requirements.txt -r requirements-dev.txt
	@touch $(BIN)/.runtime $@

$(BIN)/.uv: requirements-bootstrap.txt
	@chosen=; \
	for python in $${PYTHON:-python3 python3.13 python3.12 python3.11}; do \
	  if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; \
	  then chosen=$$python; break; fi; \
	done; \
	if [ -z "$$chosen" ]; then \
	  echo "Python 3.11, 3.12 or 3.13 is needed; $${PYTHON:-python3} is $$("$${PYTHON:-python3}" -V 2>&1 || true)." >&2; \
	  echo "Install one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; \
	fi; \
	echo "Making .venv with $$("$$chosen" -V)"; \
	if ! "$$chosen" -m venv .venv; then \
	  echo "This Python cannot make a virtual environment (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; \
	fi
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bootstrap.txt
	@touch $@
