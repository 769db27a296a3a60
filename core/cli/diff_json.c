#include "core/cli/diff.h"

#include "core/document/json.h"
#include "core/document/names.h"
#include "core/plugin/version.h"

#include <math.h>

static const char *const side_names[ML_SIDES] = {[ML_BEFORE] = "before", [ML_AFTER] = "after"};

static void put_key(ml_buffer *out, const char *key)
{
    ml_json_text(out, key);
    ml_buffer_put_u8(out, ':');
}

/* To the nanosecond: what is beyond is only how sums were rounded. */
static void put_seconds(ml_buffer *out, double seconds)
{
    ml_json_number(out, round(seconds * 1e9) / 1e9);
}

static void put_runs(ml_buffer *out, const ml_comparison *comparison,
                     const char *const names[ML_SIDES])
{
    for (int side = 0; side < ML_SIDES; side++) {
        put_key(out, side_names[side]);
        ml_buffer_put_text(out, "{\"path\":");
        ml_json_text(out, names[side]);
        ml_buffer_put_text(out, ",\"verdict\":");
        ml_json_text(out, comparison->side[side].documents->verdict);
        ml_buffer_put_text(out, ",\"recording\":");
        ml_json_recording(out, comparison->side[side].model);
        ml_buffer_put_text(out, "},\n");
    }
}

static void put_number(ml_buffer *out, const ml_compare_number *number)
{
    ml_buffer_put_text(out, "{\"name\":");
    ml_json_text(out, number->name);
    ml_buffer_put_text(out, ",\"type\":");
    ml_json_text(out, ml_name_type(number->type));
    ml_buffer_put_u8(out, ',');
    for (int side = 0; side < ML_SIDES; side++) {
        put_key(out, side_names[side]);
        if (number->known[side]) {
            ml_json_number(out, number->value[side]);
        } else {
            ml_buffer_put_text(out, "null");
        }
        ml_buffer_put_u8(out, ',');
    }
    ml_buffer_put_format(out, "\"differs\":%s}", number->differs ? "true" : "false");
}

static void put_finding(ml_buffer *out, const ml_compare_finding *finding)
{
    ml_buffer_put_text(out, "{\"change\":");
    ml_json_text(out, ml_compare_change_name(finding));
    for (int side = 0; side < ML_SIDES; side++) {
        ml_buffer_put_u8(out, ',');
        put_key(out, side_names[side]);
        if (finding->side[side] == NULL) {
            ml_buffer_put_text(out, "null");
        } else {
            ml_json_block(out, finding->side[side]->document, finding->side[side]->block);
        }
    }
    ml_buffer_put_u8(out, '}');
}

static void put_time(ml_buffer *out, const char *key, const ml_compare_time *time)
{
    put_key(out, key);
    ml_buffer_put_u8(out, '{');
    for (int side = 0; side < ML_SIDES; side++) {
        put_key(out, side_names[side]);
        put_seconds(out, time->value[side]);
        ml_buffer_put_u8(out, ',');
    }
    ml_buffer_put_text(out, "\"standard_error\":");
    put_seconds(out, time->error);
    ml_buffer_put_format(out, ",\"differs\":%s}", time->differs ? "true" : "false");
}

/* Times are seconds, or seconds a second. */
static void put_function(ml_buffer *out, const ml_compare_function *function)
{
    ml_buffer_put_text(out, "{\"function\":");
    ml_json_text(out, function->name);
    ml_buffer_put_text(out, ",\"module\":");
    ml_json_text(out, function->module);
    ml_buffer_put_text(out, ",\"shown\":");
    ml_json_text(out, function->shown);
    ml_buffer_put_format(out, ",\"project\":%s,\"only\":", function->in_project ? "true" : "false");
    ml_json_text(out, !function->there[ML_BEFORE]  ? side_names[ML_AFTER]
                      : !function->there[ML_AFTER] ? side_names[ML_BEFORE]
                                                   : "");
    ml_buffer_put_u8(out, ',');
    put_time(out, "self_cpu", &function->self[ML_MEASURE_CPU]);
    ml_buffer_put_u8(out, ',');
    put_time(out, "total_cpu", &function->total[ML_MEASURE_CPU]);
    ml_buffer_put_u8(out, ',');
    put_time(out, "self_waiting", &function->self[ML_MEASURE_WAIT]);
    ml_buffer_put_u8(out, ',');
    put_time(out, "total_waiting", &function->total[ML_MEASURE_WAIT]);
    ml_buffer_put_u8(out, '}');
}

static void put_functions(ml_buffer *out, const char *key,
                          const ml_compare_function *const *functions, size_t count)
{
    ml_buffer_put_text(out, ",\n");
    put_key(out, key);
    ml_buffer_put_u8(out, '[');
    for (size_t i = 0; i < count; i++) {
        ml_buffer_put_text(out, i == 0 ? "\n" : ",\n");
        put_function(out, functions[i]);
    }
    ml_buffer_put_u8(out, ']');
}

static void put_verdict(ml_buffer *out, const ml_comparison *comparison)
{
    ml_buffer verdict;

    ml_buffer_init(&verdict, 1 << 20);
    ml_diff_verdict(&verdict, comparison);
    ml_buffer_put_u8(&verdict, '\0');
    ml_buffer_put_text(out, "\"verdict\":");
    ml_json_text(out, verdict.status < 0 ? "" : (const char *)verdict.data);
    ml_buffer_release(&verdict);
}

void ml_diff_json(ml_buffer *out, const ml_comparison *comparison,
                  const char *const names[ML_SIDES])
{
    ml_buffer_put_text(out, "{\"microlog\":{\"version\":\"" ML_TOOL_VERSION "\",\"format\":1},\n");
    put_runs(out, comparison, names);
    put_verdict(out, comparison);
    ml_buffer_put_format(out, ",\n\"per\":\"%s\",\n\"numbers\":[",
                         comparison->per_second ? "second" : "run");
    for (size_t i = 0; i < comparison->number_count; i++) {
        ml_buffer_put_text(out, i == 0 ? "\n" : ",\n");
        put_number(out, &comparison->numbers[i]);
    }
    ml_buffer_put_text(out, "],\n\"findings\":[");
    for (size_t i = 0; i < comparison->finding_count; i++) {
        ml_buffer_put_text(out, i == 0 ? "\n" : ",\n");
        put_finding(out, &comparison->findings[i]);
    }
    ml_buffer_put_u8(out, ']');
    put_functions(out, "cpu", comparison->changed[ML_MEASURE_CPU],
                  comparison->changed_count[ML_MEASURE_CPU]);
    put_functions(out, "cpu_below", comparison->callers[ML_MEASURE_CPU],
                  comparison->caller_count[ML_MEASURE_CPU]);
    put_functions(out, "waiting", comparison->changed[ML_MEASURE_WAIT],
                  comparison->changed_count[ML_MEASURE_WAIT]);
    put_functions(out, "waiting_below", comparison->callers[ML_MEASURE_WAIT],
                  comparison->caller_count[ML_MEASURE_WAIT]);
    ml_buffer_put_text(out, "}\n");
}
