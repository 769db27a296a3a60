#include "core/cli/survey.h"

#include "core/cli/columns.h"
#include "core/document/names.h"

#include <microlog/numbers.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    LEVEL_WIDTH = 8,
    NUMBER_WIDTH = 9,
    EXIT_WIDTH = 5,
    ENDED_WIDTH = 8,
    TIME_WIDTH = 18,
    PROGRAM_WIDTH = 14,
    WORST_LEAST = 18,
    FILE_LEAST = 12,
    TEXT = 64
};

/* What there is room for. */
typedef struct layout {
    size_t file, worst; /* columns; worst 0: as long as it is */
    int has_time, has_program, has_memory, has_ended;
} layout;

static size_t widest_path(const ml_survey *self, size_t most)
{
    size_t widest = FILE_LEAST;

    for (size_t i = 0; i < self->count; i++) {
        size_t length = ml_columns_of(self->rows[i].path);
        widest = length > widest ? length : widest;
    }
    return widest < most ? widest : most;
}

/* The file gets what it needs, up to two fifths of the line; then columns by their use while the worst finding keeps
 * its least. */
static layout lay_out(const ml_survey *self, size_t width)
{
    layout to = {.has_time = 1, .has_program = 1, .has_memory = 1, .has_ended = 1};
    size_t room;

    if (width == 0) {
        to.file = widest_path(self, SIZE_MAX);
        return to;
    }
    room = width - LEVEL_WIDTH - 2 * NUMBER_WIDTH - EXIT_WIDTH - 3 - WORST_LEAST;
    to.file = widest_path(self, width * 2 / 5 < room ? width * 2 / 5 : room);
    room -= to.file;
    to.has_time = room >= TIME_WIDTH;
    room -= to.has_time ? TIME_WIDTH : 0;
    to.has_ended = room >= ENDED_WIDTH;
    room -= to.has_ended ? ENDED_WIDTH : 0;
    to.has_memory = room >= NUMBER_WIDTH;
    room -= to.has_memory ? NUMBER_WIDTH : 0;
    to.has_program = room >= PROGRAM_WIDTH;
    room -= to.has_program ? PROGRAM_WIDTH : 0;
    to.worst = room + WORST_LEAST;
    return to;
}

/* "2026-11-23 09:20" in UTC. */
static const char *format_time(char *text, int64_t wall_ns)
{
    time_t seconds = (time_t)(wall_ns / 1000000000);
    struct tm parts;

    if (gmtime_r(&seconds, &parts) == NULL || strftime(text, TEXT, "%Y-%m-%d %H:%M", &parts) == 0) {
        snprintf(text, TEXT, "?");
    }
    return text;
}

static const char *format_exit(char *text, int64_t code)
{
    if (code == INT64_MIN) {
        return "?";
    }
    snprintf(text, TEXT, "%lld", (long long)code);
    return text;
}

static void end_line(const ml_columns *to)
{
    while (to->out->length > 0 && to->out->data[to->out->length - 1] == ' ') {
        to->out->length--;
    }
    ml_buffer_put_u8(to->out, '\n');
}

static void put_heading(const ml_columns *to, const layout *as)
{
    ml_columns_style(to, ML_STYLE_BOLD);
    ml_columns_left(to, "worst", LEVEL_WIDTH);
    ml_columns_left(to, "recording", as->file + 1);
    if (as->has_time) {
        ml_columns_left(to, "  started (UTC)", TIME_WIDTH);
    }
    if (as->has_program) {
        ml_columns_left(to, " program", PROGRAM_WIDTH);
    }
    ml_columns_right(to, "length", NUMBER_WIDTH);
    ml_columns_right(to, "CPU", NUMBER_WIDTH);
    if (as->has_memory) {
        ml_columns_right(to, "memory", NUMBER_WIDTH);
    }
    ml_columns_right(to, "exit", EXIT_WIDTH);
    if (as->has_ended) {
        ml_columns_left(to, " ended", ENDED_WIDTH);
    }
    ml_columns_left(to, "  finding", strlen("  finding"));
    ml_columns_style(to, ML_STYLE_PLAIN);
    ml_buffer_put_u8(to->out, '\n');
}

