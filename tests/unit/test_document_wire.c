/* Documents cross the wire unchanged, and nothing that comes over it can do harm. */
#include "core/document/decode.h"
#include "core/document/encode.h"
#include "core/document/json.h"
#include "tests/unit/document_fixture.h"

#include <math.h>
#include <stdlib.h>

/* ---- a document with everything ---- */

static void put_finding(sheet *self)
{
    ml_builder *builder =
        begin_finding(self, "finding", ML_LEVEL_WARNING, ML_CONFIDENCE_HIGH, UINT64_MAX);

    ml_builder_set_text(builder, ML_FIELD_WHY, "because \xe2\x80\xa6");
    ml_builder_add(builder, ML_LIST_EVIDENCE, "evidence");
    ml_builder_add(builder, ML_LIST_NEXT, "do this");
    ml_builder_add(builder, ML_LIST_NEXT, "then that");
    ml_builder_add(builder, ML_LIST_LOCATION, NULL);
    ml_builder_set_text(builder, ML_FIELD_FILE, "app.py");
    ml_builder_set_number(builder, ML_FIELD_LINE, 7);
    ml_builder_set_number(builder, ML_FIELD_END, 1000);
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
}

static void put_metric(sheet *self, const char *key, double value)
{
    ml_builder *builder = ml_draft_begin(self->draft, ML_BLOCK_METRIC, key, "Metric");

    ml_builder_set_number(builder, ML_FIELD_TYPE, ML_TYPE_REAL);
    ml_builder_set_real(builder, ML_FIELD_VALUE, value);
    ml_builder_set_text(builder, ML_FIELD_UNIT, "m");
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
}

static void put_table(sheet *self)
{
    static const uint32_t types[] = {ML_TYPE_INT,  ML_TYPE_REAL,  ML_TYPE_TEXT,  ML_TYPE_DURATION,
                                     ML_TYPE_TIME, ML_TYPE_BYTES, ML_TYPE_RATIO, ML_TYPE_FUNCTION};
    ml_builder *builder = ml_draft_begin(self->draft, ML_BLOCK_TABLE, "table", "Table");
    char name[] = "column 0";

    for (size_t i = 0; i < 8; i++) {
        name[7] = (char)('0' + i);
        ml_builder_add(builder, ML_LIST_COLUMN, name);
        ml_builder_set_number(builder, ML_FIELD_TYPE, types[i]);
    }
    ml_builder_set_number(builder, ML_FIELD_ORDER_BY, 3);
    for (uint64_t row = 0; row < 10; row++) {
        ml_builder_put_int(builder, row % 2 ? INT64_MIN : -1);
        ml_builder_put_real(builder, row == 3 ? (double)NAN : 0.1);
        ml_builder_put_text(builder, row == 4 ? "" : "text");
        ml_builder_put_number(builder, row * row << 20);
        ml_builder_put_null(builder);
        ml_builder_put_number(builder, UINT64_MAX);
        ml_builder_put_real(builder, 0.5);
        ml_builder_put_number(builder, row == 9 ? ML_NONE : row % 3);
    }
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
}

static void put_empty_table(sheet *self)
{
    ml_builder *builder = ml_draft_begin(self->draft, ML_BLOCK_TABLE, "empty", "Empty");

    ml_builder_add(builder, ML_LIST_COLUMN, "column");
    ml_builder_set_number(builder, ML_FIELD_TYPE, ML_TYPE_TEXT);
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
}

static void put_chart(sheet *self)
{
    ml_builder *builder = ml_draft_begin(self->draft, ML_BLOCK_CHART, "chart", "Chart");

    ml_builder_set_text(builder, ML_FIELD_TABLE, "table");
    ml_builder_set_text(builder, ML_FIELD_X, "column 2");
    ml_builder_add(builder, ML_LIST_Y, "column 0");
    ml_builder_set_number(builder, ML_FIELD_IMPORTANCE, 90);
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
}

