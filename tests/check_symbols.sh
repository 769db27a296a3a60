#!/bin/sh
# What the built files export: the host nothing, a plugin its one entry, the Python module its init.
#   sh tests/check_symbols.sh BUILD
set -eu
build=${1:-build}
wrong=0
checked=0

# check FILE SYMBOLS: compare the defined dynamic symbols with what is expected.
check() {
    if [ ! -f "$1" ]; then
        echo "check-symbols: $1 is not there: build it first"
        wrong=1
        return
    fi
    exported=$(nm -D --defined-only "$1" | awk '{ print $NF }' | sed 's/@.*//' | sort | tr '\n' ' ')
    exported=${exported% }
    checked=$((checked + 1))
    if [ "$exported" != "$2" ]; then
        echo "$1 exports \"$exported\", should export \"$2\""
        wrong=1
    fi
}

check "$build/bin/microlog-analyze" ""
for plugin in "$build"/plugins/*.so; do
    check "$plugin" "microlog_plugin_1"
done
for module in "$build"/python/microlog/_microlog*.so; do
    check "$module" "PyInit__microlog"
done
echo "check-symbols: $checked files"
exit $wrong
