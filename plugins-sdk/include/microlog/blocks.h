/* microlog/blocks.h: what a plugin finds, as blocks of eight kinds. Part of plugin.h, which includes it: by the same rules,
 * of the same version.
 *
 * The structs are what renderers read; analyzers write them through the builder in plugin.h. Durations and times are
 * nanoseconds after the start of the run.
 */
#ifndef MICROLOG_BLOCKS_H
#define MICROLOG_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ML_BLOCK_FINDING 1
#define ML_BLOCK_METRIC 2
#define ML_BLOCK_TABLE 3
#define ML_BLOCK_CHART 4
#define ML_BLOCK_GRAPH 5
#define ML_BLOCK_TIMELINE 6
#define ML_BLOCK_TEXT 7
#define ML_BLOCK_ATTACHMENT 8

#define ML_LEVEL_NOTE 1
#define ML_LEVEL_WARNING 2
#define ML_LEVEL_ERROR 3

#define ML_CONFIDENCE_LOW 1
#define ML_CONFIDENCE_MEDIUM 2
#define ML_CONFIDENCE_HIGH 3

/* Types of values, for columns and metrics. Renderers format; plugins give plain numbers. */
#define ML_TYPE_INT 1      /* int64 */
#define ML_TYPE_REAL 2     /* double */
#define ML_TYPE_TEXT 3     /* string */
#define ML_TYPE_DURATION 4 /* uint64, ns */
#define ML_TYPE_TIME 5     /* uint64, ns after the start of the run */
#define ML_TYPE_BYTES 6    /* uint64 */
#define ML_TYPE_RATIO 7    /* double, 1.0 is 100 % */
#define ML_TYPE_FUNCTION                                                                           \
    8 /* uint64, row of functions; travels as text "name (file:line)" in `text` */

/* How values of several recordings become one. */
#define ML_REDUCE_NONE 0
#define ML_REDUCE_KEY 1
#define ML_REDUCE_SUM 2
#define ML_REDUCE_MAX 3
#define ML_REDUCE_MIN 4

typedef struct ml_location {
    const char *function, *module, *file; /* "" where not known */
    uint64_t line;                        /* 0 where not known */
    const char *thread;                   /* "" where not known */
    uint64_t start_ns, end_ns;            /* both 0 where not known */
} ml_location;

typedef struct ml_finding {
    const char *rule;    /* "fdleak/never-closed" */
    const char *handle;  /* "F1": given by the host, in order of rank */
    uint32_t level;      /* ML_LEVEL_… */
    uint32_t confidence; /* ML_CONFIDENCE_… */
    const char *message; /* subject, measured cost and when, in one sentence */
    uint64_t impact_ns;  /* time it costs; 0 when that is not what it costs */
    uint64_t impact_bytes;
    uint64_t impact_count;
    const char *why;    /* may be "" */
    const char *limits; /* what would make this wrong; may be "" */
    const char *fingerprint;
    const ml_location *locations;
    size_t location_count;
    const char *const *evidence; /* sentences */
    size_t evidence_count;
    const char *const *next; /* imperative, one to three */
    size_t next_count;
} ml_finding;

typedef struct ml_metric {
    uint32_t type;   /* ML_TYPE_… */
    uint32_t better; /* 0 none, 1 lower, 2 higher */
    uint32_t reduce;
    uint32_t reserved;
    double value;
    const char *unit; /* "" for the type's own */
} ml_metric;

typedef struct ml_column {
    const char *name;
    const char *unit; /* of INT and REAL; may be "" */
    uint32_t type, reduce;
    const uint64_t *whole;   /* INT (as two's complement), DURATION, TIME, BYTES; else NULL */
    const double *real;      /* REAL, RATIO; else NULL */
    const char *const *text; /* TEXT, FUNCTION; else NULL */
    const uint8_t *is_null;  /* a byte a row */
} ml_column;

#define ML_TABLE_ROWS_MAX 100000

typedef struct ml_table {
    uint32_t column_count;
    uint32_t order_by; /* display hint: column, descending; ML_NONE: as given */
    uint64_t row_count;
    uint64_t total_rows; /* more than row_count when it was truncated */
    uint64_t limit;      /* display hint: rows to show first; 0: all */
    const ml_column *columns;
} ml_table;

#define ML_CHART_LINE 1
#define ML_CHART_BAR 2
#define ML_CHART_HISTOGRAM 3

typedef struct ml_chart {
    uint32_t shape;
    uint32_t reserved;
    const char *table; /* key of a table of the same document */
    const char *x;     /* column names */
    const char *const *y;
    size_t y_count;
} ml_chart;

typedef struct ml_graph_node {
    const char *id, *label, *group;
    double weight;
    double x, y, width, height; /* layout, in points; all 0 without */
    ml_location location;
} ml_graph_node;

typedef struct ml_graph_edge {
    uint32_t from, to; /* index of nodes */
    const char *label;
    double weight;
    const double *curve; /* pairs x, y of cubic Bézier points; may be NULL */
    size_t curve_count;  /* numbers, not pairs */
} ml_graph_edge;

typedef struct ml_graph {
    const ml_graph_node *nodes;
    size_t node_count;
    const ml_graph_edge *edges;
    size_t edge_count;
    double width, height; /* of the layout */
} ml_graph;

typedef struct ml_span {
    uint32_t lane;
    uint32_t level; /* 0, or ML_LEVEL_… */
    uint64_t start_ns, end_ns;
    const char *label;
} ml_span;

typedef struct ml_timeline {
    const char *const *lanes;
    size_t lane_count;
    const ml_span *spans; /* a mark is a span of no length */
    size_t span_count;
} ml_timeline;

typedef struct ml_attachment {
    const char *name, *media_type;
    const uint8_t *bytes;
    size_t length;
} ml_attachment;

typedef struct ml_block {
    uint32_t struct_size;
    uint32_t kind;       /* ML_BLOCK_…; a renderer shows title and text of one it does not know */
    uint32_t importance; /* 0 to 100, order in the report */
    uint32_t reserved;
    const char *key; /* stable within the plugin */
    const char *title;
    const char *text; /* plain fallback; of ML_BLOCK_TEXT the Markdown itself */
    /* By kind; NULL for ML_BLOCK_TEXT and unknown kinds. */
    const ml_finding *finding;
    const ml_metric *metric;
    const ml_table *table;
    const ml_chart *chart;
    const ml_graph *graph;
    const ml_timeline *timeline;
    const ml_attachment *attachment;
} ml_block;

#define ML_DOCUMENT_OK 0
#define ML_DOCUMENT_PARTIAL 1
#define ML_DOCUMENT_SKIPPED 2
#define ML_DOCUMENT_FAILED 3
#define ML_DOCUMENT_CRASHED 4
#define ML_DOCUMENT_TIMEOUT 5

typedef struct ml_document {
    uint32_t struct_size;
    uint32_t status;    /* ML_DOCUMENT_… */
    const char *plugin; /* id */
    const char *version, *title, *summary;
    const char *message; /* why it is not ok; "" */
    const ml_block *const *blocks;
    size_t block_count;
} ml_document;

#ifdef __cplusplus
}
#endif

#endif
