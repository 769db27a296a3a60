#include "core/plugin/load.h"

#include "core/base/text.h"
#include "core/document/names.h"
#include "core/plugin/options.h"
#include "core/plugin/version.h"

#include <dlfcn.h>
#include <string.h>

enum { OPTIONS_MAX = 256, STRUCT_MAX = 4096, MAJORS = 9 };

typedef const ml_plugin *(*entry_function)(const ml_host *host);

/* What a plugin sees while it is being looked at: a host that offers nothing. */
static const void *offer_nothing(const ml_host *host, const char *id)
{
    (void)host;
    (void)id;
    return NULL;
}

static const ml_host bare_host = {
    .struct_size = sizeof(bare_host),
    .abi_minor = ML_ABI_MINOR,
    .abi_draft = ML_ABI_DRAFT,
    .name = ML_TOOL_NAME,
    .version = ML_TOOL_VERSION,
    .get_interface = offer_nothing,
};

#define OFFERED ML_TOOL_NAME " " ML_TOOL_VERSION " offers plugin ABI"

/* Says why there is no microlog_plugin_1: another major, or no plugin at all. */
static ml_status fail_entry(void *library, const char *path, ml_error *error)
{
    char name[] = "microlog_plugin_0";

    for (int major = 0; major <= MAJORS; major++) {
        name[sizeof(name) - 2] = (char)('0' + major);
        if (dlsym(library, name) != NULL) {
            return ml_error_set(
                error, ML_ERROR_UNSUPPORTED,
                "%s is built for plugin ABI %d; " OFFERED " %d; "
                "use the microlog that it was made for, or build it with this one's SDK",
                path, major, ML_ABI_MAJOR);
        }
    }
    return ml_error_set(
        error, ML_ERROR_FORMAT,
        "%s is a shared object without microlog_plugin_%d, so it is no plugin; " OFFERED
        " %d; define the plugin with ML_DEFINE_ANALYZER or ML_DEFINE_RENDERER",
        path, ML_ABI_MAJOR, ML_ABI_MAJOR);
}

/* What the loader says, without the path that the message names anyway. */
static const char *loader_words(const char *path)
{
    const char *words = dlerror();
    size_t length = strlen(path);

    if (words == NULL) {
        return "the loader does not say why";
    }
    return strncmp(words, path, length) == 0 && strncmp(words + length, ": ", 2) == 0
               ? words + length + 2
               : words;
}

static ml_status open_library(const char *path, const ml_plugin **out, ml_error *error)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    entry_function entry = NULL;
    void *symbol;

    if (library == NULL) {
        return ml_error_set(error, ML_ERROR_FORMAT,
                            "cannot load %s: %s; it must be a shared object for this system whose "
                            "libraries are installed",
                            path, loader_words(path));
    }
    symbol = dlsym(library, "microlog_plugin_1");
    if (symbol == NULL) {
        return fail_entry(library, path, error);
    }
    memcpy(&entry, &symbol, sizeof(entry));
    *out = entry(&bare_host);
    if (*out == NULL) {
        return ml_error_set(
            error, ML_ERROR_UNSUPPORTED,
            "%s: microlog_plugin_1 returned NULL: the plugin refused this host; " OFFERED " %d.%d",
            path, ML_ABI_MAJOR, ML_ABI_MINOR);
    }
    return ML_OK;
}

/* ---- checks, in the order in which later ones rely on earlier ones ---- */

static ml_status check_versions(const char *path, const ml_plugin *plugin, ml_error *error)
{
    if (plugin->struct_size < sizeof(ml_plugin) || plugin->struct_size > STRUCT_MAX) {
        return ml_error_set(error, ML_ERROR_FORMAT,
                            "%s: its ml_plugin has %u bytes; this host needs %zu or more; "
                            "set struct_size to sizeof(ml_plugin) and build it with this one's SDK",
                            path, plugin->struct_size, sizeof(ml_plugin));
    }
    if (plugin->abi_draft != ML_ABI_DRAFT) {
        return ml_error_set(error, ML_ERROR_UNSUPPORTED,
                            "%s is built for draft %u of the plugin ABI; " OFFERED
                            " %d draft %d; build it again with this one's SDK",
                            path, plugin->abi_draft, ML_ABI_MAJOR, ML_ABI_DRAFT);
    }
    if (plugin->abi_minor > ML_ABI_MINOR) {
        return ml_error_set(error, ML_ERROR_UNSUPPORTED,
                            "%s needs plugin ABI %d.%u; " OFFERED
                            " %d.0 to %d.%d; upgrade microlog, or build it with this one's SDK",
                            path, ML_ABI_MAJOR, plugin->abi_minor, ML_ABI_MAJOR, ML_ABI_MAJOR,
                            ML_ABI_MINOR);
    }
    return ML_OK;
}

