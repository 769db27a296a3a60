#include "core/cli/survey.h"

#include "core/base/text.h"
#include "core/document/names.h"

#include <microlog/numbers.h>

#include <string.h>
#include <time.h>

static const char page_start[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>Recordings \xC2\xB7 microlog</title>\n<style>\n"
    ":root { color-scheme: light dark; }\n"
    "body { font: 14px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 1280px; padding: 16px; "
    "overflow-wrap: break-word; }\n"
    ".scroll { overflow-x: auto; }\n"
    "table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }\n"
    "th, td { text-align: left; vertical-align: top; padding: 6px 8px; border-bottom: 1px solid "
    "#8886; }\n"
    ".n { text-align: right; white-space: nowrap; }\n"
    ".error { font-weight: bold; color: light-dark(#b42318, #ff8a80); }\n"
    ".warning { color: light-dark(#8a5a00, #f2c14e); }\n"
    "@media (max-width: 720px) {\n"
    "thead { display: none; }\n"
    "tr { display: block; padding: 8px 0; border-bottom: 1px solid #8886; }\n"
    "td { display: inline-block; vertical-align: baseline; border: 0; padding: 2px 12px 2px 0; }\n"
    "td[data-name]::before { content: attr(data-name) \" \"; opacity: 0.7; }\n"
    "td a { display: inline-block; padding: 10px 0; overflow-wrap: anywhere; }\n"
    "}\n"
    "</style>\n</head>\n<body>\n<h1>Recordings</h1>\n";

static const char table_start[] =
    "<div class=\"scroll\">\n<table>\n<thead><tr><th scope=\"col\">Worst</th><th "
    "scope=\"col\">Recording</th><th scope=\"col\">Started (UTC)</th><th "
    "scope=\"col\">Program</th><th scope=\"col\" class=\"n\">Length</th><th scope=\"col\" "
    "class=\"n\">CPU</th><th scope=\"col\" class=\"n\">Memory</th><th scope=\"col\" "
    "class=\"n\">Exit</th><th scope=\"col\">Ended</th><th scope=\"col\">Finding</th></tr></thead>\n"
    "<tbody>\n";

/* Control characters are shown as in a terminal, and what means something in HTML by its name. */
static void put_text(ml_buffer *out, const char *text)
{
    ml_buffer shown;

    ml_buffer_init(&shown, 1 << 20);
    ml_text_escape(&shown, text, strlen(text));
    for (size_t i = 0; i < shown.length; i++) {
        switch (shown.data[i]) {
        case '<': ml_buffer_put_text(out, "&lt;"); break;
        case '>': ml_buffer_put_text(out, "&gt;"); break;
        case '&': ml_buffer_put_text(out, "&amp;"); break;
        case '"': ml_buffer_put_text(out, "&quot;"); break;
        default: ml_buffer_put_u8(out, shown.data[i]);
        }
    }
    ml_buffer_release(&shown);
}

/* `name` (or NULL) is shown beside the text where the page is too narrow for a table. */
static void put_cell(ml_buffer *out, const char *name, const char *text)
{
    if (name == NULL) {
        ml_buffer_put_text(out, "<td>");
    } else {
        ml_buffer_put_format(out, "<td class=\"n\" data-name=\"%s\">", name);
    }
    put_text(out, text);
    ml_buffer_put_text(out, "</td>");
}

static void put_link(ml_buffer *out, const ml_survey_row *row, const char *link)
{
    ml_buffer_put_text(out, "<td>");
    if (row->error == NULL) {
        ml_buffer_put_format(out, "<a href=\"%s\">", link);
    }
    put_text(out, row->path);
    ml_buffer_put_text(out, row->error == NULL ? "</a></td>" : "</td>");
}

static void put_time(ml_buffer *out, int64_t wall_ns)
{
    time_t seconds = (time_t)(wall_ns / 1000000000);
    char text[64];
    struct tm parts;

    put_cell(out, "started",
             gmtime_r(&seconds, &parts) != NULL &&
                     strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &parts) != 0
                 ? text
                 : "?");
}

static void put_numbers(ml_buffer *out, const ml_survey_row *row)
{
    char text[ML_NUMBER_MAX];

    put_cell(out, "length", ml_format_duration(text, row->duration_ns));
    put_cell(out, "CPU", ml_format_duration(text, row->cpu_ns));
    put_cell(out, "memory",
             row->peak_memory < 0 ? "?" : ml_format_bytes(text, (uint64_t)row->peak_memory));
    snprintf(text, sizeof(text), "%lld", (long long)row->exit_code);
    put_cell(out, "exit", row->exit_code == INT64_MIN ? "?" : text);
}

static void put_row(ml_buffer *out, const ml_survey_row *row, const char *link)
{
    const char *worst = row->error != NULL ? "broken"
                        : row->worst == 0  ? "none"
                                           : ml_name_level(row->worst);

    ml_buffer_put_format(out, "<tr><td class=\"%s\">%s</td>", row->error != NULL ? "error" : worst,
                         worst);
    put_link(out, row, link);
    if (row->error != NULL) {
        ml_buffer_put_text(out, "<td colspan=\"8\">");
        put_text(out, row->error);
        ml_buffer_put_text(out, "</td></tr>\n");
        return;
    }
    put_time(out, row->start_wall_ns);
    put_cell(out, NULL, row->program);
    put_numbers(out, row);
    put_cell(out, NULL, row->ended);
    put_cell(out, NULL, row->message);
    ml_buffer_put_text(out, "</tr>\n");
}

void ml_survey_html(ml_buffer *out, const ml_survey *self, const char *const *links)
{
    ml_buffer_put_text(out, page_start);
    ml_buffer_put_format(out,
                         "<p>%zu, the worst first. Load the page again for what came since.</p>\n",
                         self->count);
    ml_buffer_put_text(out, table_start);
    for (size_t i = 0; i < self->count; i++) {
        put_row(out, &self->rows[i], links[self->rows[i].number]);
    }
    ml_buffer_put_text(out, "</tbody>\n</table>\n</div>\n</body>\n</html>\n");
}
