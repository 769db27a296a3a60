#include "core/format/read_parts.h"

enum { ARGUMENTS_MAX = 65536 };

typedef struct {
    ml_columns columns;
    ml_arena *arena;
    int bad;
} head_source;

static uint64_t number(head_source *source, uint32_t field)
{
    ml_cursor cursor = ml_columns_take(&source->columns, field);
    uint64_t value;

    if (cursor.at == cursor.end) {
        return 0;
    }
    value = ml_cursor_uv(&cursor);
    source->bad |= !ml_cursor_done(&cursor);
    return value;
}

static const char *text(head_source *source, uint32_t field)
{
    ml_cursor cursor = ml_columns_take(&source->columns, field);
    const char *copy = ml_arena_copy(source->arena, cursor.at, ml_cursor_left(&cursor));

    source->bad |= copy == NULL;
    return copy;
}

static void uuid(head_source *source, uint32_t field, uint8_t out[16])
{
    ml_cursor cursor = ml_columns_take(&source->columns, field);

    if (cursor.at == cursor.end) {
        return;
    }
    if (ml_cursor_left(&cursor) != 16) {
        source->bad = 1;
        return;
    }
    memcpy(out, cursor.at, 16);
}

/* A fixed number followed by a variable one. */
static uint64_t fixed_pair(head_source *source, uint32_t field, uint64_t *second)
{
    ml_cursor cursor = ml_columns_take(&source->columns, field);
    uint64_t first = ml_cursor_fixed(&cursor, 8);

    *second = ml_cursor_uv(&cursor);
    source->bad |= !ml_cursor_done(&cursor);
    return first;
}

static void process(head_source *source, ml_head *head)
{
    ml_cursor cursor = ml_columns_take(&source->columns, ML_HEAD_PROCESS);

    if (cursor.at != cursor.end) {
        head->pid = ml_cursor_u32v(&cursor);
        head->ppid = ml_cursor_u32v(&cursor);
        source->bad |= !ml_cursor_done(&cursor);
    }
}

static void arguments(head_source *source, ml_head *head)
{
    ml_cursor cursor = ml_columns_take(&source->columns, ML_HEAD_ARGV);
    const char **list = NULL;
    size_t capacity = 0;

    while (!source->bad && cursor.at != cursor.end) {
        uint64_t length = ml_cursor_uv(&cursor);
        const uint8_t *bytes = ml_cursor_bytes(&cursor, length);
        const char *copy =
            bytes == NULL ? NULL : ml_arena_copy(source->arena, bytes, (size_t)length);
        if (copy == NULL || head->argc == ARGUMENTS_MAX ||
            ml_arena_grow(source->arena, &list, &capacity, head->argc + 1, sizeof(*list)) < 0) {
            source->bad = 1;
            return;
        }
        list[head->argc++] = copy;
    }
    head->argv = list;
}

static void clocks(head_source *source, ml_head *head)
{
    uint64_t clock;

    head->anchor_ns = fixed_pair(source, ML_HEAD_ANCHOR, &clock);
    head->wall_ns = (int64_t)fixed_pair(source, ML_HEAD_WALL, &head->uncertainty_ns);
    head->period_ns = number(source, ML_HEAD_PERIOD);
    head->cpu_unit_ns = number(source, ML_HEAD_CPU_UNIT);
    head->event_unit_ns = number(source, ML_HEAD_EVENT_UNIT);
    (void)number(source, ML_HEAD_RESIDUAL_UNIT);
}

static void description(head_source *source, ml_head *head)
{
    head->host = text(source, ML_HEAD_HOST);
    head->system = text(source, ML_HEAD_SYSTEM);
    head->executable = text(source, ML_HEAD_EXECUTABLE);
    head->directory = text(source, ML_HEAD_DIRECTORY);
    head->python = text(source, ML_HEAD_PYTHON);
    head->hexversion = number(source, ML_HEAD_HEXVERSION);
    head->build_flags = number(source, ML_HEAD_BUILD_FLAGS);
    head->recorder = text(source, ML_HEAD_RECORDER);
    head->method = number(source, ML_HEAD_METHOD);
    head->method_reason = text(source, ML_HEAD_METHOD_REASON);
    head->detail = number(source, ML_HEAD_DETAIL);
    head->depth = number(source, ML_HEAD_DEPTH);
    head->utc_offset_s = ml_zigzag_decode(number(source, ML_HEAD_UTC_OFFSET));
    head->label = text(source, ML_HEAD_LABEL);
    head->seed = number(source, ML_HEAD_SEED);
}

ml_status ml_head_read(ml_head *head, ml_arena *arena, const ml_limits *limits,
                       const ml_chunk_view *view, ml_error *error)
{
    head_source source = {.arena = arena};

    ML_TRY(ml_chunk_columns(view, limits, arena, &source.columns, error));
    uuid(&source, ML_HEAD_SESSION, head->session);
    uuid(&source, ML_HEAD_PARENT, head->parent);
    uuid(&source, ML_HEAD_BOOT, head->boot);
    clocks(&source, head);
    process(&source, head);
    arguments(&source, head);
    description(&source, head);
    if (source.bad) {
        return ml_error_set(error, ML_ERROR_FORMAT, "a field of HEAD is damaged");
    }
    if (head->period_ns == 0 || head->event_unit_ns == 0) {
        return ml_error_set(error, ML_ERROR_FORMAT, "HEAD has no tick period or no event unit");
    }
    return ml_columns_finish(&source.columns, error);
}
