#include "core/document/json.h"

#include "core/base/base64.h"
#include "core/document/names.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_LIMIT = 1 << 30 }; /* of one array of cells */

/* ---- cJSON, with one failure flag in place of a check at each call ---- */

/* Adds `item` to the object under `key`; a NULL item, or no memory, marks the object as failed by a
 * NULL result, which every later call passes on. */
static cJSON *with(cJSON *object, const char *key, cJSON *item)
{
    if (object != NULL && item != NULL && cJSON_AddItemToObjectCS(object, key, item)) {
        return object;
    }
    cJSON_Delete(item);
    cJSON_Delete(object);
    return NULL;
}

static cJSON *appended(cJSON *array, cJSON *item)
{
    if (array != NULL && item != NULL && cJSON_AddItemToArray(array, item)) {
        return array;
    }
    cJSON_Delete(item);
    cJSON_Delete(array);
    return NULL;
}

static cJSON *whole(uint64_t value)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
    return cJSON_CreateRaw(digits);
}

static cJSON *with_text(cJSON *object, const char *key, const char *text)
{
    return with(object, key, cJSON_CreateString(text));
}

/* Leaves out what is not known. */
static cJSON *with_known_text(cJSON *object, const char *key, const char *text)
{
    return text[0] == '\0' ? object : with_text(object, key, text);
}

static cJSON *with_whole(cJSON *object, const char *key, uint64_t value)
{
    return with(object, key, whole(value));
}

static cJSON *with_known_whole(cJSON *object, const char *key, uint64_t value)
{
    return value == 0 ? object : with_whole(object, key, value);
}

static cJSON *with_signed_text(cJSON *object, const char *key, int64_t value)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%lld", (long long)value);
    return with_text(object, key, digits);
}

static cJSON *with_signed(cJSON *object, const char *key, int64_t value)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%lld", (long long)value);
    return with(object, key, cJSON_CreateRaw(digits));
}

/* The shortest decimal that reads back as `value`. */
static void format_real(char *digits, size_t size, double value)
{
    if (!isfinite(value)) {
        snprintf(digits, size, "null");
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, size, "%.*g", precision, value);
        if (strtod(digits, NULL) == value) {
            break;
        }
    }
    for (char *at = digits; *at != '\0'; at++) {
        *at = *at == ',' ? '.' : *at;
    }
}

static cJSON *real(double value)
{
    char digits[40];

    format_real(digits, sizeof(digits), value);
    return cJSON_CreateRaw(digits);
}

static cJSON *with_real(cJSON *object, const char *key, double value)
{
    return with(object, key, real(value));
}

static cJSON *texts(const char *const *items, size_t count)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < count; i++) {
        array = appended(array, cJSON_CreateString(items[i]));
    }
    return array;
}

/* Prints compactly and frees. '<' stands only inside strings, where an escape is as good. */
static void print(ml_buffer *out, cJSON *item)
{
    char *text = item == NULL ? NULL : cJSON_PrintUnformatted(item);
    const char *at = text;
    const char *next;

    cJSON_Delete(item);
    if (text == NULL) {
        out->status = out->status < 0 ? out->status : ML_ERROR_MEMORY;
        return;
    }
    while ((next = strchr(at, '<')) != NULL) {
        ml_buffer_put(out, at, (size_t)(next - at));
        ml_buffer_put_text(out, "\\u003c");
        at = next + 1;
    }
    ml_buffer_put_text(out, at);
    cJSON_free(text);
}

/* ---- blocks, by kind ---- */

static cJSON *location(const ml_location *from)
{
    cJSON *object = cJSON_CreateObject();

    object = with_known_text(object, "function", from->function);
    object = with_known_text(object, "module", from->module);
    object = with_known_text(object, "file", from->file);
    object = with_known_whole(object, "line", from->line);
    object = with_known_text(object, "thread", from->thread);
    if (from->start_ns != 0 || from->end_ns != 0) {
        object = with_whole(object, "start_ns", from->start_ns);
        object = with_whole(object, "end_ns", from->end_ns);
    }
    return object;
}

static cJSON *locations(const ml_finding *finding)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < finding->location_count; i++) {
        array = appended(array, location(&finding->locations[i]));
    }
    return array;
}

static cJSON *impact(const ml_finding *finding)
{
    cJSON *object = cJSON_CreateObject();

    object = with_known_whole(object, "time_ns", finding->impact_ns);
    object = with_known_whole(object, "bytes", finding->impact_bytes);
    return with_known_whole(object, "count", finding->impact_count);
}