static void put_level(const ml_columns *to, const ml_survey_row *row)
{
    int is_bad = row->error != NULL || row->worst == ML_LEVEL_ERROR;

    ml_columns_style(to, is_bad                           ? ML_STYLE_ERROR
                         : row->worst == ML_LEVEL_WARNING ? ML_STYLE_WARNING
                                                          : ML_STYLE_PLAIN);
    ml_columns_left(to,
                    row->error != NULL ? "broken"
                    : row->worst == 0  ? "-"
                                       : ml_name_level(row->worst),
                    LEVEL_WIDTH);
    ml_columns_style(to, ML_STYLE_PLAIN);
}

static void put_numbers(const ml_columns *to, const layout *as, const ml_survey_row *row)
{
    char text[TEXT];

    ml_columns_right(to, ml_format_duration(text, row->duration_ns), NUMBER_WIDTH);
    ml_columns_right(to, ml_format_duration(text, row->cpu_ns), NUMBER_WIDTH);
    if (as->has_memory) {
        ml_columns_right(
            to, row->peak_memory < 0 ? "?" : ml_format_bytes(text, (uint64_t)row->peak_memory),
            NUMBER_WIDTH);
    }
    ml_columns_right(to, format_exit(text, row->exit_code), EXIT_WIDTH);
}

/* "rule: message"; the rule alone says most when there is little room. */
static void put_worst(const ml_columns *to, const layout *as, const ml_survey_row *row)
{
    ml_buffer text;

    if (row->worst == 0) {
        return;
    }
    ml_buffer_init(&text, 1 << 20);
    ml_buffer_put_format(&text, "%s: %s", row->rule, row->message);
    ml_buffer_put_u8(&text, '\0');
    if (text.status == ML_OK && as->worst == 0) {
        ml_columns_right(to, (const char *)text.data, 0);
    } else if (text.status == ML_OK) {
        ml_columns_left(to, (const char *)text.data, as->worst);
    }
    ml_buffer_release(&text);
}

static void put_row(const ml_columns *to, const layout *as, const ml_survey_row *row)
{
    char text[TEXT];

    put_level(to, row);
    ml_columns_left(to, row->path, as->file);
    ml_columns_left(to, " ", 1);
    if (row->error != NULL) {
        if (to->width == 0) {
            ml_columns_right(to, row->error, 0);
        } else {
            ml_columns_left(to, row->error, to->width - as->file - 1 - LEVEL_WIDTH);
        }
        end_line(to);
        return;
    }
    if (as->has_time) {
        ml_columns_left(to, "  ", 2);
        ml_columns_left(to, format_time(text, row->start_wall_ns), TIME_WIDTH - 2);
    }
    if (as->has_program) {
        ml_columns_left(to, " ", 1);
        ml_columns_left(to, row->program, PROGRAM_WIDTH - 1);
    }
    put_numbers(to, as, row);
    if (as->has_ended) {
        ml_columns_left(to, " ", 1);
        ml_columns_left(to, row->ended, ENDED_WIDTH - 1);
    }
    ml_columns_left(to, "  ", 2);
    put_worst(to, as, row);
    end_line(to);
}

static void put_sums(const ml_columns *to, const ml_survey *self)
{
    char count[ML_NUMBER_MAX], duration[ML_NUMBER_MAX], line[8 * ML_NUMBER_MAX];
    size_t worst[ML_LEVEL_ERROR + 1] = {0};
    size_t broken = 0;
    uint64_t length = 0;

    for (size_t i = 0; i < self->count; i++) {
        broken += self->rows[i].error != NULL;
        worst[self->rows[i].worst] += self->rows[i].error == NULL;
        length += self->rows[i].duration_ns;
    }
    snprintf(line, sizeof(line),
             "%s rows, %s recorded; worst finding: %zu error, %zu warning, %zu note, %zu none; "
             "%zu broken",
             ml_format_count(count, self->count), ml_format_duration(duration, length),
             worst[ML_LEVEL_ERROR], worst[ML_LEVEL_WARNING], worst[ML_LEVEL_NOTE], worst[0],
             broken);
    ml_columns_wrap(to, line, 0, 0);
}

void ml_survey_text(ml_buffer *out, const ml_survey *self, uint32_t width, int color)
{
    enum { WIDTH_LEAST = 72 };
    const ml_columns to = {.out = out,
                           .width = width == 0 || width >= WIDTH_LEAST ? width : WIDTH_LEAST,
                           .color = color};
    const layout as = lay_out(self, to.width);

    put_heading(&to, &as);
    for (size_t i = 0; i < self->count; i++) {
        put_row(&to, &as, &self->rows[i]);
    }
    put_sums(&to, self);
}
