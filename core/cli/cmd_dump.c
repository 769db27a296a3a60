#include "core/cli/commands.h"

#include "core/base/text.h"
#include "core/cli/console.h"
#include "core/cli/inputs.h"
#include "core/format/dump.h"
#include "core/format/read.h"

#include <string.h>

static ml_status write_out(void *context, const void *bytes, size_t length)
{
    return ml_console_write(stdout, bytes, length, context);
}

static ml_status choose_format(const char *name, int *format, ml_error *error)
{
    *format = ML_DUMP_TEXT;
    if (name == NULL || strcmp(name, "text") == 0) {
        return ML_OK;
    }
    if (strcmp(name, "ndjson") == 0) {
        *format = ML_DUMP_NDJSON;
        return ML_OK;
    }
    return ml_error_set(error, ML_ERROR_ARGUMENT,
                        "dump cannot print \"%s\"; --format is text or ndjson", name);
}

static ml_status check_table(const char *name, ml_error *error)
{
    const char *nearest;
    size_t count = 0;

    for (; ml_dump_tables[count] != NULL; count++) {
        if (name == NULL || strcmp(ml_dump_tables[count], name) == 0) {
            return ML_OK;
        }
    }
    nearest = ml_text_nearest(name, ml_dump_tables, count);
    return ml_error_set(
        error, ML_ERROR_ARGUMENT,
        "a recording has no table \"%s\"%s%s%s; there are head, diagnostics, strings, "
        "codes, frames, nodes, threads, kinds, chunks, gaps, runs, events",
        name, nearest == NULL ? "" : "; did you mean ", nearest == NULL ? "" : nearest,
        nearest == NULL ? "" : "?");
}

static ml_status dump_file(const char *path, const ml_dump_options *options, ml_error *error)
{
    ml_dump_sink sink = {.write = write_out, .context = error};
    ml_reader *reader;
    ml_status status;

    ML_TRY(ml_reader_open(path, NULL, &reader, error));
    status = ml_dump(reader, options, &sink, error);
    ml_reader_close(reader);
    return status;
}

/* A recording that cannot be read does not cost the others. */
static int dump_all(const ml_inputs *inputs, const ml_dump_options *options)
{
    int code = inputs->code;

    for (size_t i = 0; i < inputs->count; i++) {
        ml_error error = {0};
        if (options->format == ML_DUMP_TEXT && inputs->count > 1) {
            printf("%s==> ", i == 0 ? "" : "\n");
            ml_console_path(stdout, inputs->paths[i]);
            printf(" <==\n");
        }
        if (dump_file(inputs->paths[i], options, &error) < 0) {
            code = ml_exit_worse(code, ml_console_fail(&error));
        }
    }
    return code;
}

int ml_command_dump(const ml_args *args)
{
    ml_dump_options options = {.table = args->table};
    ml_error error = {0};
    ml_inputs inputs;
    ml_arena arena;
    int code;

    ml_arena_init(&arena, 0);
    if (choose_format(args->format, &options.format, &error) < 0 ||
        check_table(args->table, &error) < 0 ||
        ml_inputs_gather(&arena, &args->operands, args->files_from, &inputs, &error) < 0) {
        code = ml_console_fail(&error);
    } else {
        code = dump_all(&inputs, &options);
    }
    ml_arena_release(&arena);
    return code;
}