static cJSON *put_finding(cJSON *object, const ml_finding *finding)
{
    object = with_text(object, "id", finding->handle);
    object = with_text(object, "rule", finding->rule);
    object = with_text(object, "level", ml_name_level(finding->level));
    object = with_text(object, "message", finding->message);
    object = with_text(object, "confidence", ml_name_confidence(finding->confidence));
    object = with(object, "impact", impact(finding));
    object = with(object, "locations", locations(finding));
    object = with(object, "evidence", texts(finding->evidence, finding->evidence_count));
    object = with_text(object, "why", finding->why);
    object = with(object, "next", texts(finding->next, finding->next_count));
    object = with_text(object, "limits", finding->limits);
    return with_text(object, "fingerprint", finding->fingerprint);
}

static cJSON *put_metric(cJSON *object, const ml_metric *metric)
{
    object = with_text(object, "type", ml_name_type(metric->type));
    object = with_real(object, "value", metric->value);
    object = with_text(object, "unit", metric->unit);
    object = with_text(object, "better", ml_name_better(metric->better));
    return with_text(object, "reduce", ml_name_reduce(metric->reduce));
}

static void put_number_cell(ml_buffer *out, const ml_column *column, uint64_t row)
{
    char digits[40];

    if (column->is_null[row]) {
        ml_buffer_put_text(out, "null");
    } else if (column->real != NULL) {
        format_real(digits, sizeof(digits), column->real[row]);
        ml_buffer_put_text(out, digits);
    } else if (column->type == ML_TYPE_INT) {
        ml_buffer_put_format(out, "%lld", (long long)column->whole[row]);
    } else {
        ml_buffer_put_format(out, "%llu", (unsigned long long)column->whole[row]);
    }
}

/* One raw item: a tree node for each number would cost more than the text. */
static cJSON *number_cells(const ml_column *column, uint64_t rows)
{
    ml_buffer text;
    cJSON *raw;

    ml_buffer_init(&text, TEXT_LIMIT);
    for (uint64_t row = 0; row < rows; row++) {
        ml_buffer_put_u8(&text, row == 0 ? '[' : ',');
        put_number_cell(&text, column, row);
    }
    ml_buffer_put_text(&text, rows == 0 ? "[]" : "]");
    ml_buffer_put_u8(&text, 0);
    raw = text.status < 0 ? NULL : cJSON_CreateRaw((const char *)text.data);
    ml_buffer_release(&text);
    return raw;
}

static cJSON *text_cells(const ml_column *column, uint64_t rows)
{
    cJSON *array = cJSON_CreateArray();

    for (uint64_t row = 0; row < rows; row++) {
        array = appended(array, column->is_null[row] ? cJSON_CreateNull()
                                                     : cJSON_CreateString(column->text[row]));
    }
    return array;
}

static cJSON *column_object(const ml_column *column, uint64_t rows)
{
    int is_text = column->type == ML_TYPE_TEXT || column->type == ML_TYPE_FUNCTION;
    cJSON *object = cJSON_CreateObject();

    object = with_text(object, "name", column->name);
    object = with_text(object, "type", ml_name_type(column->type));
    object = with_text(object, "unit", column->unit);
    object = with_text(object, "reduce", ml_name_reduce(column->reduce));
    return with(object, "values", is_text ? text_cells(column, rows) : number_cells(column, rows));
}

static cJSON *columns(const ml_table *table)
{
    cJSON *array = cJSON_CreateArray();

    for (uint32_t i = 0; i < table->column_count; i++) {
        array = appended(array, column_object(&table->columns[i], table->row_count));
    }
    return array;
}

static cJSON *put_table(cJSON *object, const ml_table *table)
{
    object = with(object, "columns", columns(table));
    object = with_whole(object, "rows", table->row_count);
    object = with_whole(object, "total_rows", table->total_rows);
    object = with(object, "truncated", cJSON_CreateBool(table->total_rows > table->row_count));
    object =
        with(object, "order_by",
             table->order_by == ML_NONE ? cJSON_CreateNull()
                                        : cJSON_CreateString(table->columns[table->order_by].name));
    return with_whole(object, "limit", table->limit);
}

static cJSON *put_chart(cJSON *object, const ml_chart *chart)
{
    object = with_text(object, "shape", ml_name_shape(chart->shape));
    object = with_text(object, "table", chart->table);
    object = with_text(object, "x", chart->x);
    return with(object, "y", texts(chart->y, chart->y_count));
}

static cJSON *node_object(const ml_graph_node *node)
{
    cJSON *object = cJSON_CreateObject();

    object = with_text(object, "id", node->id);
    object = with_text(object, "label", node->label);
    object = with_text(object, "group", node->group);
    object = with_real(object, "weight", node->weight);
    if (node->width > 0.0 || node->height > 0.0) {
        object = with_real(object, "x", node->x);
        object = with_real(object, "y", node->y);
        object = with_real(object, "width", node->width);
        object = with_real(object, "height", node->height);
    }
    return with(object, "location", location(&node->location));
}

