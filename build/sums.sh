#!/usr/bin/env bash
# Writes dist/SHA256SUMS: the hashes of what a release offers, as far as it has been built.
set -euo pipefail
cd "$(dirname "$0")/../dist"
shopt -s nullglob
sha256sum -- *.deb *.cdx.json *.oci.tar *-app-*.tar.gz >SHA256SUMS
