#!/usr/bin/env bash
# Everything that must hold, in one call; `make test` sets the environment. Stops at the first failure.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n=== %s (%d s)\n' "$*" "$SECONDS"; }

step "what the tests need"
build/deps.sh compiler go
hash -r
build/deps.sh lint >/dev/null & # compiles for minutes: beside the downloads
lint=$!
build/deps.sh tflite footage walkers test
go mod download

step "gofmt, go vet, the scripts' syntax"
for script in build/*.sh packaging/*.sh test/vm/*.sh test/vm/system/steps bench/*.sh systemd/*.sh cross-build.sh .ci/run; do bash -n "$script"; done
unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || { echo "gofmt: $unformatted"; exit 1; }
go vet ./...

step "tests"
go test -parallel 8 ./... # most of publish waits

step "a cluster of three NATS servers that die in turn"
(cd test/cluster && go vet . && go test .)

step "race detector"
go test -race -parallel 8 ./ringbuffer ./infer/... ./publish/... ./capture ./internal/... ./cmd/edged

step "the C code under AddressSanitizer and UndefinedBehaviorSanitizer"
make -s test-asan

step "golangci-lint"
wait "$lint"
# A cache of this clone's own: what another left there names that one's files, whose nolint comments may be gone.
GOLANGCI_LINT_CACHE=$PWD/bin/.lint "$EDGED_CACHE"/golangci-lint-*/golangci-lint run ./...

step "the unit file"
systemd/verify.sh

step "cross build, twice: the same bytes"
build/reproduce.sh arm64
./cross-build.sh armhf
build/deps.sh lintian
lintian --fail-on error dist/*.deb
odd=$(for deb in dist/*.deb; do dpkg-deb -c "$deb"; done | grep -vE '^(drwxr-xr-x|-rwxr-xr-x|-rw-r--r--) root/root ' || true)
[ -z "$odd" ] || { echo "modes or owners that a package must not have: $odd"; exit 1; }

step "arm64 guest: uvcvideo, vivid, unplug"
test/vm/e2e.sh

step "all passed"
