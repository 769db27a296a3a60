/* Which differences between two runs count: far ones do, those that sampling makes do not. */
#include "core/document/compare.h"
#include "tests/unit/document_fixture.h"

enum { MILLISECOND = 1000000, PERIOD_MS = 10 };

/* load_rates runs on its own, send waits below it. */
typedef struct recorded {
    uint32_t thread[3], stack[3], state[3], taken[3];
    uint64_t start[3], wall[3], cpu[3];
    ml_samples samples;
    ml_messages messages;
    ml_model model;
} recorded;

static void record(recorded *self, uint32_t load_samples, uint32_t send_samples,
                   uint32_t rest_samples)
{
    const uint32_t taken[] = {load_samples, send_samples, rest_samples};
    const uint32_t stacks[] = {1, 2, 0};
    uint64_t length = 0;

    memset(self, 0, sizeof(*self));
    for (int i = 0; i < 3; i++) {
        self->taken[i] = taken[i];
        self->stack[i] = stacks[i];
        self->state[i] = i == 0 ? ML_STATE_RUNNING : ML_STATE_IO;
        self->wall[i] = (uint64_t)taken[i] * PERIOD_MS * MILLISECOND;
        self->cpu[i] = i == 0 ? self->wall[i] : 0;
        length += self->wall[i];
    }
    self->samples = (ml_samples){3,           self->thread, self->stack, self->state,
                                 self->taken, self->start,  self->wall,  self->cpu};
    self->model = fixture_model;
    self->model.duration_ns = length;
    self->model.period_ns = (uint64_t)PERIOD_MS * MILLISECOND;
    self->model.samples = &self->samples;
    self->model.messages = &self->messages;
}

static const ml_documents nothing = {.verdict = ""};

static ml_comparison compare(ml_arena *arena, const recorded *before, const recorded *after,
                             int per_second)
{
    const ml_compare_side sides[] = {{&before->model, &nothing}, {&after->model, &nothing}};
    ml_comparison out;

    ml_arena_init(arena, 0);
    ML_CHECK_EQUAL(ml_compare(arena, &sides[0], &sides[1], per_second, &out), ML_OK);
    return out;
}

static void check_changed(uint32_t before, uint32_t after, size_t expected)
{
    recorded sides[2];
    ml_comparison out;
    ml_arena arena;

    record(&sides[0], before, 10, 1000);
    record(&sides[1], after, 10, 1000);
    out = compare(&arena, &sides[0], &sides[1], 0);
    ML_CHECK_EQUAL(out.changed_count[ML_MEASURE_CPU], expected);
    ML_CHECK_EQUAL(out.changed_count[ML_MEASURE_WAIT], 0);
    ml_arena_release(&arena);
}

ML_TEST(a_run_does_not_differ_from_itself)
{
    check_changed(100, 100, 0);
}

ML_TEST(far_more_samples_differ)
{
    check_changed(100, 200, 1);
    check_changed(200, 100, 1);
}

ML_TEST(what_few_samples_say_is_noise)
{
    check_changed(100, 125, 0); /* a quarter more, but only 1.7 standard errors */
    check_changed(1, 8, 0);
}

ML_TEST(what_many_samples_say_must_still_be_much)
{
    check_changed(20000, 22500, 0); /* 12 standard errors, but only an eighth */
    check_changed(20000, 25000, 1);
    check_changed(0, 4, 0); /* less than 50 ms */
}

ML_TEST(a_function_is_told_by_module_and_name_and_its_times_are_sums)
{
    recorded sides[2];
    ml_comparison out;
    ml_arena arena;

    record(&sides[0], 100, 50, 10);
    record(&sides[1], 300, 400, 10);
    out = compare(&arena, &sides[0], &sides[1], 0);
    ML_CHECK_EQUAL(out.changed_count[ML_MEASURE_CPU], 1);
    ML_CHECK_TEXT(out.changed[ML_MEASURE_CPU][0]->shown, "load_rates (rates.py:38)");
    ML_CHECK_EQUAL(out.changed_count[ML_MEASURE_WAIT], 1);
    ML_CHECK_TEXT(out.changed[ML_MEASURE_WAIT][0]->shown, "send (lib/__init__.py:7)");
    ML_CHECK(out.changed[ML_MEASURE_WAIT][0]->self[ML_MEASURE_WAIT].value[ML_AFTER] > 3.99);
    ML_CHECK(out.changed[ML_MEASURE_CPU][0]->total[ML_MEASURE_WAIT].value[ML_AFTER] > 3.99);
    ML_CHECK(out.changed[ML_MEASURE_CPU][0]->self[ML_MEASURE_WAIT].value[ML_AFTER] < 0.01);
    ML_CHECK(out.changed[ML_MEASURE_CPU][0]->there[ML_BEFORE]);
    ML_CHECK_EQUAL(out.function_count, 3);
    ML_CHECK(!out.functions[0].there[ML_AFTER]); /* "lost" is in no module and on no stack */
    ml_arena_release(&arena);
}