static cJSON *edge_object(const ml_graph_edge *edge)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *curve = edge->curve_count == 0 ? NULL : cJSON_CreateArray();

    object = with_whole(object, "from", edge->from);
    object = with_whole(object, "to", edge->to);
    object = with_text(object, "label", edge->label);
    object = with_real(object, "weight", edge->weight);
    for (size_t i = 0; i < edge->curve_count; i++) {
        curve = appended(curve, real(edge->curve[i]));
    }
    return edge->curve_count == 0 ? object : with(object, "curve", curve);
}

static cJSON *put_graph(cJSON *object, const ml_graph *graph)
{
    cJSON *nodes = cJSON_CreateArray();
    cJSON *edges = cJSON_CreateArray();

    for (size_t i = 0; i < graph->node_count; i++) {
        nodes = appended(nodes, node_object(&graph->nodes[i]));
    }
    for (size_t i = 0; i < graph->edge_count; i++) {
        edges = appended(edges, edge_object(&graph->edges[i]));
    }
    object = with_real(object, "width", graph->width);
    object = with_real(object, "height", graph->height);
    object = with(object, "nodes", nodes);
    return with(object, "edges", edges);
}

static cJSON *span_object(const ml_span *span)
{
    cJSON *object = cJSON_CreateObject();

    object = with_whole(object, "lane", span->lane);
    object = with_whole(object, "start_ns", span->start_ns);
    object = with_whole(object, "end_ns", span->end_ns);
    object = with_text(object, "label", span->label);
    return with_known_text(object, "level", span->level == 0 ? "" : ml_name_level(span->level));
}

static cJSON *put_timeline(cJSON *object, const ml_timeline *timeline)
{
    cJSON *spans = cJSON_CreateArray();

    for (size_t i = 0; i < timeline->span_count; i++) {
        spans = appended(spans, span_object(&timeline->spans[i]));
    }
    object = with(object, "lanes", texts(timeline->lanes, timeline->lane_count));
    return with(object, "spans", spans);
}

static cJSON *put_attachment(cJSON *object, const ml_attachment *attachment)
{
    ml_buffer base64;
    cJSON *bytes;

    ml_buffer_init(&base64, TEXT_LIMIT);
    ml_buffer_put_u8(&base64, '"');
    ml_base64_put(&base64, attachment->bytes, attachment->length);
    ml_buffer_put_text(&base64, "\"");
    ml_buffer_put_u8(&base64, 0);
    bytes = base64.status < 0 ? NULL : cJSON_CreateRaw((const char *)base64.data);
    ml_buffer_release(&base64);
    object = with_text(object, "name", attachment->name);
    object = with_text(object, "media_type", attachment->media_type);
    object = with_whole(object, "length", attachment->length);
    return with(object, "base64", bytes);
}

static cJSON *put_kind(cJSON *object, const ml_block *block)
{
    switch (block->kind) {
    case ML_BLOCK_FINDING: return put_finding(object, block->finding);
    case ML_BLOCK_METRIC: return put_metric(object, block->metric);
    case ML_BLOCK_TABLE: return put_table(object, block->table);
    case ML_BLOCK_CHART: return put_chart(object, block->chart);
    case ML_BLOCK_GRAPH: return put_graph(object, block->graph);
    case ML_BLOCK_TIMELINE: return put_timeline(object, block->timeline);
    case ML_BLOCK_ATTACHMENT: return put_attachment(object, block->attachment);
    default: return object;
    }
}

ml_status ml_json_block(ml_buffer *out, const ml_document *document, const ml_block *block)
{
    cJSON *object = cJSON_CreateObject();

    object = with_text(object, "kind", ml_name_kind(block->kind));
    object = with_text(object, "plugin", document->plugin);
    object = with_text(object, "key", block->key);
    object = with_text(object, "title", block->title);
    object = with_text(object, "text", block->text);
    object = with_whole(object, "importance", block->importance);
    print(out, put_kind(object, block));
    return out->status;
}

/* ---- the report ---- */

