/* speedscope: the run for https://www.speedscope.app, a profile for each thread with its time from left to right.
 *
 * "Evented" profiles of its file format schema, in nanoseconds: a frame opens and closes where a call of the model does,
 * waiting included. Frames are functions with their file and first line. A report that was made from merged results has
 * no calls: the file then has no profile.
 */
#include "common/json_text.h"

#include <inttypes.h>

enum { DEPTH_MOST = 4096 };

static void put_frame(sink *out, const ml_model *model, uint32_t function)
{
    uint32_t line = model->functions->line[function];
    sink_text(out, function ? ",\n{\"name\":" : "\n{\"name\":");
    json_string(out, ml_function_name(model, function));
    sink_text(out, ",\"file\":");
    json_string(out, ml_function_file(model, function));
    if (line)
        sink_format(out, ",\"line\":%u", (unsigned)line);
    sink_char(out, '}');
}

static void put_event(sink *out, const ml_calls *calls, uint64_t call, char type, int *first)
{
    sink_format(out, "%s{\"type\":\"%c\",\"frame\":%u,\"at\":%" PRIu64 "}", *first ? "\n" : ",\n",
                type, (unsigned)calls->function[call],
                type == 'O' ? calls->start_ns[call] : calls->end_ns[call]);
    *first = 0;
}

/* Calls are in pre-order: those that end where another begins are closed first, innermost first. What is deeper than
 * DEPTH_MOST is left out. */
static void put_events(sink *out, const ml_calls *calls, uint64_t begin, uint64_t end)
{
    uint64_t open[DEPTH_MOST];
    size_t depth = 0;
    int first = 1;
    for (uint64_t call = begin; call < end; call++) {
        while (depth && calls->subtree_end[open[depth - 1]] <= call)
            put_event(out, calls, open[--depth], 'C', &first);
        if (depth == DEPTH_MOST)
            continue;
        open[depth++] = call;
        put_event(out, calls, call, 'O', &first);
    }
    while (depth)
        put_event(out, calls, open[--depth], 'C', &first);
}

static void put_name(sink *out, const ml_model *model, uint32_t thread)
{
    char name[300];
    uint32_t process = model->threads->process[thread];
    const char *text = ml_text_of(model, model->threads->name[thread]);
    if (model->processes->count > 1)
        ml_format(name, sizeof name, "%s (process %u)", text,
                  (unsigned)model->processes->pid[process]);
    else
        ml_format(name, sizeof name, "%s", text);
    json_string(out, name);
}

static void put_profile(sink *out, const ml_model *model, uint32_t thread, int first)
{
    uint64_t begin = model->threads->call_first[thread];
    uint64_t end = begin + model->threads->call_count[thread];
    sink_text(out, first ? "\n" : ",\n");
    sink_text(out, "{\"type\":\"evented\",\"name\":");
    put_name(out, model, thread);
    sink_format(out,
                ",\"unit\":\"nanoseconds\",\"startValue\":0,\"endValue\":%" PRIu64 ",\"events\":[",
                model->duration_ns);
    put_events(out, model->calls, begin, end);
    sink_text(out, "]}");
}

static void put_profiles(sink *out, const ml_model *model)
{
    int first = 1;
    for (uint32_t thread = 0; thread < model->threads->count; thread++) {
        if (model->threads->call_count[thread]) {
            put_profile(out, model, thread, first);
            first = 0;
        }
    }
}

/* The place of the main thread among the profiles: that is what a reader wants to see first. */
static uint32_t main_profile(const ml_model *model)
{
    uint32_t place = 0;
    for (uint32_t thread = 0; thread < model->threads->count; thread++) {
        if (model->threads->call_count[thread] && model->threads->is_main[thread])
            return place;
        place += model->threads->call_count[thread] != 0;
    }
    return 0;
}

static ml_status run(const ml_host *host, void *self)
{
    const ml_model *model = ml_get_model(host);
    sink *out = sink_open(host);
    (void)self;
    if (!out)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the output");
    sink_text(out,
              "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\n\"name\":");
    json_string(out, model ? model->name : "Several runs");
    sink_format(out,
                ",\"exporter\":\"microlog\",\"activeProfileIndex\":%u,\n\"shared\":{\"frames\":[",
                model ? (unsigned)main_profile(model) : 0u);
    for (uint32_t i = 0; model && i < model->functions->count; i++)
        put_frame(out, model, i);
    sink_text(out, "]},\n\"profiles\":[");
    if (model)
        put_profiles(out, model);
    sink_text(out, "]}\n");
    return sink_end(out);
}

ML_DEFINE_RENDERER("speedscope", "1.0", "speedscope",
                   "a profile for each thread, for speedscope.app", "application/json",
                   "speedscope.json", run)
