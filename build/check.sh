#!/usr/bin/env bash
# The checks that a change passes before it is committed: everything that takes seconds. Needs no root, no network and no
# emulator; `make check` has installed the tools. Stops at the first failure.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=build/apt.sh
. build/apt.sh
python=$cache/venv/bin

step() { printf '=== %s (%d s)\n' "$*" "$SECONDS"; }

# The tests of models/ that need no TensorFlow take the other core.
log=$(mktemp)
PYTHONPATH=models "$python/python" -m pytest -q -p no:cacheprovider models/tests/plain >"$log" 2>&1 &
pytest=$!
trap 'kill $pytest 2>/dev/null || true; rm "$log"' EXIT

step "gofmt, go vet"
unformatted=$(git ls-files -z '*.go' | xargs -0 gofmt -l)
[ -z "$unformatted" ] || die "run gofmt -w on $unformatted"
go vet ./...
go vet -tags powercut,homeassistant ./publish ./record ./cmd/edged # tests that make test leaves out
# These packages need no C: an editor on any system can work on them.
for system in linux darwin windows; do
  CGO_ENABLED=0 GOOS=$system go vet ./internal/config ./internal/bounds ./models ./publish ./ringbuffer ./infer/delegate ./capture/picture
done
versions=$(git ls-files -z '*go.mod' | xargs -0 sed -n 's/^go //p' | sort -u)
[ "$(wc -l <<<"$versions")" = 1 ] || die "the go.mod files name different versions of Go: ${versions//$'\n'/ }"

# The other module uses packages of this one: what they need now must be in its go.sum, too.
(cd test/cluster && go list -deps -test . >/dev/null)

step "golangci-lint"
# A cache of this clone's own: entries of another clone name that one's files, whose nolint comments may differ.
GOLANGCI_LINT_CACHE=$PWD/bin/.lint "$(build/deps.sh lint)" run ./...

step "actionlint, shellcheck, ruff"
"$(build/deps.sh actionlint)"
{ git ls-files -z '*.sh' '*.bash'; git grep -lzE '^#!/.*\b(ba)?sh\b' -- ':!*.go' ':!*.py'; } | sort -zu | xargs -0 "$python/shellcheck" -x
"$python/ruff" check -q
"$python/ruff" format -q --check

step "Go tests, without the slow ones"
go test -short -parallel 8 ./... | { grep -v -e '^ok' -e 'no test files' || true; }

step "Python tests, without TensorFlow"
wait $pytest || { cat "$log"; exit 1; }

step "all passed; left to make test: $(git grep -hE '(testkit.Slow|beside)\(t\)' -- '*_test.go' | wc -l) slow tests in Go, and what needs TensorFlow, an emulator or a minute"
