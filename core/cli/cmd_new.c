#include "core/cli/commands.h"

#include "core/base/os.h"
#include "core/cli/choose.h"
#include "core/cli/console.h"

#include <string.h>

enum { FILES = 3, ID_LENGTH_MAX = 64, TEMPLATE_MAX = 1 << 16 };

/* A file of the new folder: the template's name and its own. */
typedef struct part {
    const char *template, *name;
    char *path;
} part;

typedef struct maker {
    ml_arena arena;
    const char *id, *kind, *folder;
    const char *sdk;
    part parts[FILES];
    ml_error *error;
} maker;

/* ---- what is asked for ---- */

/* Lower case letters, digits and '-', in parts divided by dots, each beginning with a letter. */
static int is_new_id(const char *id)
{
    int starts = 1;

    for (const char *at = id; *at != '\0'; at++) {
        int letter = *at >= 'a' && *at <= 'z';
        int inner = (*at >= '0' && *at <= '9') || *at == '-' || *at == '.';
        if (starts ? !letter : !letter && !inner) {
            return 0;
        }
        starts = *at == '.';
    }
    return !starts && strlen(id) <= ID_LENGTH_MAX;
}

static ml_status read_operands(maker *self, const ml_args *args)
{
    const ml_words *operands = &args->operands;

    if (operands->count < 1 || operands->count > 2) {
        return ml_error_set(self->error, ML_ERROR_ARGUMENT,
                            "new needs a name, and may have a folder: microlog-analyze new "
                            "com.example.hello");
    }
    self->id = operands->items[0];
    self->kind = args->renderer ? "renderer" : "analyzer";
    self->folder = operands->count == 2 ? operands->items[1] : self->id;
    if (!is_new_id(self->id)) {
        return ml_error_set(self->error, ML_ERROR_ARGUMENT,
                            "\"%s\" cannot be the id of a plugin; it has at most %d lower case "
                            "letters, digits and '-', with dots between names that begin with a "
                            "letter, as in hello or com.example.hello",
                            self->id, ID_LENGTH_MAX);
    }
    return ML_OK;
}

static ml_status check_free(maker *self, const ml_args *args)
{
    ml_role role = args->renderer ? ML_ROLE_RENDERING : ML_ROLE_ANALYSIS;
    const ml_plugin_file *same;
    ml_shelf shelf;

    ML_TRY(ml_shelf_open(&self->arena, args->plugin_path, &shelf, self->error));
    same = ml_select_find(&shelf.files, role, self->id);
    if (same != NULL) {
        return ml_error_set(self->error, ML_ERROR_ARGUMENT,
                            "there is a plugin \"%s\" already, %s; choose another id", self->id,
                            same->path);
    }
    return ML_OK;
}

/* ---- the SDK ---- */

/* Beside the executable's folder: sdk of a build, share/microlog/sdk of an installation. */
static ml_status find_sdk(maker *self)
{
    static const char *const places[] = {"sdk", "share/microlog/sdk"};
    char *program;
    char *slash;

    ML_TRY(ml_os_program_directory(&self->arena, &program, self->error));
    slash = strrchr(program, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && self->sdk == NULL; i++) {
        const char *folder = ml_arena_format(&self->arena, "%s/%s", program, places[i]);
        const char *file = ml_arena_format(&self->arena, "%s/%s/plugin.mk", program, places[i]);
        if (folder == NULL || file == NULL) {
            return ml_error_set(self->error, ML_ERROR_MEMORY, "no memory for a path");
        }
        self->sdk = ml_os_kind(file) == ML_OS_FILE ? folder : NULL;
    }
    if (self->sdk == NULL) {
        return ml_error_set(self->error, ML_ERROR_NOT_FOUND,
                            "there is no SDK in %s/sdk or %s/share/microlog/sdk; install microlog "
                            "again with `make install`",
                            program, program);
    }
    if (strpbrk(self->sdk, " \t#$:%") != NULL) {
        return ml_error_set(self->error, ML_ERROR_UNSUPPORTED,
                            "make cannot use the SDK in '%s': its path has a blank or one of "
                            "#$:%%; install microlog elsewhere",
                            self->sdk);
    }
    return ML_OK;
}

/* ---- files ---- */

