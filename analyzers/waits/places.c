#include "places.h"

static void add_site(const ml_model *model, place *to, const wait_site *one, int want_flow)
{
    if (want_flow && !one->flow_ns)
        return;
    if (!to->threads || one->longest_run_ns > to->sum.longest_run_ns) {
        to->sum.thread = one->thread;
        to->sum.leaf = one->leaf;
        to->sum.longest_run_ns = one->longest_run_ns;
    }
    to->sum.first_ns =
        !to->threads || one->first_ns < to->sum.first_ns ? one->first_ns : to->sum.first_ns;
    to->sum.last_ns = one->last_ns > to->sum.last_ns ? one->last_ns : to->sum.last_ns;
    to->sum.longest_ns =
        one->longest_ns > to->sum.longest_ns ? one->longest_ns : to->sum.longest_ns;
    to->sum.waiting_ns += one->waiting_ns;
    to->sum.cpu_ns += one->cpu_ns;
    to->sum.flow_ns += one->flow_ns;
    to->sum.flow_cpu_ns += one->flow_cpu_ns;
    to->sum.flow_running_ns += one->flow_running_ns;
    to->sum.loop_ns += one->loop_ns;
    to->stretches += one->stretches;
    to->samples += one->samples;
    to->life_ns += model->threads->end_ns[one->thread] - model->threads->start_ns[one->thread];
    to->threads++;
}

/* Sites are in order of function, line and cause. */
ml_status places_find(const wait_sites *from, int want_flow, places *out)
{
    out->count = 0;
    out->all = (place *)ml_alloc(from->host, from->count, sizeof *out->all);
    if (!out->all)
        return ml_fail(from->host, ML_ERROR_MEMORY, "no memory for %zu places", from->count);
    for (size_t i = 0; i < from->count; i++) {
        const wait_site *one = &from->sites[i];
        place *last = out->count ? &out->all[out->count - 1] : NULL;
        if (!last || last->sum.function != one->function || last->sum.line != one->line ||
            last->sum.cause != one->cause) {
            last = &out->all[out->count++];
            last->sum.function = one->function;
            last->sum.line = one->line;
            last->sum.cause = one->cause;
        }
        add_site(from->model, last, one, want_flow);
    }
    return ML_OK;
}

ml_draft places_begin(const wait_sites *from, const place *one, uint32_t level, const char *rule,
                      const char *title)
{
    const ml_model *model = from->model;
    char function[ML_FUNCTION_KEY_MAX], key[300];
    ml_format(key, sizeof key, "%s:%s:%d", rule,
              ml_function_key(function, model, one->sum.function, one->sum.line),
              (int)one->sum.cause);
    ml_draft finding = ml_finding_begin(from->host, level, rule, key, title);
    ml_set_number(finding, ML_FIELD_IMPORTANCE, 75);
    ml_fingerprint(finding, ml_module_name(model, ml_function_module(model, one->sum.function)));
    ml_fingerprint(finding, ml_function_name(model, one->sum.function));
    ml_fingerprint(finding, wait_word(one->sum.cause));
    return finding;
}

void places_put_location(ml_draft finding, const ml_model *model, const place *one)
{
    ml_location_of_function(finding, one->sum.function, one->sum.line);
    ml_set_text(finding, ML_FIELD_THREAD, ml_text_of(model, model->threads->name[one->sum.thread]));
    ml_set_number(finding, ML_FIELD_START, one->sum.first_ns);
    ml_set_number(finding, ML_FIELD_END, one->sum.last_ns);
}

void places_put_stretches(ml_draft finding, const wait_sites *from, const place *one)
{
    const ml_model *model = from->model;
    char samples[ML_NUMBER_MAX], stretches[ML_NUMBER_MAX], longest[ML_NUMBER_MAX],
        first[ML_NUMBER_MAX], last[ML_NUMBER_MAX], more[64] = "";
    uint32_t leaf = ml_stack_function(model, one->sum.leaf);
    if (one->threads > 1)
        ml_format(more, sizeof more, " and %u more", (unsigned)one->threads - 1);
    ml_evidence(
        finding,
        "Seen waiting in %s samples of thread %s%s, from %s to %s, in %s separate stretches, "
        "the longest %s.",
        ml_format_count(samples, one->samples),
        ml_text_of(model, model->threads->name[one->sum.thread]), more,
        ml_format_time(first, one->sum.first_ns), ml_format_time(last, one->sum.last_ns),
        ml_format_count(stretches, one->stretches),
        ml_format_duration(longest, one->sum.longest_ns));
    if (leaf != one->sum.function)
        ml_evidence(finding, "Innermost: %s at %s:%u.", ml_function_name(model, leaf),
                    ml_base_name(ml_function_file(model, leaf)),
                    (unsigned)ml_stack_line(model, one->sum.leaf));
}

ml_status places_put_each(const wait_sites *from, size_t most,
                          int (*is_wanted)(const wait_sites *, const place *),
                          ml_status (*put)(const wait_sites *, const place *), size_t *found)
{
    places all;
    ml_status status = places_find(from, 0, &all);
    size_t count = 0;
    for (size_t i = 0; status == ML_OK && i < all.count && count < most; i++) {
        if (!is_wanted(from, &all.all[i]))
            continue;
        status = put(from, &all.all[i]);
        count++;
    }
    *found += count;
    return status;
}