static void put_graph(sheet *self)
{
    ml_builder *builder = ml_draft_begin(self->draft, ML_BLOCK_GRAPH, "graph", "Graph");

    ml_builder_set_real(builder, ML_FIELD_WIDTH, 100.5);
    for (int i = 0; i < 2; i++) {
        ml_builder_add(builder, ML_LIST_NODE, i ? "a" : "b");
        ml_builder_set_real(builder, ML_FIELD_LAYOUT_X, 10.0 * i);
    }
    ml_builder_add(builder, ML_LIST_LOCATION, NULL);
    ml_builder_set_text(builder, ML_FIELD_FUNCTION, "f");
    ml_builder_add(builder, ML_LIST_EDGE, "calls");
    ml_builder_set_number(builder, ML_FIELD_TO, 1);
    for (int i = 0; i < 8; i++) {
        ml_builder_set_real(builder, ML_FIELD_CURVE, i / 8.0);
    }
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
}

static void put_timeline(sheet *self)
{
    ml_builder *builder = ml_draft_begin(self->draft, ML_BLOCK_TIMELINE, "line", "Line");

    ml_builder_add(builder, ML_LIST_LANE, "lane");
    ml_builder_add(builder, ML_LIST_SPAN, "span");
    ml_builder_set_number(builder, ML_FIELD_START, 5);
    ml_builder_set_number(builder, ML_FIELD_END, 5);
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
}

static void put_rest(sheet *self)
{
    ml_builder *builder = ml_draft_begin(self->draft, ML_BLOCK_ATTACHMENT, "bytes", "Bytes");

    ml_builder_set_text(builder, ML_FIELD_NAME, "a.bin");
    ml_builder_set_text(builder, ML_FIELD_MEDIA_TYPE, "application/octet-stream");
    ml_builder_set_bytes(builder, "\0\1\2", 3);
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
    builder = ml_draft_begin(self->draft, ML_BLOCK_TEXT, "text", "Text");
    ML_CHECK_EQUAL(ml_builder_end(builder, "*words*"), ML_OK);
}

/* Everything, ranked. */
typedef struct everything {
    sheet sheet;
    const ml_document *list[1];
    ml_documents documents;
    ml_buffer bytes;
} everything;

static void open_everything(everything *self)
{
    sheet_open(&self->sheet, "demo");
    put_finding(&self->sheet);
    put_metric(&self->sheet, "metric", -2.5);
    put_metric(&self->sheet, "nothing", (double)NAN);
    put_table(&self->sheet);
    put_empty_table(&self->sheet);
    put_chart(&self->sheet);
    put_graph(&self->sheet);
    put_timeline(&self->sheet);
    put_rest(&self->sheet);
    self->list[0] = sheet_finish(&self->sheet);
    ML_CHECK_EQUAL(self->list[0]->block_count, 10);
    ML_CHECK_EQUAL(ml_rank(&self->sheet.arena, self->list, 1, NULL, &self->documents), ML_OK);
    ml_buffer_init(&self->bytes, 1 << 24);
    ml_encode_documents(&self->bytes, &self->documents);
    ML_CHECK_EQUAL(self->bytes.status, ML_OK);
}

static void close_everything(everything *self)
{
    ml_buffer_release(&self->bytes);
    sheet_close(&self->sheet);
}

static void put_json(ml_buffer *out, const ml_documents *documents)
{
    ml_buffer_init(out, 1 << 24);
    ML_CHECK_EQUAL(ml_json_report(out, "1", NULL, documents), ML_OK);
}

