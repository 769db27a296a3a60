/* text: the run on one screen of a terminal.
 *
 * What was found first, then key numbers, the most important table of each document, the run over time, the
 * log, and where the other files are. At most LINES_MAX lines. Works without a model (a report made from
 * merged results), then without what only the model knows. */
#include "common/activity.h"
#include "common/values.h"
#include "table.h"
#include "terminal.h"

enum { LINES_MAX = 40, FINDINGS_MAX = 7, WIDTH_DEFAULT = 100, WIDTH_LEAST = 40, BUCKETS = 60 };

typedef struct report {
    terminal to;
    const ml_model *model; /* may be NULL */
    const ml_documents *documents;
    const ml_output *output;
} report;

static void print_heading_word(report *about, const char *word)
{
    terminal_style(&about->to, STYLE_BOLD);
    terminal_left(&about->to, word, 10);
    terminal_style(&about->to, STYLE_PLAIN);
}

/* ---------------------------------------------------------------- head */

static uint64_t samples_taken(const ml_model *model)
{
    uint64_t taken = 0;
    for (uint64_t i = 0; i < model->samples->count; i++)
        taken += model->samples->taken[i];
    return taken;
}

static void print_run(report *about)
{
    const ml_model *model = about->model;
    char wall[ML_NUMBER_MAX], count[ML_NUMBER_MAX], line[ML_SENTENCE_MAX], python[64];
    size_t word = strcspn(model->python, " ");
    unsigned used;
    ml_format(python, sizeof python, "%.*s", (int)(word < 32 ? word : 32), model->python);
    terminal_style(&about->to, STYLE_BOLD);
    used = terminal_cut(&about->to, model->name, about->to.width / 2);
    terminal_style(&about->to, STYLE_PLAIN);
    ml_format(line, sizeof line, "  %s · %s samples · %u thread%s · Python %s",
              ml_format_duration(wall, model->duration_ns),
              ml_format_count(count, samples_taken(model)), (unsigned)model->threads->count,
              model->threads->count == 1 ? "" : "s", python);
    terminal_wrap(&about->to, line, used, 0, 2);
}

static void print_head(report *about)
{
    if (about->model)
        print_run(about);
    if (about->documents->verdict[0])
        terminal_wrap(&about->to, about->documents->verdict, 0, 0, 2);
    if (about->model && about->model->problem[0]) {
        terminal_style(&about->to, STYLE_WARNING);
        terminal_wrap(&about->to, about->model->problem, 0, 0, 2);
        terminal_style(&about->to, STYLE_PLAIN);
    }
}

/* ---------------------------------------------------------------- findings */

static style style_of_level(uint32_t level)
{
    return level == ML_LEVEL_ERROR     ? STYLE_ERROR
           : level == ML_LEVEL_WARNING ? STYLE_WARNING
                                       : STYLE_NOTE;
}

static void print_finding(report *about, const ml_finding *finding)
{
    char text[TERMINAL_TEXT_MAX];
    terminal_put(&about->to, " ");
    terminal_left(&about->to, finding->handle, 4);
    terminal_style(&about->to, style_of_level(finding->level));
    terminal_left(&about->to, value_level_word(finding->level), 8);
    terminal_style(&about->to, STYLE_PLAIN);
    ml_format(text, sizeof text, "%s  [%s, confidence %s]", finding->message, finding->rule,
              value_confidence_word(finding->confidence));
    terminal_wrap(&about->to, text, 13, 13, 3);
    if (finding->next_count && about->documents->finding_count <= 3) {
        ml_format(text, sizeof text, "Next: %s", finding->next[0]);
        terminal_left(&about->to, "", 13);
        terminal_wrap(&about->to, text, 13, 13, 2);
    }
}

static void print_count_of_level(report *about, uint32_t level)
{
    char text[VALUE_MAX];
    size_t count = 0;
    for (size_t i = 0; i < about->documents->finding_count; i++)
        count += about->documents->findings[i].block->finding->level == level;
    if (count)
        terminal_put(&about->to, ml_format(text, sizeof text, "%zu %s%s  ", count,
                                           value_level_word(level), count == 1 ? "" : "s"));
}

static void print_findings(report *about)
{
    const ml_documents *documents = about->documents;
    char more[VALUE_MAX];
    terminal_newline(&about->to);
    print_heading_word(about, "FINDINGS");
    if (documents->finding_count == 0)
        terminal_put(&about->to, "none above a threshold");
    for (uint32_t level = ML_LEVEL_ERROR; level >= ML_LEVEL_NOTE; level--)
        print_count_of_level(about, level);
    terminal_newline(&about->to);
    for (size_t i = 0; i < documents->finding_count && i < FINDINGS_MAX && about->to.lines < 24;
         i++) {
        print_finding(about, documents->findings[i].block->finding);
        if (i + 1 < documents->finding_count && (i + 1 == FINDINGS_MAX || about->to.lines >= 24)) {
            ml_format(more, sizeof more, " and %zu more in the other files",
                      documents->finding_count - i - 1);
            terminal_put(&about->to, more);
            terminal_newline(&about->to);
        }
    }
}

