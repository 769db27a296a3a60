/* The flame chart: time goes from left to right, for each thread what looks like calls below their callers. */
#include "common/activity.h"
#include "drawing.h"

enum {
    THREADS_MOST = 8,
    DEPTH_MOST = 24,
    STRIP = 22,
    HEADER = 20,
    TOP = 64,
    BUCKETS = 300,
    BYTES_MOST = 1000000
};

typedef struct lane {
    uint32_t thread;
    unsigned depth; /* rows that are drawn */
} lane;

typedef struct chart {
    lane lanes[THREADS_MOST];
    uint32_t count;
    double scale; /* pixels a nanosecond */
    int is_cut;   /* deeper rows are left out */
} chart;

/* Stretches of one row that are too narrow to be seen, as one box. */
typedef struct narrow {
    double start, end;
    uint32_t function; /* of the widest */
    double widest;
    uint32_t count;
} narrow;

/* ---------------------------------------------------------------- which threads */

static int goes_before(const ml_threads *threads, uint32_t a, uint32_t b)
{
    if (threads->is_main[a] != threads->is_main[b])
        return threads->is_main[a] != 0;
    if (threads->cpu_ns[a] != threads->cpu_ns[b])
        return threads->cpu_ns[a] > threads->cpu_ns[b];
    return a < b;
}

static void add_thread(chart *to, const ml_threads *threads, uint32_t thread)
{
    uint32_t place = to->count;
    while (place > 0 && goes_before(threads, thread, to->lanes[place - 1].thread))
        place--;
    if (place == THREADS_MOST)
        return;
    to->count += to->count < THREADS_MOST;
    for (uint32_t i = to->count - 1; i > place; i--)
        to->lanes[i] = to->lanes[i - 1];
    to->lanes[place].thread = thread;
}

/* A thread that is there for a moment only would be a line with nothing beside it. */
static int is_worth_a_lane(const ml_model *model, uint32_t thread)
{
    const ml_threads *threads = model->threads;
    return threads->call_count[thread] &&
           (threads->is_main[thread] ||
            threads->end_ns[thread] - threads->start_ns[thread] >= model->duration_ns / 100);
}

static double width_of(const chart *self, const ml_calls *calls, uint64_t row)
{
    return (double)(calls->end_ns[row] - calls->start_ns[row]) * self->scale;
}

/* The deepest row in which something is drawn along at least a hundredth of the run. */
static unsigned depth_of(chart *self, const ml_model *model, uint32_t thread)
{
    const ml_calls *calls = model->calls;
    uint64_t first = model->threads->call_first[thread];
    double widths[DEPTH_MOST + 2] = {0};
    unsigned deepest = DEPTH_MOST + 1;
    for (uint64_t i = first; i < first + model->threads->call_count[thread]; i++) {
        uint32_t depth = calls->depth[i] - calls->depth[first];
        widths[depth < DEPTH_MOST ? depth : DEPTH_MOST] += width_of(self, calls, i);
    }
    while (deepest > 1 && widths[deepest - 1] < INNER / 100.0)
        deepest--;
    self->is_cut |= deepest > DEPTH_MOST || widths[deepest] > 0;
    return deepest < DEPTH_MOST ? deepest : DEPTH_MOST;
}

/* ---------------------------------------------------------------- one thread */

static void put_times(drawing *on, uint64_t start, uint64_t end, uint64_t samples)
{
    char from[ML_NUMBER_MAX], length[ML_NUMBER_MAX], count[ML_NUMBER_MAX];
    sink_format(on->out, ", %s from %s, %s samples</title></g>\n",
                ml_format_duration(length, end - start), ml_format_time(from, start),
                ml_format_count(count, samples));
}

static void put_stretch(drawing *on, const chart *self, uint64_t row, double y)
{
    const ml_calls *calls = on->model->calls;
    double x = MARGIN + (double)calls->start_ns[row] * self->scale;
    char name[4];
    drawing_open_box(on, x, y, width_of(self, calls, row),
                     drawing_class(name, on->model, calls->function[row]),
                     ml_function_name(on->model, calls->function[row]));
    sink_text(on->out, "<title>");
    drawing_name(on, calls->function[row]);
    put_times(on, calls->start_ns[row], calls->end_ns[row], calls->samples[row]);
}

static void flush_narrow(drawing *on, narrow *row, double y)
{
    char name[4];
    if (row->count && row->end - row->start >= NARROWEST) {
        drawing_open_box(on, MARGIN + row->start, y, row->end - row->start,
                         drawing_class(name, on->model, row->function), "");
        sink_format(on->out, "<title>%u short stretches, the longest: ", (unsigned)row->count);
        drawing_name(on, row->function);
        sink_text(on->out, "</title></g>\n");
    }
    memset(row, 0, sizeof *row);
}

static void add_narrow(drawing *on, const chart *self, narrow *row, uint64_t call, double y)
{
    const ml_calls *calls = on->model->calls;
    double start = (double)calls->start_ns[call] * self->scale, width = width_of(self, calls, call);
    if (row->count && start - row->end > NARROWEST)
        flush_narrow(on, row, y);
    if (!row->count)
        row->start = start;
    row->end = start + width;
    row->count++;
    if (width >= row->widest) {
        row->widest = width;
        row->function = calls->function[call];
    }
}

