#include "core/worker/hello.h"

#include "core/base/text.h"
#include "core/base/varint.h"
#include "core/document/wire.h"

#include <string.h>

enum { OPTIONS_MAX = 256 };

static const ml_wire_member plugin_members[] = {
    {ML_WIRE_U32, offsetof(ml_plugin, abi_minor), 0, UINT32_MAX},
    {ML_WIRE_U32, offsetof(ml_plugin, abi_draft), 0, UINT32_MAX},
    {ML_WIRE_U32, offsetof(ml_plugin, kind), ML_ANALYZER, ML_RENDERER},
    {ML_WIRE_U64, offsetof(ml_plugin, needs), 0, 0},
    {ML_WIRE_TEXT, offsetof(ml_plugin, id), 0, 0},
    {ML_WIRE_TEXT, offsetof(ml_plugin, version), 0, 0},
    {ML_WIRE_TEXT, offsetof(ml_plugin, title), 0, 0},
    {ML_WIRE_TEXT, offsetof(ml_plugin, summary), 0, 0},
    {ML_WIRE_TEXT, offsetof(ml_plugin, license), 0, 0},
};

static const ml_wire_member renderer_members[] = {
    {ML_WIRE_TEXT, offsetof(ml_plugin, media_type), 0, 0},
    {ML_WIRE_TEXT, offsetof(ml_plugin, suffix), 0, 0},
};

static const ml_wire_member option_members[] = {
    {ML_WIRE_U32, offsetof(ml_option, type), 0, UINT32_MAX},
    {ML_WIRE_TEXT, offsetof(ml_option, name), 0, 0},
    {ML_WIRE_TEXT, offsetof(ml_option, default_value), 0, 0},
    {ML_WIRE_TEXT, offsetof(ml_option, help), 0, 0},
    {ML_WIRE_REAL_ANY, offsetof(ml_option, minimum), 0, 0},
    {ML_WIRE_REAL_ANY, offsetof(ml_option, maximum), 0, 0},
};

#define SHAPE(name, type)                                                                          \
    static const ml_wire_shape name = {                                                            \
        name##_members, sizeof(name##_members) / sizeof(name##_members[0]), sizeof(type)}

SHAPE(plugin, ml_plugin);
SHAPE(renderer, ml_plugin);
SHAPE(option, ml_option);

/* ---- writing ---- */

/* A cause chain is cut anywhere, and loaders quote names that are not UTF-8. */
static void put_repaired(ml_buffer *out, const char *text)
{
    ml_buffer repaired;

    ml_buffer_init(&repaired, 4 * ML_ERROR_TEXT);
    ml_text_repair(&repaired, text, strnlen(text, ML_ERROR_TEXT));
    ml_buffer_put_u8(&repaired, 0);
    ml_wire_put_text(out, repaired.status < 0 ? "" : (const char *)repaired.data);
    ml_buffer_release(&repaired);
}

void ml_hello_encode(ml_buffer *out, ml_status status, const ml_loaded *loaded,
                     const ml_error *error)
{
    ml_buffer_put_uv(out, ml_zigzag_encode(status));
    if (status < 0) {
        put_repaired(out, error->text);
        return;
    }
    ml_wire_put_struct(out, &plugin, &loaded->plugin);
    if (loaded->plugin.kind == ML_RENDERER) {
        ml_wire_put_struct(out, &renderer, &loaded->plugin);
    }
    ml_buffer_put_uv(out, loaded->plugin.option_count);
    for (size_t i = 0; i < loaded->plugin.option_count; i++) {
        ml_wire_put_struct(out, &option, &loaded->plugin.options[i]);
    }
}

/* ---- reading ---- */

static void get_options(ml_wire_reader *reader, ml_plugin *out)
{
    size_t count = ml_wire_count(reader, OPTIONS_MAX, ml_wire_least(&option));
    ml_option *options = ml_wire_room(reader, count, sizeof(*options));

    for (size_t i = 0; options != NULL && i < count; i++) {
        options[i].struct_size = sizeof(*options);
        ml_wire_struct(reader, &option, &options[i]);
    }
    out->options = count == 0 ? NULL : options;
    out->option_count = count;
}

static void get_plugin(ml_wire_reader *reader, ml_plugin *out)
{
    out->struct_size = sizeof(*out);
    ml_wire_struct(reader, &plugin, out);
    if (out->kind == ML_RENDERER) {
        ml_wire_struct(reader, &renderer, out);
    }
    get_options(reader, out);
}

ml_status ml_hello_decode(ml_arena *arena, const void *bytes, size_t length,
                          const ml_plugin_file *file, ml_loaded *out, ml_error *error)
{
    ml_wire_reader reader = ml_wire_open(arena, bytes, length);
    ml_status status = (ml_status)ml_zigzag_decode(ml_wire_number(&reader, 1000));

    *out = (ml_loaded){.path = file->path};
    if (status < 0) {
        const char *words = ml_wire_text(&reader);
        if (ml_wire_close(&reader) == ML_OK) {
            return ml_error_set(error, status, "%s", words);
        }
    }
    get_plugin(&reader, &out->plugin);
    if (status != ML_OK || ml_wire_close(&reader) < 0) {
        return ml_error_set(error, ML_ERROR_FORMAT,
                            "cannot load %s: what it says of itself cannot be read", file->path);
    }
    return ml_load_check(arena, file, &out->plugin, error);
}
