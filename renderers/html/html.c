/* html: the run as one self-contained page.
 *
 * Everything can be read without scripts and without a network; the policy in the page allows its own style
 * sheets and scripts, by hash, and nothing else. The scripts make time a thing to move in: they replace the
 * still pictures by the timeline and the flame graph of a range, from the columns at the page's end. */
#include "editor.h"
#include "markup.h"
#include "page.h"
#include "program.h"

#include <time.h>

/* ---------------------------------------------------------------- head */

static void put_title(page *to)
{
    sink_text(to->out, "<title>");
    markup_clipped(to->out, to->model ? to->model->name : "several runs", 100);
    sink_text(to->out, " \xC2\xB7 microlog</title>\n");
}

/* Where places lead is the script's business: without scripts, a page is read somewhere else. */
static void put_body_start(page *to, const editor *opens)
{
    sink_text(to->out, "</head>\n<body data-editor=\"");
    markup_text(to->out, opens->template);
    sink_text(to->out, "\" data-editor-name=\"");
    markup_text(to->out, opens->name);
    sink_text(to->out, "\">\n<a class=\"skip\" href=\"#findings\">To the findings</a>\n");
}

static void put_head(page *to)
{
    sink_text(to->out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    program_policy(to->out);
    sink_text(to->out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                       "<meta name=\"referrer\" content=\"no-referrer\">\n");
    put_title(to);
    program_styles(to->out);
}

/* ---------------------------------------------------------------- header */

static void put_fact(page *to, const char *name, const char *text)
{
    if (!text[0])
        return;
    sink_format(to->out, "<div><dt>%s</dt><dd>", name);
    markup_clipped(to->out, text, 120);
    sink_text(to->out, "</dd></div>");
}

/* "2024-05-01 12:34:56 +02:00", local to where it was recorded, whatever this machine's zone. */
static const char *format_start(char *buffer, size_t size, const ml_model *model)
{
    int64_t offset =
        model->utc_offset_s > -86400 && model->utc_offset_s < 86400 ? model->utc_offset_s : 0;
    int64_t minutes = (offset < 0 ? -offset : offset) / 60;
    time_t local = (time_t)(model->start_wall_ns / 1000000000 + offset);
    struct tm parts;
    if (model->start_wall_ns <= 0 || !gmtime_r(&local, &parts))
        return "";
    return ml_format(buffer, size, "%04d-%02d-%02d %02d:%02d:%02d %c%02d:%02d",
                     parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                     parts.tm_min, parts.tm_sec, offset < 0 ? '-' : '+', (int)(minutes / 60),
                     (int)(minutes % 60));
}

static void put_facts(page *to)
{
    const ml_model *model = to->model;
    char text[128], number[ML_NUMBER_MAX];
    size_t word = strcspn(model->python, " ");
    sink_text(to->out, "<dl class=\"facts\">");
    put_fact(to, "Started", format_start(text, sizeof text, model));
    put_fact(to, "Took", ml_format_duration(number, model->duration_ns));
    put_fact(to, "Python",
             ml_format(text, sizeof text, "%.*s", (int)(word < 32 ? word : 32), model->python));
    put_fact(to, "Host", model->host);
    put_fact(to, "Processes",
             ml_format(text, sizeof text, "%u", (unsigned)model->processes->count));
    put_fact(to, "Threads", ml_format(text, sizeof text, "%u", (unsigned)model->threads->count));
    put_fact(to, "Label", model->label);
    sink_text(to->out, "</dl>\n");
}

static void put_command(page *to)
{
    sink_text(to->out, "<details class=\"command\"><summary><code>");
    markup_clipped(to->out, to->model->command, 200);
    sink_text(to->out, "</code></summary><pre>");
    markup_clipped(to->out, to->model->command, 10000);
    sink_text(to->out, "</pre></details>\n");
}

static uint64_t samples_taken(const ml_model *model)
{
    uint64_t taken = 0;
    for (uint64_t i = 0; i < model->samples->count; i++)
        taken += model->samples->taken[i];
    return taken;
}

/* What limits everything below is said first. */
static void put_limits(page *to)
{
    enum { FEW = 200 };
    char count[ML_NUMBER_MAX];
    uint64_t taken = samples_taken(to->model);
    if (to->model->problem[0]) {
        sink_text(to->out, "<p class=\"problem\">Parts of the recording could not be read: ");
        markup_clipped(to->out, to->model->problem, 2000);
        sink_text(to->out, "</p>\n");
    }
    if (taken < FEW)
        sink_format(
            to->out,
            "<p class=\"problem\">Only %s samples: shares of time are rough. Log, counters and "
            "descriptors do not depend on samples. Record a longer run, or more samples a second "
            "with <code>--rate</code>.</p>\n",
            ml_format_count(count, taken));
}

static void put_header(page *to)
{
    sink_text(to->out, "<header>\n<div class=\"top\"><h1>");
    markup_clipped(to->out, to->model ? to->model->name : "Several runs", 200);
    sink_text(to->out,
              "</h1><button id=\"theme\" type=\"button\" hidden>Dark or light</button></div>\n");
    sink_text(to->out, "<p class=\"verdict\">");
    markup_clipped(to->out, to->documents->verdict, 2000);
    sink_text(to->out, "</p>\n");
    if (to->model) {
        put_command(to);
        put_facts(to);
        put_limits(to);
    }
    page_metrics(to);
    sink_text(to->out, "</header>\n");
}

/* ---------------------------------------------------------------- navigation */

static void put_link(page *to, const char *id, const char *text)
{
    sink_format(to->out, "<a href=\"#%s\">%s</a> ", id, text);
}

static void put_document_links(page *to, const ml_document **documents, size_t from, size_t end)
{
    for (size_t i = from; i < end; i++) {
        sink_text(to->out, "<a href=\"#d-");
        markup_text(to->out, documents[i]->plugin);
        sink_text(to->out, "\">");
        markup_clipped(to->out, documents[i]->title, 40);
        sink_text(to->out, "</a> ");
    }
}

static void put_navigation(page *to, const ml_document **documents, size_t urgent, size_t count)
{
    sink_text(to->out, "<nav aria-label=\"Sections\">");
    put_link(to, "findings", "Findings");
    put_document_links(to, documents, 0, urgent);
    if (to->model) {
        put_link(to, "overview", "Timeline");
        put_link(to, "flame", "Flame graph");
    }
    put_document_links(to, documents, urgent, count);
    if (to->model) {
        put_link(to, "log", "Log");
        put_link(to, "threads", "Threads");
        put_link(to, "descriptors", "Descriptors");
    }
    put_link(to, "about", "About");
    sink_text(to->out, "</nav>\n");
}

/* ---------------------------------------------------------------- all of it */

static void put_main(page *to, const ml_document **documents, size_t urgent, size_t count)
{
    sink_text(to->out, "<main>\n");
    page_findings(to);
    for (size_t i = 0; i < urgent; i++)
        page_document(to, documents[i]);
    page_overview(to);
    page_flame(to);
    for (size_t i = urgent; i < count; i++)
        page_document(to, documents[i]);
    page_log(to);
    page_threads(to);
    page_descriptors(to);
    page_about(to);
    sink_text(to->out, "</main>\n");
}

static ml_status run(const ml_host *host, void *self)
{
    page to = {
        host, ml_get_model(host), ml_get_documents(host), ml_get_output(host), sink_open(host), 0};
    const ml_document **documents;
    size_t count, urgent;
    editor opens;
    ml_status status = editor_choose(host, &opens);
    (void)self;
    if (status != ML_OK)
        return status;
    if (!to.out)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the output");
    documents = page_documents(&to, &count, &urgent);
    if (!documents)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the order of the sections");
    put_head(&to);
    put_body_start(&to, &opens);
    put_header(&to);
    put_navigation(&to, documents, urgent, count);
    put_main(&to, documents, urgent, count);
    status = page_data(&to);
    program_scripts(to.out);
    sink_text(to.out, "</body>\n</html>\n");
    return status == ML_OK ? sink_end(to.out) : status;
}

static const ml_option options[] = {EDITOR_OPTION};

ML_DEFINE_PLUGIN(ML_RENDERER, "html", "1.0", "HTML report", "the run as one self-contained page",
                 "text/html", "html", options, sizeof options / sizeof options[0], run)
