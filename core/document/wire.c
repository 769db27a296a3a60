#include "core/document/wire.h"

#include "core/base/text.h"
#include "core/base/varint.h"

#include <microlog/plugin.h>

#include <math.h>
#include <string.h>

/* ---- the structs of the contract ---- */

#define TEXT(type, member)                                                                         \
    {                                                                                              \
        ML_WIRE_TEXT, offsetof(type, member), 0, 0                                                 \
    }
#define U32(type, member, minimum, maximum)                                                        \
    {                                                                                              \
        ML_WIRE_U32, offsetof(type, member), minimum, maximum                                      \
    }
#define U64(type, member)                                                                          \
    {                                                                                              \
        ML_WIRE_U64, offsetof(type, member), 0, 0                                                  \
    }
#define REAL(type, member)                                                                         \
    {                                                                                              \
        ML_WIRE_REAL, offsetof(type, member), 0, 0                                                 \
    }
#define SHAPE(name, type)                                                                          \
    const ml_wire_shape ml_wire_##name = {                                                         \
        name##_members, sizeof(name##_members) / sizeof(name##_members[0]), sizeof(type)}

static const ml_wire_member block_members[] = {
    U32(ml_block, kind, ML_BLOCK_FINDING, ML_BLOCK_ATTACHMENT),
    U32(ml_block, importance, 0, 100),
    TEXT(ml_block, key),
    TEXT(ml_block, title),
    TEXT(ml_block, text),
};
SHAPE(block, ml_block);

static const ml_wire_member finding_members[] = {
    TEXT(ml_finding, rule),
    TEXT(ml_finding, handle),
    U32(ml_finding, level, ML_LEVEL_NOTE, ML_LEVEL_ERROR),
    U32(ml_finding, confidence, ML_CONFIDENCE_LOW, ML_CONFIDENCE_HIGH),
    TEXT(ml_finding, message),
    U64(ml_finding, impact_ns),
    U64(ml_finding, impact_bytes),
    U64(ml_finding, impact_count),
    TEXT(ml_finding, why),
    TEXT(ml_finding, limits),
    TEXT(ml_finding, fingerprint),
};
SHAPE(finding, ml_finding);

static const ml_wire_member location_members[] = {
    TEXT(ml_location, function), TEXT(ml_location, module), TEXT(ml_location, file),
    U64(ml_location, line),      TEXT(ml_location, thread), U64(ml_location, start_ns),
    U64(ml_location, end_ns),
};
SHAPE(location, ml_location);

static const ml_wire_member metric_members[] = {
    U32(ml_metric, type, ML_TYPE_INT, ML_TYPE_RATIO),
    U32(ml_metric, better, 0, 2),
    U32(ml_metric, reduce, ML_REDUCE_NONE, ML_REDUCE_MIN),
    {ML_WIRE_REAL_ANY, offsetof(ml_metric, value), 0, 0},
    TEXT(ml_metric, unit),
};
SHAPE(metric, ml_metric);

static const ml_wire_member table_members[] = {
    U32(ml_table, order_by, 0, ML_NONE),
    U64(ml_table, row_count),
    U64(ml_table, total_rows),
    U64(ml_table, limit),
};
SHAPE(table, ml_table);

static const ml_wire_member column_members[] = {
    TEXT(ml_column, name),
    TEXT(ml_column, unit),
    U32(ml_column, type, ML_TYPE_INT, ML_TYPE_FUNCTION),
    U32(ml_column, reduce, ML_REDUCE_NONE, ML_REDUCE_MIN),
};
SHAPE(column, ml_column);

static const ml_wire_member chart_members[] = {
    U32(ml_chart, shape, ML_CHART_LINE, ML_CHART_HISTOGRAM),
    TEXT(ml_chart, table),
    TEXT(ml_chart, x),
};
SHAPE(chart, ml_chart);

static const ml_wire_member graph_members[] = {REAL(ml_graph, width), REAL(ml_graph, height)};
SHAPE(graph, ml_graph);

