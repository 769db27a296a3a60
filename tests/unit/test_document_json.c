/* The JSON of blocks and reports is valid, exact, and safe inside a script element. */
#include "core/document/json.h"
#include "tests/unit/document_fixture.h"

#include <cjson/cJSON.h>
#include <math.h>

/* The JSON of the only block as text; the sheet is closed. */
static const char *json_of(sheet *self, ml_buffer *out)
{
    const ml_document *document = sheet_finish(self);
    cJSON *parsed;

    ML_CHECK_TEXT(self->error.text, "");
    ML_CHECK_EQUAL(document->block_count, 1);
    ml_buffer_init(out, 1 << 24);
    ML_CHECK_EQUAL(ml_json_block(out, document, document->blocks[0]), ML_OK);
    ml_buffer_put_u8(out, 0);
    parsed = cJSON_Parse((const char *)out->data);
    ML_CHECK(cJSON_IsObject(parsed));
    cJSON_Delete(parsed);
    sheet_close(self);
    return (const char *)out->data;
}

static void check_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        ML_CHECK_TEXT(text, part);
    }
    ML_CHECK(text != NULL);
}

ML_TEST(whole_numbers_are_exact)
{
    sheet self;
    ml_buffer out;
    ml_builder *builder;
    const char *json;

    sheet_open(&self, "demo");
    builder = ml_draft_begin(self.draft, ML_BLOCK_TABLE, "key", "title");
    ml_builder_add(builder, ML_LIST_COLUMN, "i");
    ml_builder_set_number(builder, ML_FIELD_TYPE, ML_TYPE_INT);
    ml_builder_add(builder, ML_LIST_COLUMN, "b");
    ml_builder_set_number(builder, ML_FIELD_TYPE, ML_TYPE_BYTES);
    ml_builder_add(builder, ML_LIST_COLUMN, "r");
    ml_builder_set_number(builder, ML_FIELD_TYPE, ML_TYPE_REAL);
    ml_builder_put_int(builder, INT64_C(-9007199254740993));
    ml_builder_put_number(builder, UINT64_C(9007199254740993));
    ml_builder_put_real(builder, 0.1);
    ml_builder_put_int(builder, INT64_MIN);
    ml_builder_put_number(builder, UINT64_MAX);
    ml_builder_put_real(builder, (double)NAN);
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
    json = json_of(&self, &out);
    check_contains(json, "\"values\":[-9007199254740993,-9223372036854775808]");
    check_contains(json, "\"values\":[9007199254740993,18446744073709551615]");
    check_contains(json, "\"values\":[0.1,null]");
    check_contains(json, "\"rows\":2,\"total_rows\":2,\"truncated\":false");
    ml_buffer_release(&out);
}

ML_TEST(text_is_escaped)
{
    sheet self;
    ml_buffer out;
    ml_builder *builder;
    const char *json;

    sheet_open(&self, "demo");
    builder = ml_draft_begin(self.draft, ML_BLOCK_TEXT, "key", "</script><!--");
    ML_CHECK_EQUAL(ml_builder_end(builder, "\x01\x1b[31m\n\"\\\xe2\x82\xac\xff"), ML_OK);
    json = json_of(&self, &out);
    ML_CHECK(strchr(json, '<') == NULL);
    check_contains(json, "\"title\":\"\\u003c/script>\\u003c!--\"");
    check_contains(json, "\"text\":\"\\u0001\\u001b[31m\\n\\\"\\\\\xe2\x82\xac\xef\xbf\xbd\"");
    ml_buffer_release(&out);
}

ML_TEST(reals_are_short_and_nothing_is_infinite)
{
    sheet self;
    ml_buffer out;
    ml_builder *builder;

    sheet_open(&self, "demo");
    builder = ml_draft_begin(self.draft, ML_BLOCK_METRIC, "key", "title");
    ml_builder_set_real(builder, ML_FIELD_VALUE, (double)-INFINITY);
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
    check_contains(json_of(&self, &out), "\"type\":\"real\",\"value\":null,");
    ml_buffer_release(&out);
    sheet_open(&self, "demo");
    builder = ml_draft_begin(self.draft, ML_BLOCK_METRIC, "key", "title");
    ml_builder_set_real(builder, ML_FIELD_VALUE, 1.0 / 3.0);
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
    check_contains(json_of(&self, &out), "\"value\":0.3333333333333333,");
    ml_buffer_release(&out);
}

