/* values: how numbers and cells look, the same in every renderer that is read by people. */
#ifndef MICROLOG_RENDERERS_COMMON_VALUES_H
#define MICROLOG_RENDERERS_COMMON_VALUES_H

#include <microlog/sdk.h>

enum { VALUE_MAX = 128 };

static inline const char *value_of_int(char *buffer, int64_t value, const char *unit)
{
    char digits[ML_NUMBER_MAX];
    ml_format_count(digits, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
    return ml_format(buffer, VALUE_MAX, "%s%s%s%s", value < 0 ? "-" : "", digits,
                     unit[0] ? " " : "", unit);
}

/* Three digits, as numbers with a unit have. */
static inline const char *value_of_real(char *buffer, double value, const char *unit)
{
    double size = value < 0 ? -value : value;
    int decimals = size >= 100 ? 0 : size >= 10 ? 1 : 2;
    if (value != value)
        return ml_format(buffer, VALUE_MAX, "not a number");
    if (size > 1e15 || (size < 0.005 && size > 0))
        return ml_format(buffer, VALUE_MAX, "%.2e%s%s", value, unit[0] ? " " : "", unit);
    return ml_format(buffer, VALUE_MAX, "%.*f%s%s", decimals, value, unit[0] ? " " : "", unit);
}

static inline const char *value_of_whole(char *buffer, uint32_t type, uint64_t value,
                                         const char *unit)
{
    switch (type) {
    case ML_TYPE_DURATION: return ml_format_duration(buffer, value);
    case ML_TYPE_TIME: return ml_format_time(buffer, value);
    case ML_TYPE_BYTES: return ml_format_bytes(buffer, value);
    default: return value_of_int(buffer, (int64_t)value, unit);
    }
}

static inline uint64_t value_as_whole(double value)
{
    return value >= 0 && value < 1.8e19 ? (uint64_t)value : 0;
}

static inline const char *value_of_metric(char *buffer, const ml_metric *metric)
{
    if (metric->value != metric->value)
        return ml_format(buffer, VALUE_MAX, "not a number");
    if (!(metric->value > -9e18 && metric->value < 9e18))
        return value_of_real(buffer, metric->value, metric->unit);
    switch (metric->type) {
    case ML_TYPE_DURATION:
    case ML_TYPE_TIME:
    case ML_TYPE_BYTES:
        return value_of_whole(buffer, metric->type, value_as_whole(metric->value), "");
    case ML_TYPE_RATIO: return ml_format_ratio(buffer, metric->value);
    case ML_TYPE_INT: return value_of_int(buffer, (int64_t)metric->value, metric->unit);
    default: return value_of_real(buffer, metric->value, metric->unit);
    }
}

/* A cell as text: the column's own, or `buffer` of VALUE_MAX bytes; "" for null. A whole number that is a key,
 * as the number of a line, is no quantity: its digits are not grouped. */
static inline const char *value_of_cell(char *buffer, const ml_column *column, uint64_t row)
{
    if (column->is_null && column->is_null[row])
        return "";
    if (column->text)
        return column->text[row];
    if (column->real)
        return column->type == ML_TYPE_RATIO
                   ? ml_format_ratio(buffer, column->real[row])
                   : value_of_real(buffer, column->real[row], column->unit);
    if (column->whole && column->type == ML_TYPE_INT && column->reduce == ML_REDUCE_KEY)
        return ml_format(buffer, VALUE_MAX, "%lld", (long long)(int64_t)column->whole[row]);
    return column->whole ? value_of_whole(buffer, column->type, column->whole[row], column->unit)
                         : "";
}

/* A cell as a number for ordering and bars; negative infinity-like for null, text and NaN. */
static inline double value_of_order(const ml_column *column, uint64_t row)
{
    const double least = -1.7e308;
    if (column->is_null && column->is_null[row])
        return least;
    if (column->real)
        return column->real[row] == column->real[row] ? column->real[row] : least;
    if (column->whole)
        return column->type == ML_TYPE_INT ? (double)(int64_t)column->whole[row]
                                           : (double)column->whole[row];
    return least;
}

static inline int value_is_number(const ml_column *column)
{
    return column->text == NULL;
}

/* The order of rows for display: by the table's column, largest first, else as given. `count` rows are
 * sorted; NULL when there is no memory. Merge sort from below: equal rows keep their order. */
static inline uint32_t *value_row_order(const ml_host *host, const ml_table *table)
{
    size_t count = (size_t)table->row_count;
    uint32_t *rows = (uint32_t *)ml_alloc(host, count, sizeof *rows);
    uint32_t *spare = (uint32_t *)ml_alloc(host, count, sizeof *rows);
    const ml_column *by =
        table->order_by < table->column_count ? table->columns + table->order_by : NULL;
    if (!rows || !spare)
        return NULL;
    for (size_t i = 0; i < count; i++)
        rows[i] = (uint32_t)i;
    for (size_t width = 1; by && width < count; width *= 2) {
        uint32_t *swap = rows;
        for (size_t start = 0; start < count; start += 2 * width) {
            size_t middle = start + width < count ? start + width : count;
            size_t end = middle + width < count ? middle + width : count;
            size_t left = start, right = middle;
            for (size_t out = start; out < end; out++) {
                int take_left = left < middle &&
                                (right >= end ||
                                 value_of_order(by, rows[left]) >= value_of_order(by, rows[right]));
                spare[out] = take_left ? rows[left++] : rows[right++];
            }
        }
        rows = spare;
        spare = swap;
    }
    return rows;
}

/* "name (file:line)" of a FUNCTION cell in two parts: the length of the name, and where the file begins
 * (NULL without). */
static inline size_t value_split_function(const char *text, const char **file)
{
    size_t length = strlen(text);
    const char *found = NULL;
    for (const char *at = strstr(text, " ("); at; at = strstr(at + 1, " ("))
        found = at;
    *file = NULL;
    if (!found || length < 4 || text[length - 1] != ')')
        return length;
    *file = found + 2;
    return (size_t)(found - text);
}

static inline const char *value_level_word(uint32_t level)
{
    return level == ML_LEVEL_ERROR ? "error" : level == ML_LEVEL_WARNING ? "warning" : "note";
}

static inline const char *value_confidence_word(uint32_t confidence)
{
    return confidence == ML_CONFIDENCE_HIGH     ? "high"
           : confidence == ML_CONFIDENCE_MEDIUM ? "medium"
                                                : "low";
}

static inline const char *value_status_word(uint32_t status)
{
    static const char *const words[] = {"ok",     "partial", "skipped",
                                        "failed", "crashed", "timed out"};
    return status < sizeof words / sizeof words[0] ? words[status] : "unknown";
}

/* All blocks of one kind over all documents, the more important first, then in the order of documents and
 * blocks. `count` says how many; NULL when there is no memory. */
static inline const ml_block **value_blocks_of_kind(const ml_host *host,
                                                    const ml_documents *documents, uint32_t kind,
                                                    size_t *count)
{
    const ml_block **found;
    size_t all = 0;
    *count = 0;
    for (size_t i = 0; i < documents->document_count; i++)
        all += documents->documents[i]->block_count;
    found = (const ml_block **)ml_alloc(host, all, sizeof *found);
    for (uint32_t importance = 101; found && importance-- > 0;)
        for (size_t i = 0; i < documents->document_count; i++)
            for (size_t b = 0; b < documents->documents[i]->block_count; b++) {
                const ml_block *block = documents->documents[i]->blocks[b];
                if (block->kind == kind && block->importance == importance)
                    found[(*count)++] = block;
            }
    return found;
}

/* As the standard library's logging names them. */
static inline const char *value_log_level_word(uint32_t level)
{
    return level >= 50   ? "critical"
           : level >= 40 ? "error"
           : level >= 30 ? "warning"
           : level >= 20 ? "info"
           : level > 0   ? "debug"
                         : "";
}

#endif
