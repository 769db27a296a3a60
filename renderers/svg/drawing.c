#include "drawing.h"

static const double CHARACTER = 6.05; /* of the monospaced labels, which have 10 px */

static unsigned shade_of(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return (unsigned)(hash >> 32 ^ hash) & 3u;
}

const char *drawing_class(char buffer[4], const ml_model *model, uint32_t function)
{
    uint32_t origin = ml_function_origin(model, function);
    const char *module = ml_module_name(model, ml_function_module(model, function));
    char letter = 'o';
    if (origin & ML_MODULE_STDLIB)
        letter = strncmp(module, "importlib", 9) == 0 ? 'i' : 's';
    else if (origin & ML_MODULE_THIRD_PARTY)
        letter = 't';
    else if (origin & ML_MODULE_PROJECT)
        letter = 'p';
    if (origin & ML_MODULE_SYNTHETIC)
        letter = 'o';
    ml_format(buffer, 4, "%c%u", letter, shade_of(ml_function_name(model, function)));
    return buffer;
}

void drawing_text(drawing *on, double x, double y, const char *class_name, const char *text)
{
    sink_format(on->out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class_name, x, y);
    escape_clipped(on->out, text, 200);
    sink_text(on->out, "</text>\n");
}

/* How many characters of the text fit; those of East Asia and later planes count twice. */
static size_t fitting(const char *text, double width)
{
    double room = (width - 4) / CHARACTER;
    size_t count = 0;
    for (double used = 0; *text; count++) {
        used += utf8_next(&text) >= 0x1100 ? 2 : 1;
        if (used > room)
            return count;
    }
    return count;
}

static size_t length_of(const char *text)
{
    size_t count = 0;
    for (; *text; count++)
        utf8_next(&text);
    return count;
}

void drawing_open_box(drawing *on, double x, double y, double width, const char *class_name,
                      const char *label)
{
    size_t room = width < 20 ? 0 : fitting(label, width);
    sink_format(on->out,
                "<g><rect class=\"%s\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%d\"/>",
                class_name, x, y, width, (int)ROW - 1);
    if (room < 3 && room < length_of(label))
        return;
    if (!room)
        return;
    sink_format(on->out, "<text x=\"%.2f\" y=\"%.1f\">", x + 2, y + ROW - 4);
    escape_clipped(on->out, label, room < length_of(label) ? room - 1 : room);
    sink_text(on->out, "</text>");
}

void drawing_name(drawing *on, uint32_t function)
{
    escape_clipped(on->out, ml_function_name(on->model, function), 120);
    sink_text(on->out, " (");
    escape_clipped(on->out, ml_base_name(ml_function_file(on->model, function)), 80);
    if (function < on->model->functions->count)
        sink_format(on->out, ":%u", (unsigned)on->model->functions->line[function]);
    sink_text(on->out, ")");
}
