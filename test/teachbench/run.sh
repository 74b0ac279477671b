#!/usr/bin/env bash
# Measures how well actions are taught: run.sh [--small] [OPTION of main.go]...
#   --small   a test of this comparison: a few events of each kind, and two draws
# `make bench-teach` installs what is needed and calls this. It fails where a row would be missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
cache=${EDGED_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/edged}

small=() pass=()
for argument in "$@"; do
  case $argument in
    --small) small=(--small) pass+=(--small --draws 2) ;;
    *) pass+=("$argument") ;;
  esac
done

# The days are drawn once for each state of the programs that draw them.
sources() { cd "$top" && git ls-files -z --cached --others --exclude-standard 'test/teachbench/*.py' models/squeezetime/people | xargs -0 sha256sum; }
days=$cache/bench/teach-$({ sources; echo "${small[@]}"; } | sha256sum | cut -c1-12)
mkdir -p "$cache/bench"
find "$cache/bench" -maxdepth 1 -name 'teach-*' -mtime +7 -exec rm -r {} +
exec 9>"$cache/bench/teach.lock" # another clone may draw the same days
flock 9
PYTHONPATH=$top/models:$top/test "$cache/venv/bin/python" -m teachbench "$days" "${small[@]}" \
  --vtest "$cache/footage/vtest.avi" --labels "$top/follow/testdata" --checkpoint "$cache/efficientnet-lite0/weights.pth" >&2
touch "$days" # it was used today
exec 9>&-
cd "$top"
exec go run ./test/teachbench "${pass[@]}" "$days"