static void put_stretches(drawing *on, const chart *self, const lane *of, double y)
{
    const ml_calls *calls = on->model->calls;
    uint64_t first = on->model->threads->call_first[of->thread];
    uint64_t end = first + on->model->threads->call_count[of->thread], limit;
    uint32_t root = first < end ? calls->depth[first] : 0;
    narrow rows[DEPTH_MOST];
    memset(rows, 0, sizeof rows);
    limit = sink_size(on->out) + BYTES_MOST / self->count;
    for (uint64_t i = first; i < end && sink_size(on->out) < limit;) {
        uint32_t depth = calls->depth[i] - root;
        if (depth >= of->depth) {
            i = calls->subtree_end[i];
        } else if (width_of(self, calls, i) < NARROWEST) {
            add_narrow(on, self, &rows[depth], i, y + depth * ROW);
            i = calls->subtree_end[i];
        } else {
            put_stretch(on, self, i, y + depth * ROW);
            i++;
        }
    }
    for (unsigned depth = 0; depth < of->depth; depth++)
        flush_narrow(on, &rows[depth], y + depth * ROW);
    if (sink_size(on->out) >= limit)
        drawing_text(on, MARGIN + INNER - 260, y + of->depth * ROW - 4, "muted",
                     "What came later did not fit into the file.");
}

/* How much the thread was running, from nothing to all the time. */
static void put_strip(drawing *on, uint32_t thread, double y)
{
    double buckets[BUCKETS] = {0};
    activity_fill(on->model, thread, ACTIVITY_RUNNING, buckets, BUCKETS);
    sink_format(on->out,
                "<rect class=\"ground\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%d\"/>"
                "<path class=\"busy\" d=\"M%d %.1f",
                (int)MARGIN, y, (int)INNER, (int)STRIP - 4, (int)MARGIN, y + STRIP - 4);
    for (int i = 0; i < BUCKETS; i++) {
        double share = buckets[i] < 1 ? buckets[i] : 1;
        sink_format(on->out, "V%.1fH%.1f", y + (STRIP - 4) * (1 - share),
                    MARGIN + (double)INNER * (i + 1) / BUCKETS);
    }
    sink_format(on->out,
                "V%.1fZ\"><title>Share of time in which the thread was running</title>"
                "</path>\n",
                y + STRIP - 4);
}

static void put_lane(drawing *on, const chart *self, const lane *of, double y)
{
    const ml_threads *threads = on->model->threads;
    char text[300], cpu[ML_NUMBER_MAX];
    ml_format(text, sizeof text, "%.200s \xC2\xB7 %s of CPU",
              ml_text_of(on->model, threads->name[of->thread]),
              ml_format_duration(cpu, threads->cpu_ns[of->thread]));
    drawing_text(on, MARGIN, y + 14, "muted", text);
    put_strip(on, of->thread, y + HEADER);
    sink_text(on->out, "<g class=\"box\">\n");
    put_stretches(on, self, of, y + HEADER + STRIP);
    sink_text(on->out, "</g>\n");
}

/* ---------------------------------------------------------------- the whole */

/* A step of 1, 2 or 5 times a power of ten, so that there are at most ten. */
static uint64_t step_of(uint64_t duration)
{
    uint64_t step = 1000;
    while (duration / step > 10) {
        if (duration / step <= 20)
            return step * 2;
        if (duration / step <= 50)
            return step * 5;
        step *= 10;
    }
    return step;
}

static void put_axis(drawing *on, const chart *self, double y, double height)
{
    uint64_t step = step_of(on->model->duration_ns);
    char time[ML_NUMBER_MAX];
    for (uint64_t at = 0; at <= on->model->duration_ns; at += step) {
        double x = MARGIN + (double)at * self->scale;
        sink_format(on->out, "<path class=\"grid\" d=\"M%.1f %.1fv%.1f\"/>\n", x, y, height);
        if (x < WIDTH - 60)
            drawing_text(on, x + 3, y + 11, "muted", at ? ml_format_duration(time, at) : "0");
    }
}

static double height_of(const chart *self)
{
    double height = TOP;
    for (uint32_t i = 0; i < self->count; i++)
        height += HEADER + STRIP + self->lanes[i].depth * ROW + 12;
    return height;
}

static void draw(drawing *on, const void *self, double y)
{
    const chart *from = (const chart *)self;
    char text[300];
    double at = y + TOP;
    drawing_text(on, MARGIN, y + 16, "head", "Flame chart");
    ml_format(text, sizeof text,
              "What each thread was in, over time; callers above. Boxes are consecutive samples, "
              "which may be many short calls.%s",
              from->is_cut ? " Deeper rows are left out." : "");
    drawing_text(on, MARGIN, y + 34, "muted", text);
    if (on->model->threads->count > from->count) {
        ml_format(text, sizeof text, "%u of %u threads.", (unsigned)from->count,
                  (unsigned)on->model->threads->count);
        drawing_text(on, MARGIN + INNER - 120, y + 16, "muted", text);
    }
    put_axis(on, from, y + 44, height_of(from) - 52);
    for (uint32_t i = 0; i < from->count; i++) {
        put_lane(on, from, &from->lanes[i], at);
        at += HEADER + STRIP + from->lanes[i].depth * ROW + 12;
    }
}

size_t picture_flame_chart(const ml_host *host, const ml_model *model, picture *out)
{
    chart *self = model && model->duration_ns ? (chart *)ml_alloc(host, 1, sizeof *self) : NULL;
    if (!self)
        return 0;
    self->scale = (double)INNER / (double)model->duration_ns;
    for (uint32_t i = 0; i < model->threads->count; i++)
        if (is_worth_a_lane(model, i))
            add_thread(self, model->threads, i);
    for (uint32_t i = 0; i < self->count; i++)
        self->lanes[i].depth = depth_of(self, model, self->lanes[i].thread);
    out->draw = draw;
    out->self = self;
    out->height = height_of(self);
    return self->count > 0;
}
