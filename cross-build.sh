#!/usr/bin/env bash
# Builds edged for other machines: cross-build.sh [arm64|armhf|amd64]...   (no argument: all three)
# Leaves dist/ARCH/edged with its libtensorflowlite_c.so beside it, a CycloneDX SBOM and the licence texts of others' code in it,
# dist/edged_VERSION_ARCH.deb of all that, and dist/SHA256SUMS. Checks that they run on any glibc from 2.34 on. The same commit gives the same bytes, wherever it is built.
# The names are Debian's; armhf is ARMv7 with hardware floating point. Works on a Debian machine of any of these, whose
# package sources carry the others; needs root or sudo once, for the cross compilers. libturbojpeg and libyuv are linked
# statically, out of Debian packages that are unpacked in $EDGED_CACHE and not installed.
set -euo pipefail
top=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=build/apt.sh
. "$top/build/apt.sh"
cd "$top"

# What the TFLite library asks for. Debian 12, Raspberry Pi OS bookworm and Ubuntu 22.04 have these or newer ones.
newest="GLIBC_2.34 GLIBCXX_3.4.30"
# Anything but these comes from a library that should have been linked statically.
allowed_needed='libtensorflowlite_c\.so|libc\.so\.6|libm\.so\.6|libstdc\+\+\.so\.6|libgcc_s\.so\.1|ld-linux.*'

# compiler ARCH TRIPLET: a C compiler for ARCH, with the C library's headers.
compiler() {
  if [ "$1" = "$(dpkg --print-architecture)" ]; then
    apt_need gcc libc6-dev
  else
    apt_need "gcc-${2//_/-}" "libc6-dev-$1-cross"
  fi
}

# check FILE TRIPLET: prints what FILE needs of the machine, fails where that is too much.
check() {
  local needed symbols odd most version
  needed=$("$2-objdump" -p "$1" | awk '$1 == "NEEDED" { print $2 }')
  symbols=$("$2-objdump" -T "$1")
  say "$1: $(stat -c %s "$1") bytes, needs ${needed//$'\n'/ }"
  odd=$(grep -Evx "$allowed_needed" <<<"$needed" || true)
  [ -z "$odd" ] || die "$1 needs $odd, which a bare system does not have"
  for most in $newest; do
    version=$({ grep -o "${most%%_*}_[0-9.]*" <<<"$symbols" || true; } | sort -Vu | tail -n 1)
    [ -z "$version" ] || say "$1: up to $version"
    [ "$(printf '%s\n' "$version" "$most" | sort -V | tail -n 1)" = "$most" ] ||
      die "$1 needs $version, newer than $most: build it on Debian 12"
  done
}

# bill DIR GOARCH: the SBOM of the Go modules in DIR/edged. Without a serial number and a time, it depends on them alone.
bill() {
  (cd cmd/edged && GOOS=linux GOARCH=$2 CGO_ENABLED=1 "$cache/cyclonedx-gomod-v1.10.0/cyclonedx-gomod" mod -licenses=true -noserial -json \
    -type application -output - "$top" 2>/dev/null) | python3 packaging/bill.py "$version" "$date" >"$1/edged.cdx.json"
}

# build ARCH TRIPLET GOARCH [GOARM]
build() {
  local arch=$1 triplet=$2 out=dist/$1 sysroot=$cache/sysroot/$1 tflite=$cache/tflite-2.17.1/$1
  compiler "$arch" "$triplet"
  EDGED_ARCH=$arch build/deps.sh tflite
  debs_into "$sysroot" "$arch" '^lib(turbojpeg0|yuv)-dev$' libturbojpeg0-dev libyuv-dev
  mkdir -p "$out"
  CGO_ENABLED=1 GOOS=linux GOARCH=$3 GOARM=${4:-} CC=$triplet-gcc \
    CGO_CFLAGS="-O2 '-I$top/build/include' '-I$sysroot/usr/include'" \
    CGO_LDFLAGS="'-L$sysroot/usr/lib/$triplet' '-L$tflite' -Wl,-z,now -Wl,-rpath,\$ORIGIN -Wl,-rpath,\$ORIGIN/../lib/edged" \
    go build -trimpath -buildmode=pie -buildvcs=false -ldflags "-s -w -buildid= -X main.version=$version -X main.commit=$commit -X main.date=$date" \
    -o "$out/edged" ./cmd/edged
  # The wheel's library for armhf comes with its symbol table.
  "$triplet-strip" --strip-unneeded -R .comment -o "$out/libtensorflowlite_c.so" "$tflite/libtensorflowlite_c.so"
  chmod 644 "$out/libtensorflowlite_c.so"
  install -m 644 models/people-half.tflite "$out/"
  check "$out/edged" "$triplet"
  check "$out/libtensorflowlite_c.so" "$triplet"
  bill "$out" "$3"
  GOOS=linux GOARCH=$3 CGO_ENABLED=1 packaging/notices.sh "$sysroot" >"$out/third-party"
  packaging/deb.sh "$arch" "$deb_version" "$seconds"
  cp "$out/edged.cdx.json" "dist/edged_${deb_version}_$arch.cdx.json"
}

[ $# -gt 0 ] || set -- arm64 armhf amd64
command -v dpkg >/dev/null || die "needs a Debian machine: its packages carry the cross compilers and libraries"
build/deps.sh go sbom
PATH=$cache/go/bin:$PATH
# shellcheck source=build/version.sh
. build/version.sh
for arch in "$@"; do
  case $arch in
    arm64) build arm64 aarch64-linux-gnu arm64 ;;
    armhf) build armhf arm-linux-gnueabihf arm 7 ;;
    amd64) build amd64 x86_64-linux-gnu amd64 ;;
    *) die "unknown architecture $arch (arm64, armhf, amd64)" ;;
  esac
done
build/sums.sh
say "$(cd dist && stat -c '%n: %s bytes' -- *.deb | paste -sd ';')"
