#include "core/cli/inputs.h"

#include "core/base/os.h"
#include "core/cli/console.h"

#include <string.h>

#define LIST_MAX ((size_t)1 << 28) /* bytes of a list of paths */

typedef struct gatherer {
    ml_arena *arena;
    ml_inputs *inputs;
    int stdin_taken;
} gatherer;

static ml_status add(gatherer *self, const char *path, ml_error *error)
{
    ml_inputs *inputs = self->inputs;

    if (path == NULL || ml_arena_grow(self->arena, &inputs->paths, &inputs->capacity,
                                      inputs->count + 1, sizeof(*inputs->paths)) < 0) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for the paths of recordings");
    }
    inputs->paths[inputs->count++] = path;
    return ML_OK;
}

static int is_recording_name(const char *name)
{
    size_t length = strlen(name);

    return length > 5 && strcmp(name + length - 5, ".mlog") == 0;
}

/* Says what is wrong with one input and goes on with the next. */
static ml_status leave_out(gatherer *self, const ml_error *error)
{
    self->inputs->code = ml_exit_worse(self->inputs->code, ml_console_fail(error));
    return error->status == ML_ERROR_MEMORY ? ML_ERROR_MEMORY : ML_OK;
}

static ml_status add_folder(gatherer *self, const char *folder, ml_error *error)
{
    size_t length = strlen(folder);
    const char *slash = length > 0 && folder[length - 1] == '/' ? "" : "/";
    size_t before = self->inputs->count;
    ml_error cause = {0};
    char **names;
    size_t count;

    if (ml_os_list(self->arena, folder, &names, &count, &cause) < 0) {
        return leave_out(self, &cause);
    }
    for (size_t i = 0; i < count; i++) {
        const char *path;
        if (!is_recording_name(names[i])) {
            continue;
        }
        path = ml_arena_format(self->arena, "%s%s%s", folder, slash, names[i]);
        if (path == NULL || ml_os_kind(path) != ML_OS_DIRECTORY) {
            ML_TRY(add(self, path, error));
        }
    }
    if (self->inputs->count == before) {
        ml_error_set(&cause, ML_ERROR_NOT_FOUND,
                     "no recording in the folder %s: it has no file named *.mlog (folders within "
                     "are not searched, name them too)",
                     folder);
        return leave_out(self, &cause);
    }
    return ML_OK;
}

static ml_status add_named(gatherer *self, const char *path, ml_error *error)
{
    if (strcmp(path, "-") == 0) {
        if (self->stdin_taken++) {
            return ml_error_set(error, ML_ERROR_ARGUMENT,
                                "stdin was named twice; it can be read once");
        }
        return add(self, path, error);
    }
    return ml_os_kind(path) == ML_OS_DIRECTORY ? add_folder(self, path, error)
                                               : add(self, path, error);
}

static ml_status add_list(gatherer *self, const char *bytes, size_t length, ml_error *error)
{
    char end = length != 0 && memchr(bytes, '\0', length) != NULL ? '\0' : '\n';
    const char *at = bytes;
    const char *stop = bytes + length;

    while (at < stop) {
        const char *next = memchr(at, end, (size_t)(stop - at));
        size_t span = (size_t)((next == NULL ? stop : next) - at);
        if (span != 0) {
            const char *path = ml_arena_copy(self->arena, at, span);
            ML_TRY(path == NULL ? add(self, path, error) : add_named(self, path, error));
        }
        at += span + 1;
    }
    return ML_OK;
}

static ml_status read_list(gatherer *self, const char *files_from, ml_error *error)
{
    uint8_t *bytes;
    size_t length;
    ml_status status;

    if (strcmp(files_from, "-") == 0 && self->stdin_taken++) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "stdin cannot be both a recording and the list of --files-from");
    }
    if (ml_os_read(files_from, LIST_MAX, &bytes, &length, error) < 0) {
        return ml_error_add(error, "the list of --files-from cannot be read");
    }
    status = add_list(self, (const char *)bytes, length, error);
    ml_os_free(bytes);
    return status;
}

ml_status ml_inputs_gather(ml_arena *arena, const ml_words *operands, const char *files_from,
                           ml_inputs *out, ml_error *error)
{
    gatherer self = {.arena = arena, .inputs = out};

    *out = (ml_inputs){0};
    for (size_t i = 0; i < operands->count; i++) {
        ML_TRY(add_named(&self, operands->items[i], error));
    }
    if (files_from != NULL) {
        ML_TRY(read_list(&self, files_from, error));
    }
    if (out->count == 0 && out->code == ML_EXIT_OK) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            files_from == NULL
                                ? "no recording was named; microlog-analyze run.mlog, or --help"
                                : "no recording was named: the list of --files-from is empty");
    }
    return ML_OK;
}