/* ---------------------------------------------------------------- numbers and tables */

static void print_metrics(report *about)
{
    char line[TERMINAL_TEXT_MAX], value[VALUE_MAX];
    size_t used = 0, count;
    const ml_block **blocks =
        value_blocks_of_kind(about->to.sink->host, about->documents, ML_BLOCK_METRIC, &count);
    for (size_t i = 0; i < count && used < sizeof line - 256; i++) {
        if (!blocks[i]->metric)
            continue;
        ml_format(line + used, 200, "%s%s %s", used ? " · " : "", blocks[i]->title,
                  value_of_metric(value, blocks[i]->metric));
        used += strlen(line + used);
    }
    if (!used)
        return;
    terminal_newline(&about->to);
    print_heading_word(about, "NUMBERS");
    terminal_wrap(&about->to, line, 10, 10, 3);
}

/* Lines that the sections after the tables will take. */
static int lines_of_tail(const report *about)
{
    int lines = about->model ? 3 : 0;
    size_t ran = 0; /* columns of the list of plugins */
    for (const char *at = about->output->others; *at; at++)
        lines += *at == '\n' || !at[1];
    for (size_t i = 0; i < about->documents->document_count; i++) {
        const ml_document *document = about->documents->documents[i];
        lines += document->status != ML_DOCUMENT_OK && document->status != ML_DOCUMENT_SKIPPED;
        ran += strlen(document->plugin) + 2;
    }
    return lines + 3 + (int)(ran / (about->to.width - 10));
}

static const ml_document *document_of(const report *about, const ml_block *block)
{
    for (size_t i = 0; i < about->documents->document_count; i++)
        for (size_t b = 0; b < about->documents->documents[i]->block_count; b++)
            if (about->documents->documents[i]->blocks[b] == block)
                return about->documents->documents[i];
    return NULL;
}

static int has_rows(const ml_block *block)
{
    return block->table && block->table->row_count;
}

static int is_first_of_its_document(const report *about, const ml_block **tables, size_t which)
{
    const ml_document *document = document_of(about, tables[which]);
    if (!has_rows(tables[which]))
        return 0;
    for (size_t i = 0; i < which; i++)
        if (has_rows(tables[i]) && document_of(about, tables[i]) == document)
            return 0;
    return 1;
}

/* The most important table of each document, the more important first, as far as there is room. */
static void print_tables(report *about)
{
    enum { ROWS_MOST = 10, ROWS_LEAST = 2, LINES_BESIDE = 4 };
    size_t count;
    int room = LINES_MAX - lines_of_tail(about);
    const ml_block **blocks =
        value_blocks_of_kind(about->to.sink->host, about->documents, ML_BLOCK_TABLE, &count);
    for (size_t i = 0; i < count; i++) {
        int rows = room - about->to.lines - LINES_BESIDE;
        if (rows < ROWS_LEAST || !is_first_of_its_document(about, blocks, i))
            continue;
        terminal_newline(&about->to);
        table_print(&about->to, blocks[i], rows < ROWS_MOST ? (unsigned)rows : ROWS_MOST);
    }
}

/* ---------------------------------------------------------------- over time, log */

static void print_over_time(report *about)
{
    static const char shades[] = " .:-=+*#";
    const ml_model *model = about->model;
    double buckets[BUCKETS] = {0};
    char line[BUCKETS + 1], end[ML_NUMBER_MAX], text[2 * VALUE_MAX];
    size_t count = about->to.width > BUCKETS + 30 ? BUCKETS : about->to.width / 3;
    if (!model->samples->count || !model->duration_ns)
        return;
    activity_fill(model, ML_NONE, ACTIVITY_CPU, buckets, count);
    for (size_t i = 0; i < count; i++) {
        double level = buckets[i] < 1 ? buckets[i] : 1;
        line[i] = shades[level < 0.02 ? 0 : 1 + (int)(level * 6)];
    }
    line[count] = '\0';
    print_heading_word(about, "OVER TIME");
    ml_format(text, sizeof text, "0 s |%s| %s  CPU (# a core)", line,
              ml_format_duration(end, model->duration_ns));
    terminal_wrap(&about->to, text, 10, 10, 1);
}

