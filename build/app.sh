#!/usr/bin/env bash
# Makes the Home Assistant app of the packages in dist/: dist/edged-home-assistant-app-VERSION.tar.gz, a folder for /addons, from which the
# Supervisor builds the app's image. The same commit gives the same bytes. Run cross-build.sh first.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=build/apt.sh
. build/apt.sh
# shellcheck source=build/version.sh
. build/version.sh
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cp -r packaging/home-assistant/edged "$tmp/edged"
mkdir "$tmp/edged/packages"
for arch in arm64 amd64; do
  deb=dist/edged_${deb_version}_$arch.deb
  [ -f "$deb" ] || ./cross-build.sh "$arch"
  cp "$deb" "$tmp/edged/packages/"
done
sed -i "s/^version: .*/version: \"${deb_version/+/-}\"/" "$tmp/edged/config.yaml" # the Supervisor makes a tag of it, which has no plus sign
cp CHANGELOG.md LICENSE "$tmp/edged/"
chmod -R u=rwX,go=rX "$tmp/edged"
file=dist/edged-home-assistant-app-${deb_version}.tar.gz
tar -C "$tmp" --sort=name --mtime="@$seconds" --owner=0 --group=0 --numeric-owner -cf - edged | gzip -n9 >"$file"
build/sums.sh
say "$file: $(stat -c %s "$file") bytes"
