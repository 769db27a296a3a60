#include "core/document/draft.h"

#include "core/document/names.h"

#include <math.h>
#include <string.h>

/* The contract shows cells as const; while the table is built they are ours. */
static uint64_t *whole_cells(const ml_column *column)
{
    return (uint64_t *)(uintptr_t)column->whole;
}

static double *real_cells(const ml_column *column)
{
    return (double *)(uintptr_t)column->real;
}

static const char **text_cells(const ml_column *column)
{
    return (const char **)(uintptr_t)column->text;
}

static uint8_t *null_cells(const ml_column *column)
{
    return (uint8_t *)(uintptr_t)column->is_null;
}

static int is_real(uint32_t type)
{
    return type == ML_TYPE_REAL || type == ML_TYPE_RATIO;
}

static int is_text(uint32_t type)
{
    return type == ML_TYPE_TEXT || type == ML_TYPE_FUNCTION;
}

static ml_status grow_column(ml_arena *arena, ml_column *column, size_t from, size_t rows)
{
    size_t capacity = from;

    ML_TRY(ml_arena_grow(arena, &column->is_null, &capacity, rows, sizeof(uint8_t)));
    capacity = from;
    if (is_real(column->type)) {
        return ml_arena_grow(arena, &column->real, &capacity, rows, sizeof(double));
    }
    if (is_text(column->type)) {
        return ml_arena_grow(arena, &column->text, &capacity, rows, sizeof(char *));
    }
    return ml_arena_grow(arena, &column->whole, &capacity, rows, sizeof(uint64_t));
}

/* Room for the row of the next cell in every column. */
static void make_room(ml_builder *builder, size_t row)
{
    ml_list *columns = &builder->list[ML_LIST_COLUMN];
    size_t rows = builder->row_capacity == 0 ? 16 : builder->row_capacity * 2;

    if (row < builder->row_capacity) {
        return;
    }
    for (size_t i = 0; i < columns->count; i++) {
        ml_column *column = (ml_column *)columns->items + i;
        if (grow_column(builder->draft->arena, column, builder->row_capacity, rows) < 0) {
            ml_builder_refuse(builder, ML_ERROR_MEMORY, "no memory for %zu rows", rows);
            return;
        }
    }
    builder->row_capacity = rows;
}

static int columns_have_types(ml_builder *builder)
{
    ml_list *columns = &builder->list[ML_LIST_COLUMN];

    for (size_t i = 0; i < columns->count; i++) {
        const ml_column *column = (const ml_column *)columns->items + i;
        if (column->type == 0) {
            ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "column \"%s\" has no type",
                              column->name);
            return 0;
        }
    }
    return 1;
}

/* The column of the next cell and its row, or NULL: refused. */
static ml_column *next_column(ml_builder *builder, size_t *row)
{
    ml_list *columns = &builder->list[ML_LIST_COLUMN];

    if (!ml_builder_is_live(builder)) {
        return NULL;
    }
    if (builder->block->kind != ML_BLOCK_TABLE || columns->count == 0) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "a cell without a column");
        return NULL;
    }
    if (builder->cell == 0 && !columns_have_types(builder)) {
        return NULL;
    }
    builder->target[TARGET_COLUMN] = NULL;
    *row = (size_t)(builder->cell / columns->count);
    if (*row < ML_TABLE_ROWS_MAX) {
        make_room(builder, *row);
    }
    return builder->status < 0 ? NULL
                               : (ml_column *)columns->items + builder->cell % columns->count;
}

/* Counts the cell that was just put; true if it is one of those to keep. */
static int take(ml_builder *builder, size_t row)
{
    builder->cell++;
    return row < ML_TABLE_ROWS_MAX;
}

static void refuse_type(ml_builder *builder, const ml_column *column, const char *given)
{
    ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "column \"%s\" is of type %s, the cell is %s",
                      column->name, ml_name_type(column->type), given);
}

static void put_null_at(ml_builder *builder, const ml_column *column, size_t row)
{
    if (!take(builder, row)) {
        return;
    }
    null_cells(column)[row] = 1;
    if (is_text(column->type)) {
        text_cells(column)[row] = "";
    }
}

void ml_builder_put_null(ml_builder *builder)
{
    size_t row;
    const ml_column *column = next_column(builder, &row);

    if (column != NULL) {
        put_null_at(builder, column, row);
    }
}

void ml_builder_put_text(ml_builder *builder, const char *text)
{
    size_t row;
    const ml_column *column = next_column(builder, &row);

    if (column == NULL) {
        return;
    }
    if (column->type != ML_TYPE_TEXT) {
        refuse_type(builder, column, "a text");
    } else if (text == NULL) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "a cell of column \"%s\" is NULL",
                          column->name);
    } else if (take(builder, row)) {
        text_cells(column)[row] = ml_builder_text(builder, text);
    }
}

/* The text of a row of functions; each is made once and shared. */
static const char *function_text(ml_builder *builder, uint64_t function)
{
    ml_document_draft *draft = builder->draft;
    uint32_t count = draft->model == NULL ? 0 : draft->model->functions->count;

    if (function >= count) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "there is no function %llu",
                          (unsigned long long)function);
        return "";
    }
    if (draft->function_text == NULL) {
        draft->function_text = ml_arena_array(draft->arena, count, sizeof(char *));
    }
    if (draft->function_text != NULL && draft->function_text[function] == NULL) {
        draft->function_text[function] =
            ml_model_function(draft->arena, draft->model, (uint32_t)function);
    }
    if (draft->function_text == NULL || draft->function_text[function] == NULL) {
        ml_builder_refuse(builder, ML_ERROR_MEMORY, "no memory for the name of a function");
        return "";
    }
    return draft->function_text[function];
}

static void put_function(ml_builder *builder, const ml_column *column, size_t row,
                         uint64_t function)
{
    const char *text;

    if (function == ML_NONE) {
        put_null_at(builder, column, row);
        return;
    }
    text = function_text(builder, function);
    if (take(builder, row)) {
        text_cells(column)[row] = text;
    }
}

void ml_builder_put_number(ml_builder *builder, uint64_t value)
{
    size_t row;
    const ml_column *column = next_column(builder, &row);

    if (column == NULL) {
        return;
    }
    if (column->type == ML_TYPE_FUNCTION) {
        put_function(builder, column, row, value);
    } else if (is_real(column->type) || is_text(column->type)) {
        refuse_type(builder, column, "a whole number");
    } else if (column->type == ML_TYPE_INT && value > INT64_MAX) {
        refuse_type(builder, column, "a number beyond 2^63");
    } else if (take(builder, row)) {
        whole_cells(column)[row] = value;
    }
}

void ml_builder_put_int(ml_builder *builder, int64_t value)
{
    size_t row;
    const ml_column *column = next_column(builder, &row);

    if (column == NULL) {
        return;
    }
    if (column->type != ML_TYPE_INT) {
        refuse_type(builder, column, "a signed number");
    } else if (take(builder, row)) {
        whole_cells(column)[row] = (uint64_t)value;
    }
}

void ml_builder_put_real(ml_builder *builder, double value)
{
    size_t row;
    const ml_column *column = next_column(builder, &row);

    if (column == NULL) {
        return;
    }
    if (!is_real(column->type)) {
        refuse_type(builder, column, "a real number");
    } else if (!isfinite(value)) {
        put_null_at(builder, column, row);
    } else if (take(builder, row)) {
        real_cells(column)[row] = value;
    }
}
