#!/usr/bin/env bash
# Runs the content of an image that build/image.sh has made, beside a real broker: image.sh IMAGE.oci.tar VIDEO
# Containers do not run on every build machine, so the content runs under chroot (buildah) and, as process 1, in namespaces (unshare).
# Needs root, buildah, mosquitto, mosquitto-clients. Prints a line for each check and fails at the first that is not as it must be.
set -euo pipefail
[ $# = 2 ] || { echo "usage: image.sh IMAGE.oci.tar VIDEO" >&2; exit 64; }
image=$(realpath "$1") video=$(realpath "$2")
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
tmp=$(mktemp -d) port=18899 page=127.0.0.1:19899
container=$(buildah from --pull-never "oci-archive:$image")
broker='' edged='' subscriber=''
clean() {
  local p
  for p in $([ -z "$edged" ] || edged_of "$edged") $broker $subscriber; do kill "$p" 2>/dev/null || true; done
  buildah umount "$container" >/dev/null || true
  buildah rm "$container" >/dev/null || true
  rm -rf "$tmp"
}
trap clean EXIT

ok() { printf 'ok    %s\n' "$*"; }
bad() {
  printf 'WRONG %s\n' "$*"
  tail -n 20 "$tmp"/*.log
  exit 1
}
# until SECONDS COMMAND...: waits until the command succeeds.
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.2
  done
}
# edged_of PID: the processes below that one whose program is edged.
edged_of() {
  local child
  # shellcheck disable=SC2013 # words, not lines
  for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
    case $(readlink "/proc/$child/exe") in */edged) echo "$child" ;; esac
    edged_of "$child"
  done
}
# stop_edged: asks the edged that runs to end, and waits for it. Its status is that of edged.
stop_edged() {
  local pid=$edged first
  first=$(edged_of "$edged" | head -1)
  edged=''
  kill -TERM "$first"
  wait "$pid"
}
# inside LOG OPTION... -- ARGUMENT...: runs edged of the image with buildah's options.
inside() {
  local log=$tmp/$1.log options=()
  shift
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  timeout 60 buildah run --env EDGED_WEB_LISTEN=$page --env EDGED_MQTT_BROKER=tcp://127.0.0.1:$port "${options[@]}" "$container" -- /usr/bin/edged "$@" >"$log" 2>&1
}

config=$(buildah inspect --type image --format '{{.OCIv1.Config}}' "$container" 2>/dev/null || buildah inspect --format '{{.OCIv1.Config}}' "$container")
for want in 990:44 /usr/bin/edged /var/lib/edged SIGTERM container=oci; do
  [[ $config == *"$want"* ]] || bad "the image's metadata lack $want: $config"
done
ok "metadata: user, entry point, volume, stop signal"

printf 'listener %d 127.0.0.1\nallow_anonymous true\n' $port >"$tmp/mosquitto.conf"
mosquitto -c "$tmp/mosquitto.conf" >"$tmp/mosquitto.log" 2>&1 &
broker=$!
wait_for 10 mosquitto_pub -p $port -t test -m x || bad "mosquitto does not start"

# buildah 1.28 sometimes loses what a short program prints.
prints_version() { inside version -- version && grep -q '^edged ' "$tmp/version.log"; }
wait_for 20 prints_version || bad "edged version"
ok "$(head -1 "$tmp/version.log")"

