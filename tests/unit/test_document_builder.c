/* The builder keeps what is right, refuses what breaks the contract, and says which rule it was. */
#include "tests/unit/document_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends a block that must be refused with `status` and a cause that contains `words`. */
static void check_refused(sheet *self, ml_builder *builder, ml_status status, const char *words)
{
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), status);
    if (strstr(self->error.text, words) == NULL) {
        ML_CHECK_TEXT(self->error.text, words);
    }
    ML_CHECK_EQUAL(ml_draft_refused(self->draft), 1);
    ML_CHECK_EQUAL(sheet_finish(self)->block_count, 0);
    sheet_close(self);
}

static ml_builder *begin(sheet *self, uint32_t kind)
{
    sheet_open(self, "demo");
    return ml_draft_begin(self->draft, kind, "key", "title");
}

static void add_column(ml_builder *builder, const char *name, uint32_t type)
{
    ml_builder_add(builder, ML_LIST_COLUMN, name);
    ml_builder_set_number(builder, ML_FIELD_TYPE, type);
}

/* The only block of a document. */
static const ml_block *only_block(sheet *self)
{
    ML_CHECK_TEXT(self->error.text, "");
    ML_CHECK_EQUAL(sheet_finish(self)->block_count, 1);
    return self->document.blocks[0];
}

ML_TEST(a_finding_keeps_its_fields)
{
    sheet self;
    ml_builder *builder = begin(&self, ML_BLOCK_FINDING);
    const ml_finding *finding;

    ml_builder_set_text(builder, ML_FIELD_RULE, "never-closed");
    ml_builder_set_number(builder, ML_FIELD_LEVEL, ML_LEVEL_ERROR);
    ml_builder_add(builder, ML_LIST_LOCATION, "");
    ml_builder_set_text(builder, ML_FIELD_FILE, "/srv/app/rates.py");
    ml_builder_set_number(builder, ML_FIELD_LINE, 41);
    ml_builder_set_text(builder, ML_FIELD_MESSAGE, "it leaks");
    ml_builder_add(builder, ML_LIST_EVIDENCE, "one");
    ml_builder_add(builder, ML_LIST_EVIDENCE, "two");
    ml_builder_add(builder, ML_LIST_NEXT, "close it");
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
    finding = only_block(&self)->finding;
    ML_CHECK_TEXT(finding->rule, "demo/never-closed");
    ML_CHECK_TEXT(finding->message, "it leaks");
    ML_CHECK_TEXT(finding->locations[0].file, "/srv/app/rates.py");
    ML_CHECK_TEXT(finding->locations[0].function, "");
    ML_CHECK_EQUAL(finding->locations[0].line, 41);
    ML_CHECK_TEXT(finding->evidence[1], "two");
    ML_CHECK_TEXT(finding->next[0], "close it");
    ML_CHECK_EQUAL(finding->confidence, ML_CONFIDENCE_MEDIUM);
    ML_CHECK_EQUAL(strspn(finding->fingerprint, "0123456789abcdef"), 16);
    sheet_close(&self);
}

static const char *fingerprint_of(const char *one, const char *two, uint64_t line)
{
    static char copy[2][17];
    static int which;
    sheet self;
    ml_builder *builder;

    sheet_open(&self, "demo");
    builder = begin_finding(&self, "key", ML_LEVEL_NOTE, 1, line);
    ml_builder_set_text(builder, ML_FIELD_FINGERPRINT, one);
    ml_builder_set_text(builder, ML_FIELD_FINGERPRINT, two);
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
    which = !which;
    memcpy(copy[which], only_block(&self)->finding->fingerprint, 17);
    sheet_close(&self);
    return copy[which];
}

ML_TEST(a_fingerprint_depends_on_its_parts_alone)
{
    ML_CHECK_TEXT(fingerprint_of("a", "b", 1), fingerprint_of("a", "b", 2));
    ML_CHECK(strcmp(fingerprint_of("a", "b", 1), fingerprint_of("b", "a", 1)) != 0);
    ML_CHECK(strcmp(fingerprint_of("ab", "c", 1), fingerprint_of("a", "bc", 1)) != 0);
    /* Kept for good: fingerprints are compared between releases. */
    ML_CHECK_TEXT(fingerprint_of("a", "b", 1), "1a9f999d755a4256");
}