static ml_status plan(maker *self)
{
    const char *source = strcmp(self->kind, "renderer") == 0 ? "renderer.c" : "analyzer.c";
    const char *name = ml_arena_format(&self->arena, "%s.c", self->id);
    const part parts[FILES] = {
        {source, name, NULL}, {"Makefile", "Makefile", NULL}, {"README.md", "README.md", NULL}};

    for (int i = 0; i < FILES; i++) {
        self->parts[i] = parts[i];
        self->parts[i].path =
            ml_arena_format(&self->arena, "%s/%s", self->folder, self->parts[i].name);
        if (name == NULL || self->parts[i].path == NULL) {
            return ml_error_set(self->error, ML_ERROR_MEMORY, "no memory for a path");
        }
        if (ml_os_kind(self->parts[i].path) != ML_OS_ABSENT) {
            return ml_error_set(self->error, ML_ERROR_ARGUMENT,
                                "%s exists, and nothing is ever overwritten; choose another "
                                "folder: microlog-analyze new %s FOLDER",
                                self->parts[i].path, self->id);
        }
    }
    return ML_OK;
}

static const char *value_of(const maker *self, const char *name, size_t length)
{
    const struct {
        const char *name, *value;
    } values[] = {
        {"ID", self->id},
        {"KIND", self->kind},
        {"SDK", self->sdk},
        {"USE", strcmp(self->kind, "renderer") == 0 ? "--format" : "--plugins"},
    };

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (strlen(values[i].name) == length && memcmp(values[i].name, name, length) == 0) {
            return values[i].value;
        }
    }
    return NULL;
}

/* Replaces @NAME@; an '@' that belongs to no name stays. */
static void fill_in(const maker *self, const char *text, size_t length, ml_buffer *out)
{
    const char *stop = text + length;

    while (text < stop) {
        const char *open = memchr(text, '@', (size_t)(stop - text));
        const char *close = open == NULL ? NULL : memchr(open + 1, '@', (size_t)(stop - open - 1));
        const char *value =
            close == NULL ? NULL : value_of(self, open + 1, (size_t)(close - open - 1));
        const char *until = value != NULL ? open : open != NULL ? open + 1 : stop;
        ml_buffer_put(out, text, (size_t)(until - text));
        if (value != NULL) {
            ml_buffer_put_text(out, value);
        }
        text = value != NULL ? close + 1 : until;
    }
}

static ml_status write_part(maker *self, const part *file)
{
    const char *from = ml_arena_format(&self->arena, "%s/template/%s", self->sdk, file->template);
    uint8_t *bytes;
    size_t length;
    ml_buffer text;
    ml_status status;

    if (from == NULL) {
        return ml_error_set(self->error, ML_ERROR_MEMORY, "no memory for a path");
    }
    if (ml_os_read(from, TEMPLATE_MAX, &bytes, &length, self->error) < 0) {
        return ml_error_add(self->error, "the template of the SDK is not complete");
    }
    ml_buffer_init(&text, 4 * TEMPLATE_MAX);
    fill_in(self, (const char *)bytes, length, &text);
    ml_os_free(bytes);
    status = text.status < 0 ? ml_error_set(self->error, text.status, "no memory for a file")
                             : ml_os_write_new(file->path, text.data, text.length, self->error);
    ml_buffer_release(&text);
    return status;
}

static ml_status say_next(maker *self)
{
    const char *use = value_of(self, "USE", 3);
    ml_buffer text;
    ml_status status;

    ml_buffer_init(&text, 1 << 16);
    for (int i = 0; i < FILES; i++) {
        ml_buffer_put_format(&text, "wrote %s\n", self->parts[i].path);
    }
    ml_buffer_put_format(&text,
                         "next:\n  cd %s && make\n  microlog-analyze check ./%s.so\n"
                         "  microlog-analyze run.mlog %s %s./%s.so\n",
                         self->folder, self->id, use,
                         strcmp(self->kind, "renderer") == 0 ? "html," : "all,", self->id);
    if (strchr(self->id, '.') == NULL) {
        ml_buffer_put_format(&text,
                             "Ids without a dot are for bundled plugins: before you give it away, "
                             "call it com.example.%s or the like.\n",
                             self->id);
    }
    status = ml_console_write(stdout, text.data, text.length, self->error);
    ml_buffer_release(&text);
    return status;
}

static ml_status make(maker *self, const ml_args *args)
{
    ML_TRY(read_operands(self, args));
    ML_TRY(check_free(self, args));
    ML_TRY(find_sdk(self));
    ML_TRY(plan(self));
    ML_TRY(ml_os_make_folder(self->folder, self->error));
    for (int i = 0; i < FILES; i++) {
        ML_TRY(write_part(self, &self->parts[i]));
    }
    return say_next(self);
}

int ml_command_new(const ml_args *args)
{
    ml_error error = {0};
    maker self = {.error = &error};
    ml_status status;

    ml_arena_init(&self.arena, 0);
    status = make(&self, args);
    ml_arena_release(&self.arena);
    return status < 0 ? ml_console_fail(&error) : ML_EXIT_OK;
}
