/* everything: a plugin that calls every helper of sdk.h, and says what the formatters make of known numbers.
 *
 * Compiled as C99, C11 and C++11; with -DAS_RENDERER and -DAS_EXPLAINER the entry is of that kind. */
#define ML_PLUGIN_LICENSE "CC0-1.0"
#include <microlog/sdk.h>

static ml_status put_formats(const ml_host *host)
{
    static const uint64_t numbers[] = {0,
                                       1,
                                       999,
                                       1000,
                                       9994,
                                       9995,
                                       99949,
                                       99950,
                                       999499,
                                       999500,
                                       1000000,
                                       37912345678u,
                                       999499999999u,
                                       999500000000u,
                                       5999499999999u,
                                       6000000000000u,
                                       UINT64_MAX};
    static const double ratios[] = {0, 0.0004, 0.0005, 0.0352, 0.0999, 0.352, 1, -0.05, 1e300};
    char text[4096], one[ML_NUMBER_MAX];
    size_t used = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        ml_format(text + used, 64, "%s|", ml_format_duration(one, numbers[i]));
        used += strlen(text + used);
        ml_format(text + used, 64, "%s|", ml_format_bytes(one, numbers[i]));
        used += strlen(text + used);
        ml_format(text + used, 64, "%s|", ml_format_count(one, numbers[i]));
        used += strlen(text + used);
        ml_format(text + used, 64, "%s\n", ml_format_time(one, numbers[i]));
        used += strlen(text + used);
    }
    for (size_t i = 0; i < sizeof ratios / sizeof ratios[0]; i++) {
        ml_format(text + used, 64, "%s\n", ml_format_ratio(one, ratios[i]));
        used += strlen(text + used);
    }
    return ml_put_text(host, "formats", "Formats", text);
}

/* Cut between characters: the fourth of these does not fit. */
static ml_status put_cut(const ml_host *host)
{
    char small[10], key[ML_FUNCTION_KEY_MAX];
    return ml_put_text(
        host, "cut", ml_function_key(key, ml_get_model(host), 0, 7),
        ml_format(small, sizeof small, "%s", "\303\244\303\266\303\274\303\237\303\244"));
}

/* Every run of every thread, every call directly inside the first. */
static uint64_t count_rows(const ml_model *model)
{
    uint64_t count = 0;
    for (uint32_t thread = 0; thread < model->threads->count; thread++)
        ML_EACH_SAMPLE(model, thread, run)
            count += model->samples->taken[run];
    if (model->calls->count != 0)
        ML_EACH_CHILD(model, 0, call)
            count += model->calls->samples[call];
    return count;
}

static void put_stack(ml_draft draft, const ml_model *model, uint32_t stack)
{
    uint32_t functions[4];
    size_t count = ml_functions_of_stack(model, stack, functions, 4);
    unsigned frames = 0;
    ML_EACH_FRAME(model, stack, frame) {
        frames += ml_stack_line(model, frame) != 0;
    }
    ml_evidence(draft, "%u frames, %u functions, own %s line %u, %s", frames, (unsigned)count,
                ml_function_name(model, ml_stack_function(model, ml_stack_own_frame(model, stack))),
                (unsigned)ml_stack_line(model, ml_stack_own_frame(model, stack)),
                ml_origin_word(ml_function_origin(model, ml_stack_function(model, stack))));
    ml_evidence(draft, "%llu rows", (unsigned long long)count_rows(model));
}

static ml_status put_finding(const ml_host *host)
{
    const ml_model *model = ml_get_model(host);
    ml_draft draft = ml_finding_begin(host, ML_LEVEL_NOTE, "rule", "key", "Title");
    ml_message(draft, "%s %d", "message", 1);
    ml_why(draft, "why %d", 2);
    ml_limits(draft, "limits %d", 3);
    ml_next(draft, "next %d", 4);
    ml_fingerprint(draft, ml_base_name("/a/b.py"));
    ml_confidence(draft, ML_CONFIDENCE_LOW);
    ml_location_of_stack(draft, model->stacks->count - 1);
    ml_location_of_stack(draft, 0);
    put_stack(draft, model, model->stacks->count - 1);
    put_stack(draft, model, ML_NONE);
    return ml_end(draft, "text");
}

static ml_status put_table(const ml_host *host)
{
    ml_draft table = ml_table_begin(host, "table", "Table");
    ml_table_column(table, "a", ML_TYPE_REAL, ML_REDUCE_NONE);
    ml_set_text(table, ML_FIELD_UNIT, "m");
    ml_table_show(table, 0, 5);
    ml_cell_null(table);
    ml_cell_text(table, "text");
    ml_cell_number(table, 1);
    ml_cell_function(table, 0);
    ml_cell_int(table, -1);
    ml_cell_real(table, 0.5);
    ml_set_real(table, ML_FIELD_WEIGHT, 1);
    return ml_end(table, "text");
}

static ml_status run(const ml_host *host, void *self)
{
    ml_status status;
    (void)self;
    if (ml_get_documents(host) || ml_get_output(host) || ml_get_json(host))
        return ml_fail(host, ML_ERROR_FAILED, "%s was offered to an analyzer", "something");
    if (!ml_alloc(host, 2, 8) || ml_alloc(host, (size_t)-1, 2))
        return ml_fail(host, ML_ERROR_MEMORY, "memory");
    if (ml_option_as_int(host, "no") || ml_option_as_real(host, "no") != 0.0 ||
        ml_option_as_text(host, "no")[0])
        return ml_fail(host, ML_ERROR_FAILED, "an option that is none");
    status = put_formats(host);
    if (status == ML_OK)
        status = put_cut(host);
    if (status == ML_OK)
        status = put_finding(host);
    if (status == ML_OK)
        status = ml_put_metric(host, 1, "metric", "Metric", ML_TYPE_BYTES, 1e6, 1, ML_REDUCE_MAX);
    return status == ML_OK ? put_table(host) : status;
}

#if defined(AS_RENDERER)
ML_DEFINE_RENDERER("com.example.everything", "1", "Everything", "all", "text/plain", "txt", run)
#elif defined(AS_EXPLAINER)
ML_DEFINE_EXPLAINER("com.example.everything", "1", "Everything", "all", run)
#elif defined(WITHOUT_OPTIONS)
ML_DEFINE_ANALYZER("com.example.everything", "1", "Everything", "all", run)
#else
static const ml_option options[] = {ML_OPTION("o", ML_OPTION_INT, "1", 0, 2, "help")};
ML_DEFINE_ANALYZER_WITH_OPTIONS("com.example.everything", "1", "Everything", "all", options, run)
#endif
