#!/usr/bin/env bash
# Compares edged with its Python peers: run.sh [--model starter|full|all] [--seconds N] [--rounds N] [--calm N] [--json FILE]
# Wants bin/edged built and `build/deps.sh footage test` done: `make bench` sees to both, and `make bench BENCH="--rounds 5"`
# hands arguments over.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${EDGED_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/edged}
work=$cache/bench
mkdir -p "$work"

say() { printf 'bench: %s\n' "$*" >&2; }

# python_env NAME REQUIREMENTS: a virtual environment with exactly those packages.
python_env() {
  local venv=$cache/$1
  if ! cmp -s "$2" "$venv/requirements.txt"; then
    say "Python environment $1"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install -q -r "$2"
    cp "$2" "$venv/requirements.txt"
  fi
}

# Pedestrians as a 640x480 camera would send them: MJPEG 4:2:2, about 50 kB a frame, each frame a JPEG of its own.
footage=$work/vtest-640x480.mjpeg
make_footage() {
  [ -f "$footage" ] && return
  say "footage as MJPEG"
  ffmpeg -v error -y -i "$cache/footage/vtest.avi" -vf scale=640:480 -pix_fmt yuvj422p -c:v mjpeg -q:v 4 \
    -f mjpeg "$footage.part"
  mv "$footage.part" "$footage"
}

# SqueezeTime at the paper's size. Its speed does not depend on its weights: they are random.
full=$work/full.tflite
make_full() {
  [ -f "$full" ] && return
  say "the full model, once: TensorFlow is a download of 300 MB"
  python_env venv-bench-model "$here/requirements-model.txt" &&
    PYTHONPATH=$here/../models "$cache/venv-bench-model/bin/python" "$here/full_model.py" "$full.part" \
      >"$work/full_model.log" 2>&1 && mv "$full.part" "$full"
}

read -ra handed_over <<<"${BENCH:-}"
set -- "${handed_over[@]}" "$@"
which=all
pass=()
while [ $# -gt 0 ]; do
  case $1 in
    --model) which=${2:?--model starter, full or all} ;;
    --seconds | --rounds | --threads | --calm | --json) pass+=("$1" "${2:?$1 needs a value}") ;;
    *) say "unknown argument $1"; exit 64 ;;
  esac
  shift 2
done

models=()
case $which in
  starter | full | all) ;;
  *) say "unknown model $which: starter, full or all"; exit 64 ;;
esac
[ "$which" = full ] || models+=(--model "starter=$here/../models/starter.tflite")
make_footage
python_env venv-bench "$here/requirements.txt"
if [ "$which" != starter ]; then
  if make_full; then
    models+=(--model "full=$full")
  else
    say "no rows for the full model: it could not be made (see $work/full_model.log)"
  fi
fi
[ ${#models[@]} -gt 0 ] || exit 1

exec "$cache/venv-bench/bin/python" "$here/compare.py" --edged "$here/../bin/edged" --source "$footage" \
  "${models[@]}" "${pass[@]}"
