#include "core/cli/commands.h"

#include "core/base/text.h"
#include "core/cli/choose.h"
#include "core/cli/console.h"
#include "core/document/names.h"

#include <string.h>

static void put_line(ml_buffer *out, const char *label, const char *text)
{
    ml_buffer_put_format(out, "%-10s ", label);
    ml_text_escape(out, text, strlen(text));
    ml_buffer_put_u8(out, '\n');
}

static const char *type_word(uint32_t type)
{
    static const char *const words[] = {
        [ML_OPTION_STRING] = "text",       [ML_OPTION_INT] = "whole number",
        [ML_OPTION_REAL] = "number",       [ML_OPTION_FLAG] = "yes or no",
        [ML_OPTION_DURATION] = "duration",
    };

    return words[type];
}

static void put_option(ml_buffer *out, const char *id, const ml_option *option)
{
    ml_buffer_put_format(out, "  --option %s.%s=", id, option->name);
    ml_text_escape(out, option->default_value, strlen(option->default_value));
    ml_buffer_put_format(out, "   %s", type_word(option->type));
    if (option->minimum != 0 || option->maximum != 0) {
        ml_buffer_put_format(out, ", %.15g to %.15g%s", option->minimum, option->maximum,
                             option->type == ML_OPTION_DURATION ? " ns" : "");
    }
    ml_buffer_put_text(out, "\n      ");
    ml_text_escape(out, option->help, strlen(option->help));
    ml_buffer_put_u8(out, '\n');
}

static void put_plugin(ml_buffer *out, const ml_loaded *loaded)
{
    const ml_plugin *plugin = &loaded->plugin;

    ml_buffer_put_format(out, "%s %s %s\n", ml_name_plugin(plugin->kind), plugin->id,
                         plugin->version);
    put_line(out, "title", plugin->title);
    put_line(out, "summary", plugin->summary);
    put_line(out, "license", plugin->license);
    put_line(out, "file", loaded->path);
    if (plugin->kind == ML_RENDERER) {
        put_line(out, "writes", plugin->media_type);
    }
    if (plugin->needs & ML_NEEDS_NETWORK) {
        put_line(out, "needs", "network");
    }
    if (plugin->option_count != 0) {
        ml_buffer_put_text(out, "options, with their defaults:\n");
    }
    for (size_t i = 0; i < plugin->option_count; i++) {
        put_option(out, plugin->id, &plugin->options[i]);
    }
}

/* The nearest of all kinds: whoever asks does not say which kind is meant. */
static ml_status fail_unknown(ml_arena *arena, const ml_shelf *shelf, const char *name,
                              ml_error *error)
{
    size_t count = shelf->files.count;
    const char **ids = ml_arena_array(arena, count, sizeof(*ids));
    const char *nearest;

    if (ids == NULL) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for the names of plugins");
    }
    for (size_t i = 0; i < count; i++) {
        ids[i] = shelf->files.files[i].id;
    }
    nearest = ml_text_nearest(name, ids, count);
    return ml_error_set(error, ML_ERROR_NOT_FOUND,
                        "there is no plugin named \"%s\"; %s%s%s`microlog-analyze list` shows "
                        "what there is, or where was searched",
                        name, nearest == NULL ? "" : "did you mean \"",
                        nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"? ");
}

/* One name may be both an analysis and a renderer; both are shown. */
static ml_status put_named(ml_buffer *out, ml_arena *arena, const ml_shelf *shelf, const char *name,
                           ml_error *error)
{
    const ml_plugin_file *analysis = ml_select_find(&shelf->files, ML_ROLE_ANALYSIS, name);
    const ml_plugin_file *renderer = ml_select_find(&shelf->files, ML_ROLE_RENDERING, name);
    ml_plugin_file given = {.path = name};
    ml_chosen chosen;

    if (strchr(name, '/') != NULL) {
        const char *base = strrchr(name, '/') + 1;
        if (!ml_discover_name(arena, base, &given)) {
            given = (ml_plugin_file){.path = name};
        }
        analysis = &given;
    }
    if (analysis == NULL && renderer == NULL) {
        return fail_unknown(arena, shelf, name, error);
    }
    if (analysis != NULL) {
        ML_TRY(ml_choose_file(arena, analysis, &chosen, error));
        put_plugin(out, &chosen.loaded);
    }
    if (renderer != NULL) {
        ML_TRY(ml_choose_file(arena, renderer, &chosen, error));
        put_plugin(out, &chosen.loaded);
    }
    return out->status;
}

static ml_status info(ml_arena *arena, const ml_args *args, ml_buffer *out, ml_error *error)
{
    ml_shelf shelf;

    if (args->operands.count != 1) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "info needs the name of a plugin; `microlog-analyze list` shows them");
    }
    ML_TRY(ml_shelf_open(arena, args->plugin_path, &shelf, error));
    return put_named(out, arena, &shelf, args->operands.items[0], error);
}

int ml_command_info(const ml_args *args)
{
    ml_error error = {0};
    ml_arena arena;
    ml_buffer out;
    ml_status status;

    ml_arena_init(&arena, 0);
    ml_buffer_init(&out, 1 << 24);
    status = info(&arena, args, &out, &error);
    if (status == ML_OK) {
        status = ml_console_write(stdout, out.data, out.length, &error);
    }
    ml_buffer_release(&out);
    ml_arena_release(&arena);
    return status < 0 ? ml_console_fail(&error) : ML_EXIT_OK;
}
