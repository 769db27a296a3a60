#include "core/model/build.h"
#include "core/model/module_names.h"

#include <string.h>

enum { ROOT_COUNT = 3 };

typedef struct module_key {
    uint32_t file, name; /* name 0: to be derived from the file */
} module_key;

typedef struct function_key {
    uint32_t name, module, line;
} function_key;

/* The tables while they grow; there is room for as many rows as there are code objects. */
typedef struct function_maker {
    ml_build *build;
    ml_index modules, functions;
    uint32_t *module_name, *module_file, *module_given, *module_flags;
    uint32_t module_count;
    uint32_t *name, *module, *line;
    uint32_t count;
    ml_buffer text;
    const char *roots[ROOT_COUNT]; /* of the member at hand */
} function_maker;

/* ---- modules ---- */

static int same_module(const void *owner, uint32_t row, const void *key)
{
    const function_maker *maker = owner;
    const module_key *module = key;

    return maker->module_file[row] == module->file && maker->module_given[row] == module->name;
}

static ml_status add_module(function_maker *maker, uint64_t hash, const module_key *key)
{
    ml_interner *strings = &maker->build->strings;
    uint32_t row = maker->module_count;

    ml_buffer_clear(&maker->text);
    maker->module_flags[row] = ml_name_module(&maker->text, ml_interner_text(strings, key->file),
                                              maker->roots, ROOT_COUNT);
    ML_TRY(maker->text.status);
    maker->module_file[row] = key->file;
    maker->module_given[row] = key->name;
    maker->module_name[row] =
        key->name != 0 ? key->name : ml_intern(strings, maker->text.data, maker->text.length);
    ML_TRY(ml_index_add(&maker->modules, hash, row));
    maker->module_count++;
    return ML_OK;
}

static ml_status find_module(function_maker *maker, module_key key, uint32_t *row)
{
    uint64_t hash = ml_index_hash(&maker->modules, &key, sizeof(key));

    *row = ml_index_find(&maker->modules, hash, same_module, maker, &key);
    if (*row == ML_NONE) {
        *row = maker->module_count;
        return add_module(maker, hash, &key);
    }
    return ML_OK;
}

/* ---- functions ---- */

static int same_function(const void *owner, uint32_t row, const void *key)
{
    const function_maker *maker = owner;
    const function_key *function = key;

    return maker->name[row] == function->name && maker->module[row] == function->module &&
           maker->line[row] == function->line;
}

static ml_status find_function(function_maker *maker, function_key key, uint32_t *row)
{
    uint64_t hash = ml_index_hash(&maker->functions, &key, sizeof(key));

    *row = ml_index_find(&maker->functions, hash, same_function, maker, &key);
    if (*row != ML_NONE) {
        return ML_OK;
    }
    *row = maker->count++;
    maker->name[*row] = key.name;
    maker->module[*row] = key.module;
    maker->line[*row] = key.line;
    return ml_index_add(&maker->functions, hash, *row);
}

static ml_status add_codes(function_maker *maker, ml_member *member)
{
    ml_build *build = maker->build;
    const ml_tables *tables = &member->recording->tables;

    member->function_row =
        ml_build_array(build, tables->code_count, sizeof(*member->function_row), "functions");
    if (member->function_row == NULL) {
        return ML_ERROR_MEMORY;
    }
    for (uint32_t id = 0; id < tables->code_count; id++) {
        int synthetic = (tables->code_flags[id] & ML_MLOG_CODE_SYNTHETIC) != 0;
        function_key function = {.line = tables->code_line[id]};
        module_key module = {.file = 0};
        function.name = ml_build_string(build, member, tables->code_name[id]);
        if (!synthetic) {
            module.file = ml_build_string(build, member, tables->code_file[id]);
            module.name = ml_build_string(build, member, tables->code_module[id]);
        }
        ML_TRY(find_module(maker, module, &function.module));
        ML_TRY(find_function(maker, function, &member->function_row[id]));
    }
    return build->strings.status;
}

/* ---- where a member's project lies ---- */

/* The folder of a path as a copy, without a final slash; NULL when it has none or is the root. */
static const char *folder_of(ml_build *build, const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL || slash == path
               ? NULL
               : ml_arena_copy(&build->arena, path, (size_t)(slash - path));
}

/* The working directory, the script's folder as written, and the same as a full path. */
static ml_status find_roots(function_maker *maker, const ml_head *head)
{
    ml_build *build = maker->build;
    uint32_t script = ml_name_script(head->argv, head->argc);
    const char *directory = head->directory == NULL ? "" : head->directory;
    const char *path = script < head->argc ? head->argv[script] : "";
    const char *within = ml_arena_format(&build->arena, "%s/", directory);
    const char *full = ml_arena_format(&build->arena, "%s/%s", directory, path);

    if (within == NULL || full == NULL) {
        return ML_ERROR_MEMORY;
    }
    maker->roots[0] = folder_of(build, within);
    maker->roots[1] = folder_of(build, path);
    maker->roots[2] = path[0] == '/' ? NULL : folder_of(build, full);
    return ML_OK;
}

/* ---- the stage ---- */

static ml_status make_room(function_maker *maker, uint64_t codes)
{
    uint32_t **columns[] = {&maker->module_name,  &maker->module_file, &maker->module_given,
                            &maker->module_flags, &maker->name,        &maker->module,
                            &maker->line};

    if (codes >= ML_NONE) {
        return ml_error_set(maker->build->error, ML_ERROR_TOO_LARGE,
                            "more than 2^32 - 2 functions");
    }
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        *columns[i] = ml_build_array(maker->build, codes, sizeof(**columns[i]), "functions");
        if (*columns[i] == NULL) {
            return ML_ERROR_MEMORY;
        }
    }
    return ML_OK;
}

static ml_status add_members(function_maker *maker)
{
    ml_build *build = maker->build;
    uint64_t codes = 0;

    for (uint32_t i = 0; i < build->member_count; i++) {
        codes += build->members[i].recording->tables.code_count;
    }
    ML_TRY(make_room(maker, codes));
    for (uint32_t i = 0; i < build->member_count; i++) {
        ML_TRY(find_roots(maker, &build->members[i].recording->head));
        ML_TRY(add_codes(maker, &build->members[i]));
    }
    return ML_OK;
}

ml_status ml_build_functions(ml_build *build)
{
    function_maker maker = {.build = build};
    ml_status status;

    ml_index_init(&maker.modules, &build->arena);
    ml_index_init(&maker.functions, &build->arena);
    ml_buffer_init(&maker.text, SIZE_MAX);
    status = add_members(&maker);
    ml_buffer_release(&maker.text);
    build->tables.modules = (ml_modules){
        .name = maker.module_name, .file = maker.module_file, .flags = maker.module_flags};
    build->module_flags = maker.module_flags;
    build->tables.functions =
        (ml_functions){.name = maker.name, .module = maker.module, .line = maker.line};
    build->rows[ML_EXTENT_MODULES] = maker.module_count;
    build->rows[ML_EXTENT_FUNCTIONS] = maker.count;
    return status;
}