ML_TEST(attachments_are_base64)
{
    static const struct {
        const char *bytes, *base64;
    } cases[] = {
        {"f", "\"Zg==\""}, {"fo", "\"Zm8=\""}, {"foo", "\"Zm9v\""}, {"foob", "\"Zm9vYg==\""}};

    for (size_t i = 0; i < 4; i++) {
        sheet self;
        ml_buffer out;
        ml_builder *builder;
        sheet_open(&self, "demo");
        builder = ml_draft_begin(self.draft, ML_BLOCK_ATTACHMENT, "key", "title");
        ml_builder_set_text(builder, ML_FIELD_NAME, "name");
        ml_builder_set_text(builder, ML_FIELD_MEDIA_TYPE, "text/plain");
        ml_builder_set_bytes(builder, cases[i].bytes, strlen(cases[i].bytes));
        ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
        check_contains(json_of(&self, &out), cases[i].base64);
        ml_buffer_release(&out);
    }
}

ML_TEST(graphs_and_timelines_are_objects)
{
    sheet self;
    ml_buffer out;
    ml_builder *builder;

    sheet_open(&self, "demo");
    builder = ml_draft_begin(self.draft, ML_BLOCK_GRAPH, "key", "title");
    ml_builder_add(builder, ML_LIST_NODE, "n");
    ml_builder_add(builder, ML_LIST_EDGE, NULL);
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
    check_contains(json_of(&self, &out),
                   "\"edges\":[{\"from\":0,\"to\":0,\"label\":\"\",\"weight\":0}]");
    ml_buffer_release(&out);
    sheet_open(&self, "demo");
    builder = ml_draft_begin(self.draft, ML_BLOCK_TIMELINE, "key", "title");
    ml_builder_add(builder, ML_LIST_LANE, "l");
    ml_builder_add(builder, ML_LIST_SPAN, "s");
    ml_builder_set_number(builder, ML_FIELD_LEVEL, ML_LEVEL_ERROR);
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
    check_contains(json_of(&self, &out), "\"label\":\"s\",\"level\":\"error\"");
    ml_buffer_release(&out);
}

/* A report over one finding, as parsed JSON; `out` keeps the text. */
static cJSON *report_of(sheet *self, const ml_model *model, ml_buffer *out)
{
    const ml_document *documents[1] = {sheet_finish(self)};
    ml_documents ranked;
    cJSON *parsed;

    ML_CHECK_EQUAL(ml_rank(&self->arena, documents, 1, model, &ranked), ML_OK);
    ml_buffer_init(out, 1 << 24);
    ML_CHECK_EQUAL(ml_json_report(out, "9.9", model, &ranked), ML_OK);
    ml_buffer_put_u8(out, 0);
    parsed = cJSON_Parse((const char *)out->data);
    ML_CHECK(cJSON_IsObject(parsed));
    return parsed;
}

ML_TEST(a_report_holds_recording_findings_and_documents)
{
    sheet self;
    ml_buffer out;
    cJSON *report;
    const cJSON *finding;

    sheet_open(&self, "demo");
    ML_CHECK_EQUAL(
        ml_builder_end(begin_finding(&self, "key", ML_LEVEL_WARNING, ML_CONFIDENCE_HIGH, 5), "t"),
        ML_OK);
    report = report_of(&self, &fixture_model, &out);
    finding = cJSON_GetArrayItem(cJSON_GetObjectItem(report, "findings"), 0);
    ML_CHECK_TEXT(cJSON_GetStringValue(cJSON_GetObjectItem(finding, "id")), "F1");
    ML_CHECK_TEXT(cJSON_GetStringValue(cJSON_GetObjectItem(finding, "rule")), "demo/rule");
    ML_CHECK_TEXT(cJSON_GetStringValue(cJSON_GetObjectItem(finding, "level")), "warning");
    ML_CHECK_TEXT(cJSON_GetStringValue(cJSON_GetObjectItem(finding, "confidence")), "high");
    check_contains((const char *)out.data, "\"start_wall_ns\":\"1700000000000000001\"");
    check_contains((const char *)out.data, "\"impact\":{\"time_ns\":5}");
    check_contains((const char *)out.data, "\"status\":\"ok\",\"message\":\"\",\"blocks\":[");
    ML_CHECK(out.data[out.length - 2] == '\n');
    cJSON_Delete(report);
    ml_buffer_release(&out);
    sheet_close(&self);
}

ML_TEST(a_report_does_without_a_model_and_without_blocks)
{
    sheet self;
    ml_buffer out;
    cJSON *report;

    sheet_open(&self, "demo");
    report = report_of(&self, NULL, &out);
    ML_CHECK(cJSON_IsNull(cJSON_GetObjectItem(report, "recording")));
    ML_CHECK_EQUAL(cJSON_GetArraySize(cJSON_GetObjectItem(report, "documents")), 1);
    cJSON_Delete(report);
    ml_buffer_release(&out);
    sheet_close(&self);
}
