# `make run` opens Halyard, `make test` proves it; both install what they need
# and say so. `make help` lists the rest.

.DEFAULT_GOAL := help
.PHONY: help run dev test check e2e bench differential fuzz chaos team sandbox bindings setup setup-test ui ui-check fmt

APP := target/app/halyard
SHELL := /bin/bash

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ui ## build Halyard and open its window
	@started=$$SECONDS; \
	echo "building Halyard (a first build takes several minutes)"; \
	cargo build --profile app --locked && \
	echo "built in $$((SECONDS - started)) s"
	@scripts/launch.sh $(APP)

dev: setup ## open a window on the development server, which reloads the UI
	cd $(CURDIR) && ui/node_modules/.bin/tauri dev -- --no-default-features

test: setup-test check ## everything: check, all Rust tests, the window journeys
	cargo test --workspace --locked -- --show-output
	$(MAKE) e2e

check: setup ui ui-check ## the fast local loop: format, lints, types, unit tests, bindings
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo test -q --workspace --lib --locked
	cargo test -q --workspace --test bindings --locked

ui: setup ## build the UI
	@npm --prefix ui run --silent build

ui-check: setup
	npm --prefix ui run --silent format:check
	npm --prefix ui run --silent lint
	npm --prefix ui run --silent check
	npm --prefix ui run --silent test

e2e: setup-test ui ## the journeys through the real window
	xvfb-run -a -s '-screen 0 1440x900x24' scripts/with-keychain.sh \
	  cargo test --workspace --locked --test keychain --test journeys -- --ignored --nocapture --test-threads 1

bench: ## measure beside other engines, the best schedule and git, and write target/bench/report.json
	@scripts/setup.sh bench
	@scripts/peers-setup.sh
	cargo run --release --locked -p halyard-peers
	cargo test --release --locked -p halyard-console --test pace -- --ignored --nocapture

differential: setup-test ## compare millions of generated decisions with the Python engine
	cargo test --release --locked -p halyard-engine --test differential -- --ignored --nocapture

fuzz: setup ## damage documents, identities and cohort files for HALYARD_FUZZ_SECONDS (600) of processor time
	cargo test --profile fuzz --locked -p halyard-engine --test fuzz -- --ignored --nocapture

chaos: setup ## let three requests in ten fail, in thirteen ways, for HALYARD_CHAOS (10000) operations
	HALYARD_CHAOS=$${HALYARD_CHAOS:-10000} cargo test --locked -p halyard-console --test chaos -- --nocapture

team: setup ## let eight writers make HALYARD_TEAM (2000) edits in each way of writing
	HALYARD_TEAM=$${HALYARD_TEAM:-2000} cargo test --locked -p halyard-console --test team -- --nocapture

sandbox: ## serve both flag services on loopback, with the sample shop
	cargo run -q --locked -p halyard-sandbox -- --seed acme

bindings: ## write the UI's typed bindings anew
	HALYARD_WRITE_BINDINGS=1 cargo test -q --test bindings

fmt: setup ## format everything
	cargo fmt --all
	npm --prefix ui run --silent format

setup:
	@scripts/setup.sh run

setup-test:
	@scripts/setup.sh test
	@scripts/oracle-setup.sh
	@scripts/sdk-setup.sh
