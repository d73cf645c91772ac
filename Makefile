# The verbs of pg_etl. README, .ci/run and people all use these; `make` alone lists them.
#
# `run` and `test` do all the set-up they need on a fresh Debian 12 machine that has Rust and make, as root or as a user
# with sudo. They first say what they are about to install, and a second call finds everything there.
#
#   PG=16 make test        another PostgreSQL that apt can install (15 is Debian 12's)
#   PG_CONFIG=... make     a PostgreSQL from elsewhere

PG ?= 15
PG_CONFIG ?= /usr/lib/postgresql/$(PG)/bin/pg_config
PACKAGES := postgresql-$(PG) postgresql-server-dev-$(PG) build-essential clang libclang-dev pkg-config sudo ca-certificates python3-venv

# Written once, in Cargo.toml: cargo-pgrx must be the very version of the crate pgrx.
PGRX_VERSION := $(shell sed -n 's/^pgrx = "=\(.*\)"$$/\1/p' Cargo.toml)

# The loader is promised at target/release/loader, whatever the caller's environment or ~/.cargo/config.toml say.
export CARGO_TARGET_DIR := $(CURDIR)/target
export PATH := $(or $(CARGO_HOME),$(HOME)/.cargo)/bin:$(PATH)
LOADER := $(CARGO_TARGET_DIR)/release/loader
SAMPLE := tests/sample/loader.toml

SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
PG_FEATURE := pg_etl/pg$(PG)

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.ONESHELL:
# The steps share one build directory, one installed extension and one embedded cluster.
.NOTPARALLEL:
.PHONY: help setup install run test test-full docker-test bench bench-peers lint spot clean answers test-pure test-in-server test-end-to-end

help: ## list these verbs
	@echo "make VERB, where VERB is one of"
	sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r verb sentence; do
	    printf '  %-11s %s\n' "$$verb" "$$sentence"
	done