ML_TEST(everything_arrives_as_it_was)
{
    everything all;
    const ml_documents *arrived;
    ml_buffer before;
    ml_buffer after;
    ml_arena arena;

    open_everything(&all);
    ml_arena_init(&arena, 0);
    ML_CHECK_EQUAL(ml_decode_documents(&arena, all.bytes.data, all.bytes.length, &arrived), ML_OK);
    put_json(&before, &all.documents);
    put_json(&after, arrived);
    ML_CHECK_EQUAL(after.length, before.length);
    ML_CHECK(memcmp(after.data, before.data, after.length) == 0);
    ML_CHECK_EQUAL(arrived->finding_count, 1);
    ML_CHECK(arrived->findings[0].block->finding != NULL);
    ML_CHECK_TEXT(arrived->findings[0].block->finding->handle, "F1");
    ML_CHECK_TEXT(arrived->verdict, all.documents.verdict);
    ML_CHECK(isnan(all.list[0]->blocks[3]->metric->value) ==
             isnan(arrived->documents[0]->blocks[3]->metric->value));
    ml_buffer_release(&before);
    ml_buffer_release(&after);
    ml_arena_release(&arena);
    close_everything(&all);
}

ML_TEST(no_documents_are_documents_too)
{
    const ml_documents none = {.struct_size = sizeof(none), .verdict = "nothing"};
    const ml_documents *arrived;
    ml_buffer bytes;
    ml_arena arena;

    ml_arena_init(&arena, 0);
    ml_buffer_init(&bytes, 1 << 10);
    ml_encode_documents(&bytes, &none);
    ML_CHECK_EQUAL(ml_decode_documents(&arena, bytes.data, bytes.length, &arrived), ML_OK);
    ML_CHECK_EQUAL(arrived->document_count, 0);
    ML_CHECK_TEXT(arrived->verdict, "nothing");
    ml_buffer_release(&bytes);
    ml_arena_release(&arena);
}

/* ---- hostile bytes ---- */

/* Decodes bytes that end where their memory ends; uses everything of what is accepted. True if it was. */
static int survive(const uint8_t *bytes, size_t length)
{
    uint8_t *exact = malloc(length);
    const ml_documents *arrived;
    ml_status status;
    ml_buffer json;
    ml_arena arena;

    ML_CHECK(exact != NULL || length == 0);
    if (length != 0) {
        memcpy(exact, bytes, length);
    }
    ml_arena_init(&arena, 64 * 1024 + 32 * length);
    status = ml_decode_documents(&arena, exact, length, &arrived);
    if (status == ML_OK) {
        put_json(&json, arrived);
        ml_buffer_release(&json);
    } else {
        ML_CHECK(arrived == NULL);
        ML_CHECK_EQUAL(status, ML_ERROR_FORMAT);
    }
    ml_arena_release(&arena);
    free(exact);
    return status == ML_OK;
}

ML_TEST(truncated_at_every_byte)
{
    everything all;

    open_everything(&all);
    ML_CHECK(survive(all.bytes.data, all.bytes.length));
    for (size_t length = 0; length < all.bytes.length; length++) {
        ML_CHECK(!survive(all.bytes.data, length));
    }
    close_everything(&all);
}

ML_TEST(one_byte_too_many)
{
    everything all;

    open_everything(&all);
    ml_buffer_put_u8(&all.bytes, 0);
    ML_CHECK(!survive(all.bytes.data, all.bytes.length));
    close_everything(&all);
}

ML_TEST(every_bit_of_every_byte_turned)
{
    everything all;
    size_t accepted = 0;
    size_t tried = 0;

    open_everything(&all);
    for (size_t at = 0; at < all.bytes.length; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            all.bytes.data[at] ^= (uint8_t)(1u << bit);
            accepted += (size_t)survive(all.bytes.data, all.bytes.length);
            all.bytes.data[at] ^= (uint8_t)(1u << bit);
            tried++;
        }
    }
    /* Letters and numbers may change; lengths, ends and references may not. */
    ML_CHECK(accepted > 0 && accepted < tried);
    close_everything(&all);
}

/* A block of `kind` up to its own part. */
static void put_head(ml_buffer *out, uint32_t kind)
{
    static const uint8_t texts[] = {1, 'k', 0, 1, 't', 0, 1, 'x', 0};

    ml_buffer_init(out, 1 << 20);
    ml_buffer_put_uv(out, kind);
    ml_buffer_put_uv(out, 50);
    ml_buffer_put(out, texts, sizeof(texts));
}

