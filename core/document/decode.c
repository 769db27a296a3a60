#include "core/document/decode.h"

#include "core/document/builder.h"
#include "core/document/wire.h"

#include <math.h>
#include <string.h>

static const char *const *get_texts(ml_wire_reader *reader, size_t *count)
{
    const char **texts;

    *count = ml_wire_count(reader, ML_ITEMS_MAX, 2);
    texts = ml_wire_room(reader, *count, sizeof(*texts));
    for (size_t i = 0; texts != NULL && i < *count; i++) {
        texts[i] = ml_wire_text(reader);
    }
    return texts;
}

static void *get_structs(ml_wire_reader *reader, const ml_wire_shape *shape, size_t *count)
{
    char *items;

    *count = ml_wire_count(reader, ML_ITEMS_MAX, ml_wire_least(shape));
    items = ml_wire_room(reader, *count, shape->size);
    for (size_t i = 0; items != NULL && i < *count; i++) {
        ml_wire_struct(reader, shape, items + i * shape->size);
    }
    return items;
}

static void *get_struct(ml_wire_reader *reader, const ml_wire_shape *shape)
{
    void *item = ml_wire_room(reader, 1, shape->size);

    if (item != NULL) {
        ml_wire_struct(reader, shape, item);
    }
    return item;
}

static void require(ml_wire_reader *reader, int holds)
{
    if (!holds) {
        ml_wire_fail(reader, ML_ERROR_FORMAT);
    }
}

/* ---- blocks, by kind ---- */

static const ml_finding *get_finding(ml_wire_reader *reader)
{
    ml_finding *finding = get_struct(reader, &ml_wire_finding);

    if (finding != NULL) {
        finding->locations = get_structs(reader, &ml_wire_location, &finding->location_count);
        finding->evidence = get_texts(reader, &finding->evidence_count);
        finding->next = get_texts(reader, &finding->next_count);
    }
    return finding;
}

static const ml_metric *get_metric(ml_wire_reader *reader)
{
    const ml_metric *metric = get_struct(reader, &ml_wire_metric);

    require(reader, metric != NULL && metric->type != ML_TYPE_TEXT && !isinf(metric->value));
    return metric;
}

static const uint8_t *get_nulls(ml_wire_reader *reader, size_t rows)
{
    int has_nulls = (int)ml_wire_number(reader, 1);
    const uint8_t *bits = has_nulls ? ml_wire_bytes(reader, (rows + 7) / 8) : NULL;
    uint8_t *is_null = ml_wire_room(reader, rows, 1);

    for (size_t row = 0; is_null != NULL && bits != NULL && row < rows; row++) {
        is_null[row] = (bits[row / 8] >> (row % 8)) & 1;
    }
    return is_null;
}

static const double *get_reals(ml_wire_reader *reader, size_t rows)
{
    const uint8_t *bytes = ml_wire_bytes(reader, rows * sizeof(double));
    double *values = ml_wire_room(reader, rows, sizeof(*values));

    if (values == NULL || bytes == NULL) {
        return NULL;
    }
    memcpy(values, bytes, rows * sizeof(*values));
    for (size_t row = 0; row < rows; row++) {
        require(reader, isfinite(values[row]));
    }
    return values;
}

static const char *const *get_text_cells(ml_wire_reader *reader, size_t rows)
{
    const char **texts = ml_wire_room(reader, rows, sizeof(*texts));

    for (size_t row = 0; texts != NULL && row < rows; row++) {
        texts[row] = ml_wire_text(reader);
    }
    return texts;
}

static const uint64_t *get_whole_cells(ml_wire_reader *reader, size_t rows)
{
    uint64_t *values = ml_wire_room(reader, rows, sizeof(*values));

    for (size_t row = 0; values != NULL && row < rows; row++) {
        values[row] = ml_wire_number(reader, UINT64_MAX);
    }
    return values;
}

static void get_cells(ml_wire_reader *reader, ml_column *column, size_t rows)
{
    /* Every cell takes a byte at least. */
    require(reader, rows <= (size_t)(reader->end - reader->at));
    if (rows == 0 || reader->status < 0) {
        return;
    }
    column->is_null = get_nulls(reader, rows);
    switch (column->type) {
    case ML_TYPE_REAL:
    case ML_TYPE_RATIO: column->real = get_reals(reader, rows); break;
    case ML_TYPE_TEXT:
    case ML_TYPE_FUNCTION: column->text = get_text_cells(reader, rows); break;
    default: column->whole = get_whole_cells(reader, rows); break;
    }
}

