#include "markup.h"
#include "page.h"

/* ---------------------------------------------------------------- charts */

enum { BARS_MOST = 40, POINTS_MOST = 2000 };

static const ml_table *find_table(const ml_document *document, const char *key)
{
    for (size_t i = 0; i < document->block_count; i++)
        if (document->blocks[i]->table && strcmp(document->blocks[i]->key, key) == 0)
            return document->blocks[i]->table;
    return NULL;
}

static const ml_column *find_column(const ml_table *table, const char *name)
{
    for (uint32_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return table->columns + i;
    return NULL;
}

typedef struct range {
    double low, high;
} range;

static range range_of(const ml_column *column, uint64_t rows)
{
    range seen = {0, 0};
    for (uint64_t i = 0; i < rows; i++) {
        double value = value_of_order(column, i);
        if (value < -1e300)
            continue;
        seen.low = i == 0 || value < seen.low ? value : seen.low;
        seen.high = i == 0 || value > seen.high ? value : seen.high;
    }
    return seen;
}

static double part_of(range within, double value)
{
    double part =
        within.high > within.low ? (value - within.low) / (within.high - within.low) : 0.5;
    return part > 0 ? part < 1 ? part : 1 : 0;
}

/* Written as the column's cells are. */
static void put_like(page *to, const ml_column *column, double value)
{
    char buffer[VALUE_MAX];
    const char *text;
    if (column->type == ML_TYPE_RATIO)
        text = ml_format_ratio(buffer, value);
    else if (column->whole && column->type != ML_TYPE_INT && value >= 0)
        text = value_of_whole(buffer, column->type, value_as_whole(value), column->unit);
    else
        text = value_of_real(buffer, value, column->unit);
    markup_text(to->out, text);
}

static void put_line(page *to, const ml_column *x, const ml_column *y, uint64_t rows, size_t series)
{
    range across = range_of(x, rows), up = range_of(y, rows);
    const char *before = "M";
    up.low = up.low > 0 ? 0 : up.low;
    sink_format(to->out, "<path class=\"line s%zu\" d=\"", series % 4);
    for (uint64_t i = 0; i < rows && i < POINTS_MOST; i++) {
        double value = value_of_order(y, i);
        if (value < -1e300)
            continue;
        sink_format(to->out, "%s%.1f %.1f", before, part_of(across, value_of_order(x, i)) * 1000,
                    98 - part_of(up, value) * 96);
        before = "L";
    }
    sink_text(to->out, "\"><title>");
    markup_clipped(to->out, y->name, 100);
    sink_text(to->out, ": ");
    put_like(to, y, up.low);
    sink_text(to->out, " to ");
    put_like(to, y, up.high);
    sink_text(to->out, "</title></path>");
}

/* What the picture cannot say: from where to where it goes, in both directions. */
static void put_scales(page *to, const ml_table *table, const ml_chart *chart, const ml_column *x)
{
    range across = range_of(x, table->row_count);
    sink_text(to->out, "<div class=\"ticks\"><span>");
    put_like(to, x, across.low);
    sink_text(to->out, "</span><span>");
    put_like(to, x, across.high);
    sink_text(to->out, "</span></div>\n<p class=\"legend\">");
    for (size_t i = 0; i < chart->y_count; i++) {
        const ml_column *y = find_column(table, chart->y[i]);
        range up;
        if (!y || !value_is_number(y))
            continue;
        up = range_of(y, table->row_count);
        sink_format(to->out, "<span class=\"key s%zu\"></span> ", i % 4);
        markup_clipped(to->out, y->name, 100);
        sink_text(to->out, ", drawn from ");
        put_like(to, y, up.low < 0 ? up.low : 0);
        sink_text(to->out, " to ");
        put_like(to, y, up.high);
        sink_char(to->out, ' ');
    }
    sink_text(to->out, "</p>\n");
}

static void put_bars(page *to, const ml_column *x, const ml_column *y, uint64_t rows)
{
    range up = range_of(y, rows);
    char value[VALUE_MAX];
    up.low = 0;
    sink_text(to->out, "<div class=\"scroll\"><table class=\"bars\"><tbody>");
    for (uint64_t i = 0; i < rows && i < BARS_MOST; i++) {
        double size = value_of_order(y, i);
        sink_text(to->out, "<tr><th scope=\"row\">");
        markup_clipped(to->out, value_of_cell(value, x, i), 100);
        sink_text(to->out, "</th><td class=\"bar\"><svg><rect width=\"");
        markup_percent(to->out, size > 0 ? part_of(up, size) : 0);
        sink_text(to->out, "\"/></svg></td><td class=\"number\">");
        markup_clipped(to->out, value_of_cell(value, y, i), 60);
        sink_text(to->out, "</td></tr>\n");
    }
    sink_text(to->out, "</tbody></table></div>\n");
    if (rows > BARS_MOST)
        sink_format(to->out, "<p class=\"remark\">The first %d of %llu are drawn.</p>\n",
                    (int)BARS_MOST, (unsigned long long)rows);
}

void page_chart(page *to, const ml_document *document, const ml_chart *chart)
{
    const ml_table *table = find_table(document, chart->table);
    const ml_column *x = table ? find_column(table, chart->x) : NULL;
    if (!x || !table->row_count || !chart->y_count) {
        sink_text(to->out, "<p class=\"none\">There is nothing to draw.</p>\n");
        return;
    }
    if (chart->shape == ML_CHART_LINE && value_is_number(x)) {
        sink_text(
            to->out,
            "<svg class=\"chart\" viewBox=\"0 0 1000 100\" preserveAspectRatio=\"none\" role=\"img\">");
        for (size_t i = 0; i < chart->y_count; i++) {
            const ml_column *y = find_column(table, chart->y[i]);
            if (y && value_is_number(y))
                put_line(to, x, y, table->row_count, i);
        }
        sink_text(to->out, "</svg>\n");
        put_scales(to, table, chart, x);
        return;
    }
    for (size_t i = 0; i < chart->y_count; i++) {
        const ml_column *y = find_column(table, chart->y[i]);
        if (y && value_is_number(y))
            put_bars(to, x, y, table->row_count);
    }
}

/* ---------------------------------------------------------------- graphs */

enum { EDGES_MOST = 200, NODES_DRAWN_MOST = 500 };

static int is_finite(double value)
{
    return value > -1e9 && value < 1e9;
}

static int has_layout(const ml_graph *graph)
{
    if (!(graph->width > 0 && graph->width < 1e6 && graph->height > 0 && graph->height < 1e6))
        return 0;
    for (size_t i = 0; i < graph->node_count; i++) {
        const ml_graph_node *node = &graph->nodes[i];
        if (!is_finite(node->x) || !is_finite(node->y) || !(node->width > 0 && node->width < 1e6) ||
            !(node->height > 0 && node->height < 1e6))
            return 0;
    }
    return graph->node_count <= NODES_DRAWN_MOST;
}

static double heaviest(const ml_graph *graph)
{
    double most = 0;
    for (size_t i = 0; i < graph->edge_count; i++)
        most = graph->edges[i].weight > most ? graph->edges[i].weight : most;
    return most < 1e300 ? most : 0;
}

/* Nodes of one group have one of six colours, the same in every report. */
static unsigned color_of(const char *group)
{
    uint32_t hash = 0;
    for (; *group; group++)
        hash = hash * 31 + (unsigned char)*group;
    return hash % 6;
}

/* From 1 to 5 wide, by its share of the heaviest. */
static void put_curve(page *to, const ml_graph *graph, const ml_graph_edge *edge, double most)
{
    const ml_graph_node *from = graph->nodes + edge->from, *target = graph->nodes + edge->to;
    sink_format(to->out,
                "<path class=\"edge\" data-from=\"%u\" data-to=\"%u\" stroke-width=\"%.1f\" d=\"",
                (unsigned)edge->from, (unsigned)edge->to,
                edge->weight > 0 && most > 0 ? 1 + 4 * (edge->weight / most) : 1);
    if (edge->curve && edge->curve_count >= 8) {
        for (size_t i = 0; i + 1 < edge->curve_count && is_finite(edge->curve[i]) &&
                           is_finite(edge->curve[i + 1]);
             i += 2)
            sink_format(to->out, "%s%.1f %.1f",
                        i == 0   ? "M"
                        : i == 2 ? "C"
                                 : " ",
                        edge->curve[i], edge->curve[i + 1]);
    } else {
        sink_format(to->out, "M%.1f %.1fL%.1f %.1f", from->x, from->y, target->x, target->y);
    }
    sink_text(to->out, "\"><title>");
    markup_clipped(to->out, edge->label, 200);
    sink_text(to->out, "</title></path>");
}

static void put_drawn_graph(page *to, const ml_graph *graph)
{
    double most = heaviest(graph);
    sink_format(
        to->out,
        "<div class=\"scroll\"><svg class=\"graph\" role=\"img\" width=\"%.0f\" height=\"%.0f\" "
        "viewBox=\"0 0 %.1f %.1f\">"
        "<defs><marker id=\"arrow%u\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" "
        "markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"arrow\" d=\"M0 0 8 4 0 "
        "8z\"/></marker></defs><g marker-end=\"url(#arrow%u)\">",
        graph->width, graph->height, graph->width, graph->height, to->graphs, to->graphs);
    to->graphs++;
    for (size_t i = 0; i < graph->edge_count; i++)
        if (graph->edges[i].from < graph->node_count && graph->edges[i].to < graph->node_count)
            put_curve(to, graph, &graph->edges[i], most);
    sink_text(to->out, "</g>");
    for (size_t i = 0; i < graph->node_count; i++) {
        const ml_graph_node *node = &graph->nodes[i];
        sink_format(to->out, "<svg data-node=\"%zu\" data-id=\"", i);
        markup_clipped(to->out, node->id, 300);
        sink_text(to->out, "\" data-file=\"");
        markup_clipped(to->out, node->location.file, 1000);
        sink_format(to->out,
                    "\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><rect class=\"node "
                    "g%u\" width=\"100%%\" height=\"100%%\" rx=\"4\"/><text x=\"50%%\" y=\"55%%\">",
                    node->x - node->width / 2, node->y - node->height / 2, node->width,
                    node->height, color_of(node->group));
        markup_clipped(to->out, node->label, 60);
        sink_text(to->out, "</text><title>");
        markup_clipped(to->out, node->label, 300);
        sink_text(to->out, "</title></svg>\n");
    }
    sink_text(to->out, "</svg></div>\n");
}

/* Without a layout, who leads to whom. */
static void put_edges(page *to, const ml_graph *graph)
{
    sink_text(to->out, "<ul class=\"edges\">");
    for (size_t i = 0; i < graph->edge_count && i < EDGES_MOST; i++) {
        const ml_graph_edge *edge = &graph->edges[i];
        if (edge->from >= graph->node_count || edge->to >= graph->node_count)
            continue;
        sink_text(to->out, "<li><code>");
        markup_clipped(to->out, graph->nodes[edge->from].label, 120);
        sink_text(to->out, "</code> \xE2\x86\x92 <code>");
        markup_clipped(to->out, graph->nodes[edge->to].label, 120);
        sink_text(to->out, "</code> ");
        markup_clipped(to->out, edge->label, 120);
        sink_text(to->out, "</li>\n");
    }
    sink_text(to->out, "</ul>\n");
    if (graph->edge_count > EDGES_MOST)
        sink_format(to->out, "<p class=\"remark\">The first %d of %zu are listed.</p>\n",
                    (int)EDGES_MOST, graph->edge_count);
}

void page_graph(page *to, const ml_graph *graph)
{
    int is_drawn = has_layout(graph) && graph->node_count;
    if (is_drawn) {
        put_drawn_graph(to, graph);
        sink_text(to->out, "<details><summary>The same as a list</summary>\n");
    }
    put_edges(to, graph);
    if (is_drawn)
        sink_text(to->out, "</details>\n");
}

/* ---------------------------------------------------------------- timelines */

enum { SPANS_MOST = 3000, LANES_MOST = 60 };

static uint64_t end_of(const ml_timeline *timeline)
{
    uint64_t end = 1;
    for (size_t i = 0; i < timeline->span_count; i++)
        end = timeline->spans[i].end_ns > end ? timeline->spans[i].end_ns : end;
    return end;
}

static void put_span(page *to, const ml_span *span, uint64_t end)
{
    char from[ML_NUMBER_MAX], till[ML_NUMBER_MAX];
    uint64_t length = span->end_ns > span->start_ns ? span->end_ns - span->start_ns : 0;
    double share = (double)length / (double)end;
    uint64_t start = span->start_ns < end ? span->start_ns : end;
    sink_format(to->out, "<rect class=\"l%u\" height=\"100%%\" x=\"",
                span->level > 3 ? 0u : (unsigned)span->level);
    markup_percent(to->out, (double)start / (double)end);
    sink_text(to->out, "\" width=\"");
    markup_percent(to->out, share < 0.002 ? 0.002 : share);
    sink_text(to->out, "\"><title>");
    markup_clipped(to->out, span->label, 300);
    sink_format(to->out, " %s to %s</title></rect>", ml_format_time(from, span->start_ns),
                ml_format_time(till, span->end_ns));
}

void page_timeline(page *to, const ml_timeline *timeline)
{
    uint64_t end = to->model && to->model->duration_ns ? to->model->duration_ns : end_of(timeline);
    size_t drawn = 0;
    sink_text(to->out, "<div class=\"lanes\">");
    for (size_t lane = 0; lane < timeline->lane_count && lane < LANES_MOST; lane++) {
        sink_text(to->out, "<div class=\"lane\"><span class=\"name\">");
        markup_clipped(to->out, timeline->lanes[lane], 80);
        sink_text(to->out, "</span><svg class=\"spans\" width=\"100%\" height=\"14\">");
        for (size_t i = 0; i < timeline->span_count && drawn < SPANS_MOST; i++) {
            if (timeline->spans[i].lane != lane)
                continue;
            put_span(to, &timeline->spans[i], end);
            drawn++;
        }
        sink_text(to->out, "</svg><span class=\"peak\"></span></div>\n");
    }
    sink_text(to->out, "</div>\n");
    if (drawn < timeline->span_count)
        sink_format(to->out, "<p class=\"remark\">%zu of %zu spans are drawn.</p>\n", drawn,
                    timeline->span_count);
}
