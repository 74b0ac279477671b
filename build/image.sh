#!/usr/bin/env bash
# Makes container images of the packages in dist/: image.sh [--ffmpeg] [arm64|armhf|amd64]...   (no architecture: all three)
# Leaves dist/edged-VERSION-ARCH.oci.tar, an OCI image, and adds it to dist/SHA256SUMS. With --ffmpeg the image also has a shell and ffmpeg,
# for cameras that are read through a command (RTSP). The same commit and the same Debian packages give the same bytes.
# Everything comes from Debian's packages; no base image is pulled. Run cross-build.sh first. Needs root.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=build/apt.sh
. "$top/build/apt.sh"
cd "$top"

# What the program needs of Debian, and what people expect: certificates for TLS, time zones for local log times.
packages=libc6,libstdc++6,libgcc-s1,ca-certificates,tzdata
suffix=
if [ "${1:-}" = --ffmpeg ]; then
  packages+=,dash,ffmpeg suffix=-ffmpeg
  shift
fi

# Parts of Debian's packages that edged never opens.
unused=(etc/apt etc/cron.daily etc/dpkg lib/systemd usr/lib/mime usr/libexec/dpkg usr/sbin usr/share/{bash-completion,bug,debconf,debianutils,doc-base,dpkg,gcc,gdb,icons,info,lintian,locale,man,menu,perl5,pixmaps,polkit-1,zsh} var)

# alternatives DIR: makes the links to BLAS and LAPACK that Debian's set-up scripts would make; ffmpeg does not start without them.
alternatives() {
  local library folder
  for library in "$1"/usr/lib/*/{blas,lapack}/lib*.so.3; do
    folder=$(dirname "$library")
    ln -s "$(basename "$folder")/$(basename "$library")" "$(dirname "$folder")/"
  done
}

# slim DIR: removes what edged never opens, and makes the one file of certificates that Debian's set-up script would make.
slim() {
  local path
  find "$1/usr/share/ca-certificates" -name '*.crt' -print0 | sort -z | xargs -0 cat >"$1/etc/ssl/certs/ca-certificates.crt"
  for path in "${unused[@]}" usr/share/ca-certificates; do rm -rf "${1:?}/$path"; done
  find "$1/usr/share/doc" -type f ! -name copyright -delete # the licences stay
  find "$1/usr/share/doc" -type d -empty -delete
  if [ -z "$suffix" ]; then # programs and libraries of packages that came along
    find "$1/usr/bin" "$1/bin" -mindepth 1 -delete
    rm -rf "$1"/usr/lib/*/{gconv,perl*,audit,engines-3,ossl-modules,libcrypto*,libssl*}
  else
    find "$1/usr/bin" "$1/bin" -mindepth 1 ! -name ffmpeg ! -name ffprobe ! -name dash -delete
    ln -s dash "$1/bin/sh"
    alternatives "$1"
    rm -rf "$1"/usr/lib/*/{gconv,perl*,audit,dri,libLLVM*,libz3*}
  fi
}

# root DIR ARCH: the image's files.
root() {
  say "Debian's packages ($2)"
  mmdebstrap --quiet --mode=root --variant=extract --architectures="$2" --aptopt='APT::Install-Recommends "false"' \
    --include="$packages" bookworm "$1"
  mkdir -p "$1/bin" "$1/usr/bin"
  slim "$1"
  if [ -n "$suffix" ] && [ "$2" = "$(dpkg --print-architecture)" ]; then
    chroot "$1" /usr/bin/ffmpeg -version >/dev/null || die "the image's ffmpeg does not run"
  fi
  dpkg-deb -x "dist/edged_${version}_$2.deb" "$1"
  rm -rf "$1"/lib/systemd "$1"/usr/lib/sysusers.d "$1"/usr/share/{bash-completion,lintian,man}
  install -d -m 1777 "$1/tmp"
  install -d -m 755 "$1"/{dev,etc,proc,run,sys,var/lib}
  install -d -m 700 -o $user -g $video "$1/var/lib/edged"
  printf 'root:x:0:0::/:/nonexistent\nedged:x:%d:%d::/var/lib/edged:/nonexistent\n' $user $video >"$1/etc/passwd"
  printf 'root:x:0:\nvideo:x:%d:edged\n' $video >"$1/etc/group"
  echo 'hosts: files dns' >"$1/etc/nsswitch.conf"
  find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

# image ARCH OCIARCH [VARIANT]
image() {
  local tmp container file=dist/edged-$version-$1$suffix.oci.tar
  [ -f "dist/edged_${version}_$1.deb" ] || ./cross-build.sh "$1"
  tmp=$(mktemp -d)
  # shellcheck disable=SC2064 # now, not later
  trap "rm -rf '$tmp'" EXIT
  root "$tmp/root" "$1"
  container=$(buildah from --arch "$2" ${3:+--variant "$3"} scratch)
  tar -C "$tmp/root" --sort=name --numeric-owner -cf "$tmp/root.tar" . # owners stay: buildah would make all files root's
  buildah add --quiet "$container" "$tmp/root.tar" / >/dev/null
  buildah config --arch "$2" ${3:+--variant "$3"} --entrypoint '["/usr/bin/edged"]' --cmd 'run -c /etc/edged/edged.yaml' \
    --user "$user:$video" --volume /var/lib/edged --env STATE_DIRECTORY=/var/lib/edged --env container=oci \
    --stop-signal SIGTERM --workingdir /var/lib/edged \
    --label org.opencontainers.image.title=edged --label org.opencontainers.image.version="$version" \
    --label org.opencontainers.image.revision="$commit" --label org.opencontainers.image.licenses=Apache-2.0 \
    --label org.opencontainers.image.description="Recognises actions on camera and publishes them over MQTT" "$container"
  buildah commit --quiet --format oci --omit-history --timestamp "$SOURCE_DATE_EPOCH" "$container" "edged-image:$1$suffix" >/dev/null
  buildah rm "$container" >/dev/null
  buildah push --quiet "edged-image:$1$suffix" "oci:$tmp/oci:edged:${version/+/-}$suffix" # a tag has no plus sign
  tar -C "$tmp/oci" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -cf "$file" .
  say "$file: $(stat -c %s "$file") bytes"
  rm -rf "$tmp"
}

[ $# -gt 0 ] || set -- arm64 armhf amd64
apt_need mmdebstrap buildah
# The package's user is made by systemd-sysusers; an image needs fixed numbers. 44 is Debian's group of /dev/video*.
user=990 video=44
# shellcheck source=build/version.sh
. build/version.sh
version=$deb_version SOURCE_DATE_EPOCH=$seconds
export SOURCE_DATE_EPOCH BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
for arch in "$@"; do
  case $arch in
    arm64) image arm64 arm64 v8 ;;
    armhf) image armhf arm v7 ;;
    amd64) image amd64 amd64 ;;
    *) die "unknown architecture $arch (arm64, armhf, amd64)" ;;
  esac
done
build/sums.sh
