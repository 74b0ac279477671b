#!/usr/bin/env bash
# Everything that must hold, in one call; `make test` sets the environment. Stops at the first failure.
# The quick Go tests run twice, in check.sh and under the race detector. Every other test runs once.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=build/apt.sh
. build/apt.sh

step() { printf '\n=== %s (%d s)\n' "$*" "$SECONDS"; }

step "what the tests need"
build/deps.sh compiler go
hash -r
build/deps.sh lint actionlint >/dev/null & # compiles while the others download
lint=$!
build/deps.sh tflite footage walkers test browser python tensorflow bench stills lintian
retry go mod download
(cd test/cluster && retry go mod download)
test/vm/guest.sh --fetch
wait "$lint"

export GOFLAGS="${GOFLAGS:-} -timeout=40m" # of each package; 10 minutes, Go's own limit, are too few on a busy machine

# Most Go tests wait for real time. What computes runs beside them, and gives way to them.
beside_log=$(mktemp)
setsid nice -n 10 build/test-beside.sh >"$beside_log" 2>&1 &
beside=$!
trap 'kill -- "-$beside" 2>/dev/null || true; rm "$beside_log"' EXIT

step "make check"
build/check.sh

# In these packages nothing runs at the same time as anything else: the race detector would take minutes and find nothing.
computing='^edged/(capture/pixel|follow|infer/squeeze|models|test)(/|$)'
mapfile -t alone < <(go list ./... | grep -E "$computing")
mapfile -t racing < <(go list ./... | grep -vE "$computing")
# -count 1: a cached result knows nothing of the libraries that this machine has now.
# These measure the memory or the time of a process, or how it crashes: with the race detector they would measure that.
processes='^(TestBenchMeasuresTheRunningProgram|TestOpeningAndClosingLeaksNothing|TestDeepFiltersAreBounded|TestUnacknowledgedBytesAreBounded|TestRetainedBytesAreBounded|TestAStalledSubscriberIsDisconnected|TestAnAbsentSubscriberDoesNotSwellTheBroker|TestAnnouncedPacketsDoNotSwellTheBroker|TestACrashLeavesNoCore|TestLearningIsFast|TestScoreIsFastAndAllocatesNothing)$'
step "Go tests under the race detector"
go test -race -count 1 -p 4 -parallel 8 -skip "$processes" "${racing[@]}" | grep -v 'no test files'

step "Go tests of the packages that only compute"
go test -count 1 "${alone[@]}" | grep -v 'no test files'

step "Go tests of processes, without the race detector"
go test -count 1 -run "$processes" ./cmd/edged ./infer/engine ./publish/broker ./teach

step "a cluster of three NATS servers that die in turn"
(cd test/cluster && go vet . && go test -count 1 .)

step "what ran beside the Go tests"
wait "$beside" || { cat "$beside_log"; exit 1; }
grep '^===' "$beside_log"

step "arm64 guest: uvcvideo, vivid, unplug"
test/vm/e2e.sh

step "all passed"