setup: ## install what is missing: Debian packages, cargo-pgrx, its configuration
	@if ! command -v cargo >/dev/null; then
	    echo "make: cargo was not found in PATH or ~/.cargo/bin. Install Rust (https://rustup.rs) as the user who runs make;" >&2
	    echo "make itself asks for sudo where it needs it, so 'sudo make' is not wanted." >&2
	    exit 1
	fi
	packages=
	if command -v dpkg-query >/dev/null; then
	    for package in $(PACKAGES); do
	        # A PostgreSQL from elsewhere is not the packages' business.
	        [[ $$package == postgresql-* && "$(PG_CONFIG)" != /usr/lib/postgresql/* ]] && continue
	        status=$$(dpkg-query -W -f='$${db:Status-Status}' "$$package" 2>/dev/null || true)
	        [ "$$status" = installed ] || packages+=" $$package"
	    done
	else
	    echo "make: not a Debian machine: clang, a C compiler and PostgreSQL $(PG) with its headers are taken as installed" >&2
	fi
	pgrx=
	[ "$$(cargo pgrx --version 2>/dev/null || true)" = "cargo-pgrx $(PGRX_VERSION)" ] || pgrx=$(PGRX_VERSION)
	config=$${PGRX_HOME:-$$HOME/.pgrx}/config.toml
	register=
	grep -qsxF 'pg$(PG) = "$(PG_CONFIG)"' "$$config" || register=yes

	[ -n "$$packages$$pgrx$$register" ] || exit 0
	echo "About to install what is missing on this machine:"
	[ -z "$$packages" ] || echo "  Debian packages:$$packages"
	[ -z "$$pgrx" ] || echo "  cargo-pgrx $$pgrx, into $${CARGO_HOME:-$$HOME/.cargo}/bin"
	[ -z "$$register" ] || echo "  PostgreSQL $(PG) ($(PG_CONFIG)), into $$config"
	if [ -n "$$packages" ]; then
	    $(SUDO) apt-get update
	    $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $$packages
	fi
	# Built without optimisation, in a directory of its own: it is a build tool, and this takes a third of the time.
	[ -z "$$pgrx" ] || env -u CARGO_TARGET_DIR CARGO_PROFILE_DEV_DEBUG=0 cargo install cargo-pgrx --version "=$$pgrx" --locked --debug
	# Other versions that are registered already stay registered.
	[ -z "$$register" ] || cargo pgrx init --pg$(PG) "$(PG_CONFIG)"

install: setup ## build for release; put the extension into PostgreSQL, the loader at target/release/loader
	@cargo build --release --locked --package loader
	tree=$(CARGO_TARGET_DIR)/release/pg_etl-pg$(PG)
	rm -rf "$$tree"
	cargo pgrx package --package pg_etl --pg-config "$(PG_CONFIG)"
	cd "$$tree"
	# `install` replaces a file instead of writing into it: a running server has the old library mapped.
	find . -type f -printf '%P\n' | while read -r file; do
	    cmp -s "$$file" "/$$file" || { echo "installing /$$file"; $(SUDO) install -D -m 644 "$$file" "/$$file"; }
	done

run: install answers ## load the samples into the embedded cluster (database pg_etl_demo) and print the answers

# Never into the caller's database, whatever the environment names.
answers:
	@unset DATABASE_URL PGHOST PGHOSTADDR PGPORT PGUSER PGDATABASE PGPASSWORD PGSERVICE PGOPTIONS
	show() { echo "> loader $$*"; $(LOADER) --config $(SAMPLE) "$$@"; echo; }
	show run
	show query most_completed_event
	show query event_rsvps event_id=250000
	show query summary_output --format json
	show query votes_per_post_per_week
	show query mean_votes_per_post_per_week
	show query people_per_dose
	show query trips_without_charges
	show query churned_drivers as_of=2021-07-11

test: setup test-pure test-in-server test-end-to-end spot ## run every test, and leave the release build installed

test-full: export ETL_TEST_FULL := 1
test-full: test docker-test ## the same with the long repetitions, and docker-test

test-pure:
	@cargo test --locked --package etl_core --package loader

# Why this works as root and as a user: .cargo/test-runner. The framework installs the test build machine-wide, so the
# release build goes back whether the tests passed or not.
test-in-server: setup
	@passed=yes
	cargo pgrx test pg$(PG) --package pg_etl || passed=
	$(MAKE) install
	[ -n "$$passed" ]

test-end-to-end: install
	@cargo test --locked --package etl_tests --features end_to_end

docker-test: ## `docker compose up` for real, its answers, and down again; skipped where no Docker engine answers
	@tests/docker/test.sh

# What there is to measure; docs/benchmarks.md has a table of each.
BENCHES := mobilize rides posts people flat target beside

bench: install ## measure loads, print tables; BENCH=rides for one, SCALE=0.1, ROUNDS=1, RECORD=1 to keep in docs/benchmarks.md
	@options=()
	[ -z "$(SCALE)" ] || options+=(--scale "$(SCALE)")
	[ -z "$(ROUNDS)" ] || options+=(--rounds "$(ROUNDS)")
	[ -z "$(RECORD)" ] || options+=(--record)
	bench() { cargo run --release --locked --package etl_tests --bin bench -- "$$@" "$${options[@]}"; }
	if [ -n "$(BENCH)" ]; then
	    bench $(BENCH)
	else
	    for what in $(BENCHES); do bench "$$what"; done
	fi

bench-peers: ## install the other tools that bench then measures too (DuckDB, dlt, pandas) into target/bench/peers
	@peers=$(CARGO_TARGET_DIR)/bench/peers
	wanted=tests/bench/peers/requirements.txt
	if ! cmp -s "$$wanted" "$$peers/requirements.txt"; then
	    python3 -m venv --clear "$$peers"
	    "$$peers/bin/pip" install --quiet --disable-pip-version-check --requirement "$$wanted"
	    # Put there last: what was broken off is made anew.
	    cp "$$wanted" "$$peers/requirements.txt"
	fi
	command -v pgloader >/dev/null || echo "make: pgloader, a Debian package, is not installed; bench leaves it out by name"

lint: setup ## check formatting, lints, the length of files and the case of SQL
	@cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --no-default-features \
	    --features $(PG_FEATURE),pg_etl/pg_test,etl_tests/end_to_end -- --deny warnings
	.ci/house-rules

spot: install ## look for names in our SQL that a hostile object could be found under
	@.ci/spot "$$("$(PG_CONFIG)" --sharedir)"/extension/pg_etl--*.sql

clean: ## remove what was built; the installed extension, the packages and the embedded cluster stay
	@cargo clean
	rm -rf output
