/* drawing: what every picture of the file has in hand: the sink, the width, colours, text that fits. */
#ifndef MICROLOG_RENDERERS_SVG_DRAWING_H
#define MICROLOG_RENDERERS_SVG_DRAWING_H

#include "common/escape.h"
#include "common/sink.h"
#include "common/values.h"

enum { WIDTH = 1200, MARGIN = 16, INNER = WIDTH - 2 * MARGIN, ROW = 15 };

/* Narrower boxes are not drawn by themselves. */
#define NARROWEST 0.3

typedef struct drawing {
    const ml_host *host;
    const ml_model *model; /* NULL in a report made from merged results */
    sink *out;
} drawing;

/* A picture knows its height before it is drawn, because the file says it first. */
typedef struct picture {
    void (*draw)(drawing *on, const void *self, double y);
    const void *self;
    double height;
} picture;

/* Up to `most` pictures into `out`; returns how many. What there is no data for is left out. */
size_t picture_flame_chart(const ml_host *host, const ml_model *model, picture *out);
size_t picture_flame_graph(const ml_host *host, const ml_model *model, picture *out);
size_t picture_graphs(const ml_host *host, const ml_documents *documents, picture *out,
                      size_t most);

/* Class of a function's box by its origin, with one of four shades by its name. */
const char *drawing_class(char buffer[4], const ml_model *model, uint32_t function);

/* A line of text; `class_name` is one of the style sheet. */
void drawing_text(drawing *on, double x, double y, const char *class_name, const char *text);

/* Opens a box: a group with its rectangle, and its label cut to what fits. The caller puts a <title> and
 * "</g>\n" behind it. */
void drawing_open_box(drawing *on, double x, double y, double width, const char *class_name,
                      const char *label);

/* "name (file.py:12)" escaped, for titles. */
void drawing_name(drawing *on, uint32_t function);

#endif
