#include "core/model/build.h"

#include "core/format/mlog.h"

/* Levels of logging, for what has none of its own. */
enum { LEVEL_INFO = 20, LEVEL_WARNING = 30, LEVEL_ERROR = 40 };

/* Positions of the wanted fields, as event_kinds.c lists them. */
enum { LOG_LEVEL, LOG_LOGGER, LOG_TEXT, LOG_FILE, LOG_LINE };
enum { PRINT_STREAM, PRINT_TEXT };
enum { MARK_LEVEL, MARK_NAME, MARK_TEXT };
enum { EXCEPTION_TYPE, EXCEPTION_TEXT, EXCEPTION_HANDLED };
enum { SPAN_NAME, SPAN_DURATION, SPAN_FIELDS, SPAN_TRACE, SPAN_ERROR };
enum { WARNING_CATEGORY, WARNING_TEXT, WARNING_FILE, WARNING_LINE };

enum { STREAM_ERROR = 2 };

typedef struct message_columns {
    uint64_t *time_ns;
    uint32_t *kind, *level, *thread, *stack, *source, *text, *file, *line;
} message_columns;

typedef struct message_row {
    uint32_t kind, level, source, text, file, line;
} message_row;

/* "Type: text", or the type alone. */
static uint32_t exception_text(ml_build *build, uint32_t type, uint32_t text)
{
    const char *joined;

    if (text == 0 || type == 0) {
        return text == 0 ? type : text;
    }
    joined = ml_arena_format(&build->arena, "%s: %s", ml_interner_text(&build->strings, type),
                             ml_interner_text(&build->strings, text));
    return ml_intern_text(&build->strings, joined);
}

static message_row from_log(ml_build *build, const ml_event *event)
{
    uint32_t file = ml_event_text(build, event, LOG_FILE);

    return (message_row){.kind = ML_MESSAGE_LOG,
                         .level = ml_u32(ml_event_number(build, event, LOG_LEVEL, 0)),
                         .source = ml_event_text(build, event, LOG_LOGGER),
                         .text = ml_event_text(build, event, LOG_TEXT),
                         .file = file == 0 ? ML_NONE : file,
                         .line = ml_u32(ml_event_number(build, event, LOG_LINE, 0))};
}

static message_row from_print(ml_build *build, const ml_event *event)
{
    int is_error = ml_event_number(build, event, PRINT_STREAM, 0) == STREAM_ERROR;

    return (message_row){.kind = ML_MESSAGE_PRINT,
                         .level = LEVEL_INFO,
                         .source = ml_intern_text(&build->strings, is_error ? "stderr" : "stdout"),
                         .text = ml_event_text(build, event, PRINT_TEXT),
                         .file = ML_NONE};
}

static message_row from_mark(ml_build *build, const ml_event *event)
{
    return (message_row){.kind = ML_MESSAGE_MARK,
                         .level = ml_u32(ml_event_number(build, event, MARK_LEVEL, 0)),
                         .source = ml_event_text(build, event, MARK_NAME),
                         .text = ml_event_text(build, event, MARK_TEXT),
                         .file = ML_NONE};
}

static message_row from_exception(ml_build *build, const ml_event *event)
{
    uint32_t type = ml_event_text(build, event, EXCEPTION_TYPE);
    int64_t handled = ml_event_number(build, event, EXCEPTION_HANDLED, 0);

    return (message_row){
        .kind = ML_MESSAGE_EXCEPTION,
        .level = handled == ML_EXCEPTION_IGNORED ? LEVEL_WARNING : LEVEL_ERROR,
        .source = type,
        .text = exception_text(build, type, ml_event_text(build, event, EXCEPTION_TEXT)),
        .file = ML_NONE};
}

static message_row from_warning(ml_build *build, const ml_event *event)
{
    uint32_t file = ml_event_text(build, event, WARNING_FILE);

    return (message_row){.kind = ML_MESSAGE_WARNING,
                         .level = LEVEL_WARNING,
                         .source = ml_event_text(build, event, WARNING_CATEGORY),
                         .text = ml_event_text(build, event, WARNING_TEXT),
                         .file = file == 0 ? ML_NONE : file,
                         .line = ml_u32(ml_event_number(build, event, WARNING_LINE, 0))};
}