ML_TEST(a_finding_needs_rule_message_and_level)
{
    sheet self;
    ml_builder *builder = begin(&self, ML_BLOCK_FINDING);

    ml_builder_set_text(builder, ML_FIELD_RULE, "rule");
    ml_builder_set_text(builder, ML_FIELD_MESSAGE, "message");
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "needs rule, message and level");
}

ML_TEST(a_rule_is_a_short_plain_name)
{
    sheet self;
    ml_builder *builder = begin(&self, ML_BLOCK_FINDING);

    ml_builder_set_text(builder, ML_FIELD_RULE, "demo/rule");
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "without the plugin");
}

ML_TEST(fields_of_other_kinds_are_refused)
{
    sheet self;
    ml_builder *builder = begin(&self, ML_BLOCK_METRIC);

    ml_builder_set_text(builder, ML_FIELD_MESSAGE, "message");
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "ML_FIELD_MESSAGE does not belong here");
    builder = begin(&self, ML_BLOCK_METRIC);
    ml_builder_set_number(builder, 999, 1);
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "there is no field 999");
    builder = begin(&self, ML_BLOCK_METRIC);
    ml_builder_set_text(builder, ML_FIELD_VALUE, "1");
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "ML_FIELD_VALUE is not a text");
    builder = begin(&self, ML_BLOCK_METRIC);
    ml_builder_set_number(builder, ML_FIELD_VALUE, 1);
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "is not a whole number");
    builder = begin(&self, ML_BLOCK_METRIC);
    ml_builder_set_real(builder, ML_FIELD_UNIT, 1);
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "is not a real number");
    builder = begin(&self, ML_BLOCK_METRIC);
    ml_builder_add(builder, ML_LIST_COLUMN, "name");
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "ML_LIST_COLUMN does not belong here");
    builder = begin(&self, ML_BLOCK_METRIC);
    ml_builder_add(builder, 77, "name");
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "there is no list 77");
    builder = begin(&self, ML_BLOCK_TEXT);
    ml_builder_set_bytes(builder, "x", 1);
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "bytes without an attachment");
    builder = begin(&self, ML_BLOCK_TEXT);
    ml_builder_put_text(builder, "x");
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "a cell without a column");
}

ML_TEST(numbers_have_ranges)
{
    sheet self;
    ml_builder *builder = begin(&self, ML_BLOCK_FINDING);

    ml_builder_set_number(builder, ML_FIELD_LEVEL, 4);
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "ML_FIELD_LEVEL cannot be 4");
    builder = begin(&self, ML_BLOCK_TEXT);
    ml_builder_set_number(builder, ML_FIELD_IMPORTANCE, UINT64_C(1) << 32);
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "ML_FIELD_IMPORTANCE cannot be 4294967296");
}

ML_TEST(a_block_needs_kind_key_title_and_text)
{
    sheet self;

    sheet_open(&self, "demo");
    check_refused(&self, ml_draft_begin(self.draft, 99, "key", "title"), ML_ERROR_UNSUPPORTED,
                  "no kind of block 99");
    sheet_open(&self, "demo");
    check_refused(&self, ml_draft_begin(self.draft, ML_BLOCK_TEXT, "", "title"), ML_ERROR_ARGUMENT,
                  "a key has");
    sheet_open(&self, "demo");
    check_refused(&self, ml_draft_begin(self.draft, ML_BLOCK_TEXT, "key", NULL), ML_ERROR_ARGUMENT,
                  "no title");
    sheet_open(&self, "demo");
    ML_CHECK_EQUAL(ml_builder_end(ml_draft_begin(self.draft, ML_BLOCK_TEXT, "key", "title"), ""),
                   ML_ERROR_ARGUMENT);
    ML_CHECK_TEXT(self.error.text, "text \"key\" was refused: it has no text");
    sheet_close(&self);
}

ML_TEST(keys_are_used_once)
{
    sheet self;
    ml_builder *builder = begin(&self, ML_BLOCK_TEXT);

    ML_CHECK_EQUAL(ml_builder_end(builder, "one"), ML_OK);
    builder = ml_draft_begin(self.draft, ML_BLOCK_METRIC, "key", "title");
    ML_CHECK_EQUAL(ml_builder_end(builder, "two"), ML_ERROR_ARGUMENT);
    ML_CHECK_EQUAL(sheet_finish(&self)->block_count, 1);
    sheet_close(&self);
}

