#include "core/cli/overview.h"

#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_WIDTH_MAX = 60, DURATION_TEXT = 32 };

ml_status ml_overview_add(ml_arena *arena, ml_overview *self, const char *name,
                          const ml_model *model, const ml_documents *documents)
{
    ml_overview_row *row;

    if (ml_arena_grow(arena, &self->rows, &self->capacity, self->count + 1, sizeof(*row)) < 0) {
        return ML_ERROR_MEMORY;
    }
    row = &self->rows[self->count++];
    *row = (ml_overview_row){.name = name, .duration_ns = model->duration_ns};
    for (size_t i = 0; i < documents->finding_count; i++) {
        uint32_t level = documents->findings[i].block->finding->level;
        if (level >= ML_LEVEL_NOTE && level <= ML_LEVEL_ERROR) {
            row->findings[level]++;
        }
    }
    return ML_OK;
}

void ml_overview_line(ml_buffer *out, const char *name, const ml_documents *documents)
{
    ml_text_escape(out, name, strlen(name));
    ml_buffer_put_text(out, ": ");
    ml_text_escape(out, documents->verdict, strlen(documents->verdict));
    ml_buffer_put_u8(out, '\n');
}

/* ---- the table ---- */

/* Rows lie in one array, so their addresses are the order in which they were added. */
static int by_worst(const void *left, const void *right)
{
    const ml_overview_row *a = *(ml_overview_row *const *)left;
    const ml_overview_row *b = *(ml_overview_row *const *)right;

    for (int level = ML_LEVEL_ERROR; level >= ML_LEVEL_NOTE; level--) {
        if (a->findings[level] != b->findings[level]) {
            return a->findings[level] > b->findings[level] ? -1 : 1;
        }
    }
    return (a > b) - (a < b);
}

/* Continuation bytes take no column. Wide characters are not known here. */
static size_t columns_of(const ml_buffer *text)
{
    size_t columns = 0;

    for (size_t i = 0; i < text->length; i++) {
        columns += (text->data[i] & 0xC0u) != 0x80u;
    }
    return columns;
}

/* A name, escaped and padded. */
static void put_name(ml_buffer *out, const char *name, size_t width)
{
    ml_buffer shown;

    ml_buffer_init(&shown, 1 << 16);
    ml_text_escape(&shown, name, strlen(name));
    ml_buffer_put(out, shown.data, shown.length);
    for (size_t i = columns_of(&shown); i < width; i++) {
        ml_buffer_put_u8(out, ' ');
    }
    ml_buffer_release(&shown);
}

static size_t width_of_names(const ml_overview *self)
{
    size_t width = strlen("run");

    for (size_t i = 0; i < self->count; i++) {
        size_t length = strlen(self->rows[i].name);
        width = length > width ? length : width;
    }
    return width < NAME_WIDTH_MAX ? width : NAME_WIDTH_MAX;
}

static void put_row(ml_buffer *out, const ml_overview_row *row, size_t width)
{
    char duration[DURATION_TEXT];

    snprintf(duration, sizeof(duration), "%.2f s", (double)row->duration_ns / 1e9);
    put_name(out, row->name, width);
    ml_buffer_put_format(out, " %12s %8llu %8llu %8llu\n", duration,
                         (unsigned long long)row->findings[ML_LEVEL_ERROR],
                         (unsigned long long)row->findings[ML_LEVEL_WARNING],
                         (unsigned long long)row->findings[ML_LEVEL_NOTE]);
}

ml_status ml_overview_table(ml_arena *arena, ml_buffer *out, const ml_overview *self)
{
    const ml_overview_row **sorted = ml_arena_array(arena, self->count, sizeof(*sorted));
    size_t width = width_of_names(self);
    ml_overview_row sum = {.name = "all"};

    if (sorted == NULL) {
        return ML_ERROR_MEMORY;
    }
    for (size_t i = 0; i < self->count; i++) {
        sorted[i] = &self->rows[i];
        sum.duration_ns += self->rows[i].duration_ns;
        for (int level = ML_LEVEL_NOTE; level <= ML_LEVEL_ERROR; level++) {
            sum.findings[level] += self->rows[i].findings[level];
        }
    }
    qsort(sorted, self->count, sizeof(*sorted), by_worst);
    put_name(out, "run", width);
    ml_buffer_put_format(out, " %12s %8s %8s %8s\n", "duration", "errors", "warnings", "notes");
    for (size_t i = 0; i < self->count; i++) {
        put_row(out, sorted[i], width);
    }
    put_row(out, &sum, width);
    return out->status;
}
