/* slowest: every function by its own time. Build it anywhere:
 *
 *     cc -shared -fPIC -I PREFIX/include -o microlog-analyzer-com.example.slowest.so slowest.c
 *
 * and use it: microlog-analyze run.mlog --plugins all,./microlog-analyzer-com.example.slowest.so */
#include <microlog/sdk.h>

static ml_status run(const ml_host *host, void *self)
{
    const ml_functions *functions = ml_get_model(host)->functions;
    ml_draft table = ml_table_begin(host, "slowest", "Slowest functions");
    (void)self;

    ml_table_column(table, "function", ML_TYPE_FUNCTION, ML_REDUCE_KEY);
    ml_table_column(table, "self", ML_TYPE_DURATION, ML_REDUCE_SUM);
    ml_table_show(table, 1, 10);
    for (uint32_t i = 0; i < functions->count; i++) {
        ml_cell_function(table, i);
        ml_cell_number(table, functions->self_ns[i]);
    }
    return ml_end(table, "Functions by the time in which they themselves were running or waiting.");
}

ML_DEFINE_ANALYZER("com.example.slowest", "1.0", "Slowest functions",
                   "every function by its own time", run)