ML_TEST(errors_stick_and_the_first_is_told)
{
    sheet self;
    ml_builder *builder = begin(&self, ML_BLOCK_METRIC);

    ml_builder_set_number(builder, ML_FIELD_BETTER, 7);
    ml_builder_set_number(builder, 999, 1);
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "ML_FIELD_BETTER cannot be 7");
}

ML_TEST(blocks_are_ended_before_the_next_begins)
{
    sheet self;
    ml_builder *builder;

    begin(&self, ML_BLOCK_TEXT);
    builder = ml_draft_begin(self.draft, ML_BLOCK_TEXT, "second", "title");
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_ERROR_ARGUMENT);
    ML_CHECK_EQUAL(ml_draft_refused(self.draft), 2);
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_ERROR_ARGUMENT);
    sheet_close(&self);
    begin(&self, ML_BLOCK_TEXT);
    ML_CHECK_EQUAL(ml_draft_refused(self.draft), 1);
    sheet_close(&self);
}

ML_TEST(explainers_put_no_findings)
{
    sheet self;

    sheet_open(&self, "demo");
    ml_draft_refuse_findings(self.draft);
    check_refused(&self, ml_draft_begin(self.draft, ML_BLOCK_FINDING, "key", "title"),
                  ML_ERROR_ARGUMENT, "an explainer puts no findings");
}

ML_TEST(text_becomes_valid)
{
    sheet self;
    ml_builder *builder = begin(&self, ML_BLOCK_TEXT);

    ML_CHECK_EQUAL(ml_builder_end(builder, "a\xff\xed\xa0\x80z"), ML_OK);
    ML_CHECK_TEXT(only_block(&self)->text, "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
    sheet_close(&self);
}

/* The length of what becomes of `count` times `unit` behind `prefix`; checks that it ends between
 * characters. */
static size_t length_after(const char *prefix, const char *unit, size_t count)
{
    size_t size = strlen(unit);
    char *text = malloc(strlen(prefix) + count * size + 1);
    sheet self;
    ml_builder *builder = begin(&self, ML_BLOCK_TEXT);
    const char *kept;
    size_t length;

    ML_CHECK(text != NULL);
    memcpy(text, prefix, strlen(prefix) + 1);
    for (size_t i = 0; i < count; i++) {
        memcpy(text + strlen(prefix) + i * size, unit, size + 1);
    }
    ML_CHECK_EQUAL(ml_builder_end(builder, text), ML_OK);
    kept = only_block(&self)->text;
    length = strlen(kept);
    if (length < strlen(prefix) + count * size) {
        ML_CHECK_TEXT(kept + length - 3, "\xe2\x80\xa6");
        ML_CHECK((length - 3 - strlen(prefix)) % size == 0);
    }
    free(text);
    sheet_close(&self);
    return length;
}

ML_TEST(long_text_is_cut_between_characters)
{
    ML_CHECK_EQUAL(length_after("", "x", ML_TEXT_MAX), ML_TEXT_MAX);
    ML_CHECK_EQUAL(length_after("", "x", ML_TEXT_MAX + 1), ML_TEXT_MAX);
    ML_CHECK_EQUAL(length_after("", "\xe2\x82\xac", ML_TEXT_MAX), ML_TEXT_MAX - 1);
    ML_CHECK_EQUAL(length_after("a", "\xe2\x82\xac", ML_TEXT_MAX), ML_TEXT_MAX);
    ML_CHECK_EQUAL(length_after("ab", "\xf0\x9f\x98\x80", 16384), ML_TEXT_MAX - 3);
}

ML_TEST(long_text_that_is_no_text_is_cut_too)
{
    char *text = malloc(2 * ML_TEXT_MAX);
    sheet self;
    ml_builder *builder = begin(&self, ML_BLOCK_TEXT);

    ML_CHECK(text != NULL);
    memset(text, 0x80, 2 * ML_TEXT_MAX - 1);
    text[2 * ML_TEXT_MAX - 1] = '\0';
    ML_CHECK_EQUAL(ml_builder_end(builder, text), ML_OK);
    ML_CHECK(strlen(only_block(&self)->text) <= ML_TEXT_MAX);
    ML_CHECK(strlen(only_block(&self)->text) > ML_TEXT_MAX - 8);
    free(text);
    sheet_close(&self);
}

static void put_columns_of_all_types(ml_builder *builder)
{
    add_column(builder, "int", ML_TYPE_INT);
    add_column(builder, "real", ML_TYPE_REAL);
    add_column(builder, "text", ML_TYPE_TEXT);
    add_column(builder, "duration", ML_TYPE_DURATION);
    add_column(builder, "function", ML_TYPE_FUNCTION);
}

ML_TEST(a_table_keeps_its_cells)
{
    sheet self;
    ml_builder *builder = begin(&self, ML_BLOCK_TABLE);
    const ml_table *table;

    put_columns_of_all_types(builder);
    ml_builder_set_number(builder, ML_FIELD_ORDER_BY, 3);
    for (int row = 0; row < 100; row++) {
        ml_builder_put_int(builder, -row);
        ml_builder_put_real(builder, row == 7 ? (double)INFINITY : row);
        ml_builder_put_text(builder, row == 7 ? "seven" : "other");
        ml_builder_put_number(builder, UINT64_MAX - (uint64_t)row);
        ml_builder_put_number(builder, row == 7 ? ML_NONE : (uint64_t)row % 3);
    }
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
    table = only_block(&self)->table;
    ML_CHECK_EQUAL(table->row_count, 100);
    ML_CHECK_EQUAL(table->total_rows, 100);
    ML_CHECK_EQUAL((int64_t)table->columns[0].whole[99], -99);
    ML_CHECK_EQUAL(table->columns[1].is_null[7], 1);
    ML_CHECK(table->columns[1].real[99] == 99.0 && table->columns[1].is_null[99] == 0);
    ML_CHECK_TEXT(table->columns[2].text[7], "seven");
    ML_CHECK_EQUAL(table->columns[3].whole[99], UINT64_MAX - 99);
    ML_CHECK_TEXT(table->columns[4].text[0], "load_rates (rates.py:38)");
    ML_CHECK_TEXT(table->columns[4].text[1], "send (lib/__init__.py:7)");
    ML_CHECK_TEXT(table->columns[4].text[2], "lost");
    ML_CHECK_EQUAL(table->columns[4].is_null[7], 1);
    sheet_close(&self);
}

ML_TEST(cells_have_their_columns_type)
{
    sheet self;
    ml_builder *builder = begin(&self, ML_BLOCK_TABLE);

    put_columns_of_all_types(builder);
    ml_builder_put_text(builder, "one");
    check_refused(&self, builder, ML_ERROR_ARGUMENT,
                  "column \"int\" is of type int, the cell is a text");
    builder = begin(&self, ML_BLOCK_TABLE);
    add_column(builder, "d", ML_TYPE_DURATION);
    ml_builder_put_int(builder, 1);
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "the cell is a signed number");
    builder = begin(&self, ML_BLOCK_TABLE);
    add_column(builder, "r", ML_TYPE_RATIO);
    ml_builder_put_number(builder, 1);
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "the cell is a whole number");
    builder = begin(&self, ML_BLOCK_TABLE);
    add_column(builder, "i", ML_TYPE_INT);
    ml_builder_put_number(builder, UINT64_MAX);
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "beyond 2^63");
    builder = begin(&self, ML_BLOCK_TABLE);
    add_column(builder, "f", ML_TYPE_FUNCTION);
    ml_builder_put_number(builder, 3);
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "there is no function 3");
}

