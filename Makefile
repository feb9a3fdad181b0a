# Tributary: `make demo` and `make test` do all the set-up that a fresh Debian needs besides Swift.
# Every target prints what it does.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

SWIFT ?= swift
# Options of the command that `make demo` and `make bench` run, e.g. make demo ARGS=--all
ARGS ?=
# Options of `swift test`, e.g. make test TESTS="--filter MergeTests"
TESTS ?=
# Tests that wait for sockets and processes: others beside them would starve them, so they run one by one.
TIMED_TESTS := ^(TransportTests|NodeTests|EndToEndTests|TestSupportTests)
# The simulator replaces SQLite's default VFS: its tests have a process of their own.
SIMULATOR_TESTS := ^SimulatorTests
# Swift sources under the rules of .swift-format.
SOURCES := Package.swift $(wildcard Sources Tests Sim)

.PHONY: help
help: ## Lists the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' \
	  | while IFS='|' read -r target text; do printf '  make %-8s %s\n' "$$target" "$$text"; done

.PHONY: setup
setup: ## Checks Swift; installs libsqlite3-dev and zlib1g-dev when they are missing
	@.ci/setup '$(SWIFT)'

.PHONY: demo
demo: setup ## Builds in release and runs the demo; options in ARGS, e.g. make demo ARGS=--all
	@echo "==> building tributary (release); the first time this takes some minutes"
	$(SWIFT) build -c release --product tributary
	@echo "==> tributary demo $(ARGS)"
	@"$$($(SWIFT) build -c release --show-bin-path)/tributary" demo $(ARGS)

.PHONY: test
test: setup ## Lints, builds and runs all tests
	@echo "==> checking the style of $(SOURCES)"
	$(SWIFT) format lint --strict --parallel --recursive $(SOURCES)
	@echo "==> building and running the tests"
ifeq ($(strip $(TESTS)),)
	$(SWIFT) test --skip '$(TIMED_TESTS)' --skip '$(SIMULATOR_TESTS)'
	@echo "==> running the tests of the simulator, which replaces the file system under SQLite, by themselves"
	$(SWIFT) test --skip-build --filter '$(SIMULATOR_TESTS)'
	@echo "==> running the tests with sockets, processes and time-outs by themselves"
	$(SWIFT) test --skip-build --no-parallel --filter '$(TIMED_TESTS)'
	@$(MAKE) --no-print-directory independent
else
	$(SWIFT) test $(TESTS)
endif

.PHONY: independent
independent: ## Checks the protocol's vectors with the independent reader in Python
	@echo "==> checking Protocol/Vectors with the independent reader"
	@if command -v python3 >/dev/null; then python3 -B Protocol/Vectors/independent/check.py \
	    && python3 -B Protocol/Vectors/draw/verify.py --vectors Protocol/Vectors/draw; \
	  else echo "    skipped: there is no python3"; fi

# Seconds per fuzz target.
SECONDS ?= 60

.PHONY: fuzz
fuzz: ## Runs the decoders under libFuzzer and AddressSanitizer, e.g. make fuzz SECONDS=300
	Fuzz/run $(SECONDS)

.PHONY: vectors
vectors: setup ## Writes Protocol/Vectors anew from the generators in ProtocolTests; see git diff then
	TRIBUTARY_VECTORS=write $(SWIFT) test --filter 'ProtocolTests|DrawVectorWriter' || true
	$(SWIFT) test --skip-build --filter ProtocolTests
	$(MAKE) independent

.PHONY: bench
bench: setup ## Builds in release and runs the benchmarks; options in ARGS, e.g. make bench ARGS=--json
	@echo "==> building tributary (release)"
	$(SWIFT) build -c release --product tributary
	@echo "==> tributary bench $(ARGS)"
	@"$$($(SWIFT) build -c release --show-bin-path)/tributary" bench $(ARGS)

# Minutes of `make simulate` without the build, and the seeds it stops at.
MINUTES ?= 12
SEEDS ?= 5000

.PHONY: simulate
simulate: setup ## Builds in release and runs the simulator for at most MINUTES=12, SEEDS=5000: seeds, crash and cut points, corpus
	@echo "==> building tributary-sim (release)"
	$(SWIFT) build -c release --product tributary-sim
	@echo "==> tributary-sim simulate --minutes $(MINUTES) --seeds $(SEEDS)"
	@"$$($(SWIFT) build -c release --show-bin-path)/tributary-sim" simulate --minutes $(MINUTES) --seeds $(SEEDS)

# What `make rehearse` rehearses, and the page that it writes.
SCENARIO ?= Sim/scenarios/landslide-nujiang.json
PAGE ?= rehearsal.html

.PHONY: rehearse
rehearse: setup ## Rehearses an outage of the whole province: a report and a page, e.g. make rehearse SCENARIO=Sim/scenarios/old-backup.json
	$(SWIFT) build -c release --product tributary-sim
	@"$$($(SWIFT) build -c release --show-bin-path)/tributary-sim" rehearse $(SCENARIO) --html $(PAGE) --progress
	@echo "==> open $(PAGE) in a browser"

# Where the copy of the tree with the planted bugs is built.
PLANTED := .build/planted

.PHONY: mutants
mutants: setup ## Builds a copy of the tree with planted bugs, and lets the simulator find each of them
	$(SWIFT) build -c release --product tributary-sim
	@rm -rf $(PLANTED)/Sources $(PLANTED)/Sim $(PLANTED)/Tests $(PLANTED)/Fuzz $(PLANTED)/Package.swift
	@"$$($(SWIFT) build -c release --show-bin-path)/tributary-sim" plant $(PLANTED)
	$(SWIFT) build --package-path $(PLANTED) -c release --product tributary-sim
	@"$$($(SWIFT) build --package-path $(PLANTED) -c release --show-bin-path)/tributary-sim" mutants

.PHONY: format
format: ## Formats the sources as `make test` wants them
	$(SWIFT) format --in-place --parallel --recursive $(SOURCES)

.PHONY: clean
clean: ## Removes what the build made; keeps replicas and demo folders
	$(SWIFT) package clean
	rm -rf .build
