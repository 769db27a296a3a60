#include "core/format/read_parts.h"

static ml_status damaged(ml_error *error)
{
    return ml_error_set(error, ML_ERROR_FORMAT, "what it says of source files is damaged");
}

/* The columns, one value of each a file. */
typedef struct cursors {
    ml_cursor files, sizes, mtimes, hashes;
} cursors;

static int is_used_up(const cursors *c)
{
    return ml_cursor_done(&c->files) && ml_cursor_done(&c->sizes) && ml_cursor_done(&c->mtimes) &&
           ml_cursor_done(&c->hashes);
}

static int read_source(cursors *c, uint32_t previous, uint32_t strings, ml_source *out)
{
    uint32_t step = ml_cursor_below(&c->files, strings - previous);
    const uint8_t *hash = ml_cursor_bytes(&c->hashes, sizeof(out->sha256));

    out->file = previous + step;
    out->size = ml_cursor_uv(&c->sizes);
    out->mtime_ns = ml_cursor_sv(&c->mtimes);
    if (hash != NULL) {
        memcpy(out->sha256, hash, sizeof(out->sha256));
    }
    return step != 0 && hash != NULL && !c->files.bad && !c->sizes.bad && !c->mtimes.bad;
}

static ml_status read_columns(ml_sources_told *told, ml_columns *columns, ml_arena *arena,
                              uint32_t strings, ml_error *error)
{
    cursors c = {.files = ml_columns_take(columns, ML_SRCE_FILE),
                 .sizes = ml_columns_take(columns, ML_SRCE_SIZE),
                 .mtimes = ml_columns_take(columns, ML_SRCE_MTIME),
                 .hashes = ml_columns_take(columns, ML_SRCE_HASH)};
    uint32_t previous = 0; /* the empty string is no file */
    ml_source *sources;

    ML_TRY(ml_columns_finish(columns, error));
    if (told->count > ml_cursor_left(&c.files)) {
        return damaged(error);
    }
    sources = ml_arena_array(arena, told->count, sizeof(*sources));
    if (sources == NULL) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for the list of source files");
    }
    for (uint32_t i = 0; i < told->count; i++) {
        if (!read_source(&c, previous, strings, &sources[i])) {
            return damaged(error);
        }
        previous = sources[i].file;
    }
    told->source = sources;
    return is_used_up(&c) ? ML_OK : damaged(error);
}

ml_status ml_sources_read(ml_sources_told *told, ml_arena *arena, const ml_limits *limits,
                          uint32_t strings, const ml_chunk_view *view, ml_error *error)
{
    ml_cursor preamble = view->preamble;
    uint64_t values[ML_SRCE_PREAMBLE] = {0};
    ml_sources_told found = {.is_told = 1};
    ml_columns columns = {0};
    ml_arena payload;
    ml_status status;

    for (unsigned i = 0; i < ML_SRCE_PREAMBLE && preamble.at != preamble.end; i++) {
        values[i] = ml_cursor_uv(&preamble);
    }
    if (preamble.bad || values[ML_SRCE_FILES] > limits->sources) {
        return damaged(error);
    }
    found.count = (uint32_t)values[ML_SRCE_FILES];
    found.unreadable = values[ML_SRCE_UNREADABLE];
    found.left_out = values[ML_SRCE_LEFT_OUT];
    ml_arena_init(&payload, 0);
    status = ml_chunk_columns(view, limits, &payload, &columns, error);
    if (status == ML_OK) {
        status = read_columns(&found, &columns, arena, strings, error);
    }
    ml_arena_release(&payload);
    if (status == ML_OK) {
        *told = found;
    }
    return status;
}
