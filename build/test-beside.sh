#!/usr/bin/env bash
# The part of `make test` that computes: build/test.sh runs it beside the Go tests, most of which wait.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=build/apt.sh
. build/apt.sh

step() { printf '=== %s (%d s)\n' "$*" "$SECONDS"; }

step "the C code under AddressSanitizer and UndefinedBehaviorSanitizer"
make -s test-asan

step "the unit file"
systemd/verify.sh

step "cross build, twice: the same bytes"
build/reproduce.sh arm64
./cross-build.sh armhf
lintian --fail-on error dist/*.deb
odd=$(for deb in dist/*.deb; do dpkg-deb -c "$deb"; done | grep -vE '^(drwxr-xr-x|-rwxr-xr-x|-rw-r--r--) root/root ' || true)
[ -z "$odd" ] || die "modes or owners that a package must not have: $odd"

step "Python tests with TensorFlow"
KERAS_BACKEND=tensorflow PYTHONPATH=models "$cache/venv/bin/python" -m pytest -q -p no:cacheprovider --durations 5 models/tests/with_tensorflow

step "make bench, small"
make -s build
test/bench/run.sh --small

step "make bench-teach, small"
test/teachbench/run.sh --small

step "done"
