/* Graphs that came with a layout, as boxes and curves; the one of the program's design above all. */
#include "drawing.h"

enum { TOP = 30, HEIGHT_MOST = 4000, NODES_MOST = 500, EDGES_MOST = 2000, BYTES_MOST = 400000 };

typedef struct design {
    const ml_block *block;
    const ml_graph *graph;
    double scale, heaviest;
} design;

static int is_sane(double value)
{
    return value > -1e6 && value < 1e6;
}

static int has_layout(const ml_graph *graph)
{
    if (!graph->node_count || graph->node_count > NODES_MOST || graph->edge_count > EDGES_MOST ||
        !(graph->width > 0 && graph->width < 1e6 && graph->height > 0 && graph->height < 1e6))
        return 0;
    for (size_t i = 0; i < graph->node_count; i++) {
        const ml_graph_node *node = &graph->nodes[i];
        if (!is_sane(node->x) || !is_sane(node->y) || !(node->width > 0 && node->width < 1e6) ||
            !(node->height > 0 && node->height < 1e6))
            return 0;
    }
    return 1;
}

/* ---------------------------------------------------------------- edges */

static int has_curve(const ml_graph_edge *edge)
{
    if (!edge->curve || edge->curve_count < 8)
        return 0;
    for (size_t i = 0; i < edge->curve_count; i++)
        if (!is_sane(edge->curve[i]))
            return 0;
    return 1;
}

/* A start, then groups of three points. */
static void put_curve(drawing *on, const ml_graph_edge *edge)
{
    sink_format(on->out, "M%.1f %.1f", edge->curve[0], edge->curve[1]);
    for (size_t i = 2; i + 5 < edge->curve_count; i += 6)
        sink_format(on->out, "C%.1f %.1f %.1f %.1f %.1f %.1f", edge->curve[i], edge->curve[i + 1],
                    edge->curve[i + 2], edge->curve[i + 3], edge->curve[i + 4], edge->curve[i + 5]);
}

static void put_edge(drawing *on, const design *self, const ml_graph_edge *edge)
{
    const ml_graph_node *nodes = self->graph->nodes;
    const ml_graph_node *from = nodes + edge->from, *to = nodes + edge->to;
    double part = self->heaviest > 0 && edge->weight > 0 ? edge->weight / self->heaviest : 0;
    sink_format(on->out,
                "<path class=\"edge\" stroke-width=\"%.2f\" marker-end=\"url(#arrow)\" d=\"",
                1 + 3 * (part < 1 ? part : 1));
    if (has_curve(edge))
        put_curve(on, edge);
    else
        sink_format(on->out, "M%.1f %.1fL%.1f %.1f", from->x, from->y, to->x, to->y);
    sink_text(on->out, "\"><title>");
    escape_clipped(on->out, from->label, 80);
    sink_text(on->out, " \xE2\x86\x92 ");
    escape_clipped(on->out, to->label, 80);
    if (edge->label[0])
        sink_text(on->out, ": ");
    escape_clipped(on->out, edge->label, 160);
    sink_text(on->out, "</title></path>\n");
}

/* ---------------------------------------------------------------- nodes */

static const char *class_of_group(const char *group)
{
    return strcmp(group, "project") == 0 || strcmp(group, "own") == 0 ? "p0"
           : strcmp(group, "stdlib") == 0                             ? "s0"
           : strcmp(group, "third party") == 0                        ? "t0"
                                                                      : "o0";
}

/* A label may have several lines; each is cut to the box. */
static void put_label(drawing *on, const ml_graph_node *node)
{
    enum { LINES_MOST = 4, SIZE = 12 };
    const char *starts[LINES_MOST];
    size_t lengths[LINES_MOST], count = 0, room = (size_t)(node->width / (SIZE * 0.52));
    char line[200];
    for (const char *at = node->label; count < LINES_MOST; at += lengths[count++] + 1) {
        starts[count] = at;
        lengths[count] = strcspn(at, "\n");
        if (!at[lengths[count]]) {
            count++;
            break;
        }
    }
    for (size_t i = 0; i < count; i++) {
        double y = node->y + ((double)i - (double)(count - 1) / 2) * (SIZE + 2) + SIZE * 0.35;
        sink_format(on->out, "<text x=\"%.1f\" y=\"%.1f\">", node->x, y);
        ml_format(line, sizeof line, "%.*s", (int)(lengths[i] < 400 ? lengths[i] : 400), starts[i]);
        escape_clipped(on->out, line, room > 1 ? room - 1 : 1);
        sink_text(on->out, "</text>");
    }
}

static void put_node(drawing *on, const ml_graph_node *node)
{
    sink_format(on->out,
                "<g class=\"node\"><rect class=\"%s\" x=\"%.1f\" "
                "y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"4\"/>",
                class_of_group(node->group), node->x - node->width / 2, node->y - node->height / 2,
                node->width, node->height);
    put_label(on, node);
    sink_text(on->out, "<title>");
    escape_clipped(on->out, node->label, 200);
    sink_text(on->out, "</title></g>\n");
}

/* ---------------------------------------------------------------- the whole */

static void draw(drawing *on, const void *self, double y)
{
    const design *from = (const design *)self;
    const ml_graph *graph = from->graph;
    uint64_t limit = sink_size(on->out) + BYTES_MOST;
    drawing_text(on, MARGIN, y + 16, "head", from->block->title);
    sink_format(on->out,
                "<svg x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" viewBox=\"0 0 %.1f %.1f\">"
                "\n",
                (int)MARGIN, y + TOP, graph->width * from->scale, graph->height * from->scale,
                graph->width, graph->height);
    for (size_t i = 0; i < graph->edge_count && sink_size(on->out) < limit; i++)
        if (graph->edges[i].from < graph->node_count && graph->edges[i].to < graph->node_count)
            put_edge(on, from, &graph->edges[i]);
    for (size_t i = 0; i < graph->node_count && sink_size(on->out) < limit; i++)
        put_node(on, &graph->nodes[i]);
    sink_text(on->out, "</svg>\n");
    if (sink_size(on->out) >= limit)
        drawing_text(on, MARGIN + INNER - 260, y + 16, "muted",
                     "Not all of it fits into the file.");
}

static double heaviest_edge(const ml_graph *graph)
{
    double heaviest = 0;
    for (size_t i = 0; i < graph->edge_count; i++)
        if (graph->edges[i].weight > heaviest)
            heaviest = graph->edges[i].weight;
    return heaviest;
}

static int describe(const ml_host *host, const ml_block *block, picture *out)
{
    design *self = has_layout(block->graph) ? (design *)ml_alloc(host, 1, sizeof *self) : NULL;
    if (!self)
        return 0;
    self->block = block;
    self->graph = block->graph;
    self->heaviest = heaviest_edge(block->graph);
    self->scale = block->graph->width > INNER ? INNER / block->graph->width : 1;
    if (block->graph->height * self->scale > HEIGHT_MOST)
        self->scale = HEIGHT_MOST / block->graph->height;
    out->draw = draw;
    out->self = self;
    out->height = TOP + block->graph->height * self->scale + 12;
    return 1;
}

size_t picture_graphs(const ml_host *host, const ml_documents *documents, picture *out, size_t most)
{
    size_t all, count = 0;
    const ml_block **blocks = value_blocks_of_kind(host, documents, ML_BLOCK_GRAPH, &all);
    for (size_t i = 0; blocks && i < all && count < most; i++)
        if (blocks[i]->graph)
            count += (size_t)describe(host, blocks[i], &out[count]);
    return count;
}