static ml_status check_text(const char *path, const char *field, const char *text, ml_error *error)
{
    if (text == NULL || !ml_text_is_valid(text, strlen(text))) {
        return ml_error_set(error, ML_ERROR_FORMAT,
                            "%s: %s is %s; the contract asks for UTF-8; set it in ml_plugin", path,
                            field, text == NULL ? "NULL" : "not valid UTF-8");
    }
    return ML_OK;
}

static ml_status check_texts(const char *path, const ml_plugin *plugin, ml_error *error)
{
    ML_TRY(check_text(path, "id", plugin->id, error));
    ML_TRY(check_text(path, "version", plugin->version, error));
    ML_TRY(check_text(path, "title", plugin->title, error));
    ML_TRY(check_text(path, "summary", plugin->summary, error));
    ML_TRY(check_text(path, "license", plugin->license, error));
    if (plugin->kind != ML_RENDERER) {
        return ML_OK;
    }
    ML_TRY(check_text(path, "media_type", plugin->media_type, error));
    ML_TRY(check_text(path, "suffix", plugin->suffix, error));
    /* It becomes the end of a file's name. */
    if (!ml_discover_is_id(plugin->suffix)) {
        return ml_error_set(error, ML_ERROR_FORMAT,
                            "%s: \"%s\" is no suffix; it may have letters, digits, '.' and '-'",
                            path, plugin->suffix);
    }
    return ML_OK;
}

static ml_status check_identity(const ml_plugin_file *file, const ml_plugin *plugin,
                                ml_error *error)
{
    const char *path = file->path;

    if (plugin->kind < ML_ANALYZER || plugin->kind > ML_RENDERER) {
        return ml_error_set(error, ML_ERROR_FORMAT, "%s: its kind is %u; the contract knows 1 to 3",
                            path, plugin->kind);
    }
    if (!ml_discover_is_id(plugin->id)) {
        return ml_error_set(
            error, ML_ERROR_FORMAT,
            "%s: \"%s\" is no id; an id has at most 64 letters, digits, '.', '-' and '_'", path,
            plugin->id);
    }
    if (file->kind != 0 && (file->kind != plugin->kind || strcmp(file->id, plugin->id) != 0)) {
        return ml_error_set(error, ML_ERROR_FORMAT,
                            "%s is named as the %s \"%s\" and says to be the %s \"%s\"; "
                            "rename it to microlog-%s-%s.so",
                            path, ml_name_plugin(file->kind), file->id,
                            ml_name_plugin(plugin->kind), plugin->id, ml_name_plugin(plugin->kind),
                            plugin->id);
    }
    return ML_OK;
}

/* Options may be larger structs of a later minor: their own size is the stride. */
static ml_status copy_options(ml_arena *arena, const char *path, ml_plugin *plugin, ml_error *error)
{
    const char *from = (const char *)plugin->options;
    ml_option *options;
    size_t stride;

    if (plugin->option_count == 0) {
        plugin->options = NULL;
        return ML_OK;
    }
    stride = from == NULL ? 0 : plugin->options->struct_size;
    if (plugin->option_count > OPTIONS_MAX || stride < sizeof(ml_option) || stride > STRUCT_MAX) {
        return ml_error_set(
            error, ML_ERROR_FORMAT,
            "%s: %zu options of %zu bytes; this host takes up to %d of %zu or more; "
            "set struct_size to sizeof(ml_option)",
            path, plugin->option_count, stride, OPTIONS_MAX, sizeof(ml_option));
    }
    options = ml_arena_array(arena, plugin->option_count, sizeof(*options));
    if (options == NULL) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for the options of %s", path);
    }
    for (size_t i = 0; i < plugin->option_count; i++) {
        memcpy(&options[i], from + i * stride, sizeof(*options));
    }
    plugin->options = options;
    return ML_OK;
}

ml_status ml_load_check(ml_arena *arena, const ml_plugin_file *file, const ml_plugin *plugin,
                        ml_error *error)
{
    ml_option_values unused;

    ML_TRY(check_texts(file->path, plugin, error));
    ML_TRY(check_identity(file, plugin, error));
    if (ml_options_default(arena, plugin, &unused, error) < 0) {
        return ml_error_add(error, "%s: its table of options is wrong", file->path);
    }
    return ML_OK;
}

ml_status ml_load(ml_arena *arena, const ml_plugin_file *file, ml_loaded *out, ml_error *error)
{
    const ml_plugin *found = NULL;

    ML_TRY(open_library(file->path, &found, error));
    ML_TRY(check_versions(file->path, found, error));
    *out = (ml_loaded){.path = file->path};
    memcpy(&out->plugin, found, sizeof(out->plugin));
    out->plugin.struct_size = sizeof(out->plugin);
    ML_TRY(copy_options(arena, file->path, &out->plugin, error));
    if (out->plugin.run == NULL) {
        return ml_error_set(error, ML_ERROR_FORMAT,
                            "%s: its run is NULL; set the function that does its work", file->path);
    }
    return ml_load_check(arena, file, &out->plugin, error);
}
