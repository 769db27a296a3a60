#include "tables.h"

#include "common/counters.h"
#include "common/own_code.h"
#include "common/thread_rows.h"

#include <stdlib.h>

enum { ROWS_SHOWN = 20 };

static double sum_of_processes_cpu(const ml_model *model)
{
    uint64_t cpu = 0;
    for (uint32_t i = 0; i < model->processes->count; i++)
        cpu += model->processes->cpu_ns[i];
    return (double)cpu;
}

/* Of the processes together, each at its own largest. */
static int64_t peak_memory(const ml_model *model)
{
    int64_t peak = 0;
    for (uint32_t i = 0; i < model->processes->count; i++)
        peak += counter_peak(model, counter_find(model, "rss", i));
    return peak;
}

/* All of them, those of stacks that could not be read included: what every other count of samples says. */
static uint64_t samples_taken(const ml_model *model)
{
    uint64_t taken = 0;
    for (uint64_t i = 0; i < model->samples->count; i++)
        taken += model->samples->taken[i];
    return taken;
}

ml_status put_metrics(const tally *from)
{
    const ml_host *host = from->host;
    const ml_model *model = from->model;
    double wall = (double)model->duration_ns, cpu = sum_of_processes_cpu(model);
    double samples = (double)samples_taken(model);
    int64_t peak = peak_memory(model);
    ml_status status =
        ml_put_metric(host, 80, "wall", "wall", ML_TYPE_DURATION, wall, 1, ML_REDUCE_SUM);
    if (status == ML_OK)
        status = ml_put_metric(host, 80, "cpu", "CPU", ML_TYPE_DURATION, cpu, 1, ML_REDUCE_SUM);
    if (status == ML_OK && wall > 0)
        status = ml_put_metric(host, 80, "cpu-share", "CPU of one core", ML_TYPE_RATIO, cpu / wall,
                               0, ML_REDUCE_MAX);
    if (status == ML_OK && peak > 0)
        status = ml_put_metric(host, 80, "peak-rss", "peak memory", ML_TYPE_BYTES, (double)peak, 1,
                               ML_REDUCE_MAX);
    if (status == ML_OK)
        status = ml_put_metric(host, 80, "thread-count", "threads", ML_TYPE_INT,
                               (double)model->threads->count, 0, ML_REDUCE_MAX);
    if (status == ML_OK)
        status =
            ml_put_metric(host, 80, "samples", "samples", ML_TYPE_INT, samples, 0, ML_REDUCE_SUM);
    return status;
}

/* The columns of time that most tables here have, and the cells below them. */
static void add_amount_columns(ml_draft table)
{
    ml_table_column(table, "self", ML_TYPE_DURATION, ML_REDUCE_SUM);
    ml_table_column(table, "waiting", ML_TYPE_DURATION, ML_REDUCE_SUM);
    ml_table_column(table, "self CPU", ML_TYPE_DURATION, ML_REDUCE_SUM);
    ml_table_column(table, "samples", ML_TYPE_INT, ML_REDUCE_SUM);
}

static void put_amount(ml_draft table, const amount *sum)
{
    ml_cell_number(table, sum->running_ns);
    ml_cell_number(table, sum->waiting_ns);
    ml_cell_number(table, sum->cpu_ns);
    ml_cell_int(table, (int64_t)(sum->running_samples + sum->waiting_samples));
}

