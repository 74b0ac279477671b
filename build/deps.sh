#!/usr/bin/env bash
# Puts what edged is built and tested with on this machine: deps.sh NAME...
#   compiler  cc, libturbojpeg, libyuv (apt)        go        Go, where it is absent or too old
#   tflite    the TFLite C library for $EDGED_ARCH  footage   real footage of people walking (Debian's opencv-doc)
#   walkers   a part of it, cropped for the starter model    subscriber   mosquitto_sub
#   test      mosquitto, ffmpeg, Python venv with ai-edge-litert
#   lint      golangci-lint
# What is not an apt package lands in $EDGED_CACHE: the library and Go checked by their hashes, Python packages pinned by
# version. A second call does nothing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=build/apt.sh
. "$here/apt.sh"

# same SHA256 FILE: whether the file is there and has that hash.
same() { [ -f "$2" ] && [ "$(sha256sum <"$2" | cut -d' ' -f1)" = "$1" ]; }

# need_pip: a python3 whose pip can download; a bare Debian has neither.
need_pip() {
  python3 -m pip --version >/dev/null 2>&1 || apt_need python3-pip
}

dep_compiler() {
  apt_need gcc libc6-dev libturbojpeg0-dev libyuv-dev ca-certificates
}

# The Go release as Go's own toolchain module: one archive, the same from every module proxy.
go_version=1.26.8
go_sha256_amd64=30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7
go_sha256_arm64=02b36b6787b3ac767668f630e2998df45a3b1f9ffee08d1bf3ef6487cd658d99
dep_go() {
  if command -v go >/dev/null && go version | grep -qE 'go1\.(2[5-9]|[3-9][0-9])'; then
    return
  fi
  [ -x "$cache/go/bin/go" ] && return
  local arch sum url proxy
  arch=$(dpkg --print-architecture)
  sum=go_sha256_$arch
  [ -n "${!sum:-}" ] || die "no pinned Go toolchain for $arch; install Go 1.25 or newer by hand"
  apt_need curl unzip
  proxy=${GOPROXY:-https://proxy.golang.org}
  proxy=${proxy%%[,|]*}
  url=$proxy/golang.org/toolchain/@v/v0.0.1-go$go_version.linux-$arch.zip
  say "Go $go_version from the module proxy"
  curl -fsSL --retry 3 -o "$cache/go.zip" "$url"
  same "${!sum}" "$cache/go.zip" || die "$url: wrong SHA-256; delete $cache/go.zip and try again"
  rm -rf "$cache/go.tmp" "$cache/go"
  unzip -q "$cache/go.zip" -d "$cache/go.tmp"
  mv "$cache/go.tmp/golang.org/toolchain@v0.0.1-go$go_version.linux-$arch" "$cache/go"
  chmod +x "$cache"/go/bin/* "$cache"/go/pkg/tool/*/*
  rm -rf "$cache/go.tmp" "$cache/go.zip"
}

# libtensorflowlite_c.so 2.17.1: no distribution packages it; this wheel carries it for three architectures.
tflite_wheel=pymicro-wakeword==2.5.0
dep_tflite() {
  local arch=${EDGED_ARCH:-$(dpkg --print-architecture)} platform sum lib
  case $arch in
    amd64) platform=x86_64 sum=3869f536402b1254e3be3549d3a462ecd6ed21ce2c3e77ec8eb501c3c700417c ;;
    arm64) platform=aarch64 sum=6c75b77c936efd19b8c35a094cb7e3fdbd4ebcd0f63635a0851ce591990829f2 ;;
    armhf) platform=armv7l sum=af92b862fe0488fba7422b9819b1a8c88781b2f90fb3e4b7f1dcfd1d90a6b69b ;;
    *) die "no TFLite C library for architecture $arch (amd64, arm64, armhf)" ;;
  esac
  lib=$cache/tflite-2.17.1/$arch/libtensorflowlite_c.so
  [ -f "$lib" ] && return
  need_pip
  say "TFLite C library 2.17.1 ($arch) from the wheel $tflite_wheel"
  local tmp
  tmp=$(mktemp -d "$cache/wheel.XXXXXX")
  echo "$tflite_wheel --hash=sha256:$sum" >"$tmp/pin"
  python3 -m pip download -q --no-deps --only-binary :all: --python-version 3.11 \
    --platform "manylinux_2_35_$platform" --require-hashes -r "$tmp/pin" -d "$tmp"
  mkdir -p "${lib%/*}"
  python3 - "$tmp"/*.whl "$tmp/lib.so" <<'PY'
import sys, zipfile
open(sys.argv[2], "wb").write(zipfile.ZipFile(sys.argv[1]).read("pymicro_wakeword/lib/libtensorflowlite_c.so"))
PY
  chmod 755 "$tmp/lib.so"
  mv "$tmp/lib.so" "$lib"
  rm -rf "$tmp"
}

# vtest.avi, 80 s of pedestrians on a path: fetched by package name, never committed.
dep_footage() {
  local avi=$cache/footage/vtest.avi
  [ -f "$avi" ] && return
  say "real footage: vtest.avi out of Debian's opencv-doc (96 MB, once)"
  local tmp member
  tmp=$(mktemp -d "$cache/footage.XXXXXX")
  # apt's own user could not write into a private home.
  local get=(apt-get -qq -o APT::Sandbox::User=root download opencv-doc)
  (cd "$tmp" && { "${get[@]}" || { as_root apt-get -qq update && "${get[@]}"; }; })
  member=$(dpkg-deb --fsys-tarfile "$tmp"/opencv-doc_*.deb | tar -t | grep 'vtest\.avi' || true)
  [ -n "$member" ] || die "opencv-doc holds no vtest.avi"
  dpkg-deb --fsys-tarfile "$tmp"/opencv-doc_*.deb | tar -xO "$member" >"$tmp/out"
  case $member in *.gz) gunzip <"$tmp/out" >"$tmp/avi" ;; *) mv "$tmp/out" "$tmp/avi" ;; esac
  mkdir -p "${avi%/*}"
  mv "$tmp/avi" "$avi"
  rm -rf "$tmp"
}

# walkers.mkv: a walker who crosses from left to right, then one from right to left, cut out of vtest.avi at its own
# times: the seconds between them are missing from the file, as they would be after a camera's outage.
dep_walkers() {
  local mkv=$cache/footage/walkers.mkv
  [ -f "$mkv" ] && return
  dep_footage
  apt_need ffmpeg
  ffmpeg -v error -y -i "$cache/footage/vtest.avi" -an -vsync passthrough -c:v mjpeg -q:v 3 -f matroska -vf "
    select='between(t,55.7,62)+between(t,63,71)', crop=256:192:'if(lt(t,62.5),256,100)':'if(lt(t,62.5),240,306)',
    setpts=PTS-55.7/TB, scale=640:480" "$mkv.part"
  mv "$mkv.part" "$mkv"
}

dep_subscriber() {
  apt_need mosquitto-clients
}

dep_test() {
  apt_need mosquitto mosquitto-clients ffmpeg
  python3 -c 'import venv, ensurepip' 2>/dev/null || apt_need python3-venv
  local venv=$cache/venv-test
  if ! cmp -s "$here/requirements-test.txt" "$venv/requirements-test.txt"; then
    say "Python environment for the parity test"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install -q -r "$here/requirements-test.txt"
    cp "$here/requirements-test.txt" "$venv/"
  fi
}

golangci_version=v2.12.0
dep_lint() {
  local bin=$cache/golangci-lint-$golangci_version/golangci-lint
  [ -x "$bin" ] && return
  say "golangci-lint $golangci_version (built from its module)"
  # It is a tool of the host: none of the cgo flags that edged is built with.
  env -u CGO_CFLAGS -u CGO_LDFLAGS CGO_ENABLED=0 GOFLAGS= GOBIN="${bin%/*}" \
    "$(command -v go || echo "$cache/go/bin/go")" install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$golangci_version"
}

for what in "$@"; do
  case $what in
    compiler | go | tflite | footage | walkers | subscriber | test | lint) "dep_$what" ;;
    *) die "unknown dependency $what" ;;
  esac
done