/* "checkout took 12.300 ms: user=17; failed: KeyError; trace 4bf9…" */
static uint32_t span_text(ml_build *build, const ml_event *event)
{
    static const struct {
        unsigned wanted;
        const char *before;
    } parts[] = {{SPAN_FIELDS, ": "}, {SPAN_ERROR, "; failed: "}, {SPAN_TRACE, "; trace "}};
    int64_t duration_us = ml_event_number(build, event, SPAN_DURATION, 0);
    const char *text =
        ml_arena_format(&build->arena, "%s took %.3f ms",
                        ml_interner_text(&build->strings, ml_event_text(build, event, SPAN_NAME)),
                        (double)duration_us / 1000);

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const char *part =
            ml_interner_text(&build->strings, ml_event_text(build, event, parts[i].wanted));
        if (part[0] != '\0') {
            text = ml_arena_format(&build->arena, "%s%s%s", text, parts[i].before, part);
        }
    }
    return ml_intern_text(&build->strings, text);
}

static message_row from_span(ml_build *build, const ml_event *event)
{
    return (message_row){.kind = ML_MESSAGE_MARK,
                         .level = ml_event_text(build, event, SPAN_ERROR) != 0 ? LEVEL_WARNING : 0,
                         .source = ml_intern_text(&build->strings, "span"),
                         .text = span_text(build, event),
                         .file = ML_NONE};
}

/* The message of an event; its kind is 0 when the event is none. */
static message_row message_of(ml_build *build, const ml_event *event)
{
    switch (event->kind->use) {
    case ML_USE_LOG: return from_log(build, event);
    case ML_USE_PRINT: return from_print(build, event);
    case ML_USE_MARK: return from_mark(build, event);
    case ML_USE_EXCEPTION: return from_exception(build, event);
    case ML_USE_WARNING: return from_warning(build, event);
    case ML_USE_SPAN: return from_span(build, event);
    default: return (message_row){.kind = 0};
    }
}

static void put_message(message_columns *columns, uint64_t row, const ml_event *event,
                        const message_row *message)
{
    columns->time_ns[row] = event->time_ns;
    columns->kind[row] = message->kind;
    columns->level[row] = message->level;
    columns->thread[row] = event->thread;
    columns->stack[row] = event->stack;
    columns->source[row] = message->source;
    columns->text[row] = message->text;
    columns->file[row] = message->file;
    columns->line[row] = message->line;
}

static ml_status make_room(ml_build *build, message_columns *columns, uint64_t rows)
{
    uint32_t **narrow[] = {&columns->kind,   &columns->level, &columns->thread, &columns->stack,
                           &columns->source, &columns->text,  &columns->file,   &columns->line};

    columns->time_ns = ml_build_array(build, rows, sizeof(*columns->time_ns), "messages");
    for (size_t i = 0; i < sizeof(narrow) / sizeof(narrow[0]); i++) {
        *narrow[i] = ml_build_array(build, rows, sizeof(**narrow[i]), "messages");
        if (*narrow[i] == NULL) {
            return ML_ERROR_MEMORY;
        }
    }
    return columns->time_ns == NULL ? ML_ERROR_MEMORY : ML_OK;
}

ml_status ml_build_messages(ml_build *build)
{
    uint64_t rows = ml_event_uses(build, ML_USE_LOG) + ml_event_uses(build, ML_USE_PRINT) +
                    ml_event_uses(build, ML_USE_MARK) + ml_event_uses(build, ML_USE_EXCEPTION) +
                    ml_event_uses(build, ML_USE_WARNING) + ml_event_uses(build, ML_USE_SPAN);
    message_columns columns;
    uint64_t row = 0;

    ML_TRY(make_room(build, &columns, rows));
    for (size_t i = 0; i < build->event_count; i++) {
        message_row message = message_of(build, &build->events[i]);
        if (message.kind != 0) {
            put_message(&columns, row++, &build->events[i], &message);
        }
    }
    build->tables.messages = (ml_messages){.time_ns = columns.time_ns,
                                           .kind = columns.kind,
                                           .level = columns.level,
                                           .thread = columns.thread,
                                           .stack = columns.stack,
                                           .source = columns.source,
                                           .text = columns.text,
                                           .file = columns.file,
                                           .line = columns.line};
    build->rows[ML_EXTENT_MESSAGES] = rows;
    return build->strings.status;
}
