/* The run at a glance: lanes over one axis of time. CPU and threads come from the samples, memory and
 * descriptors from counters, marks from the log, and the times of findings. */
#include "common/activity.h"
#include "markup.h"
#include "page.h"

enum { BUCKETS = 500, THREADS_MOST = 20, LANE_HEIGHT = 40, POINTS_MOST = 600, PROCESSES_MOST = 4 };

static void open_lane(page *to, const char *name, const char *detail, int height)
{
    sink_text(to->out, "<div class=\"lane\"><span class=\"name\" title=\"");
    markup_clipped(to->out, detail, 300);
    sink_text(to->out, "\">");
    markup_clipped(to->out, name, 60);
    sink_format(to->out,
                "</span><svg width=\"100%%\" height=\"%d\" viewBox=\"0 0 %d %d\" "
                "preserveAspectRatio=\"none\" role=\"img\"><title>",
                height, (int)BUCKETS, height);
    markup_clipped(to->out, detail, 300);
    sink_text(to->out, "</title>");
}

static void close_lane(page *to, const char *peak)
{
    sink_text(to->out, "</svg><span class=\"peak\">");
    markup_text(to->out, peak);
    sink_text(to->out, "</span></div>\n");
}

/* ---------------------------------------------------------------- CPU */

static void put_cpu(page *to)
{
    double buckets[BUCKETS] = {0}, peak = 0;
    char ratio[ML_NUMBER_MAX], text[VALUE_MAX];
    activity_fill(to->model, ML_NONE, ACTIVITY_CPU, buckets, BUCKETS);
    for (int i = 0; i < BUCKETS; i++)
        peak = buckets[i] > peak ? buckets[i] : peak;
    if (peak <= 0)
        return;
    open_lane(to, "CPU", "CPU used by the threads that ran Python, as a share of one core",
              LANE_HEIGHT);
    sink_format(to->out, "<path class=\"area cpu\" d=\"M0 %d", (int)LANE_HEIGHT);
    for (int i = 0; i < BUCKETS; i++)
        sink_format(to->out, "V%.1fH%d",
                    LANE_HEIGHT - buckets[i] / (peak > 1 ? peak : 1) * (LANE_HEIGHT - 2), i + 1);
    sink_format(to->out, "V%dz\"/>", (int)LANE_HEIGHT);
    close_lane(to, ml_format(text, sizeof text, "peak %s", ml_format_ratio(ratio, peak)));
}

/* ---------------------------------------------------------------- counters */

static int64_t largest(const ml_counters *counters, uint32_t counter)
{
    int64_t found = 0;
    for (uint64_t i = 0; i < counters->points[counter]; i++) {
        int64_t value = counters->value[counters->first[counter] + i];
        found = value > found ? value : found;
    }
    return found;
}

static double time_to_x(const ml_model *model, uint64_t time)
{
    double x = (double)time / (double)model->duration_ns * BUCKETS;
    return x < BUCKETS ? x : BUCKETS;
}

/* A gauge as steps from zero; of many points, every n-th. */
static void put_steps(page *to, uint32_t counter, int64_t top)
{
    const ml_counters *counters = to->model->counters;
    uint64_t first = counters->first[counter], count = counters->points[counter];
    uint64_t stride = count / POINTS_MOST + 1;
    sink_format(to->out, "<path class=\"area gauge\" d=\"M%.1f %d",
                time_to_x(to->model, counters->time_ns[first]), (int)LANE_HEIGHT);
    for (uint64_t i = 0; i < count; i += stride) {
        int64_t value = counters->value[first + i];
        sink_format(
            to->out, "H%.1fV%.1f", time_to_x(to->model, counters->time_ns[first + i]),
            LANE_HEIGHT - (value > 0 ? (double)value : 0) / (double)top * (LANE_HEIGHT - 2));
    }
    sink_format(to->out, "H%.1fV%dz\"/>",
                time_to_x(to->model, to->model->processes->end_ns[counters->process[counter]]),
                (int)LANE_HEIGHT);
}

