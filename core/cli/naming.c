#include "core/cli/naming.h"

#include "core/base/os.h"

#include <stdlib.h>
#include <string.h>

/* ---- stems ---- */

static const char *stem_of(ml_arena *arena, const char *recording)
{
    const char *slash = strrchr(recording, '/');
    const char *name = slash == NULL ? recording : slash + 1;
    size_t length = strlen(name);

    if (strcmp(name, "-") == 0 || length == 0) {
        return "run";
    }
    if (length > 5 &&
        (strcmp(name + length - 5, ".mlog") == 0 || strcmp(name + length - 5, ".html") == 0)) {
        length -= 5;
    }
    return ml_arena_copy(arena, name, length);
}

typedef struct entry {
    const char *stem;
    size_t run;
} entry;

static int by_stem_then_run(const void *left, const void *right)
{
    const entry *a = left;
    const entry *b = right;
    int order = strcmp(a->stem, b->stem);

    return order != 0 ? order : (a->run > b->run) - (a->run < b->run);
}

static int by_stem(const void *left, const void *right)
{
    return strcmp(((const entry *)left)->stem, ((const entry *)right)->stem);
}

/* Gives the second and later ones of a stem a number that no recording has. Numbers of different
 * stems cannot meet: "run-2-2" comes from "run-2" alone. */
static int number_equals(ml_arena *arena, const entry *sorted, size_t count, const char **stems)
{
    unsigned number = 1;

    for (size_t i = 0; i < count; i++) {
        entry wanted = sorted[i];
        if (i == 0 || strcmp(sorted[i - 1].stem, sorted[i].stem) != 0) {
            number = 1;
            stems[sorted[i].run] = sorted[i].stem;
            continue;
        }
        do {
            wanted.stem = ml_arena_format(arena, "%s-%u", sorted[i].stem, ++number);
            if (wanted.stem == NULL) {
                return 0;
            }
        } while (bsearch(&wanted, sorted, count, sizeof(wanted), by_stem) != NULL);
        stems[wanted.run] = wanted.stem;
    }
    return 1;
}

const char **ml_naming_stems(ml_arena *arena, const ml_recordings *recordings)
{
    size_t count = recordings->session_count;
    const char **stems = ml_arena_array(arena, count, sizeof(*stems));
    entry *sorted = ml_arena_array(arena, count, sizeof(*sorted));

    if (stems == NULL || sorted == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = (entry){stem_of(arena, recordings->sessions[i].path), i};
        if (sorted[i].stem == NULL) {
            return NULL;
        }
    }
    if (count > 1) {
        qsort(sorted, count, sizeof(*sorted), by_stem_then_run);
    }
    return number_equals(arena, sorted, count, stems) ? stems : NULL;
}

/* ---- files ---- */

int ml_naming_is_folder(const char *output)
{
    size_t length = strlen(output);

    return length != 0 && (output[length - 1] == '/' || ml_os_kind(output) == ML_OS_DIRECTORY);
}

const char *ml_naming_file(ml_arena *arena, const char *output, const char *stem,
                           const char *suffix, size_t renderers)
{
    if (output != NULL && ml_naming_is_folder(output)) {
        const char *slash = output[strlen(output) - 1] == '/' ? "" : "/";
        return ml_arena_format(arena, "%s%s%s.%s", output, slash, stem, suffix);
    }
    if (output != NULL && renderers == 1) {
        return output;
    }
    return ml_arena_format(arena, "%s.%s", output == NULL ? stem : output, suffix);
}
