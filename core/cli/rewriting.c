#include "core/cli/rewriting.h"

#include "core/base/os.h"
#include "core/cli/console.h"
#include "core/cli/inputs.h"
#include "core/format/page.h"
#include "core/format/rewrite.h"

#include <string.h>

#define OUTPUT_MAX ((size_t)1 << 32)

typedef struct job {
    const ml_args *args;
    const ml_rewriting *how;
    ml_buffer out;
    FILE *messages;
    uint32_t left_out;
    int needed; /* something in the file is not as it should be */
} job;

/* Appends all recordings of a file to `out`. */
static ml_status rewrite_file(job *self, const char *path, ml_error *error)
{
    ml_rewrite_result result = {0};
    ml_status status = ML_OK;
    ml_reader *reader;

    ML_TRY(ml_reader_open(path, NULL, &reader, error));
    for (size_t i = 0; i < ml_reader_count(reader) && status == ML_OK; i++) {
        const ml_recording *recording = ml_reader_recording(reader, i);
        self->needed |= ml_rewrite_is_needed(recording);
        status = ml_rewrite(reader, i, self->how->level, &self->out, &result, error);
    }
    ml_reader_close(reader);
    self->left_out += result.left_out;
    return status < 0 ? ml_error_add(error, "cannot rewrite %s", path) : ML_OK;
}

static void say_left_out(const job *self)
{
    if (self->left_out != 0) {
        ml_console_say("%u chunks of types that this program does not know were left out",
                       self->left_out);
    }
}

/* ---- to another file ---- */

static ml_status check_output(const ml_args *args, const ml_inputs *inputs, ml_error *error)
{
    for (size_t i = 0; i < inputs->count; i++) {
        if (strcmp(args->output, inputs->paths[i]) == 0 && strcmp(args->output, "-") != 0) {
            return ml_error_set(error, ML_ERROR_ARGUMENT,
                                "-o %s is one of the recordings; choose another name",
                                args->output);
        }
    }
    if (inputs->count > 1 && !args->merge) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "-o names one file, and there are %zu recordings; `pack --merge -o %s` "
                            "makes one of them",
                            inputs->count, args->output);
    }
    return ML_OK;
}

static ml_status write_output(job *self, const ml_inputs *inputs, ml_error *error)
{
    ML_TRY(check_output(self->args, inputs, error));
    for (size_t i = 0; i < inputs->count; i++) {
        ML_TRY(rewrite_file(self, inputs->paths[i], error));
    }
    ML_TRY(ml_os_write(self->args->output, self->out.data, self->out.length, error));
    fprintf(self->messages, "%zu %s written to ", inputs->count,
            inputs->count == 1 ? "recording" : "recordings");
    ml_console_path(self->messages, self->args->output);
    fprintf(self->messages, ", %zu bytes\n", self->out.length);
    say_left_out(self);
    return ML_OK;
}

/* ---- in place ---- */

static ml_status check_place(const char *path, ml_error *error)
{
    if (strcmp(path, "-") == 0) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "what comes from stdin cannot be written back; name a file with -o");
    }
    if (ml_os_is_locked(path)) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "%s is still being written; call again when its program has ended, "
                            "or name another file with -o",
                            path);
    }
    return ML_OK;
}

static ml_status replace(const char *path, const job *self, ml_error *error)
{
    ml_arena arena;
    const char *journal;
    ml_status status;

    ML_TRY(ml_os_write(path, self->out.data, self->out.length, error));
    ml_arena_init(&arena, 0);
    journal = ml_reader_journal_path(&arena, path);
    status = journal == NULL ? ml_error_set(error, ML_ERROR_MEMORY, "no memory for a path")
                             : ml_os_remove(journal, error);
    ml_arena_release(&arena);
    return status;
}

static ml_status rewrite_in_place(job *self, const char *path, ml_error *error)
{
    size_t before;
    uint8_t *bytes;
    int is_page;
    int leave;

    ml_buffer_clear(&self->out);
    self->needed = 0;
    self->left_out = 0;
    ML_TRY(check_place(path, error));
    ML_TRY(ml_os_read(path, OUTPUT_MAX, &bytes, &before, error));
    is_page = ml_page_is(bytes, before);
    ml_os_free(bytes);
    if (is_page) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "%s is a page and stays one; name the recording to write with -o",
                            path);
    }
    ML_TRY(rewrite_file(self, path, error));
    leave = !self->needed &&
            (self->how->only_if_needed || (self->how->level != 0 && self->out.length >= before));
    if (!leave) {
        ML_TRY(replace(path, self, error));
    }
    ml_console_path(stdout, path);
    if (leave) {
        printf(": nothing to do, %zu bytes\n", before);
    } else {
        printf(": %s, %zu to %zu bytes\n", self->how->done, before, self->out.length);
    }
    say_left_out(self);
    return ML_OK;
}

static int run_in_place(job *self, const ml_inputs *inputs)
{
    int code = inputs->code;

    for (size_t i = 0; i < inputs->count; i++) {
        ml_error error = {0};
        if (rewrite_in_place(self, inputs->paths[i], &error) < 0) {
            code = ml_exit_worse(code, ml_console_fail(&error));
        }
    }
    return code;
}

int ml_rewriting_run(const ml_args *args, const ml_rewriting *how)
{
    job self = {.args = args, .how = how};
    ml_error error = {0};
    ml_inputs inputs = {0};
    ml_arena arena;
    int code;

    ml_arena_init(&arena, 0);
    ml_buffer_init(&self.out, OUTPUT_MAX);
    ml_os_create_privately();
    self.messages = args->output != NULL && strcmp(args->output, "-") == 0 ? stderr : stdout;
    if (args->merge && args->output == NULL) {
        ml_error_set(&error, ML_ERROR_ARGUMENT, "--merge needs the file to write: -o all.mlog");
        code = ml_console_fail(&error);
    } else if (ml_inputs_gather(&arena, &args->operands, args->files_from, &inputs, &error) < 0) {
        code = ml_console_fail(&error);
    } else if (args->output == NULL) {
        code = run_in_place(&self, &inputs);
    } else {
        code = inputs.count == 0 || write_output(&self, &inputs, &error) == ML_OK
                   ? inputs.code
                   : ml_console_fail(&error);
    }
    ml_buffer_release(&self.out);
    ml_arena_release(&arena);
    return code;
}