ml_status put_functions(const tally *from)
{
    const ml_functions *functions = from->model->functions;
    ml_draft table = ml_table_begin(from->host, "functions", "Functions by their own running time");
    ml_set_number(table, ML_FIELD_IMPORTANCE, 90);
    ml_table_column(table, "function", ML_TYPE_FUNCTION, ML_REDUCE_KEY);
    ml_table_column(table, "origin", ML_TYPE_TEXT, ML_REDUCE_KEY);
    add_amount_columns(table);
    ml_table_column(table, "total", ML_TYPE_DURATION, ML_REDUCE_SUM);
    ml_table_show(table, 2, ROWS_SHOWN);
    for (uint32_t i = 0; i < functions->count; i++) {
        if (functions->total_samples[i] == 0)
            continue;
        ml_cell_function(table, i);
        ml_cell_text(table, ml_origin_word(ml_function_origin(from->model, i)));
        put_amount(table, &from->functions[i]);
        ml_cell_number(table, functions->total_ns[i]);
    }
    return ml_end(table,
                  "For each function, the time in which it was the innermost one and its thread "
                  "was running (self) or waiting, and the time in which it was on the stack.");
}

static void put_source(ml_draft table, const ml_model *model, const site *at)
{
    const char *text = ml_source_text(model, ml_function_module(model, at->function), at->line);
    while (*text == ' ' || *text == '\t')
        text++;
    if (*text)
        ml_cell_text(table, text);
    else
        ml_cell_null(table);
}

ml_status put_lines(const tally *from)
{
    site_list lines;
    ml_status status = tally_sites(from, ML_NONE, SITE_LEAF, &lines);
    ml_draft table;
    if (status != ML_OK)
        return status;
    table = ml_table_begin(from->host, "lines", "Lines by their own running time");
    ml_set_number(table, ML_FIELD_IMPORTANCE, 60);
    ml_table_column(table, "function", ML_TYPE_FUNCTION, ML_REDUCE_KEY);
    ml_table_column(table, "line", ML_TYPE_INT, ML_REDUCE_KEY);
    add_amount_columns(table);
    ml_table_column(table, "source", ML_TYPE_TEXT, ML_REDUCE_NONE);
    ml_table_show(table, 2, ROWS_SHOWN);
    for (size_t i = 0; i < lines.count; i++) {
        ml_cell_function(table, lines.sites[i].function);
        ml_cell_int(table, lines.sites[i].line);
        put_amount(table, &lines.sites[i].sum);
        put_source(table, from->model, &lines.sites[i]);
    }
    return ml_end(table, "The lines at which threads were running or waiting.");
}

/* ---------------------------------------------------------------- packages */

typedef struct package {
    const char *name; /* of the module: its first part counts */
    uint32_t flags;
    amount sum;
} package;

static int compare_packages(const void *left, const void *right)
{
    const package *a = (const package *)left, *b = (const package *)right;
    int order = compare_top_parts(a->name, b->name);
    return order ? order : (a->flags > b->flags) - (a->flags < b->flags);
}

static void put_package(ml_draft table, const package *one)
{
    char name[256];
    size_t length = top_part(one->name);
    ml_cell_text(
        table, ml_format(name, sizeof name, "%.*s", (int)(length < 255 ? length : 255), one->name));
    ml_cell_text(table, ml_origin_word(one->flags));
    put_amount(table, &one->sum);
}

static void put_merged_packages(ml_draft table, package *packages, size_t count)
{
    size_t kept = 0;
    qsort(packages, count, sizeof *packages, compare_packages);
    for (size_t i = 1; i < count; i++) {
        if (compare_packages(&packages[kept], &packages[i]) == 0)
            amount_add(&packages[kept].sum, &packages[i].sum);
        else
            packages[++kept] = packages[i];
    }
    for (size_t i = 0; count && i <= kept; i++)
        if (packages[i].sum.running_samples + packages[i].sum.waiting_samples)
            put_package(table, &packages[i]);
}

