# Everything a developer types. Needs Go and make; nothing else is required.

GO          ?= go
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
STATICCHECK ?= honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME    ?= 3s
FUZZPKGS    ?= ./...

export CGO_ENABLED = 0

.PHONY: build test demo bench lint race fuzz nightly docs clean

build: ## one static binary, bin/strata
	$(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/strata ./cmd/strata

test: ## every test
	$(GO) test ./...

demo: build ## writes a small dataset and runs the tour on it
	@dir=$$(mktemp -d) && echo "strata demo $$dir" && bin/strata demo "$$dir"

# QUICK=1 takes 100,000 rows instead of 1,000,000; BENCH holds further flags.
QUICK_FLAGS = $(if $(QUICK),--rows 100000 --big 500000 --files 5000 --runs 1)

bench: build ## times strata beside its peers; see docs/benchmarks.md
	$(GO) build -trimpath -o bin/strata-bench ./cmd/strata-bench
	bin/strata-bench run $(QUICK_FLAGS) --json bin/bench.json $(BENCH)

lint: ## vet, the rules of the house, staticcheck where it can be had
	$(GO) vet ./...
	$(GO) test -count=1 ./internal/lint
	@if $(GO) run $(STATICCHECK) -version >/dev/null 2>&1; then \
		echo "staticcheck ./..." && $(GO) run $(STATICCHECK) ./...; \
	else echo "staticcheck: $(STATICCHECK) cannot be downloaded here, left out"; fi

# Packages that start goroutines or lock something.
CONCURRENT = $(GO) list -f '{{.ImportPath}} {{join .Imports " "}} ' ./... | \
	grep -E ' (sync|sync/atomic|golang.org/x/sync/errgroup|golang.org/x/sync/semaphore) ' | cut -d' ' -f1

race: ## the race detector over packages with concurrency; needs a C compiler
	@if CGO_ENABLED=1 $(GO) build -race -o /dev/null ./internal/object 2>/dev/null; then \
		echo "go test -race -short (packages with concurrency)" && \
		CGO_ENABLED=1 $(GO) test -race -short $$($(CONCURRENT)); \
	else echo "race: no C compiler here, left out"; fi

fuzz: ## every fuzz target for FUZZTIME each
	@for pkg in $$($(GO) list -f '{{.ImportPath}} {{join .TestImports " "}} {{join .XTestImports " "}}' $(FUZZPKGS) | grep ' testing' | cut -d' ' -f1); do \
		for name in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "fuzz $$pkg $$name $(FUZZTIME)"; \
			$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -parallel 2 $$pkg || exit 1; \
		done; \
	done

nightly: lint ## the long runs: more properties, minutes of fuzzing, the race detector everywhere
	STRATA_NIGHTLY=1 $(GO) test -count=1 -timeout 60m ./...
	@for pkg in $$($(GO) list -f '{{.ImportPath}} {{join .TestImports " "}} {{join .XTestImports " "}} ' ./... | grep ' pgregory.net/rapid ' | cut -d' ' -f1); do \
		$(GO) test -count=1 -timeout 60m $$pkg -rapid.checks=5000 || exit 1; \
	done
	CGO_ENABLED=1 $(GO) test -race -count=1 -timeout 60m ./...
	$(MAKE) fuzz FUZZTIME=2m

docs: ## docs/cli and docs/errors.md from the program's own help
	$(GO) test -count=1 -run '^TestDocs$$' ./internal/cli -update

clean:
	rm -rf bin
