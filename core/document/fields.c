#include "core/document/draft.h"

#include <math.h>
#include <string.h>

/* How a field is stored. */
enum { AS_TEXT, AS_U32, AS_U64, AS_REAL, AS_RULE, AS_PART, AS_CURVE };

typedef struct field_rule {
    uint32_t field;
    int target;
    int storage;
    size_t offset;
    uint64_t minimum, maximum; /* of numbers */
    const char *name;
} field_rule;

#define FIELD(field, target, storage, type, member, minimum, maximum)                              \
    {                                                                                              \
        ML_FIELD_##field, TARGET_##target, storage, offsetof(type, member), minimum, maximum,      \
            "ML_FIELD_" #field                                                                     \
    }
#define TEXT(field, target, type, member) FIELD(field, target, AS_TEXT, type, member, 0, 0)
#define REAL(field, target, type, member) FIELD(field, target, AS_REAL, type, member, 0, 0)
#define U32(field, target, type, member, minimum, maximum)                                         \
    FIELD(field, target, AS_U32, type, member, minimum, maximum)
#define U64(field, target, type, member) FIELD(field, target, AS_U64, type, member, 0, UINT64_MAX)

/* Every field of the contract with the structs it may go to. */
static const field_rule rules[] = {
    U32(IMPORTANCE, BLOCK, ml_block, importance, 0, 100),
    FIELD(RULE, FINDING, AS_RULE, ml_finding, rule, 0, 0),
    FIELD(FINGERPRINT, FINDING, AS_PART, ml_finding, fingerprint, 0, 0),
    TEXT(MESSAGE, FINDING, ml_finding, message),
    TEXT(WHY, FINDING, ml_finding, why),
    TEXT(LIMITS, FINDING, ml_finding, limits),
    U32(LEVEL, FINDING, ml_finding, level, ML_LEVEL_NOTE, ML_LEVEL_ERROR),
    U32(CONFIDENCE, FINDING, ml_finding, confidence, ML_CONFIDENCE_LOW, ML_CONFIDENCE_HIGH),
    U64(IMPACT_NS, FINDING, ml_finding, impact_ns),
    U64(IMPACT_BYTES, FINDING, ml_finding, impact_bytes),
    U64(IMPACT_COUNT, FINDING, ml_finding, impact_count),
    TEXT(UNIT, METRIC, ml_metric, unit),
    U32(TYPE, METRIC, ml_metric, type, ML_TYPE_INT, ML_TYPE_RATIO),
    U32(BETTER, METRIC, ml_metric, better, 0, 2),
    U32(REDUCE, METRIC, ml_metric, reduce, ML_REDUCE_NONE, ML_REDUCE_MIN),
    REAL(VALUE, METRIC, ml_metric, value),
    U32(ORDER_BY, TABLE, ml_table, order_by, 0, ML_COLUMNS_MAX - 1),
    U64(LIMIT, TABLE, ml_table, limit),
    TEXT(NAME, COLUMN, ml_column, name),
    TEXT(UNIT, COLUMN, ml_column, unit),
    U32(TYPE, COLUMN, ml_column, type, ML_TYPE_INT, ML_TYPE_FUNCTION),
    U32(REDUCE, COLUMN, ml_column, reduce, ML_REDUCE_NONE, ML_REDUCE_MIN),
    TEXT(TABLE, CHART, ml_chart, table),
    TEXT(X, CHART, ml_chart, x),
    U32(SHAPE, CHART, ml_chart, shape, ML_CHART_LINE, ML_CHART_HISTOGRAM),
    REAL(WIDTH, GRAPH, ml_graph, width),
    REAL(HEIGHT, GRAPH, ml_graph, height),
    TEXT(ID, NODE, ml_graph_node, id),
    TEXT(LABEL, NODE, ml_graph_node, label),
    TEXT(GROUP, NODE, ml_graph_node, group),
    REAL(WEIGHT, NODE, ml_graph_node, weight),
    REAL(LAYOUT_X, NODE, ml_graph_node, x),
    REAL(LAYOUT_Y, NODE, ml_graph_node, y),
    REAL(WIDTH, NODE, ml_graph_node, width),
    REAL(HEIGHT, NODE, ml_graph_node, height),
    TEXT(LABEL, EDGE, ml_graph_edge, label),
    U32(FROM, EDGE, ml_graph_edge, from, 0, UINT32_MAX),
    U32(TO, EDGE, ml_graph_edge, to, 0, UINT32_MAX),
    REAL(WEIGHT, EDGE, ml_graph_edge, weight),
    FIELD(CURVE, EDGE, AS_CURVE, ml_graph_edge, curve, 0, 0),
    TEXT(LABEL, SPAN, ml_span, label),
    U32(LANE, SPAN, ml_span, lane, 0, UINT32_MAX),
    U32(LEVEL, SPAN, ml_span, level, 0, ML_LEVEL_ERROR),
    U64(START, SPAN, ml_span, start_ns),
    U64(END, SPAN, ml_span, end_ns),
    TEXT(NAME, ATTACHMENT, ml_attachment, name),
    TEXT(MEDIA_TYPE, ATTACHMENT, ml_attachment, media_type),
    TEXT(FUNCTION, LOCATION, ml_location, function),
    TEXT(MODULE, LOCATION, ml_location, module),
    TEXT(FILE, LOCATION, ml_location, file),
    TEXT(THREAD, LOCATION, ml_location, thread),
    U64(LINE, LOCATION, ml_location, line),
    U64(START, LOCATION, ml_location, start_ns),
    U64(END, LOCATION, ml_location, end_ns),
};

