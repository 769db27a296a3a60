/* pprof: the run as a profile for `go tool pprof` and what else reads that format.
 *
 * profile.proto as protocol buffers, not compressed (readers take both):
 * https://github.com/google/pprof/blob/main/proto/profile.proto. A sample is a thread on a stack, with lines; its values
 * are ticks, CPU time and wall time, waiting included, and its label the thread's name. Numbers below are those of the
 * schema's fields.
 */
#include "common/sink.h"

enum { DEPTH_MOST = 4096, VARINT_MOST = 10, BLOB_MOST = 512 };

/* The first strings of the table; names of functions, their files and threads follow. */
enum { S_NONE, S_SAMPLES, S_COUNT, S_CPU, S_NANOSECONDS, S_WALL, S_THREAD, S_FIXED };
static const char *const fixed[S_FIXED] = {"",     "samples", "count", "cpu", "nanoseconds",
                                           "wall", "thread"};

/* ---------------------------------------------------------------- wire */

typedef struct blob {
    size_t length;
    uint8_t bytes[BLOB_MOST];
} blob;

static size_t encode_varint(uint8_t *out, uint64_t value)
{
    size_t length = 0;
    for (; value >= 0x80; value >>= 7)
        out[length++] = (uint8_t)(value | 0x80);
    out[length++] = (uint8_t)value;
    return length;
}

static void put_varint(sink *out, uint64_t value)
{
    uint8_t bytes[VARINT_MOST];
    sink_bytes(out, bytes, encode_varint(bytes, value));
}

static void put_number(sink *out, unsigned field, uint64_t value)
{
    put_varint(out, (uint64_t)field << 3);
    put_varint(out, value);
}

static void put_bytes(sink *out, unsigned field, const void *bytes, size_t length)
{
    put_varint(out, (uint64_t)field << 3 | 2);
    put_varint(out, length);
    sink_bytes(out, bytes, length);
}

/* A number as a field of a message that is put together in `to`; at most six of them fit. */
static void add_number(blob *to, unsigned field, uint64_t value)
{
    to->length += encode_varint(to->bytes + to->length, (uint64_t)field << 3);
    to->length += encode_varint(to->bytes + to->length, value);
}

static void add_blob(blob *to, unsigned field, const blob *part)
{
    to->length += encode_varint(to->bytes + to->length, (uint64_t)field << 3 | 2);
    to->length += encode_varint(to->bytes + to->length, part->length);
    memcpy(to->bytes + to->length, part->bytes, part->length);
    to->length += part->length;
}

static void put_blob(sink *out, unsigned field, const blob *part)
{
    put_bytes(out, field, part->bytes, part->length);
}

/* ---------------------------------------------------------------- tables */

static void put_value_type(sink *out, unsigned field, unsigned type, unsigned unit)
{
    blob value = {0};
    add_number(&value, 1, type);
    add_number(&value, 2, unit);
    put_blob(out, field, &value);
}

static void put_fixed_strings(sink *out)
{
    for (size_t i = 0; i < S_FIXED; i++)
        put_bytes(out, 6, fixed[i], strlen(fixed[i]));
}

static void put_strings(sink *out, const ml_model *model)
{
    for (uint32_t i = 0; i < model->functions->count; i++) {
        const char *name = ml_function_name(model, i), *file = ml_function_file(model, i);
        put_bytes(out, 6, name, strlen(name));
        put_bytes(out, 6, file, strlen(file));
    }
    for (uint32_t i = 0; i < model->threads->count; i++) {
        const char *name = ml_text_of(model, model->threads->name[i]);
        put_bytes(out, 6, name, strlen(name));
    }
}

static void put_functions(sink *out, const ml_model *model)
{
    for (uint32_t i = 0; i < model->functions->count; i++) {
        blob function = {0};
        add_number(&function, 1, (uint64_t)i + 1);
        add_number(&function, 2, S_FIXED + 2 * (uint64_t)i);
        add_number(&function, 4, S_FIXED + 2 * (uint64_t)i + 1);
        add_number(&function, 5, model->functions->line[i]);
        put_blob(out, 5, &function);
    }
}

/* A location is a row of stacks: a function at a line. */
static void put_locations(sink *out, const ml_model *model)
{
    for (uint32_t i = 1; i < model->stacks->count; i++) {
        blob location = {0}, line = {0};
        add_number(&line, 1, (uint64_t)model->stacks->function[i] + 1);
        add_number(&line, 2, model->stacks->line[i]);
        add_number(&location, 1, i);
        add_blob(&location, 4, &line);
        put_blob(out, 4, &location);
    }
}