static ml_status decode(ml_buffer *bytes)
{
    const ml_block *block;
    ml_arena arena;
    ml_status status;

    ml_arena_init(&arena, 1 << 20);
    status = ml_decode_block(&arena, bytes->data, bytes->length, &block);
    ML_CHECK((block != NULL) == (status == ML_OK));
    ml_arena_release(&arena);
    ml_buffer_release(bytes);
    return status;
}

ML_TEST(counts_are_held_against_the_bytes_there_are)
{
    ml_buffer bytes;

    put_head(&bytes, ML_BLOCK_TIMELINE);
    ml_buffer_put_uv(&bytes, ML_ITEMS_MAX); /* lanes */
    ML_CHECK_EQUAL(decode(&bytes), ML_ERROR_FORMAT);
    put_head(&bytes, ML_BLOCK_TABLE);
    ml_buffer_put_uv(&bytes, ML_NONE);
    for (int i = 0; i < 3; i++) {
        ml_buffer_put_uv(&bytes, ML_TABLE_ROWS_MAX); /* rows, all rows, shown */
    }
    ml_buffer_put_uv(&bytes, 1);
    ml_buffer_put(&bytes, "\1c\0\0\0\1\0\0", 8); /* a column of whole numbers, no nulls */
    ML_CHECK_EQUAL(decode(&bytes), ML_ERROR_FORMAT);
    put_head(&bytes, ML_BLOCK_ATTACHMENT);
    ml_buffer_put(&bytes, "\1n\0\1m\0", 6);
    ml_buffer_put_uv(&bytes, UINT64_MAX);
    ML_CHECK_EQUAL(decode(&bytes), ML_ERROR_FORMAT);
}

ML_TEST(kinds_and_texts_are_checked)
{
    ml_buffer bytes;

    put_head(&bytes, 9);
    ML_CHECK_EQUAL(decode(&bytes), ML_ERROR_FORMAT);
    put_head(&bytes, ML_BLOCK_TEXT);
    ML_CHECK_EQUAL(decode(&bytes), ML_OK);
    put_head(&bytes, ML_BLOCK_TEXT);
    bytes.data[3] = 0xff; /* the key is no UTF-8 */
    ML_CHECK_EQUAL(decode(&bytes), ML_ERROR_FORMAT);
    put_head(&bytes, ML_BLOCK_TEXT);
    bytes.data[3] = 0; /* a NUL inside */
    ML_CHECK_EQUAL(decode(&bytes), ML_ERROR_FORMAT);
    put_head(&bytes, ML_BLOCK_TEXT);
    bytes.data[4] = 'k'; /* no NUL behind */
    ML_CHECK_EQUAL(decode(&bytes), ML_ERROR_FORMAT);
}

ML_TEST(a_chart_needs_its_table)
{
    everything all;
    const ml_block *const *blocks;

    open_everything(&all);
    blocks = all.list[0]->blocks;
    ML_CHECK_EQUAL(blocks[0]->kind, ML_BLOCK_CHART); /* by importance, before its table */
    ML_CHECK(ml_decode_charts_hold(blocks, all.list[0]->block_count));
    ML_CHECK(!ml_decode_charts_hold(blocks, 1));
    ML_CHECK(ml_decode_charts_hold(blocks + 1, 0));
    close_everything(&all);
}

ML_TEST(without_memory_it_says_so)
{
    everything all;
    const ml_documents *arrived;
    ml_arena arena;

    open_everything(&all);
    for (size_t limit = 16; limit < 2048; limit += 16) {
        ml_arena_init(&arena, limit);
        ML_CHECK_EQUAL(ml_decode_documents(&arena, all.bytes.data, all.bytes.length, &arrived),
                       ML_ERROR_MEMORY);
        ml_arena_release(&arena);
    }
    close_everything(&all);
}
