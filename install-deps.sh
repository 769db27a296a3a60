#!/bin/sh
# Installs what microlog needs from Debian (or a system made from it):
#
#   sh install-deps.sh          to build it and to run the demo
#   sh install-deps.sh tests    that, and what `make check` uses besides; newer interpreters than the
#                               system has are unpacked into .interpreters (tests/interpreters.sh)
#
# It says what it installs, and does nothing if everything is there. As root it uses apt-get, else
# sudo; where it can do neither, it prints the command to run and exits 1.
set -eu

build_packages="
    gcc
    libc6-dev
    make
    pkg-config
    python3
    python3-dev
    libzstd-dev
    libcjson-dev
    libmd4c-dev
    zlib1g-dev
    libgraphviz-dev
    libcurl4-openssl-dev
    libmicrohttpd-dev
"
test_packages="
    cppcheck
    clang-format
    g++
    strace
    valgrind
    chromium
    firefox-esr
    fonts-dejavu-core
    patchelf
"

# The same in words, for systems without apt-get.
build_words="a C11 compiler with the C library's headers, GNU make, pkg-config, Python 3.9 or newer
with its headers, and the development files of zstd, cJSON, md4c, zlib, Graphviz, libcurl and
libmicrohttpd"
test_words="cppcheck, clang-format, strace, valgrind, Chromium, Firefox, patchelf and any TrueType font"

explain_usage() {
    echo "usage: sh install-deps.sh [tests]" >&2
    exit 2
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

list_missing() {
    for package in $1; do
        is_installed "$package" || printf '%s ' "$package"
    done
}

# Prints how to become root: nothing, "sudo", or "sudo -n" where nobody can type a password.
find_privilege() {
    if [ "$(id -u)" = 0 ]; then
        echo ""
    elif ! command -v sudo >/dev/null 2>&1; then
        return 1
    elif [ -t 0 ]; then
        echo "sudo"
    elif sudo -n true 2>/dev/null; then
        echo "sudo -n"
    else
        return 1
    fi
}

install_missing() {
    options="-y --no-install-recommends"
    if ! privilege=$(find_privilege); then
        echo "Not root, and sudo cannot be used. Run this as root, then try again:" >&2
        echo "  apt-get update && apt-get install $options $1" >&2
        exit 1
    fi
    echo "Installing: $1"
    $privilege apt-get update -q
    # shellcheck disable=SC2086 # both are lists
    $privilege env DEBIAN_FRONTEND=noninteractive apt-get install -q $options $1
}

# Prints the name of the package with CPython's own tests for the system's interpreter.
name_testsuite() {
    case $(readlink /usr/bin/python3) in
        python3.[0-9]*) echo "lib$(readlink /usr/bin/python3)-testsuite" ;;
    esac
}

with_tests=
case "$#:${1:-}" in
    0:) packages=$build_packages words=$build_words ;;
    1:tests)
        with_tests=yes
        packages="$build_packages $test_packages $(name_testsuite)" words="$build_words, $test_words"
        ;;
    *) explain_usage ;;
esac

if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
    echo "This system has no apt-get. Install by its own means:" >&2
    echo "$words." >&2
    exit 1
fi

missing=$(list_missing "$packages")
if [ -z "$missing" ]; then
    echo "Everything is installed."
else
    install_missing "${missing% }"
fi
if [ -n "$with_tests" ]; then
    case $0 in */*) cd "${0%/*}" ;; esac
    sh tests/interpreters.sh .interpreters
fi
