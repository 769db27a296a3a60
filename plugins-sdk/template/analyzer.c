/* @ID@: the functions by their own time, and a note when one of them has most of it.
 *
 * Threshold: option `share` of all own time. Guard: at least 20 samples, below that it is chance. */
#include <microlog/sdk.h>

static const ml_option options[] = {
    ML_OPTION("share", ML_OPTION_REAL, "0.5", 0.01, 1, "note a function from this share on"),
};

static ml_status run(const ml_host *host, void *self)
{
    const ml_model *model = ml_get_model(host);
    const ml_functions *functions = model->functions;
    ml_draft block = ml_table_begin(host, "functions", "Functions by their own time");
    uint64_t all = 0;
    uint32_t top = 0; /* row of functions */
    (void)self;
    ml_table_column(block, "function", ML_TYPE_FUNCTION, ML_REDUCE_KEY);
    ml_table_column(block, "own time", ML_TYPE_DURATION, ML_REDUCE_SUM);
    ml_table_show(block, 1, 10);
    for (uint32_t i = 0; i < functions->count; i++) {
        ml_cell_function(block, i);
        ml_cell_number(block, functions->self_ns[i]);
        all += functions->self_ns[i];
        top = functions->self_ns[i] > functions->self_ns[top] ? i : top;
    }
    ml_end(block, "Functions by the time in which they themselves were running or waiting.");
    if (all == 0 || functions->self_samples[top] < 20 ||
        (double)functions->self_ns[top] < ml_option_as_real(host, "share") * (double)all)
        return ML_OK;
    block = ml_finding_begin(host, ML_LEVEL_NOTE, "most-time", "top", "One function has the time");
    ml_message(block, "%s itself took %.0f %% of the time of all threads",
               ml_function_name(model, top), 100.0 * (double)functions->self_ns[top] / (double)all);
    ml_location_of_function(block, top, functions->line[top]);
    ml_fingerprint(block, ml_function_name(model, top));
    ml_next(block, "Read %s and what it calls.", ml_function_name(model, top));
    return ml_end(block, "One function took most of the time.");
}
ML_DEFINE_ANALYZER_WITH_OPTIONS("@ID@", "0.1", "@ID@", "functions by their own time", options, run)
