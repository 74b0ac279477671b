#!/usr/bin/env bash
# Measures edged beside the Python programs that it replaces: run.sh [OPTION]...
#   --model starter|full|all   which models; all unless given
#   --small                    a test of this comparison: two seconds a run, and the full model's place taken by a small network
#   --seconds N, --rounds N, --threads N, --calm N, --json FILE   as compare.py has them
# `make bench BENCH="--rounds 5"` builds bin/edged, installs what is needed and calls this. It fails where a row would be missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
cache=${EDGED_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/edged}
work=$cache/bench
python=$cache/venv/bin/python
mkdir -p "$work"

say() { printf 'bench: %s\n' "$*" >&2; }

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
make_full() {
  [ -f "$full" ] && return
  say "making the $preset model, once"
  "$top/build/deps.sh" tensorflow
  PYTHONPATH=$top/models "$python" "$here/full_model.py" --preset "$preset" "$full.part" >"$work/full_model.log" 2>&1 || {
    tail -n 20 "$work/full_model.log" >&2
    say "the $preset model could not be made; --model starter measures without it"
    exit 1
  }
  mv "$full.part" "$full"
}

which=all preset=full pass=()
while [ $# -gt 0 ]; do
  case $1 in
    --small)
      preset=nano
      pass+=(--seconds 2 --rounds 1)
      shift
      continue
      ;;
    --model) which=${2:?--model starter, full or all} ;;
    --seconds | --rounds | --threads | --calm | --json) pass+=("$1" "${2:?$1 needs a value}") ;;
    *) say "unknown argument $1"; exit 64 ;;
  esac
  shift 2
done

# The file's name says which programs made it.
made_by=$(cat "$here/full_model.py" "$top"/models/squeezetime/*.py | sha256sum | cut -c1-12)
full=$work/$preset-$made_by.tflite models=()
case $which in
  starter | full | all) ;;
  *) say "unknown model $which: starter, full or all"; exit 64 ;;
esac
[ "$which" = full ] || models+=(--model "starter=$top/models/starter.tflite")
exec 9>"$work/lock" # another clone may make the same files
flock 9
find "$work" -maxdepth 1 -name '*.tflite' -mtime +7 -delete
make_footage
if [ "$which" != starter ]; then
  make_full
  touch "$full" # it was used today
  models+=(--model "$preset=$full")
fi

exec 9>&-
exec "$python" "$here/compare.py" --edged "$top/bin/edged" --source "$footage" "${models[@]}" "${pass[@]}"
