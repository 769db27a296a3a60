#include "markup.h"
#include "page.h"

static void put_row(page *to, const char *name, const char *text)
{
    if (!text[0])
        return;
    sink_format(to->out, "<dt>%s</dt><dd>", name);
    markup_clipped(to->out, text, 4000);
    sink_text(to->out, "</dd>\n");
}

/* ---------------------------------------------------------------- threads */

/* A cell with the number by which the script sorts. */
static void put_number(page *to, uint64_t value, const char *text)
{
    sink_format(to->out, "<td data-v=%llu>%s</td>", (unsigned long long)value, text);
}

static void put_thread(page *to, uint32_t row)
{
    const ml_threads *threads = to->model->threads;
    uint32_t process = threads->process[row];
    uint32_t pid = process < to->model->processes->count ? to->model->processes->pid[process] : 0;
    char number[ML_NUMBER_MAX];
    sink_text(to->out, "<tr><td>");
    markup_clipped(to->out, ml_text_of(to->model, threads->name[row]), 120);
    sink_text(to->out, "</td>");
    put_number(to, pid, ml_format(number, sizeof number, "%u", (unsigned)pid));
    put_number(
        to, threads->native_id[row],
        ml_format(number, sizeof number, "%llu", (unsigned long long)threads->native_id[row]));
    put_number(to, threads->start_ns[row], ml_format_time(number, threads->start_ns[row]));
    put_number(to, threads->end_ns[row], ml_format_time(number, threads->end_ns[row]));
    put_number(to, threads->cpu_ns[row], ml_format_duration(number, threads->cpu_ns[row]));
    sink_text(to->out, "</tr>\n");
}

void page_threads(page *to)
{
    enum { MOST = 100 };
    uint32_t first[MOST], count = to->model ? to->model->threads->count : 0;
    if (!to->model)
        return;
    sink_text(
        to->out,
        "<section id=\"threads\"><h2>Threads</h2>\n<div class=\"scroll\"><table><thead><tr><th>name</th><th "
        "class=\"number\">process</th><th class=\"number\">native id</th><th class=\"number\">first "
        "seen</th><th class=\"number\">last seen</th><th class=\"number\">CPU</th></tr></thead><tbody>\n");
    for (uint32_t i = 0, listed = page_first_threads(to->model->threads, 0, MOST, first);
         i < listed; i++)
        put_thread(to, first[i]);
    sink_text(to->out, "</tbody></table></div>\n");
    if (count > MOST)
        sink_format(to->out, "<p class=\"remark\">The %d with most CPU of %u are listed.</p>\n",
                    (int)MOST, (unsigned)count);
    sink_text(to->out, "</section>\n");
}

/* ---------------------------------------------------------------- descriptors */

static const char *word_of(uint32_t what)
{
    static const char *const words[] = {"other",  "file",   "directory", "pipe",
                                        "socket", "device", "anonymous"};
    return what < sizeof words / sizeof words[0] ? words[what] : "other";
}

static void put_opener(page *to, uint64_t row)
{
    const ml_resources *resources = to->model->resources;
    uint32_t frame = ml_stack_own_frame(to->model, resources->stack[row]);
    if (resources->inherited[row])
        sink_text(to->out, "open before the recording");
    else if (frame)
        markup_place(to->out, ml_function_file(to->model, ml_stack_function(to->model, frame)),
                     ml_stack_line(to->model, frame),
                     ml_function_name(to->model, ml_stack_function(to->model, frame)));
    else
        sink_text(to->out, "not seen");
}

static void put_descriptor(page *to, uint64_t row)
{
    const ml_resources *resources = to->model->resources;
    char time[ML_NUMBER_MAX];
    sink_text(to->out, "<tr>");
    put_number(to, resources->number[row],
               ml_format(time, sizeof time, "%llu", (unsigned long long)resources->number[row]));
    sink_format(to->out, "<td>%s</td>", word_of(resources->what[row]));
    put_number(to, resources->open_ns[row],
               resources->inherited[row] ? "" : ml_format_time(time, resources->open_ns[row]));
    sink_text(to->out, "<td><code>");
    markup_clipped(to->out, ml_text_of(to->model, resources->label[row]), 200);
    sink_text(to->out, "</code></td><td>");
    put_opener(to, row);
    sink_text(to->out, "</td></tr>\n");
}

static uint64_t count_all(const ml_resources *resources)
{
    uint64_t all = 0;
    for (uint64_t i = 0; i < resources->count; i++)
        all += resources->times[i];
    return all;
}

static uint64_t count_open(const ml_resources *resources)
{
    uint64_t open = 0;
    for (uint64_t i = 0; i < resources->count; i++)
        open += resources->close_ns[i] == UINT64_MAX;
    return open;
}

