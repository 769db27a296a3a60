#!/bin/sh
# Everything about the sources that a compiler does not say. What is missing on this machine is
# skipped loudly; everything else must hold.
#   sh tests/lint.sh
set -eu
cd "$(dirname "$0")/.."
wrong=0
sources="core recorder plugins-sdk analyzers renderers"

# refuse WHAT GREP-ARGUMENTS...: nothing may match.
refuse() {
    what=$1
    shift
    if found=$(grep -nE "$@"); then
        printf '%s:\n%s\n' "$what" "$found"
        wrong=1
    fi
}

# in_project: every text file that belongs to the project, NUL-separated.
in_project() {
    if [ -d .git ] || [ -f .git ]; then
        git ls-files -coz --exclude-standard -- "$@"
    else
        find . '(' -path './build*' -o -path ./.interpreters ')' -prune -o -type f -print0
    fi
}

echo "lint: banned functions"
refuse "Use the bounded functions of core/base" -r --include='*.[ch]' \
    '(^|[^_[:alnum:]])(strcpy|strcat|strncat|sprintf|vsprintf|gets|strtok|atoi|atol|atof|alloca)[[:space:]]*\(' \
    $sources
refuse "Use an arena: only core/base and recorder take memory from the system" -r --include='*.[ch]' \
    '(^|[^_[:alnum:].>])(malloc|calloc|realloc|free)[[:space:]]*\(' \
    $(ls -d core/*/ | grep -v '^core/base/') plugins-sdk analyzers renderers

echo "lint: scripts"
for script in install-deps.sh tests/*.sh; do
    sh -n "$script" || wrong=1
done
bash -n .ci/run || wrong=1
python3 tests/lint_python.py || wrong=1

echo "lint: prose"
project_files=$(in_project | tr '\0' '\n')
refuse "A path of somebody's machine" -I '(^|[^[:alnum:]_.])/(ro[o]t|wor[k])/' $project_files
refuse "A path of somebody's machine" -I '/hom[e]/' $(echo "$project_files" | grep -v '^tests/')

if command -v clang-format >/dev/null; then
    echo "lint: style"
    MAKEFLAGS= make --no-print-directory -s format-check || wrong=1
else
    echo "SKIPPED style: clang-format is not installed (sh install-deps.sh tests)"
fi
if command -v cppcheck >/dev/null; then
    echo "lint: cppcheck"
    # uninitvar takes buffers that a function fills for values that it reads; valgrind looks instead.
    cppcheck -q --std=c11 --language=c --library=python --enable=warning,portability --inline-suppr \
        --suppress=missingIncludeSystem --suppress=uninitvar --error-exitcode=1 -j 2 -D_GNU_SOURCE -D__x86_64__ -D__linux__ \
        -I. -Iplugins-sdk/include $(ls -d $sources tests/unit 2>/dev/null) || wrong=1
else
    echo "SKIPPED cppcheck: not installed (sh install-deps.sh tests)"
fi
[ $wrong = 0 ] && echo "lint: clean"
exit $wrong
