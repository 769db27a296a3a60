#include "kitchen_sink.h"

#include <math.h>
#include <string.h>

#define ARABIC "\331\205\330\261\330\255\330\250\330\247"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char very_long[100001];

/* ---------------------------------------------------------------- finding, metric */

static const ml_location places[] = {
    {HOSTILE "function", HOSTILE "module", "/tmp/" HOSTILE ".py", 41, HOSTILE "thread", 1000000,
     2000000},
    {"", "", "", 0, "", 0, 0},
    {very_long, very_long, very_long, UINT64_MAX, very_long, 5, UINT64_MAX},
};
static const char *const sentences[] = {HOSTILE "evidence", ARABIC, very_long};

static const ml_finding finding = {
    "kitchen/" HOSTILE, "F1",      ML_LEVEL_ERROR,   ML_CONFIDENCE_HIGH, HOSTILE "message", 1,
    UINT64_MAX,         3,         HOSTILE "why",    HOSTILE "limits",   HOSTILE,           places,
    COUNT(places),      sentences, COUNT(sentences), sentences,          COUNT(sentences)};
static const ml_finding bare_finding = {
    "kitchen/bare", "F2", 99, 99, very_long, 0, 0, 0, "", "", "", NULL, 0, NULL, 0, NULL, 0};
static ml_metric not_a_number = {ML_TYPE_REAL, 0, 0, 0, 0, HOSTILE};
static const ml_metric huge = {ML_TYPE_BYTES, 1, 0, 0, 1e300, ""};

/* ---------------------------------------------------------------- tables */

static const char *const texts[] = {HOSTILE "cell", ARABIC " (" HOSTILE "/x.py:3)", very_long};
static const char *const addresses[] = {"https://example.org/\" onclick=\"pwned()",
                                        "https://example.org/\"onclick=\"pwned()",
                                        "javascript:pwned()"};
static double reals[] = {0, 0.352, -1e308};
static const uint64_t wholes[] = {UINT64_MAX, 0, 1234567890123456789u};
static const uint8_t none_null[] = {0, 0, 0};
static const uint8_t second_null[] = {0, 1, 0};

static const ml_column columns[] = {
    {HOSTILE "function", "", ML_TYPE_FUNCTION, ML_REDUCE_KEY, NULL, NULL, texts, none_null},
    {"text", "", ML_TYPE_TEXT, ML_REDUCE_KEY, NULL, NULL, texts, second_null},
    {"real", HOSTILE "unit", ML_TYPE_REAL, ML_REDUCE_SUM, NULL, reals, NULL, none_null},
    {"ratio", "", ML_TYPE_RATIO, ML_REDUCE_SUM, NULL, reals, NULL, second_null},
    {"int", "", ML_TYPE_INT, ML_REDUCE_SUM, wholes, NULL, NULL, none_null},
    {"duration", "", ML_TYPE_DURATION, ML_REDUCE_SUM, wholes, NULL, NULL, none_null},
    {"time", "", ML_TYPE_TIME, ML_REDUCE_SUM, wholes, NULL, NULL, none_null},
    {"bytes", "", ML_TYPE_BYTES, ML_REDUCE_SUM, wholes, NULL, NULL, none_null},
    {"future", "", 77, 77, wholes, NULL, NULL, none_null},
    {"page", "", ML_TYPE_TEXT, ML_REDUCE_KEY, NULL, NULL, addresses, none_null},
};
static const ml_table three_rows = {COUNT(columns), 2, 3, 200000, 1, columns};
static const ml_table one_row = {COUNT(columns), ML_NONE, 1, 1, 0, columns};
static const ml_table no_row = {COUNT(columns), 0, 0, 0, 10, columns};
static const ml_table no_column = {0, ML_NONE, 0, 0, 0, NULL};

/* ---------------------------------------------------------------- pictures, attachment */

static const char *const series[] = {"real", "duration", "there is none"};
static const ml_chart line = {ML_CHART_LINE, 0, "three", "duration", series, COUNT(series)};
static const ml_chart bars = {ML_CHART_BAR, 0, "three", "text", series, COUNT(series)};
static const ml_chart lost = {99, 0, "no such table", HOSTILE, series, 1};

static double curve[] = {1, 1, 2, 2, 3, 3, 0, 4};
static ml_graph_node nodes[] = {
    {HOSTILE, HOSTILE "node", HOSTILE, 1, 50, 20, 80, 30, {"", "", "", 0, "", 0, 0}},
    {"b", very_long, "", 0, 150, 20, 80, 30, {"", "", "", 0, "", 0, 0}},
};
static const ml_graph_edge edges[] = {{0, 1, HOSTILE "edge", 1, curve, COUNT(curve)},
                                      {1, 0, "", 0, NULL, 0},
                                      {7, 9, "to nowhere", 0, NULL, 0}};
static const ml_graph laid_out = {nodes, COUNT(nodes), edges, COUNT(edges), 200, 60};
static const ml_graph not_laid_out = {nodes, COUNT(nodes), edges, COUNT(edges), 0, 0};
static const ml_graph no_node = {NULL, 0, NULL, 0, 100, 100};

static const char *const lanes[] = {HOSTILE "lane", ARABIC};
static const ml_span spans[] = {{0, ML_LEVEL_ERROR, 0, 5, HOSTILE "span"},
                                {1, 99, 9, 3, "ends before it starts"},
                                {77, 0, 0, UINT64_MAX, "in no lane"}};