static void put_gauge(page *to, const char *counter_name, const char *title, const char *detail,
                      int is_bytes)
{
    const ml_counters *counters = to->model->counters;
    int drawn = 0;
    for (uint32_t i = 0; i < counters->count && drawn < PROCESSES_MOST; i++) {
        char name[VALUE_MAX], peak[VALUE_MAX], number[ML_NUMBER_MAX];
        int64_t top;
        if (strcmp(ml_text_of(to->model, counters->name[i]), counter_name) != 0 ||
            !counters->points[i])
            continue;
        top = largest(counters, i);
        if (top <= 0)
            continue;
        ml_format(name, sizeof name, "%s", title);
        if (to->model->processes->count > 1)
            ml_format(name, sizeof name, "%s %u", title,
                      (unsigned)to->model->processes->pid[counters->process[i]]);
        open_lane(to, name, detail, LANE_HEIGHT);
        put_steps(to, i, top);
        ml_format(peak, sizeof peak, "peak %s",
                  is_bytes ? ml_format_bytes(number, (uint64_t)top)
                           : ml_format_count(number, (uint64_t)top));
        close_lane(to, peak);
        drawn++;
    }
}

/* ---------------------------------------------------------------- threads */

enum { SHADES = 4 };

/* 0: not there; 1: waiting all the time; 2 to 4: running for up to a third, two thirds, all of it. */
static int shade_of(double present, double running)
{
    if (present < 0.02)
        return 0;
    if (running < 0.02)
        return 1;
    return running < 0.34 ? 2 : running < 0.67 ? 3 : 4;
}

static void put_thread(page *to, uint32_t thread)
{
    double present[BUCKETS] = {0}, running[BUCKETS] = {0};
    char cpu[ML_NUMBER_MAX], text[VALUE_MAX];
    const char *name = ml_text_of(to->model, to->model->threads->name[thread]);
    activity_fill(to->model, thread, ACTIVITY_PRESENT, present, BUCKETS);
    activity_fill(to->model, thread, ACTIVITY_RUNNING, running, BUCKETS);
    open_lane(to, name[0] ? name : "unnamed thread", name, 12);
    for (int shade = 1; shade <= SHADES; shade++) {
        int start = 0, any = 0;
        for (int i = 0; i <= BUCKETS; i++) {
            int same = i < BUCKETS && shade_of(present[i], running[i]) == shade;
            if (!same && i > start) {
                if (!any++)
                    sink_format(to->out, "<path class=\"k%d\" d=\"", shade);
                sink_format(to->out, "M%d 0h%dv12h-%dz", start, i - start, i - start);
            }
            start = same ? start : i + 1;
        }
        if (any)
            sink_text(to->out, "\"/>");
    }
    close_lane(to, ml_format(text, sizeof text, "CPU %s",
                             ml_format_duration(cpu, to->model->threads->cpu_ns[thread])));
}

/* `row` is behind `other` in the table. */
static int comes_before(const ml_threads *threads, uint32_t row, uint32_t other)
{
    if (threads->is_main[row] || threads->is_main[other])
        return !threads->is_main[other];
    return threads->cpu_ns[row] > threads->cpu_ns[other];
}

uint32_t page_first_threads(const ml_threads *threads, int seen, uint32_t most, uint32_t *out)
{
    uint32_t count = 0;
    for (uint32_t row = 0; row < threads->count; row++) {
        uint32_t place = count;
        if (seen && threads->sample_count[row] == 0)
            continue;
        while (place > 0 && comes_before(threads, row, out[place - 1]))
            place--;
        if (place == most)
            continue;
        count += count < most;
        for (uint32_t i = count - 1; i > place; i--)
            out[i] = out[i - 1];
        out[place] = row;
    }
    return count;
}

static void put_threads(page *to)
{
    const ml_threads *threads = to->model->threads;
    uint32_t first[THREADS_MOST], seen = 0;
    uint32_t count = page_first_threads(threads, 1, THREADS_MOST, first);
    for (uint32_t i = 0; i < threads->count; i++)
        seen += threads->sample_count[i] != 0;
    for (uint32_t i = 0; i < count; i++)
        put_thread(to, first[i]);
    if (seen > count)
        sink_format(to->out,
                    "<div class=\"lane\"><span class=\"name\"></span><small>%u more threads "
                    "with less CPU are not drawn</small></div>\n",
                    (unsigned)(seen - count));
}

/* ---------------------------------------------------------------- marks */

/* 3 errors, 2 warnings, 1 anything else. */
static int rank_of(const ml_messages *messages, uint64_t row)
{
    if (messages->kind[row] == ML_MESSAGE_EXCEPTION)
        return 3;
    return messages->level[row] >= 40 ? 3 : messages->level[row] >= 30 ? 2 : 1;
}

