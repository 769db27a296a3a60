#!/bin/sh
# Builds the fuzzers with clang's libFuzzer into a folder: sh tests/fuzz/build.sh FOLDER
#   FOLDER/fuzz_file -max_total_time=600 FOLDER/corpus_file tests/fuzz/corpus/file
# With CC=afl-clang-fast and AFL=1 it builds FOLDER/replay for AFL++ instead:
#   afl-fuzz -m none -i tests/fuzz/corpus/file -o FOLDER/findings -- FOLDER/replay file
# Neither compiler is needed by anything else, so install-deps.sh does not install them: on Debian they are the packages
# clang and afl++.
set -eu
folder=$1
cd "$(dirname "$0")/../.."
mkdir -p "$folder"
flags="-std=c11 -D_GNU_SOURCE -O1 -g -I. -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all"
sources="core/base/*.c core/format/*.c tests/fuzz/targets.c tests/fuzz/repair.c"
if [ -n "${AFL:-}" ]; then
    # shellcheck disable=SC2086
    ${CC:-afl-clang-fast} $flags -o "$folder/replay" $sources tests/fuzz/replay.c -lzstd -lm
    exit
fi
for target in fuzz_file fuzz_payload fuzz_journal; do
    # shellcheck disable=SC2086
    ${CC:-clang} $flags -fsanitize=fuzzer "-DTARGET=$target" -o "$folder/$target" $sources tests/fuzz/libfuzzer.c -lzstd -lm
    mkdir -p "$folder/corpus_${target#fuzz_}"
done
