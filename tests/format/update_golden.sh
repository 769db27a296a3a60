#!/bin/sh
# Makes the golden recordings and their dumps anew. Only when the draft number changes: until then they show that
# what was written once is still read the same.
#   sh tests/format/update_golden.sh BUILD     (BUILD: the output folder of make, for example build)
set -eu
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
golden=tests/format/golden
maker=$(mktemp)
trap 'rm -f "$maker"' EXIT
cc -std=c11 -D_GNU_SOURCE -I. -o "$maker" tests/format/make_sample.c core/base/*.c core/format/*.c -lzstd -lm
for name in tiny small sources crashed torn; do
    "$maker" "$name" "$golden/$name.mlog"
done
python3 tests/format/make_future.py "$golden/small.mlog" "$golden/future.mlog"
cat "$golden/tiny.mlog" "$golden/small.mlog" "$golden/tiny.mlog" >"$golden/several.mlog"
for name in tiny small sources crashed torn future several; do
    "$build/bin/microlog-analyze" dump --format ndjson "$golden/$name.mlog" >"$golden/$name.ndjson"
    "$build/bin/microlog-analyze" dump --format text "$golden/$name.mlog" >"$golden/$name.txt"
done
