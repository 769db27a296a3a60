/* The tables of stacks, frames and functions, column by column; a number that is not there is null. */
#include "profile.h"

static const char *const fixed[S_FIXED] = {
    "",
    "",
    "waiting for the interpreter's lock",
    "waiting for a lock",
    "waiting for input or output",
    "sleeping",
    "waiting",
    "Message",
    "Log",
    "Print",
    "Mark",
    "Exception",
    "Warning",
    "?",
};

/* ---------------------------------------------------------------- columns */

typedef int64_t (*number_of)(const profile *self, uint32_t row);

static void put_column(const profile *self, const char *name, uint32_t rows, number_of number)
{
    sink_format(self->out, ",\"%s\":[", name);
    for (uint32_t row = 0; row < rows; row++) {
        int64_t value = number(self, row);
        if (row)
            sink_char(self->out, ',');
        if (value == NO_ROW)
            sink_text(self->out, "null");
        else
            sink_format(self->out, "%" PRId64, value);
    }
    sink_char(self->out, ']');
}

static void put_same(const profile *self, const char *name, uint32_t rows, const char *value)
{
    sink_format(self->out, ",\"%s\":[", name);
    for (uint32_t row = 0; row < rows; row++)
        sink_format(self->out, row ? ",%s" : "%s", value);
    sink_char(self->out, ']');
}

/* ---------------------------------------------------------------- stacks and frames */

/* Rows are the model's stacks but the first, "no stack", and then `waits`. A frame is one of a stack, or of a state. */
uint32_t tables_stack_rows(const profile *self)
{
    return self->model->stacks->count ? self->model->stacks->count - 1 : 0;
}

static int64_t prefix_of(const profile *self, uint32_t row)
{
    uint32_t own = tables_stack_rows(self);
    uint32_t parent =
        row < own ? self->model->stacks->parent[row + 1] : self->waits[row - own].stack;
    return parent ? (int64_t)parent - 1 : NO_ROW;
}

static int64_t frame_of(const profile *self, uint32_t row)
{
    uint32_t own = tables_stack_rows(self);
    return row < own ? row : own + self->waits[row - own].state;
}

static uint32_t function_count(const profile *self)
{
    return self->model->functions->count;
}

/* Functions are the model's, one that is not known, and the states. */
static int64_t function_of_frame(const profile *self, uint32_t row)
{
    uint32_t own = tables_stack_rows(self), known = function_count(self);
    uint32_t function = row < own ? self->model->stacks->function[row + 1] : 0;
    return row >= own ? known + 1 + (row - own) : function < known ? function : known;
}

static int64_t line_of_frame(const profile *self, uint32_t row)
{
    uint32_t line = row < tables_stack_rows(self) ? self->model->stacks->line[row + 1] : 0;
    return line ? (int64_t)line : NO_ROW;
}

static int64_t category_of_frame(const profile *self, uint32_t row)
{
    int64_t function = function_of_frame(self, row);
    uint32_t flags = function < function_count(self)
                         ? ml_function_origin(self->model, (uint32_t)function)
                         : ML_MODULE_SYNTHETIC;
    return row >= tables_stack_rows(self)  ? IDLE
           : flags & ML_MODULE_SYNTHETIC   ? OTHER
           : flags & ML_MODULE_STDLIB      ? STDLIB
           : flags & ML_MODULE_THIRD_PARTY ? THIRD
                                           : PROGRAM;
}

static int64_t name_of_function(const profile *self, uint32_t row)
{
    uint32_t known = function_count(self);
    return row < known    ? (int64_t)S_FIXED + row
           : row == known ? S_UNKNOWN
                          : (int64_t)row - known - 1;
}

static int64_t source_of_function(const profile *self, uint32_t row)
{
    uint32_t module = row < function_count(self) ? self->model->functions->module[row] : ML_NONE;
    return module < self->model->modules->count ? (int64_t)module : NO_ROW;
}

static int64_t line_of_function(const profile *self, uint32_t row)
{
    uint32_t line = row < function_count(self) ? self->model->functions->line[row] : 0;
    return line ? (int64_t)line : NO_ROW;
}

static int64_t name_of_source(const profile *self, uint32_t row)
{
    return (int64_t)S_FIXED + function_count(self) + row;
}

static void put_strings(const profile *self)
{
    const ml_model *model = self->model;
    sink_text(self->out, ",\n\"stringArray\":[");
    for (uint32_t i = 0; i < S_FIXED; i++) {
        sink_text(self->out, i ? "," : "");
        json_string(self->out, fixed[i]);
    }
    for (uint32_t i = 0; i < model->functions->count; i++) {
        sink_text(self->out, ",\n");
        json_string(self->out, ml_function_name(model, i));
    }
    for (uint32_t i = 0; i < model->modules->count; i++) {
        sink_text(self->out, ",\n");
        json_string(self->out, ml_text_of(model, model->modules->file[i]));
    }
    sink_char(self->out, ']');
}

static void begin_table(const profile *self, const char *name, uint32_t rows)
{
    sink_format(self->out, "\n\"%s\":{\"length\":%u", name, (unsigned)rows);
}

static void put_frames(const profile *self)
{
    uint32_t rows = tables_stack_rows(self) + STATES;
    begin_table(self, "frameTable", rows);
    put_same(self, "address", rows, "-1");
    put_same(self, "inlineDepth", rows, "0");
    put_column(self, "category", rows, category_of_frame);
    put_same(self, "subcategory", rows, "0");
    put_column(self, "func", rows, function_of_frame);
    put_same(self, "nativeSymbol", rows, "null");
    put_same(self, "innerWindowID", rows, "null");
    put_column(self, "line", rows, line_of_frame);
    put_same(self, "column", rows, "null");
    sink_text(self->out, "},");
}

static void put_functions(const profile *self)
{
    uint32_t rows = function_count(self) + 1 + STATES;
    begin_table(self, "funcTable", rows);
    put_column(self, "name", rows, name_of_function);
    put_same(self, "isJS", rows, "false");
    put_same(self, "relevantForJS", rows, "false");
    put_same(self, "resource", rows, "-1");
    put_column(self, "source", rows, source_of_function);
    put_column(self, "lineNumber", rows, line_of_function);
    put_same(self, "columnNumber", rows, "null");
    sink_text(self->out, "},");
}

void tables_put(const profile *self)
{
    uint32_t stacks = tables_stack_rows(self) + self->wait_count,
             sources = self->model->modules->count;
    sink_text(self->out, ",\n\"shared\":{");
    begin_table(self, "stackTable", stacks);
    put_column(self, "prefix", stacks, prefix_of);
    put_column(self, "frame", stacks, frame_of);
    sink_text(self->out, "},");
    put_frames(self);
    put_functions(self);
    begin_table(self, "sources", sources);
    put_same(self, "id", sources, "null");
    put_column(self, "filename", sources, name_of_source);
    sink_text(self->out,
              "},\n\"resourceTable\":{\"length\":0,\"lib\":[],\"name\":[],\"host\":[],\"type\":[]},"
              "\n\"nativeSymbols\":{\"length\":0,\"libIndex\":[],\"address\":[],\"name\":[],"
              "\"functionSize\":[]}");
    put_strings(self);
    sink_char(self->out, '}');
}