void page_descriptors(page *to)
{
    enum { MOST = 100 };
    const ml_resources *resources = to->model ? to->model->resources : NULL;
    char count[ML_NUMBER_MAX], left[ML_NUMBER_MAX];
    uint64_t shown = 0, open;
    if (!resources)
        return;
    open = count_open(resources);
    sink_format(
        to->out,
        "<section id=\"descriptors\"><h2>Descriptors</h2>\n<p class=\"remark\">%s were seen, %s were open at the end%s</p>\n",
        ml_format_count(count, count_all(resources)), ml_format_count(left, open),
        open ? ":" : ".");
    if (open)
        sink_text(
            to->out,
            "<div class=\"scroll\"><table><thead><tr><th class=\"number\">number</th><th>kind</th><th "
            "class=\"number\">opened</th><th>what</th><th>by</th></tr></thead><tbody>\n");
    for (uint64_t i = 0; i < resources->count && shown < MOST; i++)
        if (resources->close_ns[i] == UINT64_MAX) {
            put_descriptor(to, i);
            shown++;
        }
    if (open)
        sink_text(to->out, "</tbody></table></div>\n");
    if (shown < open)
        sink_format(to->out, "<p class=\"remark\">The first %d are listed.</p>\n", (int)MOST);
    sink_text(to->out, "</section>\n");
}

/* ---------------------------------------------------------------- about */

static void put_recording(page *to)
{
    const ml_model *model = to->model;
    char text[512], number[ML_NUMBER_MAX], other[ML_NUMBER_MAX], share[ML_NUMBER_MAX];
    char part[ML_NUMBER_MAX];
    uint64_t slots = model->ticks + model->ticks_missed;
    put_row(to, "Program", model->command);
    put_row(to, "Directory", model->directory);
    put_row(to, "Label", model->label);
    put_row(to, "Python", model->python);
    put_row(to, "System", model->system);
    put_row(to, "Recorder", model->recorder);
    put_row(to, "Session", model->session);
    put_row(to, "Stacks were read", model->method);
    if (model->period_ns)
        put_row(to, "Period",
                ml_format(text, sizeof text, "%s, %s ticks taken, %s slots missed (%s)",
                          ml_format_duration(number, model->period_ns),
                          ml_format_count(other, model->ticks),
                          ml_format_count(share, model->ticks_missed),
                          slots ? ml_format_ratio(part, (double)model->ticks_missed / (double)slots)
                                : "0 %"));
    if (model->duration_ns)
        put_row(to, "Cost of recording",
                ml_format(text, sizeof text, "%s of CPU, %s of one core",
                          ml_format_duration(number, model->recorder_cpu_ns),
                          ml_format_ratio(
                              share, (double)model->recorder_cpu_ns / (double)model->duration_ns)));
    put_row(to, "Could not be read", model->problem);
}

static void put_plugins(page *to)
{
    sink_text(
        to->out,
        "<div class=\"scroll\"><table><thead><tr><th>plugin</th><th>version</th><th>status</th><th>what it "
        "looks for</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < to->documents->document_count; i++) {
        const ml_document *document = to->documents->documents[i];
        sink_text(to->out, "<tr><td><code>");
        markup_clipped(to->out, document->plugin, 100);
        sink_text(to->out, "</code></td><td>");
        markup_clipped(to->out, document->version, 40);
        sink_format(to->out, "</td><td class=\"%s\">%s",
                    document->status == ML_DOCUMENT_OK        ? "ok"
                    : document->status == ML_DOCUMENT_SKIPPED ? "remark"
                                                              : "problem",
                    value_status_word(document->status));
        if (document->message[0]) {
            sink_text(to->out, ": ");
            markup_clipped(to->out, document->message, 1000);
        }
        sink_text(to->out, "</td><td>");
        markup_clipped(to->out, document->summary, 300);
        sink_text(to->out, "</td></tr>\n");
    }
    sink_text(to->out, "</tbody></table></div>\n");
}

void page_about(page *to)
{
    sink_text(to->out, "<section id=\"about\"><h2>About this recording</h2>\n<dl>\n");
    put_row(to, "File", to->output->recording_path);
    if (to->model)
        put_recording(to);
    put_row(to, "Written by", to->host->name);
    put_row(to, "Version", to->host->version);
    sink_text(to->out, "</dl>\n");
    put_plugins(to);
    sink_text(
        to->out,
        "<p class=\"remark\">This page holds text of the recorded run: the command line, log messages and "
        "output, names and paths of files. Look through it before you pass it on. It loads nothing "
        "from anywhere and works without a network.</p>\n</section>\n");
}
