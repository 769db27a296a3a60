#include "core/cli/commands.h"

#include "core/base/text.h"
#include "core/cli/choose.h"
#include "core/cli/console.h"
#include "core/document/names.h"

#include <string.h>

/* Titles come from code that we did not write. */
static void put_escaped(ml_buffer *out, const char *text)
{
    ml_text_escape(out, text, strlen(text));
}

/* A plugin that cannot be loaded is listed with the reason: that is what one looks here for. */
static void put_plugin(ml_buffer *out, ml_arena *arena, const ml_plugin_file *file, int verbose)
{
    ml_chosen chosen;
    ml_error error = {0};
    ml_status status = ml_choose_file(arena, file, &chosen, &error);

    ml_buffer_put_format(out, "%-10s %-16s ", ml_name_plugin(file->kind), file->id);
    if (status < 0) {
        ml_buffer_put_text(out, "broken: ");
        put_escaped(out, error.text);
    } else {
        ml_buffer_put_format(out, "%-8s ", chosen.loaded.plugin.version);
        put_escaped(out, chosen.loaded.plugin.title);
        ml_buffer_put_text(out, ": ");
        put_escaped(out, chosen.loaded.plugin.summary);
    }
    if (verbose) {
        ml_buffer_put_text(out, "\n           ");
        put_escaped(out, file->path);
    }
    ml_buffer_put_u8(out, '\n');
}

static void put_folders(ml_buffer *out, const ml_folders *folders)
{
    ml_buffer_put_text(out, "No plugins were found. These folders were searched:\n");
    for (size_t i = 0; i < folders->count; i++) {
        ml_buffer_put_text(out, "  ");
        put_escaped(out, folders->paths[i]);
        ml_buffer_put_u8(out, '\n');
    }
}

static ml_status list(ml_arena *arena, const ml_args *args, ml_buffer *out, ml_error *error)
{
    ml_shelf shelf;

    if (args->operands.count != 0) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "list takes no names; `microlog-analyze info %s` describes one plugin",
                            args->operands.items[0]);
    }
    ML_TRY(ml_shelf_open(arena, args->plugin_path, &shelf, error));
    for (size_t i = 0; i < shelf.files.count; i++) {
        put_plugin(out, arena, &shelf.files.files[i], args->verbose);
    }
    if (shelf.files.count == 0) {
        put_folders(out, &shelf.folders);
    }
    return out->status;
}

int ml_command_list(const ml_args *args)
{
    ml_error error = {0};
    ml_arena arena;
    ml_buffer out;
    ml_status status;

    ml_arena_init(&arena, 0);
    ml_buffer_init(&out, 1 << 24);
    status = list(&arena, args, &out, &error);
    if (status == ML_OK) {
        status = ml_console_write(stdout, out.data, out.length, &error);
    }
    ml_buffer_release(&out);
    ml_arena_release(&arena);
    return status < 0 ? ml_console_fail(&error) : ML_EXIT_OK;
}