/* ---------------------------------------------------------------- samples */

typedef struct amounts {
    uint64_t ticks, cpu_ns, wall_ns;
} amounts;

/* By stack, of one thread; `touched` are the stacks with any, in the order in which the thread came to them. */
typedef struct tally {
    amounts *of;
    uint32_t *touched;
    uint32_t count;
} tally;

static void tally_thread(tally *to, const ml_model *model, uint32_t thread)
{
    const ml_samples *samples = model->samples;
    uint64_t first = model->threads->sample_first[thread];
    uint64_t end = first + model->threads->sample_count[thread];
    while (to->count)
        to->of[to->touched[--to->count]] = (amounts){0, 0, 0};
    for (uint64_t i = first; i < end; i++) {
        uint32_t stack = samples->stack[i];
        amounts *of = to->of + stack;
        if (!stack || !samples->wall_ns[i])
            continue;
        if (!of->wall_ns)
            to->touched[to->count++] = stack;
        of->ticks += samples->wall_ns[i] / (model->period_ns ? model->period_ns : 1);
        of->cpu_ns += samples->cpu_ns[i];
        of->wall_ns += samples->wall_ns[i];
    }
}

static size_t encode_stack(uint8_t *out, const ml_model *model, uint32_t stack)
{
    size_t length = 0;
    for (unsigned depth = 0; stack && depth < DEPTH_MOST; depth++) {
        length += encode_varint(out + length, stack);
        stack = model->stacks->parent[stack];
    }
    return length;
}

static void put_sample(sink *out, const ml_model *model, uint32_t thread, uint32_t stack,
                       const amounts *of)
{
    uint8_t locations[DEPTH_MOST * 5], head[2 * VARINT_MOST];
    size_t length = encode_stack(locations, model, stack), head_length;
    blob rest = {0}, label = {0};
    add_number(&rest, 2, of->ticks);
    add_number(&rest, 2, of->cpu_ns);
    add_number(&rest, 2, of->wall_ns);
    add_number(&label, 1, S_THREAD);
    add_number(&label, 2, S_FIXED + 2 * (uint64_t)model->functions->count + thread);
    add_blob(&rest, 3, &label);
    head_length = encode_varint(head, 1 << 3 | 2);
    head_length += encode_varint(head + head_length, length);
    put_varint(out, 2 << 3 | 2);
    put_varint(out, head_length + length + rest.length);
    sink_bytes(out, head, head_length);
    sink_bytes(out, locations, length);
    sink_bytes(out, rest.bytes, rest.length);
}

static ml_status put_samples(sink *out, const ml_host *host, const ml_model *model)
{
    tally all = {0};
    all.of = (amounts *)ml_alloc(host, model->stacks->count, sizeof *all.of);
    all.touched = (uint32_t *)ml_alloc(host, model->stacks->count, sizeof *all.touched);
    if (!all.of || !all.touched)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the stacks of this recording");
    for (uint32_t thread = 0; thread < model->threads->count; thread++) {
        tally_thread(&all, model, thread);
        for (uint32_t i = 0; i < all.count; i++)
            put_sample(out, model, thread, all.touched[i], all.of + all.touched[i]);
    }
    return ML_OK;
}

static void put_value_types(sink *out)
{
    put_value_type(out, 1, S_SAMPLES, S_COUNT);
    put_value_type(out, 1, S_CPU, S_NANOSECONDS);
    put_value_type(out, 1, S_WALL, S_NANOSECONDS);
    put_value_type(out, 11, S_WALL, S_NANOSECONDS);
    put_number(out, 14, S_CPU);
}

static ml_status put_model(sink *out, const ml_host *host, const ml_model *model)
{
    if (put_samples(out, host, model) != ML_OK)
        return ML_ERROR_MEMORY;
    put_locations(out, model);
    put_functions(out, model);
    put_strings(out, model);
    put_number(out, 9, (uint64_t)model->start_wall_ns);
    put_number(out, 10, model->duration_ns);
    put_number(out, 12, model->period_ns);
    return ML_OK;
}

/* Merged results have no samples: of them there is a profile without any. */
static ml_status run(const ml_host *host, void *self)
{
    const ml_model *model = ml_get_model(host);
    sink *out = sink_open(host);
    (void)self;
    if (!out)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the output");
    put_value_types(out);
    put_fixed_strings(out);
    if (model && put_model(out, host, model) != ML_OK)
        return ML_ERROR_MEMORY;
    return sink_end(out);
}

ML_DEFINE_RENDERER("pprof", "1.0", "pprof", "a profile for go tool pprof and its like",
                   "application/octet-stream", "pb", run)
