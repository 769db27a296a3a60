/* collapsed: one line for each stack, "thread;outermost;...;innermost count", as flame graph scripts read them.
 *
 * The count is of the recording's ticks in which the thread was running on that stack; waiting is left out, as in the
 * flame graph of the page. Lines of one thread stand together. A frame is "function (file:line)" with the line where the
 * function begins; a semicolon in a name becomes a comma, since nothing can quote it.
 *
 *   microlog-analyze run.mlog --format collapsed -o - | inferno-flamegraph > run.svg
 */
#include "common/sink.h"
#include "common/stack_paths.h"
#include "common/utf8.h"

#include <inttypes.h>

enum { DEPTH_MOST = 4096 };

/* A name as one frame: no separator, nothing that acts instead of being seen. */
static void put_name(sink *out, const char *text)
{
    while (*text) {
        const char *from = text;
        uint32_t character = utf8_next(&text);
        if (character == ';')
            sink_char(out, ',');
        else if (character == UTF8_BAD || utf8_is_control(character) || character < 0x20)
            sink_char(out, '?');
        else
            sink_bytes(out, from, (size_t)(text - from));
    }
}

static void put_frame(sink *out, const ml_model *model, uint32_t function)
{
    const char *file = ml_base_name(ml_function_file(model, function));
    uint32_t line = model->functions->line[function];
    sink_char(out, ';');
    put_name(out, ml_function_name(model, function));
    if (file[0] != '\0') {
        sink_text(out, " (");
        put_name(out, file);
        if (line)
            sink_format(out, ":%u", (unsigned)line);
        sink_char(out, ')');
    }
}

static void put_thread(sink *out, const ml_model *model, uint32_t thread)
{
    uint32_t process = model->threads->process[thread];
    if (model->processes->count > 1)
        sink_format(out, "process %u ", (unsigned)model->processes->pid[process]);
    put_name(out, ml_text_of(model, model->threads->name[thread]));
}

static void put_line(sink *out, const ml_model *model, const stack_paths *paths, uint32_t thread,
                     uint32_t node)
{
    uint32_t functions[DEPTH_MOST];
    size_t depth = 0;
    for (uint32_t at = node; at && depth < DEPTH_MOST; at = paths->tree.nodes[at].parent)
        functions[depth++] = paths->tree.nodes[at].function;
    put_thread(out, model, thread);
    while (depth)
        put_frame(out, model, functions[--depth]);
    sink_format(out, " %" PRIu64 "\n", paths->slots[node]);
}

static ml_status run(const ml_host *host, void *self)
{
    const ml_model *model = ml_get_model(host);
    sink *out = sink_open(host);
    stack_paths paths;
    (void)self;
    if (!out)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the output");
    if (!model)
        return sink_end(out);
    if (stack_paths_open(&paths, host, model) != ML_OK)
        return ML_ERROR_MEMORY;
    for (uint32_t thread = 0; thread < model->threads->count; thread++) {
        stack_paths_of_thread(&paths, model, thread);
        for (uint32_t i = 0; i < paths.count; i++)
            put_line(out, model, &paths, thread, paths.touched[i]);
    }
    return sink_end(out);
}

ML_DEFINE_RENDERER("collapsed", "1.0", "collapsed stacks",
                   "one line a stack, for flame graph scripts", "text/plain", "collapsed", run)
