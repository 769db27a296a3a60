#include "core/cli/diff.h"

#include "core/cli/columns.h"
#include "core/document/names.h"

#include <microlog/numbers.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH_DEFAULT = 100, WIDTH_LEAST = 60, ROWS_MAX = 12, NUMBER_WIDTH = 10, TEXT = 128 };

static const char *const side_names[ML_SIDES] = {[ML_BEFORE] = "before", [ML_AFTER] = "after"};

/* ---- numbers ---- */

/* With its sign, when `is_signed`; the buffers have TEXT bytes. */
static const char *format(char *text, uint32_t type, double value, int is_signed)
{
    char number[ML_NUMBER_MAX];
    uint64_t size = (uint64_t)llround(fmin(fabs(value), 9e18));
    const char *sign = value < 0 && size != 0 ? "-" : is_signed && size != 0 ? "+" : "";

    if (type == ML_TYPE_DURATION) {
        ml_format_duration(number, size);
    } else if (type == ML_TYPE_BYTES) {
        ml_format_bytes(number, size);
    } else {
        ml_format_count(number, size);
    }
    snprintf(text, TEXT, "%s%s", sign, number);
    return text;
}

/* A time; by the second as percents of a core. */
static const char *format_time(char *text, const ml_comparison *comparison, double seconds,
                               int is_signed)
{
    if (!comparison->per_second) {
        return format(text, ML_TYPE_DURATION, seconds * 1e9, is_signed);
    }
    snprintf(text, TEXT, is_signed ? "%+.1f %%" : "%.1f %%", seconds * 100);
    return text;
}

/* "+104 %", "3.1 times"; nothing when there is nothing to compare with. */
static const char *format_part(char *text, double before, double after)
{
    if (before <= 0 || after < 0) {
        return "";
    }
    if (after / before >= 10) {
        snprintf(text, TEXT, "%.0f times", fmin(after / before, 1e6));
    } else {
        snprintf(text, TEXT, "%+.0f %%", (after / before - 1) * 100);
    }
    return text;
}

/* ---- the verdict ---- */

static size_t count_findings(const ml_comparison *comparison, int change)
{
    size_t count = 0;

    for (size_t i = 0; i < comparison->finding_count; i++) {
        count += (int)comparison->findings[i].change == change;
    }
    return count;
}

/* "3 new, 1 worse"; "" when all are the same. The buffer has TEXT bytes. */
static const char *list_changes(char *text, const ml_comparison *comparison)
{
    static const int changes[] = {ML_FINDING_NEW, ML_FINDING_WORSE, ML_FINDING_BETTER,
                                  ML_FINDING_GONE};
    static const char *const words[] = {"new", "worse", "better", "gone"};
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        size_t count = count_findings(comparison, changes[i]);
        if (count != 0) {
            used += (size_t)snprintf(text + used, TEXT - used, "%s%zu %s", used == 0 ? "" : ", ",
                                     count, words[i]);
        }
    }
    return text;
}

/* "6.11 s after 2.99 s (+104 %)" */
static void put_pair(ml_buffer *out, const ml_compare_number *number, const char *what)
{
    char before[TEXT], after[TEXT], part[TEXT];

    format(before, number->type, number->value[ML_BEFORE], 0);
    format(after, number->type, number->value[ML_AFTER], 0);
    ml_buffer_put_format(out, "%s%s after %s", after, what, before);
    if (number->differs) {
        ml_buffer_put_format(out, " (%s)",
                             format_part(part, number->value[ML_BEFORE], number->value[ML_AFTER]));
    }
}

static void put_largest(ml_buffer *out, const ml_comparison *comparison, int measure,
                        const char *what)
{
    char change[TEXT];
    const ml_compare_function *function;
    const ml_compare_time *time;

    if (comparison->changed_count[measure] == 0) {
        return;
    }
    function = comparison->changed[measure][0];
    time = &function->self[measure];
    format_time(change, comparison, time->value[ML_AFTER] - time->value[ML_BEFORE], 1);
    ml_buffer_put_format(out, "; %s differs most in %s, %s", what, function->shown, change);
}

