#!/usr/bin/env bash
# Prints the licence texts of what is linked into edged: notices.sh SYSROOT. They are read where the build took the code from: the
# Go modules, Go itself, and the Debian packages that were unpacked in SYSROOT.
set -euo pipefail
cd "$(dirname "$0")/.."

section() { printf '\n\n==== %s\n\n' "$1"; cat "${@:2}"; }

modules=$(go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/edged | sort -u)
while read -r path version dir; do
  mapfile -t texts < <(find "$dir" -maxdepth 1 -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' -o -name 'epl-v*' \) | sort)
  [ ${#texts[@]} -gt 0 ] || { echo "notices: $path has no licence text" >&2; exit 1; }
  section "$path $version" "${texts[@]}"
done <<<"$modules"
section "Go's runtime and standard library" "$(go env GOROOT)/LICENSE"
for package in libturbojpeg0-dev libyuv-dev; do section "$package" "$1/usr/share/doc/$package/copyright"; done