static cJSON *process_object(const ml_model *model, uint32_t row)
{
    const ml_processes *processes = model->processes;
    cJSON *object = cJSON_CreateObject();

    object = with_whole(object, "pid", processes->pid[row]);
    object = with_whole(object, "parent_pid", processes->parent_pid[row]);
    object = with_text(object, "command", ml_model_text(model, processes->command[row]));
    object = with_text(object, "python", ml_model_text(model, processes->python[row]));
    object = with_whole(object, "start_ns", processes->start_ns[row]);
    object = with_whole(object, "end_ns", processes->end_ns[row]);
    object = with_whole(object, "cpu_ns", processes->cpu_ns[row]);
    if (processes->exit_code[row] != INT64_MIN) {
        object = with_signed(object, "exit_code", processes->exit_code[row]);
    }
    object = with(object, "clean_end",
                  cJSON_CreateBool((processes->flags[row] & ML_PROCESS_CLEAN_END) != 0));
    return with(object, "damaged",
                cJSON_CreateBool((processes->flags[row] & ML_PROCESS_DAMAGED) != 0));
}

static cJSON *recording_texts(cJSON *object, const ml_model *model)
{
    object = with_text(object, "name", model->name);
    object = with_text(object, "session", model->session);
    object = with_text(object, "command", model->command);
    object = with_text(object, "directory", model->directory);
    object = with_text(object, "python", model->python);
    object = with_text(object, "host", model->host);
    object = with_text(object, "system", model->system);
    object = with_text(object, "label", model->label);
    object = with_text(object, "recorder", model->recorder);
    return with_text(object, "method", model->method);
}

static cJSON *recording_object(const ml_model *model)
{
    cJSON *processes = cJSON_CreateArray();
    cJSON *object = recording_texts(cJSON_CreateObject(), model);

    for (uint32_t i = 0; i < model->processes->count; i++) {
        processes = appended(processes, process_object(model, i));
    }
    object = with_signed_text(object, "start_wall_ns", model->start_wall_ns);
    object = with_signed(object, "utc_offset_s", model->utc_offset_s);
    object = with_whole(object, "duration_ns", model->duration_ns);
    object = with_whole(object, "period_ns", model->period_ns);
    object = with_whole(object, "ticks", model->ticks);
    object = with_whole(object, "ticks_missed", model->ticks_missed);
    object = with_whole(object, "recorder_cpu_ns", model->recorder_cpu_ns);
    object = with(object, "damaged", cJSON_CreateBool(model->damaged != 0));
    object = with_text(object, "problem", model->problem);
    return with(object, "processes", processes);
}

ml_status ml_json_recording(ml_buffer *out, const ml_model *model)
{
    print(out, model == NULL ? cJSON_CreateNull() : recording_object(model));
    return out->status;
}

static void print_document(ml_buffer *out, const ml_document *document)
{
    cJSON *head = cJSON_CreateObject();

    head = with_text(head, "plugin", document->plugin);
    head = with_text(head, "version", document->version);
    head = with_text(head, "title", document->title);
    head = with_text(head, "summary", document->summary);
    head = with_text(head, "status", ml_name_status(document->status));
    head = with_text(head, "message", document->message);
    print(out, head);
    /* The list goes before the object's closing brace, a line a block. */
    out->length -= out->status == ML_OK ? 1 : 0;
    ml_buffer_put_text(out, ",\"blocks\":[");
    for (size_t i = 0; i < document->block_count; i++) {
        ml_buffer_put_text(out, i == 0 ? "\n" : ",\n");
        ml_json_block(out, document, document->blocks[i]);
    }
    ml_buffer_put_text(out, "]}");
}

static cJSON *tool_object(const char *version)
{
    return with_whole(with_text(cJSON_CreateObject(), "version", version), "format",
                      ML_JSON_FORMAT);
}

ml_status ml_json_report(ml_buffer *out, const char *version, const ml_model *model,
                         const ml_documents *documents)
{
    ml_buffer_put_text(out, "{\"microlog\":");
    print(out, tool_object(version));
    ml_buffer_put_text(out, ",\n\"recording\":");
    ml_json_recording(out, model);
    ml_buffer_put_text(out, ",\n\"verdict\":");
    print(out, cJSON_CreateString(documents->verdict));
    ml_buffer_put_text(out, ",\n\"findings\":[");
    for (size_t i = 0; i < documents->finding_count; i++) {
        ml_buffer_put_text(out, i == 0 ? "\n" : ",\n");
        ml_json_block(out, documents->findings[i].document, documents->findings[i].block);
    }
    ml_buffer_put_text(out, "],\n\"documents\":[");
    for (size_t i = 0; i < documents->document_count; i++) {
        ml_buffer_put_text(out, i == 0 ? "\n" : ",\n");
        print_document(out, documents->documents[i]);
    }
    ml_buffer_put_text(out, "]}\n");
    return out->status;
}

ml_status ml_json_text(ml_buffer *out, const char *text)
{
    print(out, cJSON_CreateString(text));
    return out->status;
}

ml_status ml_json_number(ml_buffer *out, double value)
{
    print(out, real(value));
    return out->status;
}
