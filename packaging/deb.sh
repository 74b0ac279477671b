#!/usr/bin/env bash
# Makes dist/edged_VERSION_ARCH.deb of dist/ARCH: deb.sh ARCH VERSION SECONDS. The same input gives the same bytes: every time
# in it is SECONDS (since 1970), of the commit.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
arch=$1 version=$2
export SOURCE_DATE_EPOCH=$3 LC_ALL=C
umask 022

root=$(mktemp -d)
chmod 755 "$root" # the package's own root: what unpacks it by hand takes the mode over
trap 'rm -rf "$root"' EXIT
doc=$root/usr/share/doc/edged
install -D -m 755 "dist/$arch/edged" "$root/usr/bin/edged"
install -D -m 644 "dist/$arch/libtensorflowlite_c.so" "$root/usr/lib/edged/libtensorflowlite_c.so"
install -D -m 644 models/people-half.tflite "$root/usr/share/edged/people-half.tflite"
install -D -m 644 edged.example.yaml "$root/etc/edged/edged.yaml"
install -D -m 644 systemd/edged.service "$root/lib/systemd/system/edged.service"
install -D -m 644 systemd/edged.sysusers "$root/usr/lib/sysusers.d/edged.conf"
install -D -m 644 packaging/completion.bash "$root/usr/share/bash-completion/completions/edged"
install -D -m 644 packaging/debian/copyright "$doc/copyright"
install -D -m 644 "dist/$arch/edged.cdx.json" "$doc/edged.cdx.json"
install -D -m 644 packaging/edged.openvex.json "$doc/edged.openvex.json"
gzip -9n <"dist/$arch/third-party" >"$doc/third-party.gz"
install -d "$root/usr/share/man/man1" "$root/usr/share/man/man5"
gzip -9n <packaging/man/edged.1 >"$root/usr/share/man/man1/edged.1.gz"
packaging/man/edged.yaml.5.sh <edged.example.yaml | gzip -9n >"$root/usr/share/man/man5/edged.yaml.5.gz"
{
  printf 'edged (%s) stable; urgency=medium\n\n  * See CHANGELOG.md of the source.\n\n' "$version"
  printf ' -- The edged authors <edged@edged.invalid>  %s\n' "$(date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$doc/changelog.gz"

install -d "$root/usr/share/lintian/overrides"
# libjpeg-turbo is linked statically on purpose: the same file runs on Debian and Ubuntu.
echo 'edged: embedded-library libjpeg [usr/bin/edged]' >"$root/usr/share/lintian/overrides/edged"

install -d "$root/DEBIAN"
install -m 755 packaging/debian/postinst packaging/debian/prerm packaging/debian/postrm "$root/DEBIAN/"
echo /etc/edged/edged.yaml >"$root/DEBIAN/conffiles"
# What the binaries need was checked by cross-build.sh; these are the versions of it that the symbols ask for.
cat >"$root/DEBIAN/control" <<END
Package: edged
Version: $version
Architecture: $arch
Maintainer: The edged authors <edged@edged.invalid>
Section: misc
Priority: optional
Depends: libc6 (>= 2.34), libgcc-s1, libstdc++6 (>= 12), init-system-helpers (>= 1.54), procps, systemd (>= 249)
Suggests: mosquitto, ffmpeg
Installed-Size: $(du -k -s --apparent-size "$root" | cut -f1)
Description: recognises actions on camera and publishes them over MQTT
 edged takes pictures from V4L2 and other cameras, squeezes the last seconds of
 them into the channels of a small neural network (SqueezeTime on TensorFlow
 Lite), and publishes what it recognises to an MQTT broker, where Home Assistant
 finds the board by itself.
END
(cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group --uniform-compression -Zxz -b "$root" "dist/edged_${version}_$arch.deb" >/dev/null
