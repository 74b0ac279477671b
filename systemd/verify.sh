#!/usr/bin/env bash
# Checks edged.service and edged.sysusers with systemd's own tools, in a root of their own: no edged need be installed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=build/apt.sh
. "$here/../build/apt.sh"
apt_need systemd

highest_exposure=1.3 # of 10, as systemd-analyze rates the sandbox: a relaxed directive raises it

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{usr/bin,usr/lib/systemd,etc}
# The targets and modprobe@.service that the unit refers to.
cp -r /lib/systemd/system "$root/usr/lib/systemd/"
install -m 644 "$here/edged.service" "$root/usr/lib/systemd/system/"
mkdir -p "$root/bin"
install -m 755 /bin/true "$root/usr/bin/edged"
install -m 755 /bin/true "$root/bin/kill"

# systemd-analyze exits 0 on an unknown key that it ignores, so any word from it is a failure.
complaints=$(systemd-analyze verify --root="$root" --man=no edged.service 2>&1) || complaints+=" (status $?)"
[ -z "$complaints" ] || die "edged.service: $complaints"
systemd-sysusers --root="$root" "$here/edged.sysusers"
grep -q '^edged:' "$root/etc/passwd" || die "edged.sysusers makes no user called edged"
# The threshold is in tenths.
exposure=$(systemd-analyze security --offline=yes --threshold="${highest_exposure/./}" "$here/edged.service" | tail -n 1) ||
  die "edged.service is less confined than $highest_exposure: $exposure"
say "edged.service: clean;${exposure#*→}"
