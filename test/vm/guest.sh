#!/usr/bin/env bash
# Boots an arm64 guest with real V4L2 drivers and runs PAYLOAD/run in it as root: guest.sh PAYLOAD
# guest.sh --fetch only fetches what it needs.
# The guest's console goes to stdout; the exit status is that of PAYLOAD/run. In the guest the folder is /payload, kept in
# memory like everything else; there is no network but loopback.
#   EDGED_VM_TIMEOUT  seconds after which the guest is given up (300)
# Everything is fetched on the first call (about 85 MB of Debian packages, unpacked in $EDGED_CACHE/vm, nothing installed).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=build/apt.sh
. "$here/../../build/apt.sh"
if [ "${1:-}" = --fetch ]; then
  # shellcheck source=test/vm/base.sh
  . "$here/base.sh"
  exit
fi
[ -x "${1:-}/run" ] || die "usage: guest.sh PAYLOAD, a folder with an executable called run"
payload=$(cd "$1" && pwd)
# shellcheck source=test/vm/base.sh
. "$here/base.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/stage"
ln -s "$payload" "$work/stage/payload"
# An initramfs may be several archives, one after the other.
{ cat "$base_cpio"; pack "$work/stage"; } >"$work/initrd.cpio"

qemu=(qemu-system-aarch64)
[ ! -d "$vm/host/usr/share/qemu" ] || qemu+=(-L "$vm/host/usr/share/qemu")
# TCG always: a /dev/kvm that is emulated itself hangs the kernel. cortex-a76 is the Raspberry Pi 5's core; on cortex-a72
# XNNPACK's int8 kernels take four times as long here, for it lacks the dot-product instructions.
qemu+=(-M virt -accel tcg -cpu cortex-a76 -smp 2 -m 768 -nodefaults -no-user-config -display none -no-reboot
  -serial stdio -kernel "$kernel_image" -initrd "$work/initrd.cpio" -append "console=ttyAMA0 quiet panic=-1")

# QEMU exits 0 whatever happens inside, so the status comes over the serial line.
with_host timeout "${EDGED_VM_TIMEOUT:-300}" "${qemu[@]}" </dev/null | sed -u 's/\r$//' | tee "$work/console" || true
status=$(sed -n 's/^VM-EXIT rc=\([0-9]*\)$/\1/p' "$work/console" | tail -n 1)
[ -n "$status" ] || die "the guest ended without an exit status: kernel panic, or more than ${EDGED_VM_TIMEOUT:-300} s"
exit "$status"