ML_TEST(tables_are_whole)
{
    sheet self;
    ml_builder *builder = begin(&self, ML_BLOCK_TABLE);

    put_columns_of_all_types(builder);
    ml_builder_put_int(builder, 1);
    ml_builder_put_null(builder);
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "its last row has 2 of 5 cells");
    check_refused(&self, begin(&self, ML_BLOCK_TABLE), ML_ERROR_ARGUMENT, "a table needs columns");
    builder = begin(&self, ML_BLOCK_TABLE);
    ml_builder_add(builder, ML_LIST_COLUMN, "untyped");
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "column \"untyped\" has no type");
    builder = begin(&self, ML_BLOCK_TABLE);
    add_column(builder, "a", ML_TYPE_INT);
    ml_builder_put_int(builder, 1);
    add_column(builder, "b", ML_TYPE_INT);
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "after the first cell");
    builder = begin(&self, ML_BLOCK_TABLE);
    add_column(builder, "a", ML_TYPE_INT);
    ml_builder_set_number(builder, ML_FIELD_ORDER_BY, 1);
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "ordered by column 1 of 1");
    builder = begin(&self, ML_BLOCK_TABLE);
    for (int i = 0; i <= ML_COLUMNS_MAX; i++) {
        add_column(builder, "c", ML_TYPE_INT);
    }
    check_refused(&self, builder, ML_ERROR_TOO_LARGE, "more than 64 items");
}

