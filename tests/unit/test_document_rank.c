/* Findings are ordered by level, impact times confidence, and project before libraries, in one
 * total order. */
#include "tests/unit/document_fixture.h"

#include <stdio.h>

/* What ml_rank made of up to three sheets. */
static ml_documents ranked(sheet *sheets, size_t count, const ml_model *model)
{
    static const ml_document *documents[3];
    ml_documents out;

    for (size_t i = 0; i < count; i++) {
        documents[i] = sheet_finish(&sheets[i]);
    }
    ML_CHECK_EQUAL(ml_rank(&sheets[0].arena, documents, count, model, &out), ML_OK);
    return out;
}

static void put(sheet *self, const char *key, uint32_t level, uint32_t confidence,
                uint64_t impact_ns)
{
    ML_CHECK_EQUAL(ml_builder_end(begin_finding(self, key, level, confidence, impact_ns), "text"),
                   ML_OK);
}

static void put_in_file(sheet *self, const char *key, const char *file)
{
    ml_builder *builder = begin_finding(self, key, ML_LEVEL_NOTE, ML_CONFIDENCE_LOW, 100);

    ml_builder_add(builder, ML_LIST_LOCATION, "");
    ml_builder_set_text(builder, ML_FIELD_FILE, file);
    ML_CHECK_EQUAL(ml_builder_end(builder, "text"), ML_OK);
}

/* The keys in order of rank, joined; handles must count from F1. */
static const char *order_of(const ml_documents *documents)
{
    static char keys[64];
    char handle[24];
    size_t length = 0;

    for (size_t i = 0; i < documents->finding_count; i++) {
        const ml_block *block = documents->findings[i].block;
        snprintf(handle, sizeof(handle), "F%zu", i + 1);
        ML_CHECK_TEXT(block->finding->handle, handle);
        length += (size_t)snprintf(keys + length, sizeof(keys) - length, "%s%s", i ? " " : "",
                                   block->key);
    }
    return keys;
}

ML_TEST(level_then_impact_times_confidence)
{
    sheet self;
    ml_documents out;

    sheet_open(&self, "demo");
    put(&self, "note", ML_LEVEL_NOTE, ML_CONFIDENCE_HIGH, 1000);
    put(&self, "small", ML_LEVEL_WARNING, ML_CONFIDENCE_HIGH, 10);
    put(&self, "unsure", ML_LEVEL_WARNING, ML_CONFIDENCE_LOW, 500);
    put(&self, "sure", ML_LEVEL_WARNING, ML_CONFIDENCE_HIGH, 400);
    put(&self, "error", ML_LEVEL_ERROR, ML_CONFIDENCE_LOW, 0);
    out = ranked(&self, 1, &fixture_model);
    ML_CHECK_TEXT(order_of(&out), "error sure unsure small note");
    sheet_close(&self);
}

ML_TEST(project_before_libraries_at_equal_impact)
{
    sheet self;
    ml_documents out;

    sheet_open(&self, "demo");
    put_in_file(&self, "library", "/usr/site-packages/lib/__init__.py");
    put_in_file(&self, "project", "/srv/app/rates.py");
    put_in_file(&self, "nowhere", "");
    out = ranked(&self, 1, &fixture_model);
    ML_CHECK_EQUAL(out.finding_count, 3);
    ML_CHECK_TEXT(out.findings[0].block->key, "project");
    sheet_close(&self);
}

ML_TEST(ties_are_broken_by_name_whatever_the_order)
{
    sheet sheets[3];
    ml_documents out;

    for (size_t i = 0; i < 3; i++) {
        static const char *const plugins[] = {"zebra", "ant", "mole"};
        sheet_open(&sheets[i], plugins[i]);
        put(&sheets[i], plugins[i], ML_LEVEL_NOTE, ML_CONFIDENCE_LOW, 5);
    }
    out = ranked(sheets, 3, &fixture_model);
    ML_CHECK_TEXT(order_of(&out), "ant mole zebra");
    ML_CHECK_TEXT(out.documents[0]->plugin, "ant");
    ML_CHECK_TEXT(out.documents[2]->plugin, "zebra");
    for (size_t i = 0; i < 3; i++) {
        sheet_close(&sheets[i]);
    }
}

ML_TEST(the_verdict_counts_findings_and_says_what_ran)
{
    sheet self;
    ml_documents out;

    sheet_open(&self, "demo");
    put(&self, "a", ML_LEVEL_WARNING, 1, 0);
    put(&self, "b", ML_LEVEL_ERROR, 1, 0);
    put(&self, "c", ML_LEVEL_WARNING, 1, 0);
    out = ranked(&self, 1, &fixture_model);
    ML_CHECK_TEXT(out.verdict,
                  "3 findings: 1 error, 2 warnings; mostly waiting for input or output, 52 % "
                  "of the time in load_rates (rates.py:38)");
    out = ranked(&self, 1, NULL);
    ML_CHECK_TEXT(out.verdict, "3 findings: 1 error, 2 warnings");
    sheet_close(&self);
}

ML_TEST(no_findings_is_a_result_of_what_ran)
{
    sheet sheets[2];
    ml_documents out;

    sheet_open(&sheets[0], "a");
    sheet_open(&sheets[1], "b");
    out = ranked(sheets, 1, NULL);
    ML_CHECK_TEXT(out.verdict, "no findings; 1 check ran");
    sheets[1].document.status = ML_DOCUMENT_FAILED;
    out = ranked(sheets, 2, NULL);
    ML_CHECK_TEXT(out.verdict, "no findings; 1 check ran, 1 did not");
    sheet_close(&sheets[0]);
    sheet_close(&sheets[1]);
}
