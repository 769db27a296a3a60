#include "core/plugin/discover.h"

#include "core/base/os.h"

#include <stdlib.h>
#include <string.h>

enum { ID_MAX = 64, FOLDERS_MAX = 64 };

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

int ml_discover_is_id(const char *id)
{
    size_t plain = strspn(id, letters);
    size_t length = strlen(id);

    return plain > 0 && length <= ID_MAX &&
           strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
               length;
}

static int ends_with(const char *text, size_t length, const char *end)
{
    size_t rest = strlen(end);

    return length > rest && memcmp(text + length - rest, end, rest) == 0;
}

int ml_discover_name(ml_arena *arena, const char *name, ml_plugin_file *out)
{
    static const struct {
        const char *prefix;
        uint32_t kind;
    } kinds[] = {
        {"microlog-analyzer-", ML_ANALYZER},
        {"microlog-explainer-", ML_EXPLAINER},
        {"microlog-renderer-", ML_RENDERER},
    };
    size_t length = strlen(name);

    if (!ends_with(name, length, ".so")) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t prefix = strlen(kinds[i].prefix);
        if (length > prefix + 3 && memcmp(name, kinds[i].prefix, prefix) == 0) {
            char *id = ml_arena_copy(arena, name + prefix, length - prefix - 3);
            out->kind = kinds[i].kind;
            out->id = id;
            return id != NULL && ml_discover_is_id(id);
        }
    }
    return 0;
}

/* ---- folders ---- */

static ml_status add_folder(ml_folders *folders, const char *path)
{
    if (path == NULL) {
        return ML_ERROR_MEMORY;
    }
    if (folders->count < FOLDERS_MAX && path[0] != '\0') {
        folders->paths[folders->count++] = path;
    }
    return ML_OK;
}

static ml_status add_path(ml_arena *arena, ml_folders *folders, const char *path)
{
    size_t length;

    for (; path != NULL && *path != '\0'; path += length + (path[length] == ':')) {
        length = strcspn(path, ":");
        ML_TRY(add_folder(folders, ml_arena_copy(arena, path, length)));
    }
    return ML_OK;
}

static ml_status add_home(ml_arena *arena, ml_folders *folders)
{
    const char *data = secure_getenv("XDG_DATA_HOME");
    const char *home = secure_getenv("HOME");

    /* The specification of XDG_DATA_HOME: a path that is not absolute is to be ignored. */
    if (data != NULL && data[0] == '/') {
        return add_folder(folders, ml_arena_format(arena, "%s/microlog/plugins", data));
    }
    if (home != NULL && home[0] == '/') {
        return add_folder(folders,
                          ml_arena_format(arena, "%s/.local/share/microlog/plugins", home));
    }
    return ML_OK;
}

static ml_status add_installed(ml_arena *arena, ml_folders *folders, ml_error *error)
{
    char *program;
    char *slash;

    ML_TRY(ml_os_program_directory(arena, &program, error));
    slash = strrchr(program, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    ML_TRY(add_folder(folders, ml_arena_format(arena, "%s/plugins", program)));
    return add_folder(folders, ml_arena_format(arena, "%s/lib/microlog/plugins", program));
}

ml_status ml_discover_folders(ml_arena *arena, const char *plugin_path, ml_folders *out,
                              ml_error *error)
{
    *out = (ml_folders){.paths = ml_arena_array(arena, FOLDERS_MAX, sizeof(*out->paths))};
    if (out->paths == NULL) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory");
    }
    ML_TRY(add_path(arena, out, plugin_path));
    out->named = out->count;
    ML_TRY(add_path(arena, out, secure_getenv("MICROLOG_PLUGIN_PATH")));
    ML_TRY(add_home(arena, out));
    return add_installed(arena, out, error);
}

/* ---- files ---- */

static int has_same_id(const ml_plugin_files *found, const ml_plugin_file *file)
{
    for (size_t i = 0; i < found->count; i++) {
        if ((found->files[i].kind == ML_RENDERER) == (file->kind == ML_RENDERER) &&
            strcmp(found->files[i].id, file->id) == 0) {
            return 1;
        }
    }
    return 0;
}

static ml_status scan(ml_arena *arena, const char *folder, ml_plugin_files *found, size_t *capacity,
                      ml_error *error)
{
    char **names;
    size_t count;

    ML_TRY(ml_os_list(arena, folder, &names, &count, error));
    for (size_t i = 0; i < count; i++) {
        ml_plugin_file file = {0};
        if (!ml_discover_name(arena, names[i], &file) || has_same_id(found, &file)) {
            continue;
        }
        file.path = ml_arena_format(arena, "%s/%s", folder, names[i]);
        if (file.path == NULL || ml_arena_grow(arena, &found->files, capacity, found->count + 1,
                                               sizeof(*found->files)) < 0) {
            return ml_error_set(error, ML_ERROR_MEMORY, "no memory for the list of plugins");
        }
        if (ml_os_kind(file.path) == ML_OS_FILE) {
            found->files[found->count++] = file;
        }
    }
    return ML_OK;
}

static int by_role_and_id(const void *left, const void *right)
{
    const ml_plugin_file *a = left;
    const ml_plugin_file *b = right;
    int role = (a->kind == ML_RENDERER) - (b->kind == ML_RENDERER);

    return role != 0 ? role : strcmp(a->id, b->id);
}

ml_status ml_discover(ml_arena *arena, const ml_folders *folders, ml_plugin_files *out,
                      ml_error *error)
{
    size_t capacity = 0;

    *out = (ml_plugin_files){0};
    for (size_t i = 0; i < folders->count; i++) {
        ml_status status;
        if (i >= folders->named && ml_os_kind(folders->paths[i]) != ML_OS_DIRECTORY) {
            continue;
        }
        status = scan(arena, folders->paths[i], out, &capacity, error);
        if (status < 0 && i < folders->named) {
            return ml_error_add(error,
                                "cannot search the plugin folder %s that --plugin-path names",
                                folders->paths[i]);
        }
        if (status == ML_ERROR_MEMORY) {
            return status;
        }
    }
    if (out->count > 1) {
        qsort(out->files, out->count, sizeof(*out->files), by_role_and_id);
    }
    return ML_OK;
}