ML_TEST(by_the_second_a_longer_run_is_the_same)
{
    recorded sides[2];
    ml_comparison out;
    ml_arena arena;

    record(&sides[0], 100, 100, 100);
    record(&sides[1], 300, 300, 300);
    out = compare(&arena, &sides[0], &sides[1], 0);
    ML_CHECK_EQUAL(out.changed_count[ML_MEASURE_CPU], 1);
    ML_CHECK_EQUAL(out.changed_count[ML_MEASURE_WAIT], 1);
    ml_arena_release(&arena);
    out = compare(&arena, &sides[0], &sides[1], 1);
    ML_CHECK_EQUAL(out.changed_count[ML_MEASURE_CPU], 0);
    ML_CHECK_EQUAL(out.changed_count[ML_MEASURE_WAIT], 0);
    ml_arena_release(&arena);
}

/* ---- findings ---- */

static ml_documents found(sheet *self, const ml_document **document)
{
    ml_documents out;

    *document = sheet_finish(self);
    ML_CHECK_EQUAL(ml_rank(&self->arena, document, 1, &fixture_model, &out), ML_OK);
    return out;
}

static void put(sheet *self, const char *key, uint32_t level, uint64_t cost)
{
    ML_CHECK_EQUAL(ml_builder_end(begin_finding(self, key, level, ML_CONFIDENCE_HIGH, cost), "t"),
                   ML_OK);
}

/* How finding `key` changed, and the worst new level. */
static void check_finding(uint32_t level_before, uint64_t cost_before, uint32_t level_after,
                          uint64_t cost_after, const char *change, uint32_t worst)
{
    const ml_document *documents[2];
    sheet sheets[2];
    recorded run;
    ml_documents lists[2];
    ml_compare_side sides[2];
    ml_comparison out;
    ml_arena arena;

    sheet_open(&sheets[0], "demo");
    sheet_open(&sheets[1], "demo");
    if (level_before != 0) {
        put(&sheets[0], "key", level_before, cost_before);
    }
    if (level_after != 0) {
        put(&sheets[1], "key", level_after, cost_after);
    }
    record(&run, 10, 10, 10);
    for (int side = 0; side < 2; side++) {
        lists[side] = found(&sheets[side], &documents[side]);
        sides[side] = (ml_compare_side){&run.model, &lists[side]};
    }
    ml_arena_init(&arena, 0);
    ML_CHECK_EQUAL(ml_compare(&arena, &sides[0], &sides[1], 0, &out), ML_OK);
    ML_CHECK_EQUAL(out.finding_count, 1);
    ML_CHECK_TEXT(ml_compare_change_name(&out.findings[0]), change);
    ML_CHECK_EQUAL(ml_compare_worst_new(&out), worst);
    ml_arena_release(&arena);
    sheet_close(&sheets[0]);
    sheet_close(&sheets[1]);
}

ML_TEST(findings_appear_and_disappear)
{
    check_finding(0, 0, ML_LEVEL_ERROR, 5, "new", ML_LEVEL_ERROR);
    check_finding(ML_LEVEL_ERROR, 5, 0, 0, "gone", 0);
    check_finding(ML_LEVEL_NOTE, 5, ML_LEVEL_NOTE, 500, "same", 0);
}

ML_TEST(a_level_alone_is_chance_when_the_cost_is_alike)
{
    check_finding(ML_LEVEL_NOTE, 100, ML_LEVEL_WARNING, 110, "same", 0);
    check_finding(ML_LEVEL_NOTE, 100, ML_LEVEL_WARNING, 200, "worse", ML_LEVEL_WARNING);
    check_finding(ML_LEVEL_WARNING, 200, ML_LEVEL_NOTE, 100, "better", 0);
    check_finding(ML_LEVEL_NOTE, 0, ML_LEVEL_ERROR, 0, "worse", ML_LEVEL_ERROR);
}