static const ml_table *get_table(ml_wire_reader *reader)
{
    ml_table *table = get_struct(reader, &ml_wire_table);
    ml_column *columns;
    size_t count;

    if (table == NULL) {
        return NULL;
    }
    count = ml_wire_count(reader, ML_COLUMNS_MAX, ml_wire_least(&ml_wire_column));
    require(reader, count > 0 && table->row_count <= ML_TABLE_ROWS_MAX &&
                        table->row_count <= table->total_rows &&
                        (table->order_by == ML_NONE || table->order_by < count));
    columns = ml_wire_room(reader, count, sizeof(*columns));
    for (size_t i = 0; columns != NULL && i < count; i++) {
        ml_wire_struct(reader, &ml_wire_column, &columns[i]);
        get_cells(reader, &columns[i], (size_t)table->row_count);
    }
    table->columns = columns;
    table->column_count = (uint32_t)count;
    return table;
}

static const ml_chart *get_chart(ml_wire_reader *reader)
{
    ml_chart *chart = get_struct(reader, &ml_wire_chart);

    if (chart != NULL) {
        chart->y = get_texts(reader, &chart->y_count);
        require(reader, chart->y_count > 0);
    }
    return chart;
}

static const ml_graph_node *get_nodes(ml_wire_reader *reader, size_t *count)
{
    size_t least = ml_wire_least(&ml_wire_node) + ml_wire_least(&ml_wire_location);
    ml_graph_node *nodes;

    *count = ml_wire_count(reader, ML_ITEMS_MAX, least);
    nodes = ml_wire_room(reader, *count, sizeof(*nodes));
    for (size_t i = 0; nodes != NULL && i < *count; i++) {
        ml_wire_struct(reader, &ml_wire_node, &nodes[i]);
        ml_wire_struct(reader, &ml_wire_location, &nodes[i].location);
    }
    return nodes;
}

static void get_curve(ml_wire_reader *reader, ml_graph_edge *edge)
{
    size_t count = ml_wire_count(reader, ML_ITEMS_MAX, sizeof(double));

    /* A first point, and three more for each segment. */
    require(reader, count == 0 || (count >= 8 && count % 6 == 2));
    if (count != 0 && reader->status == ML_OK) {
        edge->curve = get_reals(reader, count);
        edge->curve_count = count;
    }
}

static const ml_graph_edge *get_edges(ml_wire_reader *reader, size_t nodes, size_t *count)
{
    ml_graph_edge *edges;

    *count = ml_wire_count(reader, ML_ITEMS_MAX, ml_wire_least(&ml_wire_edge) + 1);
    edges = ml_wire_room(reader, *count, sizeof(*edges));
    for (size_t i = 0; edges != NULL && i < *count; i++) {
        ml_wire_struct(reader, &ml_wire_edge, &edges[i]);
        require(reader, edges[i].from < nodes && edges[i].to < nodes);
        get_curve(reader, &edges[i]);
    }
    return edges;
}

static const ml_graph *get_graph(ml_wire_reader *reader)
{
    ml_graph *graph = get_struct(reader, &ml_wire_graph);

    if (graph != NULL) {
        graph->nodes = get_nodes(reader, &graph->node_count);
        graph->edges = get_edges(reader, graph->node_count, &graph->edge_count);
    }
    return graph;
}

static const ml_timeline *get_timeline(ml_wire_reader *reader)
{
    ml_timeline *timeline = ml_wire_room(reader, 1, sizeof(*timeline));

    if (timeline == NULL) {
        return NULL;
    }
    timeline->lanes = get_texts(reader, &timeline->lane_count);
    timeline->spans = get_structs(reader, &ml_wire_span, &timeline->span_count);
    for (size_t i = 0; timeline->spans != NULL && i < timeline->span_count; i++) {
        const ml_span *span = &timeline->spans[i];
        require(reader, span->lane < timeline->lane_count && span->start_ns <= span->end_ns);
    }
    return timeline;
}

static const ml_attachment *get_attachment(ml_wire_reader *reader)
{
    ml_attachment *attachment = get_struct(reader, &ml_wire_attachment);

    if (attachment != NULL) {
        attachment->length = ml_wire_count(reader, ML_ATTACHMENT_MAX, 1);
        attachment->bytes = ml_wire_bytes(reader, attachment->length);
    }
    return attachment;
}

static const ml_block *get_block(ml_wire_reader *reader)
{
    ml_block *block = get_struct(reader, &ml_wire_block);

    if (block == NULL) {
        return NULL;
    }
    block->struct_size = sizeof(*block);
    require(reader, block->key != NULL && block->key[0] != '\0' && block->title[0] != '\0');
    switch (block->kind) {
    case ML_BLOCK_FINDING: block->finding = get_finding(reader); break;
    case ML_BLOCK_METRIC: block->metric = get_metric(reader); break;
    case ML_BLOCK_TABLE: block->table = get_table(reader); break;
    case ML_BLOCK_CHART: block->chart = get_chart(reader); break;
    case ML_BLOCK_GRAPH: block->graph = get_graph(reader); break;
    case ML_BLOCK_TIMELINE: block->timeline = get_timeline(reader); break;
    case ML_BLOCK_ATTACHMENT: block->attachment = get_attachment(reader); break;
    default: break;
    }
    return block;
}