static void put_findings_verdict(ml_buffer *out, const ml_comparison *comparison)
{
    char text[TEXT];

    list_changes(text, comparison);
    ml_buffer_put_format(out, text[0] == '\0' ? "; no finding differs" : "; findings: %s", text);
}

void ml_diff_verdict(ml_buffer *out, const ml_comparison *comparison)
{
    const size_t *changed = comparison->changed_count;

    put_pair(out, &comparison->numbers[0], "");
    ml_buffer_put_text(out, ", ");
    put_pair(out, &comparison->numbers[1], " of CPU");
    put_largest(out, comparison, ML_MEASURE_CPU, "CPU");
    put_largest(out, comparison, ML_MEASURE_WAIT, "waiting");
    if (changed[ML_MEASURE_CPU] + changed[ML_MEASURE_WAIT] == 0) {
        ml_buffer_put_text(out, "; no function differs by more than noise");
    }
    put_findings_verdict(out, comparison);
}

/* ---- sections ---- */

static void newline(const ml_columns *to)
{
    ml_buffer_put_u8(to->out, '\n');
}

static void put_heading(const ml_columns *to, const char *text, size_t width)
{
    ml_columns_style(to, ML_STYLE_BOLD);
    ml_columns_left(to, text, width);
    ml_columns_style(to, ML_STYLE_PLAIN);
}

static void put_runs(const ml_columns *to, const ml_comparison *comparison,
                     const char *const names[ML_SIDES])
{
    ml_buffer verdict;

    for (int side = 0; side < ML_SIDES; side++) {
        char line[2048];
        const ml_model *model = comparison->side[side].model;
        snprintf(line, sizeof(line), "%.1000s  (%.900s)", names[side], model->command);
        put_heading(to, side_names[side], 8);
        ml_columns_left(to, line, to->width - 8);
        while (to->out->length > 0 && to->out->data[to->out->length - 1] == ' ') {
            to->out->length--;
        }
        newline(to);
    }
    ml_buffer_init(&verdict, 1 << 20);
    ml_diff_verdict(&verdict, comparison);
    ml_buffer_put_u8(&verdict, '\0');
    ml_columns_wrap(to, verdict.status < 0 ? "" : (const char *)verdict.data, 0, 0);
    ml_buffer_release(&verdict);
}

static void put_number(const ml_columns *to, const ml_compare_number *number, size_t name_width)
{
    char text[TEXT];

    ml_columns_left(to, " ", 1);
    ml_columns_left(to, number->name, name_width - 1);
    for (int side = 0; side < ML_SIDES; side++) {
        int known = number->known[side];
        ml_columns_right(to, known ? format(text, number->type, number->value[side], 0) : "?",
                         NUMBER_WIDTH + 2);
    }
    if (number->differs) {
        double before = number->value[ML_BEFORE];
        double after = number->value[ML_AFTER];
        ml_columns_right(to, format(text, number->type, after - before, 1), NUMBER_WIDTH + 2);
        if (number->type != ML_TYPE_INT) {
            ml_columns_right(to, format_part(text, before, after), NUMBER_WIDTH);
        }
    }
    newline(to);
}

static void put_numbers(const ml_columns *to, const ml_comparison *comparison)
{
    enum { NAME_WIDTH = 24 };

    newline(to);
    put_heading(to, "NUMBERS", NAME_WIDTH);
    ml_columns_right(to, "before", NUMBER_WIDTH + 2);
    ml_columns_right(to, "after", NUMBER_WIDTH + 2);
    ml_columns_right(to, "change", NUMBER_WIDTH + 2);
    newline(to);
    for (size_t i = 0; i < comparison->number_count; i++) {
        put_number(to, &comparison->numbers[i], NAME_WIDTH);
    }
}

/* ---- findings ---- */

