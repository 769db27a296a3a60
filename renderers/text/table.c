#include "table.h"

#include "common/utf8.h"
#include "common/values.h"

enum { COLUMNS_MAX = 10, NUMBER_WIDTH = 9, TEXT_WIDTH = 14, BAR_WIDTH = 12, GAP = 2 };

typedef struct layout {
    uint32_t shown;              /* columns */
    unsigned width[COLUMNS_MAX]; /* of each */
    unsigned bar;                /* 0: none */
} layout;

/* "name (long/path/file.py:41)" with the last part of the path only. */
static const char *shorten(char *out, const ml_column *column, const char *text)
{
    const char *file;
    size_t length = value_split_function(text, &file);
    if (column->type != ML_TYPE_FUNCTION || !file)
        return text;
    return ml_format(out, TERMINAL_TEXT_MAX, "%.*s (%s", (int)(length < 2048 ? length : 2048), text,
                     ml_base_name(file));
}

static unsigned cell_columns(const ml_column *column, uint64_t row)
{
    char value[VALUE_MAX], text[TERMINAL_TEXT_MAX], clean[TERMINAL_TEXT_MAX];
    return terminal_clean(clean, shorten(text, column, value_of_cell(value, column, row)), 60);
}

static unsigned widest(const ml_column *column, const uint32_t *order, uint64_t rows)
{
    char clean[TERMINAL_TEXT_MAX];
    unsigned width = terminal_clean(clean, column->name, 24);
    for (uint64_t i = 0; i < rows; i++) {
        unsigned used = cell_columns(column, order[i]);
        width = used > width ? used : width;
    }
    return width;
}

/* The first text column takes the slack, up to what it needs; columns that do not fit are left out. */
static layout lay_out(const ml_table *table, const uint32_t *order, uint64_t rows, unsigned width)
{
    layout made = {0};
    unsigned used = 1, first = 0;
    for (uint32_t i = 0; i < table->column_count && i < COLUMNS_MAX; i++) {
        unsigned wanted = widest(table->columns + i, order, rows);
        unsigned least = value_is_number(table->columns + i) ? wanted
                         : wanted < TEXT_WIDTH               ? wanted
                                                             : TEXT_WIDTH;
        if (used + least + GAP > width && i > 0)
            break;
        made.width[i] =
            i == 0 ? least : (wanted < 24 && used + wanted + GAP <= width ? wanted : least);
        used += made.width[i] + GAP;
        first = i == 0 ? wanted : first;
        made.shown++;
    }
    if (made.shown && used < width) {
        unsigned slack = width - used, need = first - made.width[0];
        unsigned given = need < slack ? need : slack;
        made.width[0] += given;
        made.bar = slack - given > BAR_WIDTH ? BAR_WIDTH : 0;
    }
    return made;
}

static void print_cell(terminal *to, const ml_column *column, const char *text, unsigned width)
{
    if (value_is_number(column))
        terminal_right(to, text, width);
    else
        terminal_left(to, text, width);
    terminal_put(to, "  ");
}

static void print_bar(terminal *to, double value, double largest)
{
    char bar[BAR_WIDTH + 1];
    int length = largest > 0 && value > 0 ? (int)(value / largest * BAR_WIDTH + 0.5) : 0;
    memset(bar, '#', sizeof bar);
    bar[length < BAR_WIDTH ? length : BAR_WIDTH] = '\0';
    terminal_put(to, bar);
}

static void print_row(terminal *to, const ml_table *table, const layout *how, const uint32_t *order,
                      uint64_t index)
{
    char value[VALUE_MAX], text[TERMINAL_TEXT_MAX];
    terminal_put(to, " ");
    for (uint32_t i = 0; i < how->shown; i++) {
        const ml_column *column = table->columns + i;
        print_cell(to, column, shorten(text, column, value_of_cell(value, column, order[index])),
                   how->width[i]);
    }
    if (how->bar && table->order_by < table->column_count &&
        value_is_number(table->columns + table->order_by)) {
        const ml_column *by = table->columns + table->order_by;
        print_bar(to, value_of_order(by, order[index]), value_of_order(by, order[0]));
    }
    terminal_newline(to);
}

static void print_heading(terminal *to, const ml_table *table, const layout *how)
{
    terminal_put(to, " ");
    terminal_style(to, STYLE_FAINT);
    for (uint32_t i = 0; i < how->shown; i++)
        print_cell(to, table->columns + i, table->columns[i].name, how->width[i]);
    terminal_style(to, STYLE_PLAIN);
    terminal_newline(to);
}

void table_print(terminal *to, const ml_block *block, unsigned rows_max)
{
    const ml_table *table = block->table;
    uint32_t *order = value_row_order(to->sink->host, table);
    uint64_t rows = table->row_count < rows_max ? table->row_count : rows_max;
    char count[ML_NUMBER_MAX], more[VALUE_MAX];
    layout how;
    if (!order)
        return;
    if (table->limit && table->limit < rows)
        rows = table->limit;
    terminal_style(to, STYLE_BOLD);
    terminal_cut(to, block->title, to->width - 28);
    terminal_style(to, STYLE_PLAIN);
    if (rows < table->total_rows)
        terminal_put(to, ml_format(more, sizeof more, "  (first %u of %s)", (unsigned)rows,
                                   ml_format_count(count, table->total_rows)));
    terminal_newline(to);
    how = lay_out(table, order, rows, to->width);
    print_heading(to, table, &how);
    for (uint64_t i = 0; i < rows; i++)
        print_row(to, table, &how, order, i);
}
