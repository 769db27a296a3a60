/* layout: where the boxes and arrows of a drawing go. The only user of Graphviz.
 *
 * The method is that of E. R. Gansner, E. Koutsofios, S. C. North and K.-P. Vo, "A Technique for Drawing Directed
 * Graphs", IEEE Trans. Software Engineering 19(3), 1993, as Graphviz's dot has it. The same input gives the same
 * drawing. Nothing is rendered. */
#ifndef MICROLOG_ANALYZERS_DESIGN_LAYOUT_H
#define MICROLOG_ANALYZERS_DESIGN_LAYOUT_H

#include <microlog/sdk.h>

/* In points, y downwards. */
typedef struct layout_box {
    double width, height; /* given */
    double weight; /* given: what heavier boxes call is placed below them, where there is a ring */
    double x, y;   /* found: the middle */
} layout_box;

typedef struct layout_arrow {
    uint32_t from, to; /* given: rows of boxes */
    int weight;        /* given: from 1 on, how much it wants to be short and straight */
    const double
        *curve; /* found: x, y of a first point and three for each Bézier segment; may be NULL */
    size_t curve_count; /* numbers */
} layout_arrow;

typedef struct layout {
    layout_box *boxes;
    uint32_t box_count;
    layout_arrow *arrows;
    uint32_t arrow_count;
    double width, height; /* found */
} layout;

/* Fills what is to be found. ML_ERROR_FAILED, without a cause in the chain, when there is no layout; then nothing
 * of it may be used. */
ml_status layout_find(const ml_host *host, layout *in);

#endif
