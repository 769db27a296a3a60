/* logs: what the program said, by template: errors, floods, silences.
 *
 * Messages (log records, print, marks, uncaught exceptions) that differ only in numbers, paths, quoted text and
 * the like are one template (pattern.h). A table lists all templates, another one (raised.h) what was raised.
 * Three rules:
 *
 * logs/errors: a record of level error or critical, or an exception that nobody caught; one finding for a
 *   template, at most ten, uncaught ones first, then by count. An error for an exception, a warning for records
 *   and for what could not be raised, a note for an interrupt by the keyboard. No threshold: one is enough.
 * logs/flood: one template 100 times or more in each of two or more seconds on end. A warning if the package
 *   logging is in 5 % or more (and 20) of the samples of running threads in that time, with 20 periods of CPU,
 *   else a note.
 * logs/silence: a message that came regularly (ten times or more, median gap 0.1 s or more, half of the gaps
 *   within 50 % of it) stops for ten times that gap, and 5 s or longer, while its thread lives. A note. A warning, from
 *   2 s on, if it came like a clock (twenty times or more, half of the gaps within an eighth of the median), and
 *   came back: something held up what beats.
 *   What it cannot know: whether an error was handled; whether the work behind a silent message was over; what
 *   was written past print and logging.
 */
#include "findings.h"
#include "raised.h"

enum { ROWS_SHOWN = 20 };

static void put_row(ml_draft table, const ml_model *model, const message_templates *from,
                    const message_template *one)
{
    uint32_t first = template_row(from, one, 0);
    uint32_t last = template_row(from, one, one->count - 1);
    message_place place = template_place(model, first);
    char example[400];
    const char *text = ml_text_of(model, model->messages->text[first]);
    ml_cell_text(table, one->pattern);
    ml_cell_text(table, template_word(one));
    ml_cell_text(table, ml_text_of(model, one->source));
    ml_cell_int(table, one->count);
    ml_cell_number(table, model->messages->time_ns[first]);
    ml_cell_number(table, model->messages->time_ns[last]);
    if (place.function == ML_NONE)
        ml_cell_null(table);
    else
        ml_cell_function(table, place.function);
    if (place.line)
        ml_cell_int(table, place.line);
    else
        ml_cell_null(table);
    ml_cell_text(table,
                 ml_format(example, sizeof example, "%.*s", (int)strcspn(text, "\r\n"), text));
}

static ml_status put_table(const ml_host *host, const message_templates *from)
{
    const ml_model *model = ml_get_model(host);
    ml_draft table = ml_table_begin(host, "templates", "What was said, by template");
    ml_set_number(table, ML_FIELD_IMPORTANCE, 60);
    ml_table_column(table, "template", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_column(table, "level", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_column(table, "source", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_column(table, "count", ML_TYPE_INT, ML_REDUCE_SUM);
    ml_table_column(table, "first", ML_TYPE_TIME, ML_REDUCE_MIN);
    ml_table_column(table, "last", ML_TYPE_TIME, ML_REDUCE_MAX);
    ml_table_column(table, "said in", ML_TYPE_FUNCTION, ML_REDUCE_NONE);
    ml_table_column(table, "line", ML_TYPE_INT, ML_REDUCE_NONE);
    ml_table_column(table, "example", ML_TYPE_TEXT, ML_REDUCE_NONE);
    ml_table_show(table, 3, ROWS_SHOWN);
    for (uint32_t i = 0; i < from->count; i++)
        put_row(table, model, from, &from->all[i]);
    return ml_end(table,
                  "Messages that differ only in numbers, paths and quoted text are one row.");
}

static uint64_t errors_in(const message_templates *from)
{
    uint64_t errors = 0;
    for (uint32_t i = 0; i < from->count; i++)
        errors += template_is_error(&from->all[i]) ? from->all[i].count : 0;
    return errors;
}

static ml_status put_metrics(const ml_host *host, const message_templates *from)
{
    double all = (double)(from->grouped + from->beyond);
    ml_status status = ml_put_metric(host, 50, "errors", "errors", ML_TYPE_INT,
                                     (double)errors_in(from), 1, ML_REDUCE_SUM);
    if (status == ML_OK)
        status =
            ml_put_metric(host, 35, "messages", "messages", ML_TYPE_INT, all, 0, ML_REDUCE_SUM);
    return status;
}

/* What was looked for and not found, and what was left out. */
static ml_status put_checked(const ml_host *host, const message_templates *from, uint32_t errors,
                             uint32_t floods, uint32_t silences)
{
    char text[1024], count[ML_NUMBER_MAX], beyond[ML_NUMBER_MAX];
    size_t used;
    ml_format(text, sizeof text, "%s messages in %u templates.%s",
              ml_format_count(count, from->grouped + from->beyond), (unsigned)from->count,
              errors ? "" : " No error was logged, and no exception left uncaught.");
    used = strlen(text);
    if (!floods)
        ml_format(text + used, sizeof text - used,
                  " No flood: none came %d times a second for %d s.", FLOOD_RATE, FLOOD_SECONDS);
    used = strlen(text);
    if (!silences)
        ml_format(text + used, sizeof text - used,
                  " No silence: none that came regularly stopped for %d times its gap and %d s.",
                  SILENCE_TIMES, SILENCE_SECONDS);
    used = strlen(text);
    if (from->beyond)
        ml_format(text + used, sizeof text - used,
                  " %s messages are in none: there are more than %d templates.",
                  ml_format_count(beyond, from->beyond), (int)TEMPLATES_MAX);
    return ml_put_text(host, "checked", "Messages", text);
}

static ml_status run(const ml_host *host, void *self)
{
    message_templates found = {NULL, 0, NULL, 0, 0};
    uint32_t errors = 0, floods = 0, silences = 0;
    ml_status status = templates_find(host, &found);
    (void)self;
    if (status == ML_OK)
        status = put_errors(host, &found, &errors);
    if (status == ML_OK)
        status = put_floods(host, &found, &floods);
    if (status == ML_OK)
        status = put_silences(host, &found, &silences);
    if (status == ML_OK)
        status = put_checked(host, &found, errors, floods, silences);
    if (status == ML_OK)
        status = put_metrics(host, &found);
    if (status == ML_OK && found.count)
        status = put_table(host, &found);
    return status == ML_OK ? put_raised(host) : status;
}

ML_DEFINE_ANALYZER("logs", "1.0", "Messages", "errors, floods and silences of what was said", run)
