# What every guest has in common, fetched and built once; sourced by guest.sh after build/apt.sh.
# shellcheck shell=bash disable=SC2154
# Sets: vm (the cache folder), kernel_image, base_cpio. Defines: with_host.
#   $vm/host    QEMU, cpio, kmod and their libraries: run from here, not installed
#   $vm/kernel  Debian's arm64 kernel      $vm/root  programs and libraries of the guest (busybox, mosquitto, ...)
vm=$cache/vm/2 # raise the number where the lists of packages below change
base_cpio=$vm/base-$(cat "$here/init" "$here/base.sh" | sha256sum | cut -c1-12).cpio

# vivid: a camera without hardware. vhci-hcd: where uvcsim plugs in. uvcvideo: the driver under test.
guest_modules=(vivid vhci-hcd uvcvideo)

# with_host PROGRAM ARGUMENT...: runs a program out of $vm/host, or the machine's own where it has one installed.
with_host() {
  local libs
  libs=$(find "$vm/host" -type d -path '*lib/*-linux-gnu*' -printf '%p:')
  PATH=$vm/host/usr/bin:$vm/host/bin:$PATH:/usr/sbin:/sbin LD_LIBRARY_PATH=${libs%:} "$@"
}

fetch_base() {
  debs_into "$vm/host" host . qemu-system-arm cpio kmod
  if [ -e "$vm/host/bin/kmod" ]; then # the package's own links point to the machine's /bin/kmod
    ln -sf kmod "$vm/host/bin/depmod"
    ln -sf kmod "$vm/host/bin/modprobe"
  fi
  debs_into "$vm/kernel" arm64 '^linux-image-[0-9]' linux-image-arm64
  debs_into "$vm/root" arm64 '^(lib|zlib1g|busybox|mosquitto|v4l-utils)' \
    busybox-static mosquitto mosquitto-clients v4l-utils libstdc++6
}

# copy_modules ROOT: the guest's modules and what they need, with an index of these alone.
copy_modules() {
  local root=$1 release module
  release=$(basename "$vm"/kernel/lib/modules/*)
  with_host depmod -b "$vm/kernel" "$release"
  for module in "${guest_modules[@]}"; do
    with_host modprobe -d "$vm/kernel" -S "$release" --show-depends "$module"
  done | awk '$1 == "insmod" { print $2 }' | sort -u | while read -r file; do
    install -D -m 644 "$file" "$root/${file#"$vm/kernel/"}"
  done
  cp "$vm/kernel/lib/modules/$release"/modules.{order,builtin,builtin.modinfo} "$root/lib/modules/$release/"
  with_host depmod -b "$root" "$release"
}

# pack DIR: DIR as an initramfs archive on stdout; links are followed.
pack() { (cd "$1" && find -L . | with_host cpio -o -L -H newc -R 0:0 --quiet); }

build_base() {
  local root
  say "building the guest's base"
  root=$(mktemp -d "$vm/base.XXXXXX")
  chmod 755 "$root"
  mkdir -p "$root"/{proc,sys,dev,tmp,bin,sbin,usr/bin,usr/sbin,lib/aarch64-linux-gnu}
  cp "$vm/root/bin/busybox" "$root/bin/"
  cp "$vm"/root/usr/sbin/mosquitto "$root/usr/sbin/"
  cp "$vm"/root/usr/bin/{mosquitto_sub,mosquitto_pub,v4l2-ctl} "$root/usr/bin/"
  find "$vm"/root/{,usr/}lib/aarch64-linux-gnu -maxdepth 1 -name '*.so*' -exec cp -L -t "$root/lib/aarch64-linux-gnu/" {} +
  cp "$root/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1" "$root/lib/"
  install -m 755 "$here/init" "$root/init"
  copy_modules "$root"
  pack "$root" >"$root.cpio"
  find "$vm" -maxdepth 1 -name 'base*.cpio' -mtime +7 -delete
  mv "$root.cpio" "$base_cpio"
  rm -rf "$root"
}

fetch_base
# shellcheck disable=SC2034
kernel_image=$(echo "$vm"/kernel/boot/vmlinuz-*)
[ -e "$base_cpio" ] || build_base
