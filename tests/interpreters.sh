#!/bin/sh
# Puts CPython versions that the system does not have into a folder, for tests that need them:
#
#   sh tests/interpreters.sh DIR
#
# These are 3.13, 3.14 and 3.15, as far as Debian's sid has them, with CPython's own test suite. They
# come from the Debian mirror that this system is configured for, checked by the keys it is configured
# with, and are unpacked, not installed: interpreters and a libc of their own in DIR/usr, bound to that
# place. The system stays as it is, and no privilege is needed. What is there already stays; delete DIR
# to fetch anew. Where they cannot be had it says why, leaves nothing and exits 0: the tests then skip.
# tests/interpreters.py finds what is in the checkout's .interpreters.
set -eu

minors="13 14 15"

say() {
    echo "interpreters: $*"
}

give_up() {
    say "skipped: $*"
    exit 0
}

explain_usage() {
    echo "usage: sh tests/interpreters.sh DIR" >&2
    exit 2
}

# runs FILE...: each is there and works.
runs() {
    for program in "$@"; do
        "$program" -c 'import ctypes, ssl, zlib' >/dev/null 2>&1 || return 1
    done
}

# --- apt-get with a state of its own --------------------------------------------------------------

apt() {
    "$@" -qq -c "$work/apt.conf"
}

# Prints the address of the mirror for this system's own release, and FILE:LINE that configures it.
find_mirror() {
    # shellcheck source=/dev/null
    [ -r /etc/os-release ] && . /etc/os-release
    [ "${ID:-}" = debian ] || return 0
    # shellcheck disable=SC2016 # for apt-get to replace
    apt-get indextargets --format '$(REPO_URI) $(SOURCESENTRY)' \
        "Created-By: Packages" "Release: ${VERSION_CODENAME:-}" "Component: main" | head -n 1
}

write_apt_state() {
    mirror=$(find_mirror)
    [ -n "$mirror" ] || give_up "this is no Debian with a configured mirror"
    uri=${mirror%% *} entry=${mirror#* }
    key=$(sed -n 's/^Signed-By: *//p; s/.*signed-by=\([^] ]*\).*/\1/p' "${entry%:*}" | head -n 1)
    mkdir -p "$work/lists/partial" "$work/archives/partial"
    : > "$work/status"
    printf 'Types: deb\nURIs: %s\nSuites: sid\nComponents: main\n%s' "$uri" \
        "${key:+Signed-By: $key
}" > "$work/sid.sources"
    cat > "$work/apt.conf" <<END
Dir::State "$work"; Dir::State::lists "$work/lists"; Dir::State::status "$work/status";
Dir::Cache "$work"; Dir::Cache::archives "$work/archives";
Dir::Etc::sourcelist "$work/sid.sources"; Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null"; Dir::Etc::preferencesparts "/dev/null";
Acquire::Languages "none"; Acquire::Retries "2"; Acquire::http::Timeout "20";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
APT::Update::Error-Mode "any"; APT::Sandbox::User ""; Debug::NoLocking "true";
#clear APT::Update::Post-Invoke; #clear APT::Update::Post-Invoke-Success; #clear DPkg::Post-Invoke;
END
    say "reading what sid has from $uri"
    apt apt-get update >"$work/log" 2>&1 || give_up "the mirror cannot be read: $(tail -n 1 "$work/log")"
}

# --- Unpacked packages -----------------------------------------------------------------------------

# Prints those of the versions that sid has.
list_offered() {
    for minor in $minors; do
        ! apt apt-cache show "python3.$minor" >/dev/null 2>&1 || printf '3.%s ' "$minor"
    done
}

download() {
    programs="" headers=""
    for version in $1; do
        programs="$programs python$version libpython$version-testsuite"
        headers="$headers libpython$version-dev"
    done
    # shellcheck disable=SC2086 # lists
    apt apt-get install --download-only -y --no-install-recommends $programs >"$work/log" 2>&1 &&
        (cd "$work/archives" && apt apt-get download $headers) >>"$work/log" 2>&1
}

# Unpacks into $1; the headers then need no include folder but their own.
unpack() {
    for archive in "$work"/archives/*.deb; do
        dpkg-deb -x "$archive" "$1" || return 1
    done
    for headers in "$1"/usr/include/python3.*; do
        cp "$1"/usr/include/*-linux-gnu/"${headers##*/}"/pyconfig.h "$headers/"
    done
}

# Binds the interpreters in $1, which are or will be moved to $2, to the libraries there.
bind() {
    loader=$(cd "$1" && find usr -name 'ld-linux*.so.?' | sort | head -n 1)
    libc=$(cd "$1" && find usr -name libc.so.6 | head -n 1)
    for program in "$1"/usr/bin/python3.[0-9] "$1"/usr/bin/python3.[0-9][0-9]; do
        [ -x "$program" ] || continue
        patchelf --force-rpath --set-rpath "$2/${libc%/*}" "$program" &&
            patchelf --set-interpreter "$2/$loader" "$program" || return 1
    done
}

fetch() {
    write_apt_state
    offered=$(list_offered)
    [ -n "$offered" ] || give_up "the mirror has none of 3.13, 3.14, 3.15"
    say "fetching ${offered% } with their tests, about 60 MB"
    download "$offered" || give_up "not downloaded: $(grep -m 1 '^E:' "$work/log")"
    unpack "$work/root" && bind "$work/root" "$target" || give_up "not unpacked"
    rm -rf "$target/usr"
    mv "$work/root/usr" "$target/usr" && runs "$target"/usr/bin/python3.1[0-9] || {
        rm -rf "$target/usr"
        give_up "what was unpacked does not run here"
    }
}

# --- The command -----------------------------------------------------------------------------------

[ $# = 1 ] || explain_usage
case $1 in -*) explain_usage ;; esac

# moved DIR: it holds interpreters that run once they are bound to where they are now.
moved() {
    place=$(cd "$1" && pwd)
    bind "$place" "$place" 2>/dev/null && runs "$place"/usr/bin/python3.1[0-9]
}

if [ -d "$1/usr" ] && { runs "$1"/usr/bin/python3.1[0-9] || moved "$1"; }; then
    say "there already: $(cd "$1/usr/bin" && echo python3.1[0-9])"
    exit 0
fi
for program in apt-get dpkg-deb patchelf; do
    command -v $program >/dev/null 2>&1 || give_up "$program is not installed (sh install-deps.sh tests)"
done
mkdir -p "$1"
target=$(cd "$1" && pwd)
work=$(mktemp -d "$target/new.XXXXXX")
trap 'rm -rf "$work"; rmdir "$target" 2>/dev/null || :' EXIT
trap 'exit 1' HUP INT TERM
fetch
say "ready: $(cd "$target/usr/bin" && echo python3.1[0-9])"