ml_status put_packages(const tally *from)
{
    const ml_model *model = from->model;
    package *packages = (package *)ml_alloc(from->host, model->modules->count, sizeof *packages);
    ml_draft table;
    if (!packages)
        return ml_fail(from->host, ML_ERROR_MEMORY, "no memory for %u modules",
                       (unsigned)model->modules->count);
    for (uint32_t i = 0; i < model->modules->count; i++) {
        packages[i].name = ml_module_name(model, i);
        packages[i].flags = model->modules->flags[i];
    }
    for (uint32_t i = 0; i < model->functions->count; i++)
        if (ml_function_module(model, i) < model->modules->count)
            amount_add(&packages[ml_function_module(model, i)].sum, &from->functions[i]);
    table =
        ml_table_begin(from->host, "packages", "Packages by the running time of their functions");
    ml_set_number(table, ML_FIELD_IMPORTANCE, 50);
    ml_table_column(table, "package", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_column(table, "origin", ML_TYPE_TEXT, ML_REDUCE_KEY);
    add_amount_columns(table);
    ml_table_show(table, 2, ROWS_SHOWN);
    put_merged_packages(table, packages, model->modules->count);
    return ml_end(table, "The time of each package's own functions.");
}

/* ---------------------------------------------------------------- threads */

/* What a row tells: of one thread, or of several. */
typedef struct thread_sum {
    amount sum;
    uint64_t cpu_ns, start_ns, end_ns; /* the CPU also of the time between samples */
} thread_sum;

static void add_thread(thread_sum *to, const tally *from, uint32_t thread)
{
    const ml_threads *threads = from->model->threads;
    amount_add(&to->sum, &from->threads[thread]);
    to->cpu_ns += threads->cpu_ns[thread];
    if (threads->start_ns[thread] < to->start_ns)
        to->start_ns = threads->start_ns[thread];
    if (threads->end_ns[thread] > to->end_ns)
        to->end_ns = threads->end_ns[thread];
}

static ml_status sum_threads(const tally *from, thread_rows *rows, thread_sum **out)
{
    ml_status status = thread_rows_find(rows, from->host);
    if (status != ML_OK)
        return status;
    *out = (thread_sum *)ml_alloc(from->host, rows->count, sizeof **out);
    if (!*out)
        return ml_fail(from->host, ML_ERROR_MEMORY, "no memory for a table of threads");
    for (uint32_t i = 0; i < rows->count; i++)
        (*out)[i].start_ns = UINT64_MAX;
    for (uint32_t i = 0; i < from->model->threads->count; i++)
        add_thread(&(*out)[rows->row[i]], from, i);
    return ML_OK;
}

ml_status put_threads(const tally *from)
{
    thread_rows rows;
    thread_sum *sums;
    ml_status status = sum_threads(from, &rows, &sums);
    ml_draft table;
    if (status != ML_OK)
        return status;
    table = ml_table_begin(from->host, "threads", "Threads");
    ml_set_number(table, ML_FIELD_IMPORTANCE, 40);
    ml_table_column(table, "thread", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_column(table, "running", ML_TYPE_DURATION, ML_REDUCE_SUM);
    ml_table_column(table, "waiting", ML_TYPE_DURATION, ML_REDUCE_SUM);
    ml_table_column(table, "CPU", ML_TYPE_DURATION, ML_REDUCE_SUM);
    ml_table_column(table, "samples", ML_TYPE_INT, ML_REDUCE_SUM);
    ml_table_column(table, "from", ML_TYPE_TIME, ML_REDUCE_MIN);
    ml_table_column(table, "to", ML_TYPE_TIME, ML_REDUCE_MAX);
    ml_table_show(table, 3, ROWS_SHOWN);
    for (uint32_t i = 0; i < rows.count; i++) {
        const amount *sum = &sums[i].sum;
        ml_cell_text(table, rows.name[i]);
        ml_cell_number(table, sum->running_ns);
        ml_cell_number(table, sum->waiting_ns);
        ml_cell_number(table, sums[i].cpu_ns);
        ml_cell_int(table, (int64_t)(sum->running_samples + sum->waiting_samples));
        ml_cell_number(table, sums[i].start_ns);
        ml_cell_number(table, sums[i].end_ns);
    }
    return thread_rows_end(table, &rows,
                           "When each thread lived, and how long it was running and waiting.");
}
