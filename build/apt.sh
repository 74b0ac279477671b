# Debian packages for the build scripts; to be sourced after `set -euo pipefail`.
# shellcheck shell=bash
cache=${EDGED_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/edged}
mkdir -p "$cache"

say() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2; }
die() { say "$*"; exit 1; }

# retry COMMAND...: up to three times, as the network needs it.
retry() { "$@" || { sleep 5; "$@"; } || { sleep 20; "$@"; }; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# apt_need PACKAGE...: installs those that dpkg does not have.
apt_need() {
  local p missing=()
  for p in "$@"; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
  done
  [ ${#missing[@]} = 0 ] && return
  command -v apt-get >/dev/null || die "apt-get not found; install by hand: ${missing[*]}"
  say "apt-get install ${missing[*]}"
  local opts=(-y -qq --no-install-recommends -o DPkg::Lock::Timeout=600)
  # A machine's package lists may be absent or stale: refresh and try once more.
  as_root env DEBIAN_FRONTEND=noninteractive apt-get "${opts[@]}" install "${missing[@]}" >/dev/null 2>&1 || {
    as_root apt-get -qq -o DPkg::Lock::Timeout=600 update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get "${opts[@]}" install "${missing[@]}" >/dev/null
  }
}

# private_apt ARCH ARGUMENT...: apt-get with lists and state of its own, as on an empty machine of architecture ARCH;
# "host" stands for this machine and what it has installed. The package sources are this machine's, or Debian's $apt_suite if that is set; then
# nothing counts as installed.
private_apt() {
  local arch=$1 home=$cache/apt/${apt_suite:+$apt_suite-}$1 status sources=()
  shift
  mkdir -p "$home"/{state/lists,cache/archives}/partial
  status=$home/status
  : >"$status"
  [ "$arch" != host ] || [ -n "${apt_suite:-}" ] || status=/var/lib/dpkg/status
  [ "$arch" != host ] || arch=$(dpkg --print-architecture)
  if [ -n "${apt_suite:-}" ]; then
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian $apt_suite main" >"$home/sources.list"
    sources=(-o Dir::Etc::sourcelist="$home/sources.list" -o Dir::Etc::sourceparts=-)
  fi
  # apt's own user could not write into a private home.
  apt-get -qq -o Dir::State="$home/state" -o Dir::Cache="$home/cache" -o Dir::State::status="$status" \
    -o APT::Architecture="$arch" -o APT::Architectures::="$arch" -o APT::Sandbox::User=root "${sources[@]}" "$@"
}

# debs_into DIR ARCH PATTERN PACKAGE...: unpacks the packages and all that they depend on, as far as the names match the
# extended regular expression PATTERN, under DIR. Nothing is installed. Does nothing where DIR is there already.
debs_into() {
  local dir=$1 arch=$2 pattern=$3
  shift 3
  mkdir -p "$cache/apt" "$(dirname "$dir")"
  (
    flock 9
    [ ! -d "$dir" ] || exit 0
    say "unpacking $* ($arch) into $dir"
    # A mirror in mid-sync can fail for a while; most often what is wanted stands in the lists that did come.
    private_apt "$arch" update 2>/dev/null || private_apt "$arch" update || say "some package lists are missing; going on"
    tmp=$(mktemp -d "$dir.XXXXXX")
    trap 'rm -rf "$tmp"' EXIT
    private_apt "$arch" install -s --no-install-recommends "$@" |
      awk -v pattern="$pattern" '$1 == "Inst" && $2 ~ pattern { print $2 }' >"$tmp/names"
    mapfile -t names <"$tmp/names"
    mkdir "$tmp/debs" "$tmp/files"
    [ ${#names[@]} = 0 ] || (cd "$tmp/debs" && retry private_apt "$arch" download "${names[@]}")
    find "$tmp/debs" -name '*.deb' -print0 | xargs -0 -r -I{} dpkg -x {} "$tmp/files"
    mv "$tmp/files" "$dir"
  ) 9>"$cache/apt/$arch.lock"
}