static const ml_timeline timeline = {lanes, COUNT(lanes), spans, COUNT(spans)};

static const uint8_t picture[] = "<svg xmlns='http://www.w3.org/2000/svg' onload='pwned()'/>";
static const ml_attachment image = {HOSTILE ".svg", "image/svg+xml", picture, sizeof picture - 1};
static const ml_attachment other = {"x", HOSTILE, picture, sizeof picture - 1};

#define MARKDOWN                                                                                    \
    "# " HOSTILE "\n\n<script>pwned()</script> <b onclick=pwned()>bold</b>\n\n"                     \
    "[link](javascript:pwned()) [link](JaVaScRiPt&#58;pwned()) [good](https://example.org/?a=\"b) " \
    "![picture](https://example.org/track.png) <javascript:pwned()> &amp; &copy; `" HOSTILE         \
    "`\n\n"                                                                                         \
    "| a | b |\n|---|---|\n| " ARABIC " | " HOSTILE " |\n\n```\n" HOSTILE "\n```\n"

/* ---------------------------------------------------------------- documents */

#define BLOCK(kind, importance, key, text)                                                         \
    sizeof(ml_block), kind, importance, 0, key, HOSTILE key, text

static const ml_block blocks[] = {
    {BLOCK(ML_BLOCK_FINDING, 50, "finding", HOSTILE), .finding = &finding},
    {BLOCK(ML_BLOCK_FINDING, 50, "bare", ""), .finding = &bare_finding},
    {BLOCK(ML_BLOCK_METRIC, 50, "nan", HOSTILE), .metric = &not_a_number},
    {BLOCK(ML_BLOCK_METRIC, 50, "huge", very_long), .metric = &huge},
    {BLOCK(ML_BLOCK_TABLE, 90, "three", HOSTILE), .table = &three_rows},
    {BLOCK(ML_BLOCK_TABLE, 80, "one", ARABIC), .table = &one_row},
    {BLOCK(ML_BLOCK_TABLE, 100, "no-row", very_long), .table = &no_row},
    {BLOCK(ML_BLOCK_TABLE, 50, "no-column", ""), .table = &no_column},
    {BLOCK(ML_BLOCK_CHART, 50, "line", HOSTILE), .chart = &line},
    {BLOCK(ML_BLOCK_CHART, 50, "bars", HOSTILE), .chart = &bars},
    {BLOCK(ML_BLOCK_CHART, 50, "lost", HOSTILE), .chart = &lost},
    {BLOCK(ML_BLOCK_GRAPH, 50, "laid-out", HOSTILE), .graph = &laid_out},
    {BLOCK(ML_BLOCK_GRAPH, 50, "not-laid-out", HOSTILE), .graph = &not_laid_out},
    {BLOCK(ML_BLOCK_GRAPH, 50, "no-node", HOSTILE), .graph = &no_node},
    {BLOCK(ML_BLOCK_TIMELINE, 0, "timeline", HOSTILE), .timeline = &timeline},
    {BLOCK(ML_BLOCK_TEXT, 50, "text", MARKDOWN), .finding = NULL},
    {BLOCK(ML_BLOCK_ATTACHMENT, 50, "image", HOSTILE), .attachment = &image},
    {BLOCK(ML_BLOCK_ATTACHMENT, 50, "other", HOSTILE), .attachment = &other},
    {BLOCK(4711, 50, "future", "the fallback of a kind from the future"), .finding = NULL},
};

static const ml_block *block_pointers[COUNT(blocks)];

static const ml_document sink_document = {sizeof(ml_document),
                                          ML_DOCUMENT_OK,
                                          "com.example.kitchen",
                                          "1.0",
                                          HOSTILE "document",
                                          HOSTILE "summary",
                                          "",
                                          block_pointers,
                                          COUNT(blocks)};
static const ml_document crashed = {sizeof(ml_document),
                                    ML_DOCUMENT_CRASHED,
                                    "com.example.crashed",
                                    "2",
                                    "Crashed",
                                    "crashes",
                                    HOSTILE "crashed with signal 11",
                                    NULL,
                                    0};
static const ml_document unknown = {
    sizeof(ml_document), 99, "com.example.unknown", "2", very_long, very_long, very_long, NULL, 0};
static const ml_document skipped = {sizeof(ml_document),
                                    ML_DOCUMENT_SKIPPED,
                                    "com.example.skipped",
                                    "3",
                                    "Skipped",
                                    "skips",
                                    "there was nothing to look at",
                                    NULL,
                                    0};
static const ml_document *const documents[] = {&crashed, &sink_document, &unknown, &skipped};

static const ml_ranked ranked[] = {{&sink_document, &blocks[0]}, {&sink_document, &blocks[1]}};

static const ml_documents everything = {
    sizeof(ml_documents), 0, documents, COUNT(documents), ranked, COUNT(ranked), HOSTILE "verdict"};
static const ml_documents nothing = {sizeof(ml_documents),       0, NULL, 0, NULL, 0,
                                     "no findings; 0 checks ran"};

const ml_documents *kitchen_sink(void)
{
    memset(very_long, 'x', sizeof very_long - 1);
    not_a_number.value = (double)NAN;
    reals[0] = (double)NAN;
    for (size_t i = 0; i < COUNT(blocks); i++)
        block_pointers[i] = &blocks[i];
    return &everything;
}

const ml_documents *kitchen_empty(void)
{
    return &nothing;
}
