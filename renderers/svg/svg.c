/* svg: the run as one picture: flame chart, flame graph, and the graphs that analyzers laid out.
 *
 * One file for wikis, slides and tickets: no script, no font, nothing is loaded; what a box is stands in its
 * <title>, which viewers show as a tip. Colours say where code comes from, as in the page. Bounded: each picture
 * has a budget of bytes, together under two megabytes; boxes below 0.3 px are merged or left out.
 */
#include "assets.h"
#include "drawing.h"

enum { GRAPHS_MOST = 2, HEAD = 92 };

/* ---------------------------------------------------------------- head */

static void put_legend(drawing *on, double y)
{
    static const struct {
        const char *class_name, *text;
        int width;
    } keys[] = {{"p0", "project", 80},
                {"t0", "third party", 100},
                {"s0", "standard library", 132},
                {"i0", "import", 76},
                {"o0", "without a Python file", 150}};
    double x = MARGIN;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        sink_format(
            on->out,
            "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"12\" height=\"12\" rx=\"2\"/>",
            keys[i].class_name, x, y - 10);
        drawing_text(on, x + 17, y, "muted", keys[i].text);
        x += keys[i].width;
    }
}

static void put_head(drawing *on, const ml_documents *documents)
{
    const ml_model *model = on->model;
    char text[512], number[ML_NUMBER_MAX];
    drawing_text(on, MARGIN, 30, "title", model ? model->name : "Several runs");
    if (model) {
        size_t word = strcspn(model->python, " ");
        ml_format(text, sizeof text, "%s \xC2\xB7 %u thread%s \xC2\xB7 Python %.*s",
                  ml_format_duration(number, model->duration_ns), (unsigned)model->threads->count,
                  model->threads->count == 1 ? "" : "s", (int)(word < 32 ? word : 32),
                  model->python);
        drawing_text(on, MARGIN, 50, "muted", text);
    }
    drawing_text(on, MARGIN, 68, "muted", documents->verdict);
    put_legend(on, 86);
}

static void open_file(drawing *on, double height)
{
    sink_format(on->out,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" "
                "viewBox=\"0 0 %d %.0f\">\n<title>",
                (int)WIDTH, height, (int)WIDTH, height);
    escape_clipped(on->out, on->model ? on->model->name : "Several runs", 200);
    sink_text(on->out, "</title>\n<style>\n");
    sink_bytes(on->out, asset_style_css, asset_style_css_length);
    sink_format(on->out,
                "</style>\n<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
                "markerWidth=\"8\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" "
                "orient=\"auto\"><path d=\"M0 0 8 4 0 8z\" fill=\"#57606a\"/></marker></defs>\n"
                "<rect width=\"%d\" height=\"%.0f\" fill=\"#ffffff\"/>\n",
                (int)WIDTH, height);
}

/* ---------------------------------------------------------------- the whole */

static ml_status run(const ml_host *host, void *self)
{
    const ml_documents *documents = ml_get_documents(host);
    picture pictures[2 + GRAPHS_MOST];
    drawing on = {host, ml_get_model(host), sink_open(host)};
    double height = HEAD, y = HEAD;
    size_t count;
    (void)self;
    if (!on.out)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the output");
    count = picture_flame_chart(host, on.model, pictures);
    count += picture_flame_graph(host, on.model, pictures + count);
    count += picture_graphs(host, documents, pictures + count, GRAPHS_MOST);
    for (size_t i = 0; i < count; i++)
        height += pictures[i].height + MARGIN;
    open_file(&on, height + (count ? 0 : 40));
    put_head(&on, documents);
    if (!count)
        drawing_text(&on, MARGIN, y + 20, "muted",
                     "There is nothing to draw: no samples, and no graph with a layout.");
    for (size_t i = 0; i < count; i++) {
        pictures[i].draw(&on, pictures[i].self, y + MARGIN);
        y += pictures[i].height + MARGIN;
    }
    sink_text(on.out, "</svg>\n");
    return sink_end(on.out);
}

ML_DEFINE_RENDERER("svg", "1.0", "SVG picture", "flame chart, flame graph and design as a picture",
                   "image/svg+xml", "svg", run)