static int is_error(const ml_messages *messages, uint64_t row)
{
    return messages->kind[row] == ML_MESSAGE_EXCEPTION ||
           (messages->kind[row] == ML_MESSAGE_LOG && messages->level[row] >= 40);
}

static void print_log(report *about)
{
    const ml_messages *messages = about->model->messages;
    uint64_t counts[4] = {0}, printed = 0, first = UINT64_MAX;
    static const char *const words[] = {"error", "warning", "info", "debug"};
    char line[TERMINAL_TEXT_MAX], number[ML_NUMBER_MAX];
    size_t used = 0;
    for (uint64_t i = 0; i < messages->count; i++) {
        uint32_t level = messages->level[i];
        if (is_error(messages, i)) {
            counts[0]++;
            first = first == UINT64_MAX ? i : first;
        } else if (messages->kind[i] == ML_MESSAGE_LOG || messages->kind[i] == ML_MESSAGE_WARNING) {
            counts[level >= 30 ? 1 : level >= 20 ? 2 : 3]++;
        } else {
            printed++;
        }
    }
    line[0] = '\0';
    for (size_t i = 0; i < 4; i++) {
        if (counts[i])
            ml_format(line + used, 64, "%s %s%s  ", ml_format_count(number, counts[i]), words[i],
                      i < 2 && counts[i] > 1 ? "s" : "");
        used += strlen(line + used);
    }
    ml_format(line + used, 64, "%s printed or marked", ml_format_count(number, printed));
    used += strlen(line + used);
    if (first != UINT64_MAX)
        ml_format(line + used, 1024, "  first error at %s: %s",
                  ml_format_time(number, messages->time_ns[first]),
                  ml_text_of(about->model, messages->text[first]));
    print_heading_word(about, "LOG");
    terminal_wrap(&about->to, line, 10, 10, 2);
}

/* ---------------------------------------------------------------- tail */

/* Every plugin that had its say is named, though only some have a table on this screen. */
static void print_ran(report *about)
{
    char line[TERMINAL_TEXT_MAX] = "";
    size_t used = 0;
    for (size_t i = 0; i < about->documents->document_count; i++) {
        const ml_document *document = about->documents->documents[i];
        if (document->status == ML_DOCUMENT_OK && used < sizeof line - 128) {
            ml_format(line + used, 128, "%s%s", used ? ", " : "", document->plugin);
            used += strlen(line + used);
        }
    }
    if (used) {
        print_heading_word(about, "CHECKED");
        terminal_wrap(&about->to, line, 10, 10, 2);
    }
}

static void print_plugins(report *about)
{
    char text[TERMINAL_TEXT_MAX];
    for (size_t i = 0; i < about->documents->document_count; i++) {
        const ml_document *document = about->documents->documents[i];
        if (document->status == ML_DOCUMENT_OK || document->status == ML_DOCUMENT_SKIPPED)
            continue;
        print_heading_word(about, "PLUGIN");
        ml_format(text, sizeof text, "%s %s: %s", document->plugin,
                  value_status_word(document->status), document->message);
        terminal_wrap(&about->to, text, 10, 10, 2);
    }
}

static void print_others(report *about)
{
    const char *at = about->output->others;
    char path[TERMINAL_TEXT_MAX];
    while (*at) {
        size_t length = strcspn(at, "\n");
        ml_format(path, sizeof path, "%.*s", (int)(length < 4000 ? length : 4000), at);
        print_heading_word(about, "REPORT");
        terminal_put(&about->to, path);
        terminal_newline(&about->to);
        at += length + (at[length] == '\n');
    }
}

static ml_status run(const ml_host *host, void *self)
{
    report about;
    (void)self;
    memset(&about, 0, sizeof about);
    about.model = ml_get_model(host);
    about.documents = ml_get_documents(host);
    about.output = ml_get_output(host);
    about.to.sink = sink_open(host);
    if (!about.to.sink)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the output");
    about.to.width = about.output->width ? about.output->width : WIDTH_DEFAULT;
    if (about.to.width < WIDTH_LEAST)
        about.to.width = WIDTH_LEAST;
    about.to.color = about.output->color != 0;
    print_head(&about);
    print_findings(&about);
    print_metrics(&about);
    print_tables(&about);
    terminal_newline(&about.to);
    if (about.model) {
        print_over_time(&about);
        print_log(&about);
    }
    print_ran(&about);
    print_plugins(&about);
    print_others(&about);
    return sink_end(about.to.sink);
}

ML_DEFINE_RENDERER("text", "1.0", "Terminal summary", "the run on one screen", "text/plain", "txt",
                   run)