static const ml_wire_member node_members[] = {
    TEXT(ml_graph_node, id),     TEXT(ml_graph_node, label),  TEXT(ml_graph_node, group),
    REAL(ml_graph_node, weight), REAL(ml_graph_node, x),      REAL(ml_graph_node, y),
    REAL(ml_graph_node, width),  REAL(ml_graph_node, height),
};
SHAPE(node, ml_graph_node);

static const ml_wire_member edge_members[] = {
    U32(ml_graph_edge, from, 0, UINT32_MAX),
    U32(ml_graph_edge, to, 0, UINT32_MAX),
    TEXT(ml_graph_edge, label),
    REAL(ml_graph_edge, weight),
};
SHAPE(edge, ml_graph_edge);

static const ml_wire_member span_members[] = {
    U32(ml_span, lane, 0, UINT32_MAX),
    U32(ml_span, level, 0, ML_LEVEL_ERROR),
    U64(ml_span, start_ns),
    U64(ml_span, end_ns),
    TEXT(ml_span, label),
};
SHAPE(span, ml_span);

static const ml_wire_member attachment_members[] = {
    TEXT(ml_attachment, name),
    TEXT(ml_attachment, media_type),
};
SHAPE(attachment, ml_attachment);

static const ml_wire_member document_members[] = {
    U32(ml_document, status, ML_DOCUMENT_OK, ML_DOCUMENT_TIMEOUT),
    TEXT(ml_document, plugin),
    TEXT(ml_document, version),
    TEXT(ml_document, title),
    TEXT(ml_document, summary),
    TEXT(ml_document, message),
};
SHAPE(document, ml_document);

/* ---- writing ---- */

void ml_wire_put_text(ml_buffer *out, const char *text)
{
    size_t length = strlen(text);

    ml_buffer_put_uv(out, length);
    ml_buffer_put(out, text, length + 1);
}

void ml_wire_put_real(ml_buffer *out, double value)
{
    ml_buffer_put(out, &value, sizeof(value));
}

static void put_member(ml_buffer *out, const ml_wire_member *member, const char *place)
{
    const char *text;
    uint32_t narrow;
    uint64_t whole;

    switch (member->storage) {
    case ML_WIRE_TEXT:
        memcpy(&text, place, sizeof(text));
        ml_wire_put_text(out, text);
        break;
    case ML_WIRE_U32:
        memcpy(&narrow, place, sizeof(narrow));
        ml_buffer_put_uv(out, narrow);
        break;
    case ML_WIRE_U64:
        memcpy(&whole, place, sizeof(whole));
        ml_buffer_put_uv(out, whole);
        break;
    default: ml_buffer_put(out, place, sizeof(double)); break;
    }
}

void ml_wire_put_struct(ml_buffer *out, const ml_wire_shape *shape, const void *from)
{
    for (size_t i = 0; i < shape->count; i++) {
        put_member(out, &shape->members[i], (const char *)from + shape->members[i].offset);
    }
}

/* ---- reading ---- */

ml_wire_reader ml_wire_open(ml_arena *arena, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;

    return (ml_wire_reader){.at = at, .end = length == 0 ? at : at + length, .arena = arena};
}

void ml_wire_fail(ml_wire_reader *reader, ml_status status)
{
    if (reader->status == ML_OK) {
        reader->status = status;
        reader->at = reader->end;
    }
}

ml_status ml_wire_close(const ml_wire_reader *reader)
{
    if (reader->status < 0) {
        return reader->status;
    }
    return reader->at == reader->end ? ML_OK : ML_ERROR_FORMAT;
}

