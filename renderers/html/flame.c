#include "common/flame_tree.h"
#include "markup.h"
#include "page.h"

enum { DEPTH_MAX = 40, ROW = 18, BOXES_MAX = 4000 };

static const double LEAST = 0.002, LABELLED = 0.02;

typedef struct drawing {
    page *to;
    const flame_tree *from;
    double whole;
    unsigned deepest;
    unsigned boxes;
} drawing;

static const char *class_of(const ml_model *model, uint32_t function)
{
    uint32_t origin = ml_function_origin(model, function);
    return origin & ML_MODULE_SYNTHETIC     ? "synthetic"
           : origin & ML_MODULE_STDLIB      ? "stdlib"
           : origin & ML_MODULE_THIRD_PARTY ? "third"
           : origin & ML_MODULE_PROJECT     ? "project"
                                            : "synthetic";
}

static void put_title(drawing *on, const flame_tree_node *node)
{
    const ml_model *model = on->to->model;
    char time[ML_NUMBER_MAX], share[ML_NUMBER_MAX], count[ML_NUMBER_MAX];
    sink *out = on->to->out;
    sink_text(out, "<title>");
    markup_clipped(out, ml_function_name(model, node->function), 300);
    sink_text(out, " (");
    markup_clipped(out, ml_base_name(ml_function_file(model, node->function)), 200);
    sink_format(out, ":%u) %s, %s of the running time, %s samples</title>",
                (unsigned)model->functions->line[node->function],
                ml_format_duration(time, node->weight_ns),
                ml_format_ratio(share, (double)node->weight_ns / on->whole),
                ml_format_count(count, node->samples));
}

/* A wide box is an <svg> of its own, which cuts its label; a narrow one has no label. */
static void put_box(drawing *on, const flame_tree_node *node, double x, unsigned depth)
{
    sink *out = on->to->out;
    double width = (double)node->weight_ns / on->whole;
    const char *name = class_of(on->to->model, node->function);
    const char *tag = width >= LABELLED ? "svg" : "rect";
    sink_format(out, "<%s class=\"%s\" y=\"%u\" height=\"%d\" x=\"", tag, name, depth * ROW,
                ROW - 1);
    markup_percent(out, x);
    sink_text(out, "\" width=\"");
    markup_percent(out, width);
    sink_text(out, "\">");
    if (width >= LABELLED) {
        sink_text(out, "<rect width=\"100%\" height=\"100%\"/><text x=\"3\" y=\"13\">");
        markup_clipped(out, ml_function_name(on->to->model, node->function), 80);
        sink_text(out, "</text>");
    }
    put_title(on, node);
    sink_format(out, "</%s>\n", tag);
}

static unsigned depth_of(const flame_tree *from, uint32_t node, unsigned depth)
{
    unsigned deepest = depth;
    if (depth >= DEPTH_MAX)
        return depth;
    for (uint32_t child = from->nodes[node].first_child; child != ML_NONE;
         child = from->nodes[child].next) {
        unsigned below = depth_of(from, child, depth + 1);
        deepest = below > deepest ? below : deepest;
    }
    return deepest;
}

static void put_children(drawing *on, uint32_t node, double x, unsigned depth)
{
    if (depth >= DEPTH_MAX)
        return;
    for (uint32_t child = on->from->nodes[node].first_child; child != ML_NONE;
         child = on->from->nodes[child].next) {
        if (on->boxes++ >= BOXES_MAX)
            return;
        put_box(on, on->from->nodes + child, x, depth);
        put_children(on, child, x, depth + 1);
        x += (double)on->from->nodes[child].weight_ns / on->whole;
    }
}

static void put_legend(page *to)
{
    sink_text(
        to->out,
        "<p class=\"legend static\"><span class=\"key project\"></span> project <span class=\"key "
        "third\"></span> third party <span class=\"key stdlib\"></span> standard library <span "
        "class=\"key synthetic\"></span> without a Python file</p>\n");
}

void page_flame(page *to)
{
    flame_tree merged;
    drawing on = {to, &merged, 0, 0, 0};
    char time[ML_NUMBER_MAX];
    if (!to->model)
        return;
    sink_text(to->out, "<section id=\"flame\"><h2>Flame graph</h2>\n");
    if (flame_tree_build(to->host, to->model, LEAST, &merged) != ML_OK ||
        !merged.nodes[0].weight_ns) {
        sink_text(to->out, "<p class=\"none\">No sample shows a running thread.</p></section>\n");
        return;
    }
    on.whole = (double)merged.nodes[0].weight_ns;
    on.deepest = depth_of(&merged, 0, 0);
    sink_format(
        to->out,
        "<p class=\"remark static\">The %s in which threads "
        "were running, all threads together; who called is above, width is time, and the order "
        "from left to right is by time, not by when. Waiting is not drawn, nor what took "
        "less than 0.2 %%.</p>\n",
        ml_format_duration(time, merged.nodes[0].weight_ns));
    put_legend(to);
    sink_format(
        to->out,
        "<svg class=\"flame static\" role=\"img\" aria-label=\"Flame graph\" width=\"100%%\" height=\"%u\">\n",
        on.deepest * ROW + 1);
    put_children(&on, 0, 0, 0);
    sink_text(to->out, "</svg>\n");
    if (on.deepest >= DEPTH_MAX)
        sink_format(to->out, "<p class=\"remark static\">The first %d levels are drawn.</p>\n",
                    (int)DEPTH_MAX);
    sink_text(to->out, "</section>\n");
}
