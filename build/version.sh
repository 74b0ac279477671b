# What is being built; to be sourced in the repository's root. Sets version, commit, seconds (the commit's time, since 1970), date, deb_version.
# shellcheck shell=bash disable=SC2034
version=$(git describe --tags --always --dirty 2>/dev/null || echo unknown)
commit=$(git rev-parse HEAD 2>/dev/null || echo unknown)
seconds=$(git log -1 --format=%ct 2>/dev/null || echo 0)
date=$(date -u -d "@$seconds" +%Y-%m-%dT%H:%M:%SZ)
# A release is tagged vX.Y.Z. A build of any other commit sorts after the release before it, by the commit's time.
deb_version=${DEB_VERSION:-$(release=$(git describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null || echo v0.1.0)
  [ "$version" = "$release" ] && echo "${release#v}" || echo "${release#v}+git$(date -u -d "@$seconds" +%Y%m%d%H%M%S).${commit:0:7}")}