ml_status ml_decode_block(ml_arena *arena, const void *bytes, size_t length, const ml_block **out)
{
    ml_wire_reader reader = ml_wire_open(arena, bytes, length);
    const ml_block *block = get_block(&reader);

    *out = NULL;
    ML_TRY(ml_wire_close(&reader));
    *out = block;
    return ML_OK;
}

/* ---- charts ---- */

static const ml_table *find_table(const ml_block *const *blocks, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (blocks[i]->table != NULL && strcmp(blocks[i]->key, key) == 0) {
            return blocks[i]->table;
        }
    }
    return NULL;
}

static int has_column(const ml_table *table, const char *name, int of_numbers)
{
    for (uint32_t i = 0; i < table->column_count; i++) {
        const ml_column *column = &table->columns[i];
        if (strcmp(column->name, name) == 0) {
            return !of_numbers ||
                   (column->type != ML_TYPE_TEXT && column->type != ML_TYPE_FUNCTION);
        }
    }
    return 0;
}

static int chart_holds(const ml_chart *chart, const ml_table *table)
{
    if (table == NULL || !has_column(table, chart->x, 0)) {
        return 0;
    }
    for (size_t i = 0; i < chart->y_count; i++) {
        if (!has_column(table, chart->y[i], 1)) {
            return 0;
        }
    }
    return 1;
}

int ml_decode_charts_hold(const ml_block *const *blocks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const ml_chart *chart = blocks[i]->chart;
        if (chart != NULL && !chart_holds(chart, find_table(blocks, count, chart->table))) {
            return 0;
        }
    }
    return 1;
}

/* ---- documents ---- */

static const ml_document *get_document(ml_wire_reader *reader)
{
    ml_document *document = get_struct(reader, &ml_wire_document);
    const ml_block **blocks;

    if (document == NULL) {
        return NULL;
    }
    document->struct_size = sizeof(*document);
    document->block_count = ml_wire_count(reader, ML_BLOCKS_MAX, ml_wire_least(&ml_wire_block));
    blocks = ml_wire_room(reader, document->block_count, sizeof(*blocks));
    for (size_t i = 0; reader->status == ML_OK && i < document->block_count; i++) {
        blocks[i] = get_block(reader);
    }
    document->blocks = blocks;
    require(reader, reader->status == ML_OK &&
                        ml_decode_charts_hold(document->blocks, document->block_count));
    return document;
}

static void get_ranked(ml_wire_reader *reader, const ml_documents *documents, ml_ranked *out)
{
    size_t document = ml_wire_number(reader, UINT32_MAX);
    size_t block = ml_wire_number(reader, UINT32_MAX);

    require(reader, document < documents->document_count &&
                        block < documents->documents[document]->block_count &&
                        documents->documents[document]->blocks[block]->finding != NULL);
    if (reader->status == ML_OK) {
        out->document = documents->documents[document];
        out->block = out->document->blocks[block];
    }
}

ml_status ml_decode_documents(ml_arena *arena, const void *bytes, size_t length,
                              const ml_documents **out)
{
    ml_wire_reader reader = ml_wire_open(arena, bytes, length);
    ml_documents *all = ml_wire_room(&reader, 1, sizeof(*all));
    const ml_document **documents;
    ml_ranked *findings;

    *out = NULL;
    if (all == NULL) {
        return reader.status;
    }
    all->struct_size = sizeof(*all);
    all->document_count = ml_wire_count(&reader, SIZE_MAX, ml_wire_least(&ml_wire_document) + 1);
    documents = ml_wire_room(&reader, all->document_count, sizeof(*documents));
    for (size_t i = 0; reader.status == ML_OK && i < all->document_count; i++) {
        documents[i] = get_document(&reader);
    }
    all->documents = documents;
    all->finding_count = ml_wire_count(&reader, SIZE_MAX, 2);
    findings = ml_wire_room(&reader, all->finding_count, sizeof(*findings));
    for (size_t i = 0; reader.status == ML_OK && i < all->finding_count; i++) {
        get_ranked(&reader, all, &findings[i]);
    }
    all->findings = findings;
    all->verdict = ml_wire_text(&reader);
    ML_TRY(ml_wire_close(&reader));
    *out = all;
    return ML_OK;
}
