#include "gil.h"

#include "common/counters.h"

enum { SLICE_PERIODS = 20, PARTS_MOST = 10 };

static const double CORE_LEAST = 0.75, CORE_MOST = 1.3;
static const double BUSY_SHARE = 0.10, WAITING_SHARE = 0.30, PROCESS_SHARE = 0.20;
static const double FUNCTION_CPU_SHARE = 0.05; /* a function that is used for computing */

/* A part of an interval between readings: sums of one thread, and of those threads that were busy. */
typedef struct slice {
    double start_ns, end_ns;
    double process_cpu_ns;                           /* by the counters */
    double cpu_ns, running_ns, waiting_ns, known_ns; /* of the thread at hand */
    double all_waiting_ns, all_known_ns;
    uint32_t busy;
} slice;

typedef struct slices {
    slice *all;
    size_t count;
} slices;

static size_t parts_of(const ml_model *model, double length_ns)
{
    double parts = length_ns / (double)(model->period_ns * SLICE_PERIODS);
    return parts < 1 ? 1 : parts > PARTS_MOST ? PARTS_MOST : (size_t)parts;
}

static void set_slice(const ml_model *model, cpu_clock clock, slice *one, double start_ns,
                      double end_ns)
{
    one->start_ns = start_ns;
    one->end_ns = end_ns;
    one->process_cpu_ns = cpu_clock_at(model, clock, (uint64_t)end_ns) -
                          cpu_clock_at(model, clock, (uint64_t)start_ns);
}

static ml_status make_slices(const ml_host *host, uint32_t process, slices *out)
{
    const ml_model *model = ml_get_model(host);
    const ml_counters *counters = model->counters;
    cpu_clock clock = cpu_clock_of(model, process);
    uint32_t user = counter_find(model, "cpu_user", process);
    uint64_t intervals = user == ML_NONE ? 0 : counters->points[user] - 1;
    out->count = 0;
    out->all = (slice *)ml_alloc(host, intervals * PARTS_MOST, sizeof *out->all);
    if (!out->all)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for %llu intervals",
                       (unsigned long long)intervals);
    for (uint64_t i = 0; i < intervals; i++) {
        const uint64_t *time = &counters->time_ns[counters->first[user] + i];
        size_t parts = parts_of(model, (double)time[1] - (double)time[0]);
        double length = ((double)time[1] - (double)time[0]) / (double)parts;
        for (size_t k = 0; k < parts; k++)
            set_slice(model, clock, &out->all[out->count++], (double)time[0] + length * (double)k,
                      (double)time[0] + length * (double)(k + 1));
    }
    return ML_OK;
}

/* Does a thread off the CPU in this run probably want to run? */
static int wants_to_run(const ml_model *model, wait_cause cause, uint64_t row)
{
    uint32_t function = ml_stack_function(model, model->samples->stack[row]);
    if (cause == WAIT_GIL)
        return 1;
    return cause == WAIT_UNKNOWN && function != ML_NONE &&
           (double)model->functions->self_cpu_ns[function] >
               (double)model->functions->self_ns[function] * FUNCTION_CPU_SHARE;
}

