#include "layout.h"

#include <gvc.h>

#include <stdlib.h>

enum { MARGIN = 8 };

/* Points in an inch. */
static const double INCH = 72.0;

extern gvplugin_library_t gvplugin_dot_layout_LTX_library;

/* Between Graphviz's tables and ours. */
typedef struct drawing {
    const ml_host *host;
    layout *in;
    Agraph_t *graph;
    Agnode_t **nodes;
    Agedge_t **edges;
} drawing;

static void set_style(Agraph_t *graph)
{
    static char names[][12] = {"label", "shape", "fixedsize", "width", "height"};
    static char values[][12] = {"", "box", "true", "1", "1"};
    char graph_names[][12] = {"rankdir", "nodesep", "ranksep", "splines"};
    char graph_values[][12] = {"TB", "0.20", "0.50", "true"};
    char head[] = "arrowhead", none[] = "none", weight[] = "weight", one[] = "1";
    for (size_t i = 0; i < sizeof graph_names / sizeof *graph_names; i++)
        agattr(graph, AGRAPH, graph_names[i], graph_values[i]);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        agattr(graph, AGNODE, names[i], values[i]);
    agattr(graph, AGEDGE, head, none);
    agattr(graph, AGEDGE, weight, one);
}

static void set_number(void *object, const char *name, double value)
{
    char key[16], text[32];
    ml_format(key, sizeof key, "%s", name);
    ml_format(text, sizeof text, "%.4f", value);
    agset(object, key, text);
}

static int compare_weights(const void *left, const void *right)
{
    const layout_box *a = *(const layout_box *const *)left, *b = *(const layout_box *const *)right;
    if (a->weight > b->weight || a->weight < b->weight)
        return a->weight > b->weight ? -1 : 1;
    return a < b ? -1 : a > b;
}

/* Graphviz breaks rings beginning with the nodes that it was given first. */
static int add_boxes(drawing *to)
{
    uint32_t count = to->in->box_count;
    layout_box **order = (layout_box **)ml_alloc(to->host, count, sizeof *order);
    for (uint32_t i = 0; order && i < count; i++)
        order[i] = &to->in->boxes[i];
    if (!order)
        return 0;
    qsort(order, count, sizeof *order, compare_weights);
    for (uint32_t at = 0; at < count; at++) {
        uint32_t i = (uint32_t)(order[at] - to->in->boxes);
        char name[16];
        ml_format(name, sizeof name, "n%u", (unsigned)i);
        to->nodes[i] = agnode(to->graph, name, 1);
        if (!to->nodes[i])
            return 0;
        set_number(to->nodes[i], "width", to->in->boxes[i].width / INCH);
        set_number(to->nodes[i], "height", to->in->boxes[i].height / INCH);
    }
    return 1;
}

static int add_arrows(drawing *to)
{
    for (uint32_t i = 0; i < to->in->arrow_count; i++) {
        const layout_arrow *arrow = &to->in->arrows[i];
        char weight[16], key[] = "weight";
        to->edges[i] = agedge(to->graph, to->nodes[arrow->from], to->nodes[arrow->to], NULL, 1);
        if (!to->edges[i])
            return 0;
        ml_format(weight, sizeof weight, "%d", arrow->weight);
        agset(to->edges[i], key, weight);
    }
    return 1;
}

/* Graphviz's y rises; the page's falls. */
static double to_x(const drawing *from, double x)
{
    return x - GD_bb(from->graph).LL.x + MARGIN;
}

static double to_y(const drawing *from, double y)
{
    return GD_bb(from->graph).UR.y - y + MARGIN;
}

static void read_curve(const drawing *from, uint32_t row)
{
    const splines *found = ED_spl(from->edges[row]);
    layout_arrow *arrow = &from->in->arrows[row];
    const bezier *curve = found && found->size > 0 ? &found->list[0] : NULL;
    double *numbers;
    if (!curve || curve->size < 4 || curve->size % 3 != 1)
        return;
    numbers = (double *)ml_alloc(from->host, (size_t)curve->size * 2, sizeof *numbers);
    for (int i = 0; numbers && i < curve->size; i++) {
        numbers[2 * i] = to_x(from, curve->list[i].x);
        numbers[2 * i + 1] = to_y(from, curve->list[i].y);
    }
    arrow->curve = numbers;
    arrow->curve_count = numbers ? (size_t)curve->size * 2 : 0;
}

static void read_layout(const drawing *from)
{
    boxf whole = GD_bb(from->graph);
    from->in->width = whole.UR.x - whole.LL.x + 2 * MARGIN;
    from->in->height = whole.UR.y - whole.LL.y + 2 * MARGIN;
    for (uint32_t i = 0; i < from->in->box_count; i++) {
        from->in->boxes[i].x = to_x(from, ND_coord(from->nodes[i]).x);
        from->in->boxes[i].y = to_y(from, ND_coord(from->nodes[i]).y);
    }
    for (uint32_t i = 0; i < from->in->arrow_count; i++)
        read_curve(from, i);
}

static ml_status draw(drawing *in, GVC_t *context)
{
    ml_status status = ML_ERROR_FAILED;
    set_style(in->graph);
    if (add_boxes(in) && add_arrows(in) && gvLayout(context, in->graph, "dot") == 0) {
        read_layout(in);
        status = ML_OK;
        gvFreeLayout(context, in->graph);
    }
    return status;
}

ml_status layout_find(const ml_host *host, layout *in)
{
    const lt_symlist_t engines[] = {
        {"gvplugin_dot_layout_LTX_library", &gvplugin_dot_layout_LTX_library}, {NULL, NULL}};
    GVC_t *context;
    drawing made = {host, in, NULL, NULL, NULL};
    char name[] = "design";
    ml_status status = ML_ERROR_FAILED;
    made.nodes = (Agnode_t **)ml_alloc(host, in->box_count, sizeof *made.nodes);
    made.edges = (Agedge_t **)ml_alloc(host, in->arrow_count, sizeof *made.edges);
    if (!made.nodes || !made.edges)
        return status;
    agseterr(AGMAX); /* its remarks would go to stderr, which is not ours */
    context = gvContextPlugins(engines, 0);
    if (!context)
        return status;
    made.graph = agopen(name, Agdirected, NULL);
    if (made.graph) {
        status = draw(&made, context);
        agclose(made.graph);
    }
    gvFreeContext(context);
    return status;
}
