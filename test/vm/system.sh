#!/usr/bin/env bash
# The package in a booted Debian 12 arm64 with systemd as PID 1: system.sh [CUTS]
# Installs it, watches it through every fault in test/vm/system/steps, cuts the power CUTS times (3), purges it. The first call
# makes the system (80 MB of Debian packages, minutes under emulation); it is kept in $EDGED_CACHE/vm.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
# shellcheck source=build/apt.sh
. "$top/build/apt.sh"
cd "$top"
# shellcheck source=test/vm/base.sh
. "$here/base.sh"
cuts=${1:-3}
image=$vm/debian-1.img # raise the number where system/second-stage or the list of packages changes
guest_modules=(virtio_pci virtio_blk crc32c_generic ext4 vhci-hcd uvcvideo vivid)

work=$(mktemp -d)
trap 'power_off; rm -rf "$work"' EXIT

make_initrd() {
  local root=$work/initrd
  mkdir -p "$root"/{proc,sys,dev,bin,root}
  cp "$vm/root/bin/busybox" "$root/bin/"
  install -m 755 "$here/system/initrd" "$root/init"
  copy_modules "$root"
  pack "$root" >"$work/initrd.cpio"
}

# power_off: ends this call's QEMU, if there is one, as pulling the plug would.
power_off() {
  [ ! -s "$work/pid" ] || kill -9 "$(cat "$work/pid")" 2>/dev/null || true
  rm -f "$work/pid"
}

# boot DISK INIT SECONDS [PAYLOAD]: prints the console until the guest ends; status 3 where it goes on with another boot, after a
# power cut or by itself.
boot() {
  local args=(qemu-system-aarch64 -pidfile "$work/pid") line status=1 qemu
  [ ! -d "$vm/host/usr/share/qemu" ] || args+=(-L "$vm/host/usr/share/qemu")
  args+=(-M virt -accel tcg -cpu cortex-a76 -smp 2 -m 1024 -nodefaults -no-user-config -display none -no-reboot -serial stdio
    -kernel "$kernel_image" -initrd "$work/initrd.cpio" -append "console=ttyAMA0 quiet panic=-1 edged.init=$2"
    -drive "file=$1,format=raw,if=virtio,cache=writeback")
  [ -z "${4:-}" ] || args+=(-drive "file=$4,format=raw,if=virtio,readonly=on")
  mkfifo "$work/console"
  with_host timeout "$3" "${args[@]}" </dev/null >"$work/console" 2>&1 &
  qemu=$!
  while IFS= read -r line; do
    line=${line%$'\r'}
    case $line in
      *VM-CUT*) status=3; power_off; break ;;
      *VM-REBOOT*) status=3 ;;
      *VM-EXIT\ rc=*) status=${line##*VM-EXIT rc=} ;;
      *) printf '%s\n' "$line" ;;
    esac
  done <"$work/console"
  wait "$qemu" 2>/dev/null || true
  rm -f "$work/console" "$work/pid"
  return "$status"
}

make_image() {
  [ ! -f "$image" ] || return 0
  apt_need debootstrap e2fsprogs
  say "making a Debian 12 arm64 system"
  local mirror root=$work/debian
  # shellcheck disable=SC2016 # apt-get expands these
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(CODENAME)' 'Created-By: Packages' | awk '$2 == "Debian" && $3 == "bookworm" { print $1; exit }')
  as_root debootstrap --foreign --arch=arm64 --variant=minbase \
    --include=systemd-sysv,udev,dbus,mosquitto,mosquitto-clients,procps,kmod,libstdc++6,init-system-helpers \
    bookworm "$root" ${mirror:+"$mirror"} >/dev/null
  if [ -L "$root/proc" ]; then as_root rm "$root/proc" && as_root mkdir "$root/proc"; fi # where debootstrap ran in a container
  as_root install -m 755 "$here/system/second-stage" "$root/second-stage"
  as_root install -m 644 "$here/system/edged-system-test.service" "$root/etc/systemd/system/"
  copy_modules "$work/modules"
  as_root cp -r "$work/modules/lib/modules" "$root/lib/"
  truncate -s 2G "$work/image"
  as_root /sbin/mke2fs -q -t ext4 -d "$root" "$work/image"
  boot "$work/image" /second-stage 3600
  mv "$work/image" "$image"
  as_root rm -rf "$root"
}

make_payload() {
  local dir=$work/payload
  mkdir "$dir"
  build/deps.sh footage test
  DEB_VERSION=1.0 ./cross-build.sh arm64
  mv dist/edged_1.0_arm64.deb "$dir/edged_1_arm64.deb"
  DEB_VERSION=9.0 packaging/deb.sh arm64 9.0 "$(git log -1 --format=%ct)"
  mv dist/edged_9.0_arm64.deb "$dir/edged_2_arm64.deb"
  ffmpeg -v error -ss 57 -t 9 -i "$cache/footage/vtest.avi" -vf "crop=256:192:384:320,scale=640:480,fps=15" -c:v mjpeg -q:v 4 -f mjpeg "$dir/walkers.mjpeg"
  CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build -o "$dir/uvcsim" ./test/vm/uvcsim
  install -m 755 "$here/system/steps" "$dir/steps"
  cp models/starter.tflite "$dir/model.tflite"
  echo "$cuts" >"$dir/cuts"
  truncate -s 64M "$work/payload.img"
  /sbin/mke2fs -q -t ext4 -d "$dir" "$work/payload.img"
}

fetch_base
make_initrd
make_image
make_payload
cp --sparse=always "$image" "$work/disk"
printf '| step | seconds | seen |\n|---|---|---|\n'
while :; do
  status=0
  boot "$work/disk" /sbin/init 1500 "$work/payload.img" || status=$?
  [ "$status" = 3 ] || break
done
[ "$status" = 0 ] || die "a step failed"