enum { RULE_COUNT = sizeof(rules) / sizeof(rules[0]) };

/* The rule of the innermost open target that has `field`, or NULL and refused. */
static const field_rule *find_rule(ml_builder *builder, uint32_t field)
{
    const field_rule *known = NULL;
    const field_rule *best = NULL;

    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (rules[i].field != field) {
            continue;
        }
        known = &rules[i];
        if (builder->target[rules[i].target] != NULL &&
            (best == NULL || rules[i].target > best->target)) {
            best = &rules[i];
        }
    }
    if (best == NULL && known == NULL) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "there is no field %u", field);
    } else if (best == NULL) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "%s does not belong here", known->name);
    }
    return best;
}

static void *place_of(const ml_builder *builder, const field_rule *rule)
{
    return (char *)builder->target[rule->target] + rule->offset;
}

void ml_fields_clear(int target, void *item)
{
    static const char *const empty = "";

    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (rules[i].target == target && rules[i].storage == AS_TEXT) {
            memcpy((char *)item + rules[i].offset, &empty, sizeof(empty));
        }
    }
}

static int is_rule_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return length > 0 && length <= 64 && name[length] == '\0';
}

static void set_rule(ml_builder *builder, const char *name)
{
    if (!is_rule_name(name)) {
        ml_builder_refuse(
            builder, ML_ERROR_ARGUMENT,
            "a rule is named by lower case letters, digits and '-', without the plugin");
        return;
    }
    builder->rule = ml_builder_text(builder, name);
}

/* The length keeps ("ab", "c") and ("a", "bc") apart. */
static void add_fingerprint_part(ml_builder *builder, const char *part)
{
    const char *text = ml_builder_text(builder, part);
    uint64_t length = strlen(text);

    builder->fingerprint = ml_hash(builder->fingerprint, &length, sizeof(length));
    builder->fingerprint = ml_hash(builder->fingerprint, text, length);
}

void ml_builder_set_text(ml_builder *builder, uint32_t field, const char *text)
{
    const field_rule *rule = ml_builder_is_live(builder) ? find_rule(builder, field) : NULL;
    const char *copy;

    if (rule == NULL) {
        return;
    }
    if (text == NULL) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "%s is NULL", rule->name);
    } else if (rule->storage == AS_RULE) {
        set_rule(builder, text);
    } else if (rule->storage == AS_PART) {
        add_fingerprint_part(builder, text);
    } else if (rule->storage == AS_TEXT) {
        copy = ml_builder_text(builder, text);
        memcpy(place_of(builder, rule), &copy, sizeof(copy));
    } else {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "%s is not a text", rule->name);
    }
}

void ml_builder_set_number(ml_builder *builder, uint32_t field, uint64_t value)
{
    const field_rule *rule = ml_builder_is_live(builder) ? find_rule(builder, field) : NULL;
    uint32_t narrow = (uint32_t)value;

    if (rule == NULL) {
        return;
    }
    if (rule->storage != AS_U32 && rule->storage != AS_U64) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "%s is not a whole number", rule->name);
    } else if (value < rule->minimum || value > rule->maximum) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "%s cannot be %llu", rule->name,
                          (unsigned long long)value);
    } else if (rule->storage == AS_U32) {
        memcpy(place_of(builder, rule), &narrow, sizeof(narrow));
    } else {
        memcpy(place_of(builder, rule), &value, sizeof(value));
    }
}

static void add_curve_number(ml_builder *builder, double value)
{
    double *next = ml_builder_item(builder, LIST_CURVE, sizeof(double), ML_ITEMS_MAX);
    ml_graph_edge *edge = builder->target[TARGET_EDGE];

    if (next != NULL) {
        *next = value;
        edge->curve = builder->list[LIST_CURVE].items;
        edge->curve_count = builder->list[LIST_CURVE].count;
    }
}

void ml_builder_set_real(ml_builder *builder, uint32_t field, double value)
{
    const field_rule *rule = ml_builder_is_live(builder) ? find_rule(builder, field) : NULL;

    if (rule == NULL) {
        return;
    }
    if (field == ML_FIELD_VALUE && !isfinite(value)) {
        value = (double)NAN;
    } else if (!isfinite(value)) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "%s is not a finite number", rule->name);
        return;
    }
    if (rule->storage == AS_CURVE) {
        add_curve_number(builder, value);
    } else if (rule->storage == AS_REAL) {
        memcpy(place_of(builder, rule), &value, sizeof(value));
    } else {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "%s is not a real number", rule->name);
    }
}