static void put_log_marks(page *to)
{
    const ml_messages *messages = to->model->messages;
    uint8_t marks[BUCKETS] = {0};
    char count[ML_NUMBER_MAX], text[VALUE_MAX];
    if (!messages->count)
        return;
    for (uint64_t i = 0; i < messages->count; i++) {
        int x = (int)time_to_x(to->model, messages->time_ns[i]);
        int rank = rank_of(messages, i);
        x = x < BUCKETS ? x : BUCKETS - 1;
        marks[x] = marks[x] > rank ? marks[x] : (uint8_t)rank;
    }
    open_lane(to, "Log", "messages: errors, warnings and others", 14);
    for (int rank = 1; rank <= 3; rank++) {
        int any = 0;
        for (int x = 0; x < BUCKETS; x++)
            if (marks[x] == rank) {
                if (!any++)
                    sink_format(to->out, "<path class=\"m%d\" d=\"", rank);
                sink_format(to->out, "M%d %dv%dh1v-%dz", x, 9 - rank * 3, 5 + rank * 3,
                            5 + rank * 3);
            }
        if (any)
            sink_text(to->out, "\"/>");
    }
    close_lane(
        to, ml_format(text, sizeof text, "%s messages", ml_format_count(count, messages->count)));
}

static void put_finding_times(page *to)
{
    int any = 0;
    for (size_t i = 0; i < to->documents->finding_count && i < 7; i++) {
        const ml_finding *finding = to->documents->findings[i].block->finding;
        const ml_location *at = finding->locations;
        double start, end;
        if (!finding->location_count || !at->end_ns || at->start_ns >= to->model->duration_ns)
            continue;
        if (!any++)
            sink_text(
                to->out,
                "<div class=\"lane\"><span class=\"name\">Findings</span><div class=\"times\">");
        start = (double)at->start_ns / (double)to->model->duration_ns;
        end = (double)at->end_ns / (double)to->model->duration_ns;
        end = end > 1 ? 1 : end;
        sink_format(to->out,
                    "<svg width=\"100%%\" height=\"16\" class=\"%s\"><rect height=\"14\" x=\"",
                    value_level_word(finding->level));
        markup_percent(to->out, start);
        sink_text(to->out, "\" width=\"");
        markup_percent(to->out, end - start > 0.004 ? end - start : 0.004);
        sink_text(to->out, "\"/><text y=\"11\" x=\"");
        markup_percent(to->out, start < 0.93 ? start + 0.004 : 0.93);
        sink_text(to->out, "\">");
        markup_text(to->out, finding->handle);
        sink_text(to->out, "</text><title>");
        markup_clipped(to->out, finding->message, 300);
        sink_text(to->out, "</title></svg>");
    }
    if (any)
        sink_text(to->out, "</div><span class=\"peak\"></span></div>\n");
}

static void put_axis(page *to)
{
    enum { TICKS = 4 };
    char time[ML_NUMBER_MAX];
    sink_text(to->out,
              "<div class=\"lane axis\"><span class=\"name\"></span><div class=\"ticks\">");
    for (uint64_t i = 0; i <= TICKS; i++)
        sink_format(to->out, "<span>%s</span>",
                    i ? ml_format_duration(time, to->model->duration_ns / TICKS * i) : "0 s");
    sink_text(to->out, "</div><span class=\"peak\"></span></div>\n");
}

void page_overview(page *to)
{
    if (!to->model)
        return;
    sink_text(to->out, "<section id=\"overview\"><h2>Timeline</h2>\n");
    if (!to->model->duration_ns) {
        sink_text(to->out, "<p class=\"none\">The run has no length.</p></section>\n");
        return;
    }
    sink_text(to->out, "<div class=\"lanes static\">\n");
    put_finding_times(to);
    put_cpu(to);
    put_gauge(to, "rss", "Memory", "resident memory of the process", 1);
    put_gauge(to, "descriptors", "Descriptors", "open descriptors of the process", 0);
    put_log_marks(to);
    put_threads(to);
    put_axis(to);
    sink_text(
        to->out,
        "</div>\n<p class=\"legend static\"><span class=\"key k4\"></span> running <span class=\"key k2\"></span> "
        "partly <span class=\"key k1\"></span> waiting</p></section>\n");
}
