#include "core/cli/choose.h"

#include <string.h>

ml_status ml_shelf_open(ml_arena *arena, const char *plugin_path, ml_shelf *out, ml_error *error)
{
    ML_TRY(ml_discover_folders(arena, plugin_path, &out->folders, error));
    return ml_discover(arena, &out->folders, &out->files, error);
}

ml_status ml_choose_file(ml_arena *arena, const ml_plugin_file *file, ml_chosen *out,
                         ml_error *error)
{
    *out = (ml_chosen){.file = *file};
    ML_TRY(ml_pool_describe(arena, file, &out->loaded, error));
    return ml_options_default(arena, &out->loaded.plugin, &out->options, error);
}

/* A file given by its path says only when it is loaded what it is. */
static ml_status check_role(const ml_chosen *chosen, ml_role role, ml_error *error)
{
    int renders = chosen->loaded.plugin.kind == ML_RENDERER;

    if (renders == (role == ML_ROLE_RENDERING)) {
        return ML_OK;
    }
    return ml_error_set(error, ML_ERROR_ARGUMENT, "%s is %s; give it to %s", chosen->loaded.path,
                        renders ? "a renderer" : "no renderer", renders ? "--format" : "--plugins");
}

/* Two files with one id would make documents, or files, that nobody can tell apart. */
static ml_status check_unique(const ml_choice *choice, ml_error *error)
{
    const ml_chosen *last = &choice->plugins[choice->count - 1];

    for (size_t i = 0; i + 1 < choice->count; i++) {
        if (choice->plugins[i].failure == NULL &&
            strcmp(choice->plugins[i].loaded.plugin.id, last->loaded.plugin.id) == 0) {
            return ml_error_set(error, ML_ERROR_ARGUMENT,
                                "%s and %s are both the plugin \"%s\"; select one of them",
                                choice->plugins[i].loaded.path, last->loaded.path,
                                last->loaded.plugin.id);
        }
    }
    return ML_OK;
}

static ml_status describe(ml_arena *arena, ml_chosen *chosen, ml_error *error)
{
    ML_TRY(ml_member_describe(chosen->member, &chosen->loaded, error));
    return ml_options_default(arena, &chosen->loaded.plugin, &chosen->options, error);
}

/* Takes the next plugin of a choice, which is being loaded. */
static ml_status take(ml_arena *arena, ml_role role, ml_choice *choice, ml_error *error)
{
    ml_chosen *chosen = &choice->plugins[choice->count];
    ml_status status = describe(arena, chosen, error);

    if (status < 0 && (chosen->file.named || status == ML_ERROR_MEMORY)) {
        return status;
    }
    choice->count++;
    if (status < 0) {
        chosen->failure = ml_arena_text(arena, error->text);
        return chosen->failure == NULL ? ML_ERROR_MEMORY : ML_OK;
    }
    ML_TRY(check_role(chosen, role, error));
    return check_unique(choice, error);
}

/* All are being loaded while the first is looked at. */
static ml_status add_members(ml_pool *pool, ml_arena *arena, const ml_plugin_files *files,
                             ml_choice *out, ml_error *error)
{
    out->plugins = ml_arena_array(arena, files->count, sizeof(*out->plugins));
    for (size_t i = 0; out->plugins != NULL && i < files->count; i++) {
        ml_chosen *chosen = &out->plugins[i];
        chosen->file = files->files[i];
        chosen->member = ml_pool_add(pool, &chosen->file);
        if (chosen->member == NULL) {
            out->plugins = NULL;
        }
    }
    return out->plugins != NULL
               ? ML_OK
               : ml_error_set(error, ML_ERROR_MEMORY, "no memory for %zu plugins", files->count);
}

ml_status ml_choose(ml_pool *pool, ml_arena *arena, const ml_shelf *shelf, ml_role role,
                    const char *text, ml_choice *out, ml_error *error)
{
    ml_plugin_files files;

    *out = (ml_choice){0};
    ML_TRY(ml_select(arena, &shelf->files, &shelf->folders, role, text, &files, error));
    ML_TRY(add_members(pool, arena, &files, out, error));
    for (size_t i = 0; i < files.count; i++) {
        ML_TRY(take(arena, role, out, error));
    }
    return ML_OK;
}

/* ---- options ---- */

static ml_status set_option(const ml_option_argument *argument, ml_choice *const *choices,
                            size_t count, ml_error *error)
{
    int found = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < choices[i]->count; j++) {
            ml_chosen *chosen = &choices[i]->plugins[j];
            if (chosen->failure != NULL && strcmp(chosen->file.id, argument->plugin) == 0) {
                return ml_error_set(error, ML_ERROR_ARGUMENT, "%s", chosen->failure);
            }
            if (chosen->failure == NULL &&
                strcmp(chosen->loaded.plugin.id, argument->plugin) == 0) {
                ML_TRY(ml_options_set(&chosen->options, argument->plugin, argument->name,
                                      argument->text, error));
                found = 1;
            }
        }
    }
    if (!found) {
        return ml_error_set(
            error, ML_ERROR_ARGUMENT,
            "option %s.%s is for a plugin that is not selected; `microlog-analyze list` "
            "shows what there is, --plugins and --format select",
            argument->plugin, argument->name);
    }
    return ML_OK;
}

ml_status ml_choose_options(ml_arena *arena, const ml_words *options, ml_choice *const *choices,
                            size_t count, ml_error *error)
{
    for (size_t i = 0; i < options->count; i++) {
        ml_option_argument argument;
        ML_TRY(ml_options_split(arena, options->items[i], &argument, error));
        ML_TRY(set_option(&argument, choices, count, error));
    }
    return ML_OK;
}

/* ---- network ---- */

static ml_status check_words(const ml_args *args, ml_error *error)
{
    const char *llm = args->llm;

    if (args->allow != NULL && strcmp(args->allow, "network") != 0) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "--allow cannot be \"%s\"; what can be allowed is network",
                            args->allow);
    }
    if (llm != NULL && strcmp(llm, "auto") != 0 && strncmp(llm, "http://", 7) != 0 &&
        strncmp(llm, "https://", 8) != 0) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "--llm cannot be \"%s\"; it is auto, or an address that begins with "
                            "http:// or https://",
                            llm);
    }
    return ML_OK;
}

static ml_status give_address(const char *llm, ml_choice *const *choices, size_t count,
                              ml_error *error)
{
    const ml_option_argument argument = {"llm", "url", llm};

    if (set_option(&argument, choices, count, error) < 0) {
        return ml_error_add(error, "--llm is for the plugin llm");
    }
    return ML_OK;
}

static void permit(const ml_args *args, ml_chosen *chosen)
{
    int is_llm = strcmp(chosen->loaded.plugin.id, "llm") == 0;

    if ((chosen->loaded.plugin.needs & ML_NEEDS_NETWORK) == 0) {
        return;
    }
    chosen->network = args->allow != NULL || (is_llm && args->llm != NULL);
    if (!chosen->network) {
        chosen->refusal = is_llm ? "no language model was asked: nothing is contacted without "
                                   "--llm URL or --llm auto"
                                 : "it needs the network, and nothing is contacted without "
                                   "--allow network";
    }
}

ml_status ml_choose_network(const ml_args *args, ml_choice *const *choices, size_t count,
                            ml_error *error)
{
    ML_TRY(check_words(args, error));
    if (args->llm != NULL) {
        ML_TRY(give_address(args->llm, choices, count, error));
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < choices[i]->count; j++) {
            if (choices[i]->plugins[j].failure == NULL) {
                permit(args, &choices[i]->plugins[j]);
            }
        }
    }
    return ML_OK;
}
