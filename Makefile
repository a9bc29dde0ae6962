# Every target does its own set-up; `scripts/setup.sh` is quick when nothing is missing.

CARGO ?= cargo
.DEFAULT_GOAL := build
.PHONY: build demo test test-agents check bench install fmt docs clean-tests setup help

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: ## what building and running needs, installed where that is possible
	@scripts/setup.sh

build: setup ## target/release/gt
	$(CARGO) build --release --locked

demo: build ## the whole path with a scripted model: no network, no key
	target/release/gt demo

test: ## all tests, with real git and real tmux
	@scripts/setup.sh --tests
	$(CARGO) test --locked --no-fail-fast

test-agents: setup ## real agents from npm and PyPI against a scripted model on loopback; AGENTS="claude codex" for some
	@scripts/install-agents.sh $(AGENTS)
	@mkdir -p -m 700 target/agents/tmp
	TMPDIR=$(CURDIR)/target/agents/tmp GT_TEST_AGENTS=target/agents $(CARGO) test --locked --test agents -- --ignored --nocapture --test-threads=1 $(AGENTS)

# The doors of clippy.toml are closed to the program and open to its tests, hence two runs of clippy.
check: ## what CI runs: format, lints, documentation, tests
	@scripts/setup.sh --checks
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --lib --bins -- -D warnings
	$(CARGO) clippy --locked --all-targets -- -D warnings -A clippy::disallowed_methods
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items
	$(CARGO) test --locked --no-fail-fast

bench: setup ## the budgets of docs/design/performance.md, each beside its baseline
	$(CARGO) build --release --locked --examples
	$(CARGO) bench --locked

install: setup ## gt into cargo's bin folder
	$(CARGO) install --locked --path .

fmt: ## the one format
	$(CARGO) fmt

docs: setup ## writes the generated pages of docs/reference anew
	UPDATE=1 $(CARGO) test --locked --test generated --test documents

clean-tests: ## ends and removes what killed test runs left in the temporary folder
	@scripts/clean-tests.sh
