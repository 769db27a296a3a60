/* test.ranges: what each function weighs in twenty ranges of time, straight from the samples, for comparison with what
 * the page makes of its columns. Rows of functions with time only; a part of a run counts by its length. */
#include <microlog/sdk.h>

enum { RANGES = 20, MEASURES = 4 };

static const char *const names[MEASURES] = {"wall", "running", "cpu", "samples"};

static uint64_t next_random(uint64_t *state)
{
    uint64_t value = *state += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

static double weight_of(const ml_samples *samples, uint64_t i, int measure)
{
    uint32_t state = samples->state[i] & ML_STATE_MASK;
    switch (measure) {
    case 0: return (double)samples->wall_ns[i];
    case 1: return state <= ML_STATE_RUNNING ? (double)samples->wall_ns[i] : 0;
    case 2: return (double)samples->cpu_ns[i];
    default: return samples->taken[i];
    }
}

static double part_of(const ml_samples *samples, uint64_t i, uint64_t from, uint64_t to)
{
    uint64_t start = samples->start_ns[i], end = start + samples->wall_ns[i];
    start = start > from ? start : from;
    end = end < to ? end : to;
    return end > start ? (double)(end - start) / (double)samples->wall_ns[i] : 0;
}

/* Each function once, however often it is on the stack: at its frame nearest the root. */
static int is_outermost(const ml_model *model, uint32_t frame)
{
    ML_EACH_FRAME(model, model->stacks->parent[frame], above)
        if (model->stacks->function[above] == model->stacks->function[frame])
            return 0;
    return 1;
}

static void add_sample(const ml_model *model, uint64_t i, double part, double *self, double *total)
{
    uint32_t leaf = model->samples->stack[i];
    for (int m = 0; m < MEASURES; m++) {
        double weight = weight_of(model->samples, i, m) * part;
        if (leaf)
            self[model->stacks->function[leaf] * MEASURES + (unsigned)m] += weight;
        ML_EACH_FRAME(model, leaf, frame)
            if (is_outermost(model, frame))
                total[model->stacks->function[frame] * MEASURES + (unsigned)m] += weight;
    }
}

static void put_range(ml_draft block, const ml_model *model, uint64_t from, uint64_t to,
                      double *self, double *total)
{
    size_t size = model->functions->count * MEASURES * sizeof *self;
    memset(self, 0, size);
    memset(total, 0, size);
    for (uint64_t i = 0; i < model->samples->count; i++) {
        double part = part_of(model->samples, i, from, to);
        if (part > 0)
            add_sample(model, i, part, self, total);
    }
    for (uint32_t f = 0; f < model->functions->count; f++) {
        if (!(total[f * MEASURES] > 0))
            continue;
        ml_cell_number(block, from);
        ml_cell_number(block, to);
        ml_cell_number(block, f);
        for (unsigned m = 0; m < MEASURES; m++) {
            ml_cell_real(block, self[f * MEASURES + m]);
            ml_cell_real(block, total[f * MEASURES + m]);
        }
    }
}

static ml_status run(const ml_host *host, void *self_)
{
    const ml_model *model = ml_get_model(host);
    size_t cells = (size_t)model->functions->count * MEASURES;
    double *self = (double *)ml_alloc(host, cells, sizeof *self),
           *total = (double *)ml_alloc(host, cells, sizeof *total);
    ml_draft block = ml_table_begin(host, "ranges", "Weights in ranges");
    uint64_t state = 8;
    (void)self_;
    ml_table_column(block, "from", ML_TYPE_INT, ML_REDUCE_KEY);
    ml_table_column(block, "to", ML_TYPE_INT, ML_REDUCE_KEY);
    ml_table_column(block, "function", ML_TYPE_INT, ML_REDUCE_KEY);
    for (int m = 0; m < MEASURES; m++) {
        ml_table_column(block, names[m], ML_TYPE_REAL, ML_REDUCE_SUM);
        ml_table_column(block, "with calls", ML_TYPE_REAL, ML_REDUCE_SUM);
    }
    for (int i = 0; i < RANGES; i++) {
        uint64_t one = next_random(&state) % model->duration_ns,
                 other = next_random(&state) % model->duration_ns;
        put_range(block, model, one < other ? one : other, one < other ? other : one, self, total);
    }
    return ml_end(block, "From, to, function, self and total of each measure.");
}
ML_DEFINE_ANALYZER("test.ranges", "1", "Ranges", "weights of functions in ranges of time", run)