/* The first interval that ends after `time_ns`. */
static size_t slice_after(const slices *in, double time_ns)
{
    size_t low = 0, high = in->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (in->all[middle].end_ns <= time_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Spreads a run over the intervals that it touches; `at` is the first that it may. Returns the end of those. */
static size_t add_run(const wait_sites *from, slices *into, size_t *at, uint64_t row)
{
    const ml_samples *samples = from->model->samples;
    wait_cause cause = wait_cause_of_run(from->model, from->causes, row);
    double start = (double)samples->start_ns[row], wall = (double)samples->wall_ns[row];
    int wants = wants_to_run(from->model, cause, row);
    int is_running = cause == WAIT_NONE;
    size_t i;
    while (*at < into->count && into->all[*at].end_ns <= start)
        (*at)++;
    for (i = *at; i < into->count && into->all[i].start_ns < start + wall; i++) {
        slice *one = &into->all[i];
        double begin = one->start_ns > start ? one->start_ns : start;
        double end = one->end_ns < start + wall ? one->end_ns : start + wall;
        one->cpu_ns += (double)samples->cpu_ns[row] * (end - begin) / wall;
        one->waiting_ns += wants ? end - begin : 0;
        one->running_ns += is_running ? end - begin : 0;
        one->known_ns += cause == WAIT_GIL ? end - begin : 0;
    }
    return i;
}

/* Did the thread compute? On a machine that is busy with others its CPU alone would not tell; its part of what the
 * process got does, if it was running but for its waits for the interpreter's lock. */
static int is_busy(const slice *one)
{
    double least = (one->end_ns - one->start_ns) * BUSY_SHARE;
    return one->cpu_ns >= least ||
           (one->known_ns * 2 > one->waiting_ns && one->running_ns >= least &&
            one->cpu_ns >= one->process_cpu_ns * PROCESS_SHARE);
}

static void add_thread(const wait_sites *from, slices *into, uint32_t thread)
{
    const ml_model *model = from->model;
    size_t first = slice_after(into, (double)model->threads->start_ns[thread]);
    size_t at = first, end = first;
    ML_EACH_SAMPLE(model, thread, i)
        if (model->samples->wall_ns[i])
            end = add_run(from, into, &at, i);
    for (size_t i = first; i < end; i++) {
        slice *one = &into->all[i];
        if (is_busy(one)) {
            one->busy++;
            one->all_waiting_ns += one->waiting_ns;
            one->all_known_ns += one->known_ns;
        }
        one->cpu_ns = one->running_ns = one->waiting_ns = one->known_ns = 0;
    }
}

static void judge(const slice *one, gil_contention *into)
{
    double length = one->end_ns - one->start_ns;
    double cpu = one->process_cpu_ns;
    double least = one->all_known_ns * 2 > one->all_waiting_ns ? 0 : CORE_LEAST;
    if (cpu < length * least || cpu > length * CORE_MOST || one->busy < 2 ||
        one->all_waiting_ns < length * WAITING_SHARE)
        return;
    into->first_ns = into->time_ns ? into->first_ns : (uint64_t)one->start_ns;
    into->last_ns = (uint64_t)one->end_ns;
    into->time_ns += (uint64_t)length;
    into->waiting_ns += (uint64_t)one->all_waiting_ns;
    into->known_ns += (uint64_t)one->all_known_ns;
    into->cpu_ns += cpu;
    into->threads = one->busy > into->threads ? one->busy : into->threads;
}

static ml_status find_place(const wait_sites *from, gil_contention *into)
{
    const ml_model *model = from->model;
    uint64_t *by_stack = (uint64_t *)ml_alloc(from->host, model->stacks->count, sizeof *by_stack);
    uint32_t best = 0;
    if (!by_stack)
        return ml_fail(from->host, ML_ERROR_MEMORY, "no memory for the waits of %u stacks",
                       (unsigned)model->stacks->count);
    for (uint64_t i = 0; i < model->samples->count; i++) {
        uint64_t start = model->samples->start_ns[i];
        uint32_t frame = ml_stack_own_frame(model, model->samples->stack[i]);
        if (model->threads->process[model->samples->thread[i]] != into->process ||
            start < into->first_ns || start >= into->last_ns ||
            !wants_to_run(model, wait_cause_of_run(model, from->causes, i), i))
            continue;
        by_stack[frame] += model->samples->wall_ns[i];
        best = by_stack[frame] > by_stack[best] ? frame : best;
    }
    into->function = ml_stack_function(model, best);
    into->line = ml_stack_line(model, best);
    return ML_OK;
}

ml_status gil_look(const wait_sites *from, uint32_t process, gil_contention *out)
{
    const ml_model *model = from->model;
    slices between;
    ml_status status = make_slices(from->host, process, &between);
    memset(out, 0, sizeof *out);
    out->process = process;
    out->function = ML_NONE;
    if (status != ML_OK)
        return status;
    for (uint32_t i = 0; i < model->threads->count; i++)
        if (model->threads->process[i] == process)
            add_thread(from, &between, i);
    for (size_t i = 0; i < between.count; i++)
        judge(&between.all[i], out);
    return out->time_ns ? find_place(from, out) : ML_OK;
}