static void put_finding(const ml_columns *to, const ml_compare_finding *row)
{
    enum { INDENT = 16 };
    const ml_ranked *side = row->side[row->side[ML_AFTER] != NULL ? ML_AFTER : ML_BEFORE];
    const ml_finding *finding = side->block->finding;
    int is_gone = row->side[ML_AFTER] == NULL;
    ml_buffer text;

    ml_columns_left(to, " ", 1);
    ml_columns_left(to, ml_compare_change_name(row), 7);
    ml_columns_style(to, is_gone                              ? ML_STYLE_PLAIN
                         : finding->level == ML_LEVEL_ERROR   ? ML_STYLE_ERROR
                         : finding->level == ML_LEVEL_WARNING ? ML_STYLE_WARNING
                                                              : ML_STYLE_PLAIN);
    ml_columns_left(to, ml_name_level(finding->level), INDENT - 8);
    ml_columns_style(to, ML_STYLE_PLAIN);
    ml_buffer_init(&text, 1 << 20);
    ml_buffer_put_format(&text, "%s [%s]", finding->message, finding->rule);
    ml_buffer_put_u8(&text, '\0');
    ml_columns_wrap(to, text.status < 0 ? "" : (const char *)text.data, INDENT, INDENT);
    ml_buffer_release(&text);
}

static void put_findings(const ml_columns *to, const ml_comparison *comparison)
{
    size_t shown = 0;
    size_t same = count_findings(comparison, ML_FINDING_SAME);
    size_t changed = comparison->finding_count - same;
    char changes[TEXT], text[2 * TEXT];

    newline(to);
    put_heading(to, "FINDINGS", 10);
    list_changes(changes, comparison);
    snprintf(text, sizeof(text), "%s%s%zu in both", changes, changed == 0 ? "" : ", ", same);
    ml_columns_wrap(to, text, 10, 10);
    for (size_t i = 0; i < comparison->finding_count && shown < ROWS_MAX; i++) {
        if (comparison->findings[i].change != ML_FINDING_SAME) {
            put_finding(to, &comparison->findings[i]);
            shown++;
        }
    }
    if (shown < changed) {
        snprintf(text, sizeof(text), " and %zu more in --format json", changed - shown);
        ml_columns_wrap(to, text, 0, 0);
    }
}

/* ---- functions ---- */

/* A list of functions by one of their times. */
typedef struct function_list {
    const char *title;
    const ml_compare_function *const *functions;
    size_t count;
    int measure, is_total;
} function_list;

static size_t name_width(const ml_columns *to)
{
    return to->width - 4 * (size_t)NUMBER_WIDTH - 3;
}

static void put_function(const ml_columns *to, const ml_comparison *comparison,
                         const function_list *list, const ml_compare_function *function)
{
    const ml_compare_time *time =
        list->is_total ? &function->total[list->measure] : &function->self[list->measure];
    char text[TEXT], error[TEXT + 8];

    ml_columns_left(to, " ", 1);
    ml_columns_left(to, function->shown, name_width(to) - 1);
    for (int side = 0; side < ML_SIDES; side++) {
        ml_columns_right(to,
                         function->there[side] ? format_time(text, comparison, time->value[side], 0)
                                               : "not seen",
                         NUMBER_WIDTH);
    }
    ml_columns_right(
        to, format_time(text, comparison, time->value[ML_AFTER] - time->value[ML_BEFORE], 1),
        NUMBER_WIDTH + 1);
    snprintf(error, sizeof(error), "\xC2\xB1 %s",
             format_time(text, comparison, 1.96 * time->error, 0));
    ml_columns_right(to, error, NUMBER_WIDTH + 1);
    newline(to);
}

