#!/usr/bin/env bash
# Everything that must hold, in one call; `make test` sets the environment. Stops at the first failure.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=build/apt.sh
. build/apt.sh

step() { printf '\n=== %s (%d s)\n' "$*" "$SECONDS"; }

step "what the tests need"
build/deps.sh compiler go
hash -r
setsid nice -n 19 build/deps.sh lint >/dev/null & # compiles for minutes: beside the rest
lint=$!
trap 'kill -- "-$lint" 2>/dev/null || true' EXIT
build/deps.sh tflite footage walkers test browser python
retry go mod download

step "gofmt, go vet, the scripts' syntax"
for script in build/*.sh packaging/*.sh test/vm/*.sh test/vm/system/steps bench/*.sh systemd/*.sh cross-build.sh .ci/run; do bash -n "$script"; done
unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || { echo "gofmt: $unformatted"; exit 1; }
go vet ./...

step "tests"
# What was cached knows nothing of the libraries that this machine has now. Most of publish waits.
go test -count 1 -parallel 8 ./...

step "a cluster of three NATS servers that die in turn"
(cd test/cluster && go vet . && go test -count 1 .)

step "race detector"
go test -race -count 1 -parallel 8 ./ringbuffer ./infer/... ./publish/... ./capture ./internal/... ./cmd/edged

step "the C code under AddressSanitizer and UndefinedBehaviorSanitizer"
make -s test-asan

step "golangci-lint"
wait "$lint"
# A cache of this clone's own: what another left there names that one's files, whose nolint comments may be gone.
GOLANGCI_LINT_CACHE=$PWD/bin/.lint "$(build/deps.sh lint)" run ./...

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