ML_TEST(rows_beyond_the_most_are_counted)
{
    sheet self;
    ml_builder *builder = begin(&self, ML_BLOCK_TABLE);
    const ml_table *table;

    add_column(builder, "n", ML_TYPE_INT);
    for (int64_t row = 0; row < ML_TABLE_ROWS_MAX + 5; row++) {
        ml_builder_put_int(builder, row);
    }
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
    table = only_block(&self)->table;
    ML_CHECK_EQUAL(table->row_count, ML_TABLE_ROWS_MAX);
    ML_CHECK_EQUAL(table->total_rows, ML_TABLE_ROWS_MAX + 5);
    ML_CHECK_EQUAL(table->columns[0].whole[ML_TABLE_ROWS_MAX - 1], ML_TABLE_ROWS_MAX - 1);
    sheet_close(&self);
}

ML_TEST(documents_hold_so_many_blocks)
{
    sheet self;
    char key[16];

    sheet_open(&self, "demo");
    for (int i = 0; i < ML_BLOCKS_MAX; i++) {
        snprintf(key, sizeof(key), "%d", i);
        ML_CHECK_EQUAL(ml_builder_end(ml_draft_begin(self.draft, ML_BLOCK_TEXT, key, "t"), "t"),
                       ML_OK);
    }
    ML_CHECK_EQUAL(ml_builder_end(ml_draft_begin(self.draft, ML_BLOCK_TEXT, "more", "t"), "t"),
                   ML_ERROR_TOO_LARGE);
    ML_CHECK_EQUAL(sheet_finish(&self)->block_count, ML_BLOCKS_MAX);
    sheet_close(&self);
}

ML_TEST(charts_need_their_table)
{
    sheet self;
    ml_builder *builder = begin(&self, ML_BLOCK_TABLE);

    add_column(builder, "time", ML_TYPE_TIME);
    add_column(builder, "name", ML_TYPE_TEXT);
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
    builder = ml_draft_begin(self.draft, ML_BLOCK_CHART, "good", "title");
    ml_builder_set_text(builder, ML_FIELD_TABLE, "key");
    ml_builder_set_text(builder, ML_FIELD_X, "name");
    ml_builder_add(builder, ML_LIST_Y, "time");
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
    builder = ml_draft_begin(self.draft, ML_BLOCK_CHART, "text", "title");
    ml_builder_set_text(builder, ML_FIELD_TABLE, "key");
    ml_builder_set_text(builder, ML_FIELD_X, "time");
    ml_builder_add(builder, ML_LIST_Y, "name");
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_ERROR_ARGUMENT);
    ML_CHECK(strstr(self.error.text, "no numbers named \"name\"") != NULL);
    sheet_close(&self);
    builder = begin(&self, ML_BLOCK_CHART);
    ml_builder_set_text(builder, ML_FIELD_TABLE, "missing");
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "there is no table \"missing\" before it");
}

static void add_node(ml_builder *builder, const char *id)
{
    ml_builder_add(builder, ML_LIST_NODE, NULL);
    ml_builder_set_text(builder, ML_FIELD_ID, id);
}

static void add_edge(ml_builder *builder, uint64_t from, uint64_t to)
{
    ml_builder_add(builder, ML_LIST_EDGE, NULL);
    ml_builder_set_number(builder, ML_FIELD_FROM, from);
    ml_builder_set_number(builder, ML_FIELD_TO, to);
}

ML_TEST(fields_of_a_graph_go_to_the_innermost)
{
    sheet self;
    ml_builder *builder = begin(&self, ML_BLOCK_GRAPH);
    const ml_graph *graph;

    ml_builder_set_real(builder, ML_FIELD_WIDTH, 100);
    add_node(builder, "a");
    ml_builder_set_real(builder, ML_FIELD_WIDTH, 10);
    ml_builder_add(builder, ML_LIST_LOCATION, "");
    ml_builder_set_text(builder, ML_FIELD_FILE, "a.py");
    ml_builder_set_text(builder, ML_FIELD_LABEL, "A");
    add_node(builder, "b");
    add_edge(builder, 0, 1);
    ml_builder_set_text(builder, ML_FIELD_LABEL, "calls");
    for (int i = 0; i < 8; i++) {
        ml_builder_set_real(builder, ML_FIELD_CURVE, i);
    }
    add_edge(builder, 1, 0);
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
    graph = only_block(&self)->graph;
    ML_CHECK(graph->width == 100.0 && graph->nodes[0].width == 10.0 &&
             graph->nodes[1].width == 0.0);
    ML_CHECK_TEXT(graph->nodes[0].label, "A");
    ML_CHECK_TEXT(graph->nodes[0].location.file, "a.py");
    ML_CHECK_TEXT(graph->nodes[1].location.file, "");
    ML_CHECK_TEXT(graph->edges[0].label, "calls");
    ML_CHECK_EQUAL(graph->edges[0].curve_count, 8);
    ML_CHECK(graph->edges[0].curve[7] == 7.0);
    ML_CHECK_EQUAL(graph->edges[1].curve_count, 0);
    sheet_close(&self);
}

