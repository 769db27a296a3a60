#include "core/document/draft.h"

#include <string.h>

/* The rules that need the whole block, and the lists going into its struct. */

static void finish_finding(ml_builder *builder, ml_finding *finding)
{
    ml_arena *arena = builder->draft->arena;
    const char *key = builder->block->key;
    uint64_t hash = builder->fingerprint;

    if (builder->rule[0] == '\0' || finding->message[0] == '\0' || finding->level == 0) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "a finding needs rule, message and level");
        return;
    }
    /* Without parts the key is what it is about. */
    if (hash == ML_HASH_START) {
        hash = ml_hash(hash, key, strlen(key));
    }
    finding->rule = ml_arena_format(arena, "%s/%s", builder->draft->plugin, builder->rule);
    if (finding->rule != NULL) {
        hash = ml_hash(hash, finding->rule, strlen(finding->rule) + 1);
        finding->fingerprint = ml_arena_format(arena, "%016llx", (unsigned long long)hash);
    }
    if (finding->rule == NULL || finding->fingerprint == NULL) {
        ml_builder_refuse(builder, ML_ERROR_MEMORY, "no memory");
    }
    finding->locations = builder->list[ML_LIST_LOCATION].items;
    finding->location_count = builder->list[ML_LIST_LOCATION].count;
    finding->evidence = builder->list[ML_LIST_EVIDENCE].items;
    finding->evidence_count = builder->list[ML_LIST_EVIDENCE].count;
    finding->next = builder->list[ML_LIST_NEXT].items;
    finding->next_count = builder->list[ML_LIST_NEXT].count;
}

static void finish_metric(ml_builder *builder, ml_metric *metric)
{
    if (metric->type == ML_TYPE_TEXT) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "a metric is a number");
    }
}

static void finish_table(ml_builder *builder, ml_table *table)
{
    const ml_list *columns = &builder->list[ML_LIST_COLUMN];

    if (columns->count == 0) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "a table needs columns");
        return;
    }
    if (builder->cell % columns->count != 0) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "its last row has %llu of %zu cells",
                          (unsigned long long)(builder->cell % columns->count), columns->count);
    }
    if (table->order_by != ML_NONE && table->order_by >= columns->count) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "it is ordered by column %u of %zu",
                          table->order_by, columns->count);
    }
    table->columns = columns->items;
    table->column_count = (uint32_t)columns->count;
    table->total_rows = builder->cell / columns->count;
    table->row_count =
        table->total_rows < ML_TABLE_ROWS_MAX ? table->total_rows : ML_TABLE_ROWS_MAX;
    for (size_t i = 0; i < columns->count; i++) {
        if (table->columns[i].type == 0) {
            ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "column \"%s\" has no type",
                              table->columns[i].name);
        }
    }
}

static const ml_table *find_table(const ml_document_draft *draft, const char *key)
{
    for (size_t i = 0; i < draft->block_count; i++) {
        if (draft->blocks[i]->table != NULL && strcmp(draft->blocks[i]->key, key) == 0) {
            return draft->blocks[i]->table;
        }
    }
    return NULL;
}

static const ml_column *find_column(const ml_table *table, const char *name)
{
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (strcmp(table->columns[i].name, name) == 0) {
            return &table->columns[i];
        }
    }
    return NULL;
}

static void finish_chart(ml_builder *builder, ml_chart *chart)
{
    const ml_table *table = find_table(builder->draft, chart->table);
    const ml_column *column;

    chart->y = builder->list[ML_LIST_Y].items;
    chart->y_count = builder->list[ML_LIST_Y].count;
    if (table == NULL) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "there is no table \"%s\" before it",
                          chart->table);
        return;
    }
    if (find_column(table, chart->x) == NULL) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "its table has no column \"%s\"", chart->x);
    }
    if (chart->y_count == 0) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "a chart needs a column for y");
    }
    for (size_t i = 0; i < chart->y_count; i++) {
        column = find_column(table, chart->y[i]);
        if (column == NULL || column->type == ML_TYPE_TEXT || column->type == ML_TYPE_FUNCTION) {
            ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "its table has no numbers named \"%s\"",
                              chart->y[i]);
        }
    }
}

/* A curve is a first point and three more for each Bézier segment. */
static int is_curve(size_t numbers)
{
    return numbers == 0 || (numbers >= 8 && numbers % 2 == 0 && (numbers / 2 - 1) % 3 == 0);
}

static void finish_graph(ml_builder *builder, ml_graph *graph)
{
    graph->nodes = builder->list[ML_LIST_NODE].items;
    graph->node_count = builder->list[ML_LIST_NODE].count;
    graph->edges = builder->list[ML_LIST_EDGE].items;
    graph->edge_count = builder->list[ML_LIST_EDGE].count;
    for (size_t i = 0; i < graph->node_count; i++) {
        if (graph->nodes[i].id[0] == '\0') {
            ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "node %zu has no id", i);
        }
    }
    for (size_t i = 0; i < graph->edge_count; i++) {
        const ml_graph_edge *edge = &graph->edges[i];
        if (edge->from >= graph->node_count || edge->to >= graph->node_count) {
            ml_builder_refuse(builder, ML_ERROR_ARGUMENT,
                              "edge %zu goes from %u to %u of %zu nodes", i, edge->from, edge->to,
                              graph->node_count);
        }
        if (!is_curve(edge->curve_count)) {
            ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "the curve of edge %zu has %zu numbers",
                              i, edge->curve_count);
        }
    }
}

static void finish_timeline(ml_builder *builder, ml_timeline *timeline)
{
    timeline->lanes = builder->list[ML_LIST_LANE].items;
    timeline->lane_count = builder->list[ML_LIST_LANE].count;
    timeline->spans = builder->list[ML_LIST_SPAN].items;
    timeline->span_count = builder->list[ML_LIST_SPAN].count;
    for (size_t i = 0; i < timeline->span_count; i++) {
        const ml_span *span = &timeline->spans[i];
        if (span->lane >= timeline->lane_count || span->end_ns < span->start_ns) {
            ml_builder_refuse(builder, ML_ERROR_ARGUMENT,
                              "span %zu is in lane %u of %zu, or ends before it starts", i,
                              span->lane, timeline->lane_count);
        }
    }
}

static void finish_attachment(ml_builder *builder, ml_attachment *attachment)
{
    if (attachment->name[0] == '\0' || attachment->media_type[0] == '\0' ||
        attachment->bytes == NULL) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT,
                          "an attachment needs name, media type and bytes");
    }
}

void ml_builder_finish(ml_builder *builder)
{
    switch (builder->block->kind) {
    case ML_BLOCK_FINDING: finish_finding(builder, builder->target[TARGET_FINDING]); break;
    case ML_BLOCK_METRIC: finish_metric(builder, builder->target[TARGET_METRIC]); break;
    case ML_BLOCK_TABLE: finish_table(builder, builder->target[TARGET_TABLE]); break;
    case ML_BLOCK_CHART: finish_chart(builder, builder->target[TARGET_CHART]); break;
    case ML_BLOCK_GRAPH: finish_graph(builder, builder->target[TARGET_GRAPH]); break;
    case ML_BLOCK_TIMELINE: finish_timeline(builder, builder->target[TARGET_TIMELINE]); break;
    case ML_BLOCK_ATTACHMENT: finish_attachment(builder, builder->target[TARGET_ATTACHMENT]); break;
    default: break;
    }
}
