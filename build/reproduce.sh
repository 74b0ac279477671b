#!/usr/bin/env bash
# Cross-builds here, then once more in a copy of this folder elsewhere and without a network: the packages must be equal to
# the last bit. reproduce.sh [ARCH]...   (arm64)
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=build/apt.sh
. "$top/build/apt.sh"
cd "$top"
[ $# -gt 0 ] || set -- arm64

elsewhere=$(mktemp -d)
trap 'rm -rf "$elsewhere"' EXIT
copy="$elsewhere/a folder of another name"
git clone -q --shared "$top" "$copy"
# What is not committed goes along.
git diff --binary HEAD | git -C "$copy" apply --allow-empty
git ls-files -oz --exclude-standard | tar -c --null -T - | tar -x -C "$copy"

offline=(unshare --map-root-user --net)
"${offline[@]}" true || die "this machine has no network namespaces (unshare --map-root-user --net): the second build could use the network"
rm -f dist/*.deb
./cross-build.sh "$@"
(cd "$copy" && "${offline[@]}" ./cross-build.sh "$@")
(cd dist && sha256sum -- *.deb) >"$elsewhere/sums"
(cd "$copy/dist" && sha256sum --strict -c "$elsewhere/sums") || die "the same source gave other bytes in another folder"
