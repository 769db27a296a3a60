#include "markup.h"
#include "page.h"

enum { ROWS_FIRST = 20, ROWS_MOST = 100, CELL_MAX = 400, SHORT_MAX = 20, LONG_MIN = 60 };

static void put_function(page *to, const char *text)
{
    const char *file;
    size_t length = value_split_function(text, &file);
    char name[CELL_MAX];
    ml_format(name, sizeof name, "%.*s", (int)(length < CELL_MAX ? length : CELL_MAX), text);
    sink_text(to->out, "<code title=\"");
    markup_clipped(to->out, text, 1000);
    sink_text(to->out, "\">");
    markup_text(to->out, name);
    sink_text(to->out, "</code>");
    if (file) {
        size_t rest = strlen(file) - 1; /* without the bracket */
        ml_format(name, sizeof name, "%.*s", (int)(rest < CELL_MAX ? rest : CELL_MAX), file);
        sink_text(to->out, " <small>");
        markup_text(to->out, ml_base_name(name));
        sink_text(to->out, "</small>");
    }
}

static void put_bar(page *to, double value, double largest)
{
    double share = largest > 0 && value > 0 ? value / largest : 0;
    sink_text(to->out, "<td class=\"bar\" aria-hidden=\"true\"><svg><rect width=\"");
    markup_percent(to->out, share < 1 ? share : 1);
    sink_text(to->out, "\"/></svg></td>");
}

static int is_address(const char *text)
{
    size_t length = strlen(text);
    return strncmp(text, "https://", 8) == 0 && length < CELL_MAX && !text[strcspn(text, " \t\n")];
}

static void put_text(page *to, const char *text)
{
    if (is_address(text)) {
        sink_text(to->out, "<a rel=\"noopener noreferrer\" href=\"");
        markup_text(to->out, text);
        sink_text(to->out, "\">");
    }
    markup_clipped(to->out, text, CELL_MAX);
    if (is_address(text))
        sink_text(to->out, "</a>");
}

static void put_cell(page *to, const ml_column *column, uint64_t row)
{
    char value[VALUE_MAX];
    const char *text = value_of_cell(value, column, row);
    if (value_is_number(column))
        sink_format(to->out, "<td data-v=%.9g>", value_of_order(column, row));
    else if (strlen(text) <= SHORT_MAX)
        sink_text(to->out, "<td class=\"short\">");
    else if (strlen(text) >= LONG_MIN && column->type != ML_TYPE_FUNCTION)
        sink_text(to->out, "<td class=\"long\">");
    else
        sink_text(to->out, "<td>");
    if (column->type == ML_TYPE_FUNCTION)
        put_function(to, text);
    else
        put_text(to, text);
    sink_text(to->out, "</td>");
}

/* The column of which bars are drawn, or NULL. */
static const ml_column *bar_column(const ml_table *table)
{
    const ml_column *column =
        table->order_by < table->column_count ? table->columns + table->order_by : NULL;
    return column && value_is_number(column) ? column : NULL;
}

static void put_head(page *to, const ml_table *table)
{
    sink_text(to->out, "<div class=\"scroll\"><table><thead><tr>");
    for (uint32_t i = 0; i < table->column_count; i++) {
        sink_format(to->out, "<th scope=\"col\"%s>",
                    value_is_number(table->columns + i) ? " class=\"number\"" : "");
        markup_clipped(to->out, table->columns[i].name, 80);
        sink_text(to->out, i == table->order_by ? " \xE2\x96\xBE</th>" : "</th>");
    }
    if (bar_column(table))
        sink_text(to->out, "<th class=\"bar\" aria-hidden=\"true\"></th>");
    sink_text(to->out, "</tr></thead><tbody>\n");
}

static void put_rows(page *to, const ml_table *table, const uint32_t *order, uint64_t from,
                     uint64_t end)
{
    const ml_column *bars = bar_column(table);
    put_head(to, table);
    for (uint64_t i = from; i < end; i++) {
        sink_text(to->out, "<tr>");
        for (uint32_t column = 0; column < table->column_count; column++)
            put_cell(to, table->columns + column, order[i]);
        if (bars)
            put_bar(to, value_of_order(bars, order[i]), value_of_order(bars, order[0]));
        sink_text(to->out, "</tr>\n");
    }
    sink_text(to->out, "</tbody></table></div>\n");
}

void page_table(page *to, const ml_table *table)
{
    uint32_t *order = value_row_order(to->host, table);
    uint64_t first = table->limit ? table->limit : ROWS_FIRST;
    uint64_t end = table->row_count < ROWS_MOST ? table->row_count : ROWS_MOST;
    char count[ML_NUMBER_MAX];
    if (!order || table->row_count == 0) {
        sink_text(to->out, order ? "<p class=\"none\">No rows.</p>\n"
                                 : "<p class=\"problem\">No memory to order the rows.</p>\n");
        return;
    }
    first = first < end ? first : end;
    put_rows(to, table, order, 0, first);
    if (first < end) {
        sink_format(to->out, "<details class=\"rows\"><summary>%s more rows</summary>\n",
                    ml_format_count(count, end - first));
        put_rows(to, table, order, first, end);
        sink_text(to->out, "</details>\n");
    }
    if (end < table->total_rows)
        sink_format(
            to->out,
            "<p class=\"remark\">%llu rows of %s are shown; <code>--format json</code> has more.</p>\n",
            (unsigned long long)end, ml_format_count(count, table->total_rows));
}