/* ---- lists ---- */

typedef struct list_rule {
    uint32_t kind; /* of block */
    int target;    /* that the item opens, or -1: the item is its text */
    int named;     /* `text` is needed */
    size_t size;
    size_t limit;
    const char *name;
} list_rule;

static const list_rule lists[] = {
    [ML_LIST_LOCATION] = {ML_BLOCK_FINDING, TARGET_LOCATION, 0, sizeof(ml_location), ML_ITEMS_MAX,
                          "ML_LIST_LOCATION"},
    [ML_LIST_EVIDENCE] = {ML_BLOCK_FINDING, -1, 1, sizeof(char *), ML_ITEMS_MAX,
                          "ML_LIST_EVIDENCE"},
    [ML_LIST_NEXT] = {ML_BLOCK_FINDING, -1, 1, sizeof(char *), ML_ITEMS_MAX, "ML_LIST_NEXT"},
    [ML_LIST_COLUMN] = {ML_BLOCK_TABLE, TARGET_COLUMN, 1, sizeof(ml_column), ML_COLUMNS_MAX,
                        "ML_LIST_COLUMN"},
    [ML_LIST_Y] = {ML_BLOCK_CHART, -1, 1, sizeof(char *), ML_COLUMNS_MAX, "ML_LIST_Y"},
    [ML_LIST_NODE] = {ML_BLOCK_GRAPH, TARGET_NODE, 0, sizeof(ml_graph_node), ML_ITEMS_MAX,
                      "ML_LIST_NODE"},
    [ML_LIST_EDGE] = {ML_BLOCK_GRAPH, TARGET_EDGE, 0, sizeof(ml_graph_edge), ML_ITEMS_MAX,
                      "ML_LIST_EDGE"},
    [ML_LIST_LANE] = {ML_BLOCK_TIMELINE, -1, 1, sizeof(char *), ML_ITEMS_MAX, "ML_LIST_LANE"},
    [ML_LIST_SPAN] = {ML_BLOCK_TIMELINE, TARGET_SPAN, 0, sizeof(ml_span), ML_ITEMS_MAX,
                      "ML_LIST_SPAN"},
};

enum { LIST_RULES = sizeof(lists) / sizeof(lists[0]) };

/* A node has room for one location of its own. */
static int open_node_location(ml_builder *builder, uint32_t list)
{
    ml_graph_node *node = builder->target[TARGET_NODE];

    if (list != ML_LIST_LOCATION || node == NULL) {
        return 0;
    }
    builder->target[TARGET_LOCATION] = &node->location;
    return 1;
}

static void close_items(ml_builder *builder)
{
    for (int target = TARGET_COLUMN; target < TARGET_COUNT; target++) {
        builder->target[target] = NULL;
    }
    builder->list[LIST_CURVE] = (ml_list){0};
}

/* The name of a column or the label of a span: `text` of add is the first text of the item. */
static void name_item(ml_builder *builder, uint32_t list, const char *text)
{
    static const uint32_t fields[LIST_RULES] = {
        [ML_LIST_COLUMN] = ML_FIELD_NAME,
        [ML_LIST_NODE] = ML_FIELD_ID,
        [ML_LIST_EDGE] = ML_FIELD_LABEL,
        [ML_LIST_SPAN] = ML_FIELD_LABEL,
    };

    if (text != NULL && fields[list] != 0) {
        ml_builder_set_text(builder, fields[list], text);
    }
}

static void add_item(ml_builder *builder, uint32_t list, const char *text)
{
    const list_rule *rule = &lists[list];
    void *item = ml_builder_item(builder, list, rule->size, rule->limit);
    const char *copy;

    close_items(builder);
    if (item == NULL) {
        return;
    }
    if (rule->target < 0) {
        copy = ml_builder_text(builder, text);
        memcpy(item, &copy, sizeof(copy));
        return;
    }
    ml_fields_clear(rule->target, item);
    if (rule->target == TARGET_NODE) {
        ml_fields_clear(TARGET_LOCATION, &((ml_graph_node *)item)->location);
    }
    builder->target[rule->target] = item;
    name_item(builder, list, text);
}

void ml_builder_add(ml_builder *builder, uint32_t list, const char *text)
{
    if (!ml_builder_is_live(builder) || open_node_location(builder, list)) {
        return;
    }
    if (list >= LIST_RULES || lists[list].name == NULL) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "there is no list %u", list);
    } else if (lists[list].kind != builder->block->kind) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "%s does not belong here", lists[list].name);
    } else if (lists[list].named && (text == NULL || text[0] == '\0')) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "an item of %s needs its text",
                          lists[list].name);
    } else if (list == ML_LIST_COLUMN && builder->cell != 0) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "a column was added after the first cell");
    } else {
        add_item(builder, list, text);
    }
}