# An action, by variables alone, with health and a clean end.
install -d -m 700 -o 990 -g 44 "$tmp/state"
mosquitto_sub -p $port -v -t 'edged/attic/#' >"$tmp/messages.log" &
subscriber=$!
inside run --env EDGED_NODE=attic --env "EDGED_CAMERA_SOURCE=file:/video" -v "$video:/video:ro" -v "$tmp/state:/var/lib/edged" -- run -c /etc/edged/edged.yaml &
edged=$!
wait_for 60 grep -q '"phase":"start"' "$tmp/messages.log" || bad "no action is published"
ok "an action is published: $(grep -m1 -o '"event_type":"[^"]*","phase":"start"' "$tmp/messages.log")"
inside status -- status || bad "edged status fails beside a healthy edged"
ok "edged status: $(head -1 "$tmp/status.log")"
stop_edged || bad "edged does not end cleanly"
wait_for 10 grep -q 'edged/attic/status offline' "$tmp/messages.log" || bad "no offline after the end"
ok "the end is published"
inside status -- status && bad "edged status succeeds without an edged"
ok "edged status fails when nothing answers"
kill $subscriber
subscriber=''

# What is wrong must be named, with what helps.
refused() { # WHAT LOG TEXT
  grep -q -- "$3" "$tmp/$2.log" || bad "$1: no \"$3\""
  ok "$1: $(grep -m1 -o -- "$3.*" "$tmp/$2.log" | cut -c1-150)"
}
inside variable --env EDGED_MQTT_BROKR=x -- check && bad "a variable that does not exist passes"
refused "a misspelt variable" variable 'EDGED_MQTT_BROKR: no such variable'
inside value --env EDGED_RECORD_ENABLED=maybe -- check && bad "a wrong value passes"
refused "a wrong value" value 'EDGED_RECORD_ENABLED: must be true or false'

# as_first LOG PREPARE VARIABLE... -- ARGUMENT...: edged as process 1 with the image's user, in namespaces of its own. PREPARE is a script
# that runs before, beside the image's files in $root.
root=$(buildah mount "$container")
as_first() {
  local log=$tmp/$1.log prepare=$2 variables=(container=oci STATE_DIRECTORY=/var/lib/edged "EDGED_MQTT_BROKER=tcp://127.0.0.1:$port" "EDGED_WEB_LISTEN=$page")
  shift 2
  while [ "$1" != -- ]; do variables+=("$1"); shift; done
  shift
  # shellcheck disable=SC2016 # the inner shell expands them
  env -i PATH="$PATH" "${variables[@]}" unshare --pid --fork --mount --kill-child -- sh -euc '
    root=$1 state=$2 prepare=$3; shift 3
    mount -t tmpfs tmpfs "$root/dev"; mknod -m 666 "$root/dev/null" c 1 3; mknod -m 666 "$root/dev/urandom" c 1 9
    mount -t tmpfs tmpfs "$root/tmp"; mount -t proc proc "$root/proc"; mount --bind "$state" "$root/var/lib/edged"
    eval "$prepare"
    exec chroot --userspec=990:44 --groups=44 "$root" /usr/bin/edged "$@"' - "$root" "$tmp/state" "$prepare" "$@" >"$log" 2>&1
}
# until_said LOG TEXT SECONDS: waits for the text in the log of the edged that runs.
until_said() { wait_for "$3" grep -q -- "$2" "$tmp/$1.log" || bad "$1: no \"$2\""; }

as_first camera '' -- run -c /etc/edged/edged.yaml &
edged=$!
until_said camera 'start the container with --device /dev/video0' 30
refused "no camera" camera 'no camera: there is no'
stop_edged || bad "edged does not end cleanly"

# shellcheck disable=SC2016 # the inner shell expands it
as_first group 'mknod -m 660 "$root/dev/video0" c 81 250; chown 0:105 "$root/dev/video0"' -- run -c /etc/edged/edged.yaml &
edged=$!
until_said group 'group-add 105' 30
refused "a wrong group" group 'permission denied (EACCES)'
stop_edged || bad "edged does not end cleanly"

# shellcheck disable=SC2016
as_first volume 'mount -o remount,ro,bind "$root/var/lib/edged"' EDGED_CAMERA_SOURCE=pattern: -- run -c /etc/edged/edged.yaml &
edged=$!
until_said volume 'read-only file system' 30
until_said volume 'started, score' 30 # it works nevertheless
refused "a read-only volume" volume "the container's volume cannot be written: mount one with"
stop_edged || bad "edged does not end cleanly"

# A camera's command that leaves an orphan behind at each start. Only the image with ffmpeg has a shell.
[ -e "$root/bin/sh" ] || exit 0
as_first orphans '' 'EDGED_CAMERA_SOURCE=command:(sleep 0.1 &) ; exit 1' -- run -c /etc/edged/edged.yaml &
edged=$!
until_said orphans 'offline' 30
for _ in $(seq 30); do
  sleep 0.2
  for p in $(edged_of "$edged" | head -1) $(cat /proc/"$(edged_of "$edged" | head -1)"/task/*/children); do
    ! grep -q '^State:.*zombie' "/proc/$p/status" 2>/dev/null || zombies=$((${zombies:-0} + 1))
  done
done
[ "${zombies:-0}" -le 3 ] || bad "zombies at $zombies of 30 looks"
stop_edged || bad "edged does not end cleanly"
ok "no orphan stays as a zombie"
