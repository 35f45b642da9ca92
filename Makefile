# Everything that a person or CI does with this checkout. `make help` lists it.
SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
GO          ?= go
ARGS        ?=
CASES       ?=
VERDICTS    ?=
RACE        ?= -race
PKG         ?= ./...
FUZZTIME    ?= 30s
DATA        ?= ../shared/data
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS     := -s -w -X main.version=$(VERSION)
LINT        := .cache/golangci-lint

.DEFAULT_GOAL := help
.PHONY: help build demo test lint bench bench-detectors bench-risk bench-suspects fuzz schema deps crash outage figures fmt test-peers

help: ## list these targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: bin/firebreak ## build bin/firebreak (static, stripped)

bin/firebreak: FORCE
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./cmd/firebreak

.PHONY: FORCE
FORCE:

demo: build ## a Friday prompt merge, from merge to proven rollback; ARGS="--once --json" to end by itself
	@./bin/firebreak demo $(ARGS)

test: deps ## every test, race detector on; PKG=./bot/... narrows
	@.ci/test $(RACE) $(PKG)

test-peers: ## Slack's, PagerDuty's and others' own software against our stand-ins and the bot; needs Node.js and npm
	@.ci/peers $(RACE)

lint: $(LINT) ## golangci-lint, with the walls between packages
	@$(LINT) run ./...

$(LINT): tools/go.mod tools/go.sum
	@mkdir -p $(@D)
	@echo "building golangci-lint (once)"
	@cd tools && $(GO) build -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

fmt: $(LINT) ## format the code as lint wants it
	@$(LINT) fmt ./...

bench: ## every benchmark, with allocations; PKG=./detectors/window narrows
	@$(GO) test -run '^$$' -bench . -benchmem $(PKG)

bench-detectors: ## measure the detectors on recordings below DATA and on seeded series, as one table; ARGS="-o json"
	@$(GO) run ./cmd/internal/benchdetectors -data "$(DATA)" $(ARGS)

bench-risk: ## judge synthetic merges beside their size alone, with the calibration of levels; ARGS="-seeds 15 -world usual"
	@$(GO) run ./cmd/internal/benchrisk $(ARGS)

bench-suspects: ## rank synthetic incidents, or those of CASES, beside simple rankers, and tell the stories of the demo through the whole bot (six minutes; ARGS="-stories=false" leaves them out); VERDICTS=file keeps what was said
	@$(GO) run ./cmd/internal/benchsuspects -cases "$(CASES)" -verdicts "$(VERDICTS)" -casegen ../shared/tools/casegen -petshop ../shared/data/petshop $(ARGS)

fuzz: ## every fuzz target for FUZZTIME (30s)
	@.ci/fuzz $(FUZZTIME)

schema: build ## print the JSON Schema of firebreak.yaml
	@./bin/firebreak schema

deps: ## get what the tests need: Debian's prometheus, prometheus-alertmanager, postgresql, chromium
	@.ci/deps

crash: build ## kill -9 the bot at 40 random instants of the demo's story, on SQLite and on PostgreSQL
	@$(GO) test ./cmd/firebreak -run '^TestCrashMatrix$$' -count=1 -v -timeout 60m -args -crashes 40

outage: build ## time from bad traffic to the page, on a real Prometheus
	@$(GO) test ./cmd/firebreak -run '^TestOutageOnRealPrometheus$$' -count=1 -v -timeout 20m -args -outage

figures: ## what is promised in figures, measured on this machine, as a table; takes about ten minutes
	@.ci/figures