static size_t bytes_left(const ml_wire_reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

uint64_t ml_wire_number(ml_wire_reader *reader, uint64_t maximum)
{
    const uint8_t *next;
    uint64_t value = 0;

    if (reader->status < 0) {
        return 0;
    }
    next = ml_varint_decode(reader->at, reader->end, &value);
    if (next == NULL || value > maximum) {
        ml_wire_fail(reader, ML_ERROR_FORMAT);
        return 0;
    }
    reader->at = next;
    return value;
}

const uint8_t *ml_wire_bytes(ml_wire_reader *reader, size_t length)
{
    const uint8_t *bytes = reader->at;

    if (reader->status < 0 || length > bytes_left(reader)) {
        ml_wire_fail(reader, ML_ERROR_FORMAT);
        return NULL;
    }
    reader->at += length;
    return bytes;
}

double ml_wire_real(ml_wire_reader *reader)
{
    const uint8_t *bytes = ml_wire_bytes(reader, sizeof(double));
    double value = 0;

    if (bytes != NULL) {
        memcpy(&value, bytes, sizeof(value));
    }
    return value;
}

const char *ml_wire_raw_text(ml_wire_reader *reader)
{
    size_t length = ml_wire_number(reader, bytes_left(reader));
    const uint8_t *bytes = ml_wire_bytes(reader, length + 1);

    if (bytes == NULL || bytes[length] != 0 || memchr(bytes, 0, length) != NULL) {
        ml_wire_fail(reader, ML_ERROR_FORMAT);
        return "";
    }
    return (const char *)bytes;
}

const char *ml_wire_text(ml_wire_reader *reader)
{
    const char *text = ml_wire_raw_text(reader);

    if (!ml_text_is_valid(text, strlen(text))) {
        ml_wire_fail(reader, ML_ERROR_FORMAT);
        return "";
    }
    return text;
}

size_t ml_wire_count(ml_wire_reader *reader, size_t limit, size_t least)
{
    size_t count = ml_wire_number(reader, limit);

    if (count > bytes_left(reader) / least) {
        ml_wire_fail(reader, ML_ERROR_FORMAT);
        return 0;
    }
    return count;
}

void *ml_wire_room(ml_wire_reader *reader, size_t count, size_t size)
{
    void *room = reader->status < 0 ? NULL : ml_arena_array(reader->arena, count, size);

    if (room == NULL) {
        ml_wire_fail(reader, ML_ERROR_MEMORY);
    }
    return room;
}

static void get_member(ml_wire_reader *reader, const ml_wire_member *member, char *place)
{
    const char *text;
    uint32_t narrow;
    uint64_t whole;
    double real;

    switch (member->storage) {
    case ML_WIRE_TEXT:
        text = ml_wire_text(reader);
        memcpy(place, &text, sizeof(text));
        break;
    case ML_WIRE_U32:
        narrow = (uint32_t)ml_wire_number(reader, member->maximum);
        if (narrow < member->minimum) {
            ml_wire_fail(reader, ML_ERROR_FORMAT);
        }
        memcpy(place, &narrow, sizeof(narrow));
        break;
    case ML_WIRE_U64:
        whole = ml_wire_number(reader, UINT64_MAX);
        memcpy(place, &whole, sizeof(whole));
        break;
    default:
        real = ml_wire_real(reader);
        if (!isfinite(real) && member->storage == ML_WIRE_REAL) {
            ml_wire_fail(reader, ML_ERROR_FORMAT);
        }
        memcpy(place, &real, sizeof(real));
        break;
    }
}

void ml_wire_struct(ml_wire_reader *reader, const ml_wire_shape *shape, void *to)
{
    for (size_t i = 0; i < shape->count; i++) {
        get_member(reader, &shape->members[i], (char *)to + shape->members[i].offset);
    }
}

size_t ml_wire_least(const ml_wire_shape *shape)
{
    size_t least = 0;

    for (size_t i = 0; i < shape->count; i++) {
        switch (shape->members[i].storage) {
        case ML_WIRE_TEXT: least += 2; break;
        case ML_WIRE_U32:
        case ML_WIRE_U64: least += 1; break;
        default: least += sizeof(double); break;
        }
    }
    return least;
}
