#include "core/document/encode.h"

#include "core/document/wire.h"

#include <string.h>

static void put_texts(ml_buffer *out, const char *const *texts, size_t count)
{
    ml_buffer_put_uv(out, count);
    for (size_t i = 0; i < count; i++) {
        ml_wire_put_text(out, texts[i]);
    }
}

static void put_structs(ml_buffer *out, const ml_wire_shape *shape, const void *items, size_t count)
{
    ml_buffer_put_uv(out, count);
    for (size_t i = 0; i < count; i++) {
        ml_wire_put_struct(out, shape, (const char *)items + i * shape->size);
    }
}

static void put_finding(ml_buffer *out, const ml_finding *finding)
{
    ml_wire_put_struct(out, &ml_wire_finding, finding);
    put_structs(out, &ml_wire_location, finding->locations, finding->location_count);
    put_texts(out, finding->evidence, finding->evidence_count);
    put_texts(out, finding->next, finding->next_count);
}

/* A bit a row, the first in the lowest; an empty set is left out. */
static void put_nulls(ml_buffer *out, const uint8_t *is_null, size_t rows)
{
    int has_nulls = memchr(is_null, 1, rows) != NULL;

    ml_buffer_put_u8(out, (uint8_t)has_nulls);
    for (size_t row = 0; has_nulls && row < rows; row += 8) {
        unsigned bits = 0;
        for (size_t i = 0; i < 8 && row + i < rows; i++) {
            bits |= (unsigned)(is_null[row + i] != 0) << i;
        }
        ml_buffer_put_u8(out, (uint8_t)bits);
    }
}

static void put_cells(ml_buffer *out, const ml_column *column, size_t rows)
{
    if (rows == 0) {
        return;
    }
    put_nulls(out, column->is_null, rows);
    if (column->real != NULL) {
        ml_buffer_put(out, column->real, rows * sizeof(double));
        return;
    }
    for (size_t row = 0; row < rows; row++) {
        if (column->text != NULL) {
            ml_wire_put_text(out, column->text[row]);
        } else {
            ml_buffer_put_uv(out, column->whole[row]);
        }
    }
}

static void put_table(ml_buffer *out, const ml_table *table)
{
    ml_wire_put_struct(out, &ml_wire_table, table);
    ml_buffer_put_uv(out, table->column_count);
    for (uint32_t i = 0; i < table->column_count; i++) {
        ml_wire_put_struct(out, &ml_wire_column, &table->columns[i]);
        put_cells(out, &table->columns[i], (size_t)table->row_count);
    }
}

static void put_chart(ml_buffer *out, const ml_chart *chart)
{
    ml_wire_put_struct(out, &ml_wire_chart, chart);
    put_texts(out, chart->y, chart->y_count);
}

static void put_graph(ml_buffer *out, const ml_graph *graph)
{
    ml_wire_put_struct(out, &ml_wire_graph, graph);
    ml_buffer_put_uv(out, graph->node_count);
    for (size_t i = 0; i < graph->node_count; i++) {
        ml_wire_put_struct(out, &ml_wire_node, &graph->nodes[i]);
        ml_wire_put_struct(out, &ml_wire_location, &graph->nodes[i].location);
    }
    ml_buffer_put_uv(out, graph->edge_count);
    for (size_t i = 0; i < graph->edge_count; i++) {
        const ml_graph_edge *edge = &graph->edges[i];
        ml_wire_put_struct(out, &ml_wire_edge, edge);
        ml_buffer_put_uv(out, edge->curve_count);
        ml_buffer_put(out, edge->curve, edge->curve_count * sizeof(double));
    }
}

static void put_timeline(ml_buffer *out, const ml_timeline *timeline)
{
    put_texts(out, timeline->lanes, timeline->lane_count);
    put_structs(out, &ml_wire_span, timeline->spans, timeline->span_count);
}

static void put_attachment(ml_buffer *out, const ml_attachment *attachment)
{
    ml_wire_put_struct(out, &ml_wire_attachment, attachment);
    ml_buffer_put_uv(out, attachment->length);
    ml_buffer_put(out, attachment->bytes, attachment->length);
}

void ml_encode_block(ml_buffer *out, const ml_block *block)
{
    ml_wire_put_struct(out, &ml_wire_block, block);
    switch (block->kind) {
    case ML_BLOCK_FINDING: put_finding(out, block->finding); break;
    case ML_BLOCK_METRIC: ml_wire_put_struct(out, &ml_wire_metric, block->metric); break;
    case ML_BLOCK_TABLE: put_table(out, block->table); break;
    case ML_BLOCK_CHART: put_chart(out, block->chart); break;
    case ML_BLOCK_GRAPH: put_graph(out, block->graph); break;
    case ML_BLOCK_TIMELINE: put_timeline(out, block->timeline); break;
    case ML_BLOCK_ATTACHMENT: put_attachment(out, block->attachment); break;
    default: break;
    }
}

/* ---- documents ---- */

static void put_document(ml_buffer *out, const ml_document *document)
{
    ml_wire_put_struct(out, &ml_wire_document, document);
    ml_buffer_put_uv(out, document->block_count);
    for (size_t i = 0; i < document->block_count; i++) {
        ml_encode_block(out, document->blocks[i]);
    }
}

/* A finding by the numbers of its document and of its block. */
static void put_ranked(ml_buffer *out, const ml_documents *documents, const ml_ranked *ranked)
{
    size_t document = 0;
    size_t block = 0;

    while (document < documents->document_count &&
           documents->documents[document] != ranked->document) {
        document++;
    }
    while (block < ranked->document->block_count &&
           ranked->document->blocks[block] != ranked->block) {
        block++;
    }
    ml_buffer_put_uv(out, document);
    ml_buffer_put_uv(out, block);
}

void ml_encode_documents(ml_buffer *out, const ml_documents *documents)
{
    ml_buffer_put_uv(out, documents->document_count);
    for (size_t i = 0; i < documents->document_count; i++) {
        put_document(out, documents->documents[i]);
    }
    ml_buffer_put_uv(out, documents->finding_count);
    for (size_t i = 0; i < documents->finding_count; i++) {
        put_ranked(out, documents, &documents->findings[i]);
    }
    ml_wire_put_text(out, documents->verdict);
}
