# The loop from clone to green: make check. Everything but Go is optional, and
# tests that need it say in one line that they were skipped.
.PHONY: test check bench fuzz gen lint demo build torture torture-short
GO ?= go

build: ## the binary, static, in ./bin
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/dropletops ./cmd/dropletops

demo: ## the whole product in a browser, with no account
	$(GO) run ./cmd/dropletops demo

test: ## every test, with the race detector where there is a C compiler
	GO="$(GO)" sh .ci/test

lint: ## gofmt, vet, staticcheck
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo 'not gofmt-ed:'; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

gen: ## generated files
	$(GO) generate ./...

check: lint ## what every commit passes
	$(GO) generate ./... && git diff --exit-code -- docs THIRD_PARTY_NOTICES || { echo 'generated files were out of date: commit them'; exit 1; }
	$(MAKE) test

bench: ## ratios within one run
	$(GO) test -run '^$$' -bench . -benchmem ./...

FUZZTIME ?= 20s
fuzz: ## every fuzz target for FUZZTIME
	@for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$p || exit 1; \
	  done; done

TORTURE_FOR ?= 1h
TORTURE_TIMEOUT ?= 24h
torture: ## everything goes wrong at random, for TORTURE_FOR on each database at once (TORTURE_SEED repeats a run)
	TORTURE_FOR=$(TORTURE_FOR) $(GO) test $(RACE) -v -count 1 -run '^TestTorture$$' -timeout $(TORTURE_TIMEOUT) ./cmd/dropletops

torture-short: ## the same for three minutes, with the race detector where there is a C compiler
	$(MAKE) torture TORTURE_FOR=3m TORTURE_TIMEOUT=20m RACE="$$(GO="$(GO)" sh .ci/race)"
