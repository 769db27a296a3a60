/* The flame graph: the running time of all threads, merged by function; width is time, callers above. */
#include "common/flame_tree.h"
#include "drawing.h"

enum { DEPTH_MOST = 40, TOP = 46, BYTES_MOST = 500000 };

typedef struct graph {
    flame_tree tree;
    unsigned depth;
    double scale; /* pixels a nanosecond */
} graph;

static double width_of(const graph *self, uint32_t node)
{
    return (double)self->tree.nodes[node].weight_ns * self->scale;
}

/* Rows below a node, as far as they are drawn. */
static unsigned rows_below(const graph *self, uint32_t node, unsigned depth)
{
    unsigned deepest = depth;
    if (depth >= DEPTH_MOST)
        return depth;
    for (uint32_t child = self->tree.nodes[node].first_child; child != ML_NONE;
         child = self->tree.nodes[child].next) {
        unsigned below =
            width_of(self, child) < NARROWEST ? depth : rows_below(self, child, depth + 1);
        deepest = below > deepest ? below : deepest;
    }
    return deepest;
}

static void put_box(drawing *on, const graph *self, uint32_t node, double x, double y)
{
    const flame_tree_node *of = &self->tree.nodes[node];
    char name[4], time[ML_NUMBER_MAX], share[ML_NUMBER_MAX], count[ML_NUMBER_MAX];
    drawing_open_box(on, x, y, width_of(self, node), drawing_class(name, on->model, of->function),
                     ml_function_name(on->model, of->function));
    sink_text(on->out, "<title>");
    drawing_name(on, of->function);
    sink_format(
        on->out, ", %s, %s of the running time, %s samples</title></g>\n",
        ml_format_duration(time, of->weight_ns),
        ml_format_ratio(share, (double)of->weight_ns / (double)self->tree.nodes[0].weight_ns),
        ml_format_count(count, of->samples));
}

/* Children are ordered by width: behind one that is too narrow are only such. */
static void put_children(drawing *on, const graph *self, uint32_t node, double x, double y,
                         unsigned depth, uint64_t limit)
{
    if (depth >= DEPTH_MOST)
        return;
    for (uint32_t child = self->tree.nodes[node].first_child; child != ML_NONE;
         child = self->tree.nodes[child].next) {
        double width = width_of(self, child);
        if (width < NARROWEST || sink_size(on->out) >= limit)
            return;
        put_box(on, self, child, x, y);
        put_children(on, self, child, x, y + ROW, depth + 1, limit);
        x += width;
    }
}

static void draw(drawing *on, const void *self, double y)
{
    const graph *from = (const graph *)self;
    uint64_t limit = sink_size(on->out) + BYTES_MOST;
    char text[300], time[ML_NUMBER_MAX];
    drawing_text(on, MARGIN, y + 16, "head", "Flame graph");
    ml_format(text, sizeof text,
              "The %s in which threads were running, all together; width is time, the order from "
              "left to right is not.%s",
              ml_format_duration(time, from->tree.nodes[0].weight_ns),
              from->depth >= DEPTH_MOST ? " Deeper rows are left out." : "");
    drawing_text(on, MARGIN, y + 34, "muted", text);
    sink_text(on->out, "<g class=\"box\">\n");
    put_children(on, from, 0, MARGIN, y + TOP, 0, limit);
    sink_text(on->out, "</g>\n");
    if (sink_size(on->out) >= limit)
        drawing_text(on, MARGIN + INNER - 260, y + 16, "muted", "Not all boxes fit into the file.");
}

size_t picture_flame_graph(const ml_host *host, const ml_model *model, picture *out)
{
    graph *self = model ? (graph *)ml_alloc(host, 1, sizeof *self) : NULL;
    if (!self || flame_tree_build(host, model, 0, &self->tree) != ML_OK ||
        !self->tree.nodes[0].weight_ns)
        return 0;
    self->scale = (double)INNER / (double)self->tree.nodes[0].weight_ns;
    self->depth = rows_below(self, 0, 0);
    out->draw = draw;
    out->self = self;
    out->height = TOP + self->depth * ROW + 12;
    return 1;
}
