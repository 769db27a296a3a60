#include "core/plugin/select.h"

#include "core/base/buffer.h"
#include "core/base/text.h"

#include <string.h>

/* A selection in the making: a mark for each available file, and the files given by path. */
typedef struct selection {
    ml_arena *arena;
    const ml_plugin_files *available;
    const ml_folders *folders;
    ml_role role;
    char *chosen, *named;
    ml_plugin_files given;
    size_t capacity;
    ml_error *error;
} selection;

static int has_role(const ml_plugin_file *file, ml_role role)
{
    return (file->kind == ML_RENDERER) == (role == ML_ROLE_RENDERING);
}

const ml_plugin_file *ml_select_find(const ml_plugin_files *available, ml_role role, const char *id)
{
    for (size_t i = 0; i < available->count; i++) {
        if (has_role(&available->files[i], role) && strcmp(available->files[i].id, id) == 0) {
            return &available->files[i];
        }
    }
    return NULL;
}

static void choose_all(selection *self, char mark)
{
    for (size_t i = 0; i < self->available->count; i++) {
        self->chosen[i] = (char)(mark && has_role(&self->available->files[i], self->role));
    }
    if (!mark) {
        self->given.count = 0;
    }
}

/* "fdleak, hotspots", or where was searched in vain. */
static void put_available(ml_buffer *out, const selection *self)
{
    const char *separator = "There are: ";

    for (size_t i = 0; i < self->available->count; i++) {
        if (has_role(&self->available->files[i], self->role)) {
            ml_buffer_put_format(out, "%s%s", separator, self->available->files[i].id);
            separator = ", ";
        }
    }
    if (separator[0] == 'T') {
        ml_buffer_put_text(out, "None were found in: ");
        for (size_t i = 0; i < self->folders->count; i++) {
            ml_buffer_put_format(out, "%s%s", i == 0 ? "" : ", ", self->folders->paths[i]);
        }
    }
}

static const char *nearest(const selection *self, const char *id)
{
    size_t count = 0;
    const char **names = ml_arena_array(self->arena, self->available->count, sizeof(*names));

    for (size_t i = 0; names != NULL && i < self->available->count; i++) {
        if (has_role(&self->available->files[i], self->role)) {
            names[count++] = self->available->files[i].id;
        }
    }
    return names == NULL ? NULL : ml_text_nearest(id, names, count);
}

static ml_status fail_unknown(const selection *self, const char *id)
{
    const char *noun = self->role == ML_ROLE_RENDERING ? "renderer" : "plugin";
    const char *close = nearest(self, id);
    ml_buffer list;
    ml_status status;

    ml_buffer_init(&list, 1 << 16);
    if (close != NULL) {
        ml_buffer_put_format(&list, "; did you mean \"%s\"?", close);
    } else {
        ml_buffer_put_text(&list, ".");
    }
    ml_buffer_put_u8(&list, ' ');
    put_available(&list, self);
    status = ml_error_set(self->error, ML_ERROR_NOT_FOUND, "there is no %s named \"%s\"%.*s", noun,
                          id, (int)list.length, (const char *)list.data);
    ml_buffer_release(&list);
    return status;
}

/* The id of a file given by path wins over one that was found. */
static void replace_by(selection *self, const ml_plugin_file *file)
{
    const ml_plugin_file *same =
        file->id == NULL ? NULL : ml_select_find(self->available, self->role, file->id);

    if (same != NULL) {
        self->chosen[same - self->available->files] = 0;
    }
}

static ml_status give(selection *self, const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    ml_plugin_file file = {0};

    if (!ml_discover_name(self->arena, name, &file)) {
        file.kind = 0;
        file.id = NULL;
    } else if (!has_role(&file, self->role)) {
        return ml_error_set(self->error, ML_ERROR_ARGUMENT, "%s is %s; give it to %s", path,
                            file.kind == ML_RENDERER ? "a renderer" : "no renderer",
                            file.kind == ML_RENDERER ? "--format" : "--plugins");
    }
    file.path = path;
    file.named = 1;
    replace_by(self, &file);
    if (ml_arena_grow(self->arena, &self->given.files, &self->capacity, self->given.count + 1,
                      sizeof(file)) < 0) {
        return ml_error_set(self->error, ML_ERROR_MEMORY, "no memory");
    }
    self->given.files[self->given.count++] = file;
    return ML_OK;
}

static ml_status mark(selection *self, const char *id, char chosen)
{
    const ml_plugin_file *file = ml_select_find(self->available, self->role, id);

    if (file == NULL) {
        return fail_unknown(self, id);
    }
    self->chosen[file - self->available->files] = chosen;
    self->named[file - self->available->files] = chosen;
    return ML_OK;
}

static ml_status apply(selection *self, const char *item, int is_first)
{
    int sign = item[0] == '+' || item[0] == '-' ? item[0] : 0;
    const char *id = sign ? item + 1 : item;

    if (sign && is_first) {
        choose_all(self, 1);
    }
    if (id[0] == '\0') {
        return ml_error_set(self->error, ML_ERROR_ARGUMENT,
                            "a name is missing between two commas, or after '+' or '-'");
    }
    if (!sign && (strcmp(id, "all") == 0 || strcmp(id, "none") == 0)) {
        choose_all(self, id[0] == 'a');
        return ML_OK;
    }
    if (strchr(id, '/') != NULL && sign != '-') {
        return give(self, id);
    }
    return mark(self, id, sign != '-');
}

static ml_status gather(selection *self, ml_plugin_files *out)
{
    size_t count = self->available->count + self->given.count;

    out->count = 0;
    out->files = ml_arena_array(self->arena, count, sizeof(*out->files));
    if (out->files == NULL) {
        return ml_error_set(self->error, ML_ERROR_MEMORY, "no memory");
    }
    for (size_t i = 0; i < self->available->count; i++) {
        if (self->chosen[i]) {
            out->files[out->count] = self->available->files[i];
            out->files[out->count++].named = self->named[i];
        }
    }
    for (size_t i = 0; i < self->given.count; i++) {
        out->files[out->count++] = self->given.files[i];
    }
    return ML_OK;
}

ml_status ml_select(ml_arena *arena, const ml_plugin_files *available, const ml_folders *folders,
                    ml_role role, const char *text, ml_plugin_files *out, ml_error *error)
{
    selection self = {.arena = arena,
                      .available = available,
                      .folders = folders,
                      .role = role,
                      .chosen = ml_arena_alloc(arena, available->count),
                      .named = ml_arena_alloc(arena, available->count),
                      .error = error};
    const char *at = text;
    size_t length;

    for (int is_first = 1; is_first || *at != '\0'; is_first = 0) {
        const char *item;
        at += !is_first;
        length = strcspn(at, ",");
        item = ml_arena_copy(arena, at, length);
        if (self.chosen == NULL || self.named == NULL || item == NULL) {
            return ml_error_set(error, ML_ERROR_MEMORY, "no memory");
        }
        ML_TRY(apply(&self, item, is_first));
        at += length;
    }
    return gather(&self, out);
}