static void put_list(const ml_columns *to, const ml_comparison *comparison,
                     const function_list *list)
{
    char text[TEXT];

    if (list->count == 0) {
        return;
    }
    newline(to);
    put_heading(to, list->title, name_width(to));
    ml_columns_right(to, "before", NUMBER_WIDTH);
    ml_columns_right(to, "after", NUMBER_WIDTH);
    ml_columns_right(to, "change", NUMBER_WIDTH + 1);
    ml_columns_right(to, "sampling", NUMBER_WIDTH + 1);
    newline(to);
    for (size_t i = 0; i < list->count && i < ROWS_MAX; i++) {
        put_function(to, comparison, list, list->functions[i]);
    }
    if (list->count > ROWS_MAX) {
        snprintf(text, sizeof(text), " and %zu more in --format json", list->count - ROWS_MAX);
        ml_columns_wrap(to, text, 0, 0);
    }
}

static void put_functions(const ml_columns *to, const ml_comparison *comparison)
{
    const function_list lists[] = {
        {"CPU of functions", comparison->changed[ML_MEASURE_CPU],
         comparison->changed_count[ML_MEASURE_CPU], ML_MEASURE_CPU, 0},
        {"CPU with what they call", comparison->callers[ML_MEASURE_CPU],
         comparison->caller_count[ML_MEASURE_CPU], ML_MEASURE_CPU, 1},
        {"Waiting in functions", comparison->changed[ML_MEASURE_WAIT],
         comparison->changed_count[ML_MEASURE_WAIT], ML_MEASURE_WAIT, 0},
        {"Waiting with what they call", comparison->callers[ML_MEASURE_WAIT],
         comparison->caller_count[ML_MEASURE_WAIT], ML_MEASURE_WAIT, 1},
    };

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        put_list(to, comparison, &lists[i]);
    }
}

/* ---- what to keep in mind ---- */

/* What makes two runs hard to compare: something that should be the same and is not. */
static void put_unlike(const ml_columns *to, const char *what, const char *before,
                       const char *after)
{
    size_t length = strcspn(before, " ");
    char text[4 * TEXT];

    if (strncmp(before, after, length + 1) == 0) {
        return;
    }
    snprintf(text, sizeof(text), "%s: %.*s before, %.*s after.", what, (int)length, before,
             (int)strcspn(after, " "), after);
    ml_columns_wrap(to, text, 0, 0);
}

static void put_notes(const ml_columns *to, const ml_comparison *comparison)
{
    const ml_model *before = comparison->side[ML_BEFORE].model;
    const ml_model *after = comparison->side[ML_AFTER].model;
    char text[4 * TEXT];

    newline(to);
    snprintf(text, sizeof(text),
             "Shown are those of %zu functions that differ by 15 %%, by 50 ms and 1 %% of the run, "
             "and by more than samples would by chance. How much two runs of the same program "
             "differ on this machine is not in that: compare such two as well.",
             comparison->function_count);
    ml_columns_wrap(to, text, 0, 0);
    if (!comparison->per_second && (after->duration_ns / 2 > before->duration_ns ||
                                    before->duration_ns / 2 > after->duration_ns)) {
        ml_columns_wrap(to,
                        "The runs differ much in length: if they did not do the same work, --per "
                        "second compares by time.",
                        0, 0);
    }
    if (comparison->per_second) {
        ml_columns_wrap(to, "Times of functions are in percent of the length of their run.", 0, 0);
    }
    put_unlike(to, "The programs have different names", before->name, after->name);
    put_unlike(to, "Python is another", before->python, after->python);
    put_unlike(to, "The machine is another", before->host, after->host);
}

void ml_diff_text(ml_buffer *out, const ml_comparison *comparison,
                  const char *const names[ML_SIDES], uint32_t width, int color)
{
    ml_columns to = {.out = out, .width = width == 0 ? WIDTH_DEFAULT : width, .color = color};

    to.width = to.width < WIDTH_LEAST ? WIDTH_LEAST : to.width;
    put_runs(&to, comparison, names);
    put_numbers(&to, comparison);
    put_findings(&to, comparison);
    put_functions(&to, comparison);
    put_notes(&to, comparison);
}
