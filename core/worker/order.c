#include "core/worker/order.h"

#include "core/base/varint.h"
#include "core/document/wire.h"

void ml_order_encode(ml_buffer *out, const ml_option_values *options,
                     const ml_render_target *target)
{
    static const ml_render_target none = {0, 0, "", ""};

    target = target == NULL ? &none : target;
    ml_buffer_put_uv(out, options->count);
    for (size_t i = 0; i < options->count; i++) {
        ml_wire_put_text(out, options->values[i].text);
    }
    ml_buffer_put_uv(out, target->width);
    ml_buffer_put_uv(out, target->color);
    ml_wire_put_text(out, target->recording_path);
    ml_wire_put_text(out, target->others);
}

ml_status ml_order_decode(ml_arena *arena, const void *bytes, size_t length, const char *id,
                          ml_option_values *options, ml_render_target *target, ml_error *error)
{
    ml_wire_reader reader = ml_wire_open(arena, bytes, length);
    size_t count = ml_wire_count(&reader, options->count, 2);

    for (size_t i = 0; i < count; i++) {
        const char *name = options->values[i].option->name;
        ML_TRY(ml_options_set(options, id, name, ml_wire_raw_text(&reader), error));
    }
    target->width = (uint32_t)ml_wire_number(&reader, UINT32_MAX);
    target->color = (uint32_t)ml_wire_number(&reader, UINT32_MAX);
    target->recording_path = ml_wire_raw_text(&reader);
    target->others = ml_wire_raw_text(&reader);
    return ml_wire_close(&reader) < 0 || count != options->count
               ? ml_error_set(error, ML_ERROR_FORMAT, "the order of a job is not complete")
               : ML_OK;
}

void ml_outcome_encode(ml_buffer *out, const ml_outcome *outcome)
{
    ml_buffer_put_sv(out, outcome->status);
    ml_buffer_put_uv(out, outcome->document);
    ml_wire_put_text(out, outcome->message);
}

ml_status ml_outcome_decode(ml_arena *arena, const void *bytes, size_t length, ml_outcome *out)
{
    ml_wire_reader reader = ml_wire_open(arena, bytes, length);

    out->status = (ml_status)ml_zigzag_decode(ml_wire_number(&reader, 1000));
    out->document = (uint32_t)ml_wire_number(&reader, ML_DOCUMENT_FAILED);
    out->message = ml_wire_text(&reader);
    return ml_wire_close(&reader);
}