ML_TEST(edges_lead_to_nodes)
{
    sheet self;
    ml_builder *builder = begin(&self, ML_BLOCK_GRAPH);

    add_node(builder, "a");
    add_edge(builder, 0, 1);
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "edge 0 goes from 0 to 1 of 1 nodes");
    builder = begin(&self, ML_BLOCK_GRAPH);
    ml_builder_add(builder, ML_LIST_NODE, NULL);
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "node 0 has no id");
    builder = begin(&self, ML_BLOCK_GRAPH);
    add_node(builder, "a");
    add_edge(builder, 0, 0);
    ml_builder_set_real(builder, ML_FIELD_CURVE, 1);
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "the curve of edge 0 has 1 numbers");
    builder = begin(&self, ML_BLOCK_GRAPH);
    add_node(builder, "a");
    ml_builder_set_real(builder, ML_FIELD_WEIGHT, (double)NAN);
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "ML_FIELD_WEIGHT is not a finite number");
}

ML_TEST(spans_stand_in_lanes)
{
    sheet self;
    ml_builder *builder = begin(&self, ML_BLOCK_TIMELINE);

    ml_builder_add(builder, ML_LIST_LANE, "main");
    ml_builder_add(builder, ML_LIST_SPAN, "work");
    ml_builder_set_number(builder, ML_FIELD_START, 5);
    ml_builder_set_number(builder, ML_FIELD_END, 9);
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
    ML_CHECK_TEXT(only_block(&self)->timeline->spans[0].label, "work");
    ML_CHECK_EQUAL(only_block(&self)->timeline->spans[0].end_ns, 9);
    sheet_close(&self);
    builder = begin(&self, ML_BLOCK_TIMELINE);
    ml_builder_add(builder, ML_LIST_SPAN, "work");
    check_refused(&self, builder, ML_ERROR_ARGUMENT, "span 0 is in lane 0 of 0");
}

ML_TEST(attachments_are_bytes_with_a_name)
{
    sheet self;
    ml_builder *builder = begin(&self, ML_BLOCK_ATTACHMENT);

    ml_builder_set_bytes(builder, "a\0b", 3);
    ml_builder_set_text(builder, ML_FIELD_NAME, "x.bin");
    ml_builder_set_text(builder, ML_FIELD_MEDIA_TYPE, "application/octet-stream");
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
    ML_CHECK_EQUAL(only_block(&self)->attachment->length, 3);
    ML_CHECK_EQUAL(only_block(&self)->attachment->bytes[2], 'b');
    sheet_close(&self);
    check_refused(&self, begin(&self, ML_BLOCK_ATTACHMENT), ML_ERROR_ARGUMENT,
                  "an attachment needs name, media type and bytes");
}

ML_TEST(important_blocks_come_first)
{
    static const struct {
        const char *key;
        uint64_t importance;
    } put[] = {{"a", 10}, {"b", 90}, {"c", 10}, {"d", 90}, {"e", 100}};
    static const char *const wanted[] = {"e", "b", "d", "a", "c"};
    sheet self;

    sheet_open(&self, "demo");
    for (size_t i = 0; i < 5; i++) {
        ml_builder *builder = ml_draft_begin(self.draft, ML_BLOCK_TEXT, put[i].key, "title");
        ml_builder_set_number(builder, ML_FIELD_IMPORTANCE, put[i].importance);
        ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
    }
    sheet_finish(&self);
    for (size_t i = 0; i < 5; i++) {
        ML_CHECK_TEXT(self.document.blocks[i]->key, wanted[i]);
    }
    sheet_close(&self);
}
