# `make help` lists the targets. Each sets up by itself what it needs (stack/bootstrap).

OURS := .venv/bin/python
BASE := stack/bootstrap base
DEV := stack/bootstrap dev
args :=

# `make bench ingest` reads better than `make bench name=ingest`; the words after `bench` are no targets of their own.
ifeq (bench,$(firstword $(MAKECMDGOALS)))
  name ?= $(wordlist 2,$(words $(MAKECMDGOALS)),$(MAKECMDGOALS))
  $(eval $(filter-out bench,$(MAKECMDGOALS)):;@:)
endif

.DEFAULT_GOAL := help
.PHONY: help setup run stop manage demo-reset backup restore verify-backup rotate-keys upgrade sbom audit test test-all test-changed test-peers bench check check-style check-imports \
	check-licences check-templates check-types check-migrations check-architecture fix

help:
	@echo "make run         start everything; Ctrl-C stops it (MUSTER_DEMO=0: without the demo fleet)"
	@echo "make stop        stop what runs from this checkout"
	@echo "make manage      a management command, running or not: make manage args='create_token --user ada'"
	@echo "make backup      write an encrypted backup, running or not; the first one asks for a passphrase"
	@echo "make restore     restore one: MUSTER_DATA_DIR=/an/empty/folder make restore file=/path/of.backup"
	@echo "                 (or an instant: file=/folder/of/backups at=2026-12-02T10:00Z)"
	@echo "make verify-backup  open one and verify each file of it: make verify-backup file=/path/of.backup"
	@echo "make rotate-keys new keys for signing and for secrets, while Muster is stopped"
	@echo "make upgrade     bring the data of an older PostgreSQL to the one that Muster brings (args=--plan: what it takes)"
	@echo "make demo-reset  take the demo fleet out and load it afresh"
	@echo "make test        the tests, in 10 minutes on two cores, without those marked full: the launcher's starts and"
	@echo "                 stops, migrating a dump, most of the browser, every role, kind, form, file and odd parameter"
	@echo "                 in full, the demo, names and scopes in full (args='tests/stack -k port': some of them)"
	@echo "make test-all    all of the tests; args as above"
	@echo "make test-changed the tests that this branch's changes can touch (base=HEAD~3: since then), and why"
	@echo "make test-peers  the tests with real senders (Debian's prometheus and alertmanager), attacks and outages"
	@echo "make check       linters, types, import contracts, templates, migrations, architecture"
	@echo "make sbom        write what ships, as CycloneDX, and its licences into var/release (folder=/another/one)"
	@echo "make audit       look the pinned packages up in the published advisories"
	@echo "make fix         format the code, and mend what the linter can mend by itself"
	@echo "make bench       the benchmarks, or one: make bench ingest"
	@echo "make setup       only the set-up, with the tools for development"

setup:
	@$(DEV)

run:
	@$(BASE) -m stack --end-with-parent run

stop:
	@$(BASE) -m stack stop

manage:
	@$(BASE) -m stack manage $(args)

backup:
	@$(BASE) -m stack backup $(args)

file = $(error Name the backup: make $@ file=/path/of.backup)
restore:
	@$(BASE) -m stack restore "$(file)"$(if $(at), --at "$(at)")

verify-backup:
	@$(BASE) -m stack verify-backup "$(file)"

rotate-keys:
	@$(BASE) -m stack rotate-keys $(args)

upgrade:
	@$(BASE) -m stack upgrade $(args)

demo-reset:
	@$(BASE) -m stack manage remove_demo
	@$(BASE) -m stack manage load_demo

# What Python and pytest make of the tests is kept: without it each worker compiles 1,500 files for a third of a minute.
test test-all test-changed test-peers: export PYTHONDONTWRITEBYTECODE :=

test:
	@$(DEV) -m pytest -n 2 --dist worksteal -m "not peers and not full" $(args)

test-all:
	@$(DEV) -m pytest -n 2 --dist worksteal $(args)

base := main
test-changed:
	@$(DEV) -m tests.changed $(base) -n 2 --dist worksteal $(args)

# Only their folder: six workers that read all tests first would take two cores for over a minute.
test-peers:
	@$(DEV) -m pytest -n 6 -p tests.peers.scheduling --dist loadfile --no-loadscope-reorder \
		-o testpaths=tests/peers -m peers $(args)

# One failure does not hide the next.
check: setup
	@$(MAKE) --no-print-directory --keep-going check-style check-imports check-licences check-templates check-types \
		check-migrations check-architecture

check-style:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

fix: setup
	.venv/bin/ruff check --quiet --fix . || true
	.venv/bin/ruff format .

check-imports:
	.venv/bin/lint-imports

check-licences:
	$(OURS) -m release licences

check-templates:
	.venv/bin/djlint --lint --quiet templates

# The plugin for Django reads the settings, which want the addresses of a database and a broker.
check-types:
	$(OURS) -m stack try .venv/bin/mypy .

check-migrations:
	$(OURS) -m stack try $(OURS) manage.py makemigrations --check --dry-run

check-architecture:
	$(OURS) -m pytest -q tests/architecture

folder := var/release
sbom:
	@$(DEV) -m release sbom "$(folder)"

audit:
	@$(DEV) -m release audit

bench:
	@$(DEV) -m benchmarks $(name)

# Write the pinned, hashed lists anew from requirements/*.in; they hold no addresses.
pins:
	cd requirements && for set in base dev agent; do ../.venv/bin/uv pip compile --universal --generate-hashes --no-header \
		--python-version 3.12 -q $$set.in -o $$set.txt; done
	cd requirements && ../.venv/bin/uv pip compile --universal --generate-hashes --no-header --no-deps \
		--python-version 3.12 -q data.in -o data.txt
