#!/usr/bin/env bash
# The whole product in the arm64 guest: cross-built edged, real camera drivers, real footage, a real broker: e2e.sh
# The checks are Go tests, test/vm/e2e; further arguments go to them, such as -test.run Vivid.
#   EDGED_CAMERAS=long  every fault, not just some of each kind
#   EDGED_REPLUGS=200   TestManyReplugs pulls the cable so often
#   EDGED_VM_TIMEOUT    seconds for all of it (1800)
set -euo pipefail
export EDGED_VM_TIMEOUT=${EDGED_VM_TIMEOUT:-1800}
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
# shellcheck source=build/apt.sh
. "$top/build/apt.sh"
cd "$top"
payload=$(mktemp -d)
chmod 755 "$payload" # edged runs as another user, too
trap 'rm -rf "$payload"' EXIT

# clip NAME START SECONDS WIDTH:HEIGHT:X:Y [SIZE]: a piece of vtest.avi as MJPEG (640:480) at uvcsim's rate.
clip() {
  ffmpeg -v error -ss "$2" -t "$3" -i "$cache/footage/vtest.avi" -vf "crop=$4,scale=${5:-640:480},fps=15" -c:v mjpeg -q:v 4 -f mjpeg "$payload/$1.mjpeg"
}

build/deps.sh footage test
clip left_to_right 59 3.4 256:192:384:320
clip right_to_left 65.5 4.5 256:192:100:306
clip small 59 2 256:192:384:320 320:240
clip medium 59 2 256:192:384:320 480:360

./cross-build.sh arm64
cp dist/arm64/* "$payload/"
export CGO_ENABLED=0 GOOS=linux GOARCH=arm64
go build -o "$payload/uvcsim" ./test/vm/uvcsim
go test -c -o "$payload/e2e.test" ./test/vm/e2e
cp "$here"/e2e/testdata/* "$payload/"
cat >"$payload/run" <<RUN
#!/bin/sh
export EDGED_GUEST=1 EDGED_CAMERAS=${EDGED_CAMERAS:-} EDGED_REPLUGS=${EDGED_REPLUGS:-}
exec /payload/e2e.test -test.v -test.failfast -test.timeout $((EDGED_VM_TIMEOUT - 30))s ${*@Q}
RUN
chmod 755 "$payload/run"
"$here/guest.sh" "$payload"
