#include "core/format/read.h"

#include "core/base/os.h"
#include "core/format/page.h"
#include "core/format/read_parts.h"

#include <stdio.h>
#include <string.h>

void ml_limits_default(ml_limits *limits)
{
    *limits = (ml_limits){.file_bytes = UINT64_C(4) << 30,
                          .journal_bytes = ML_JOURNAL_MAX,
                          .payload_bytes = ML_PAYLOAD_MAX,
                          .columns = ML_COLUMNS_MAX,
                          .preamble_bytes = ML_PREAMBLE_MAX,
                          .string_bytes = ML_STRING_MAX,
                          .strings = 1u << 24,
                          .all_string_bytes = 256u << 20,
                          .codes = 1u << 22,
                          .frames = 1u << 22,
                          .nodes = 1u << 26,
                          .threads = 1u << 20,
                          .kinds = 4096,
                          .depth = 65535,
                          .block_ticks = 1u << 20,
                          .block_threads = ML_BLOCK_THREADS_MAX,
                          .sources = ML_SOURCES_MAX};
}

static ml_status walk_all(ml_reader *reader, ml_error *error)
{
    ml_error problem = {0};
    size_t offset = 0;

    while (offset < reader->length) {
        ml_error unusable = {0};
        ml_recording *recording = ml_arena_alloc(&reader->arena, sizeof(*recording));
        if (recording == NULL ||
            ml_arena_grow(&reader->arena, &reader->recordings, &reader->capacity, reader->count + 1,
                          sizeof(*reader->recordings)) < 0) {
            return ml_error_set(error, ML_ERROR_MEMORY, "no memory for a recording");
        }
        recording->file_offset = offset;
        if (ml_recording_walk(reader, recording, &unusable) == ML_OK) {
            reader->recordings[reader->count++] = recording;
        } else if (problem.status == ML_OK) {
            problem = unusable;
        }
        offset += (size_t)recording->bytes;
    }
    if (reader->count == 0) {
        *error = problem;
        return problem.status;
    }
    if (problem.status < 0) { /* one of several cannot be used: said with the first that can */
        ml_diagnostics *diagnostics = &reader->recordings[0]->diagnostics;
        diagnostics->damaged_chunks++;
        snprintf(diagnostics->first, sizeof(diagnostics->first),
                 "another recording in the file: %.200s", problem.text);
    }
    return ML_OK;
}

/* ---- the interface ---- */

static ml_status open_bytes(ml_reader *reader, ml_error *error)
{
    if (reader->length == 0) {
        return ml_error_set(error, ML_ERROR_FORMAT, "it is empty");
    }
    if (!ml_is_signature(reader, 0)) {
        return ml_error_set(error, ML_ERROR_FORMAT, "it is not an .mlog file");
    }
    return walk_all(reader, error);
}

/* What a reader takes over: sources and what it must free. */
typedef struct opening {
    ml_reader_source source;
    void *owned, *owned_journal;
    const char *journal_problem;
} opening;

static void release(const opening *from)
{
    ml_os_free(from->owned);
    ml_os_free(from->owned_journal);
}

static ml_status open_reader(const opening *from, const ml_limits *limits, ml_reader **out,
                             ml_error *error)
{
    const ml_reader_source *source = &from->source;
    ml_error local = {0};
    ml_reader *reader;
    ml_arena arena;
    ml_status status;

    *out = NULL;
    ml_arena_init(&arena, 0);
    reader = ml_arena_alloc(&arena, sizeof(*reader));
    if (reader == NULL) {
        release(from);
        return ml_error_set(error, ML_ERROR_MEMORY, "cannot read '%s': no memory", source->name);
    }
    *reader = (ml_reader){.arena = arena,
                          .limits = *limits,
                          .bytes = source->bytes,
                          .length = source->length,
                          .journal = source->journal,
                          .journal_length = source->journal_length,
                          .owned = from->owned,
                          .owned_journal = from->owned_journal,
                          .journal_problem = from->journal_problem};
    reader->name = ml_arena_text(&reader->arena, source->name);
    status = reader->name == NULL ? ml_error_set(&local, ML_ERROR_MEMORY, "no memory")
                                  : open_bytes(reader, &local);
    if (status < 0) {
        ml_reader_close(reader);
        return ml_error_set(error, status, "cannot read '%s': %s", source->name, local.text);
    }
    reader->journal_problem = NULL; /* it was said, and was borrowed */
    *out = reader;
    return ML_OK;
}

ml_status ml_reader_open_source(const ml_reader_source *source, const ml_limits *limits,
                                ml_reader **out, ml_error *error)
{
    opening from = {.source = *source};
    ml_limits defaults;

    ml_limits_default(&defaults);
    return open_reader(&from, limits == NULL ? &defaults : limits, out, error);
}

ml_status ml_reader_open_memory(const void *bytes, size_t length, const char *name,
                                const ml_limits *limits, ml_reader **out, ml_error *error)
{
    ml_reader_source source = {.bytes = bytes, .length = length, .name = name};

    return ml_reader_open_source(&source, limits, out, error);
}

const char *ml_reader_journal_path(ml_arena *arena, const char *path)
{
    const char *file = ml_os_follow(arena, path);

    return file == NULL ? NULL : ml_arena_format(arena, "%s%s", file, ML_MLOG_JOURNAL_SUFFIX);
}

/* The journal must be read first: a seal in between then shows in the recording. */
static ml_status read_journal(const char *path, const ml_limits *limits, opening *from,
                              ml_error *error)
{
    uint8_t *bytes = NULL;
    ml_arena arena;
    const char *name;
    ml_status status;

    if (strcmp(path, "-") == 0) {
        return ML_OK;
    }
    ml_arena_init(&arena, 0);
    name = ml_reader_journal_path(&arena, path);
    status = name == NULL ? ml_error_set(error, ML_ERROR_MEMORY, "no memory for a path")
                          : ml_os_read(name, (size_t)limits->journal_bytes, &bytes,
                                       &from->source.journal_length, error);
    from->source.journal = from->owned_journal = bytes;
    ml_arena_release(&arena);
    return status == ML_ERROR_NOT_FOUND ? ML_OK : status;
}

ml_status ml_reader_open(const char *path, const ml_limits *limits, ml_reader **out,
                         ml_error *error)
{
    ml_limits defaults;
    ml_error journal_error = {0};
    opening from = {.source.name = path};
    uint8_t *bytes;
    ml_status status;

    *out = NULL;
    ml_limits_default(&defaults);
    limits = limits == NULL ? &defaults : limits;
    if (read_journal(path, limits, &from, &journal_error) < 0) {
        from.journal_problem = journal_error.text;
    }
    status = ml_os_read(path, (size_t)limits->file_bytes, &bytes, &from.source.length, error);
    if (status < 0) {
        release(&from);
        return status;
    }
    from.source.bytes = from.owned = bytes;
    if (ml_page_is(bytes, from.source.length) &&
        ml_page_take(bytes, &from.source.length) == ML_ERROR_FORMAT) {
        release(&from);
        return ml_error_set(error, ML_ERROR_FORMAT,
                            "cannot read '%s': the recording that this page carries is damaged",
                            path);
    }
    return open_reader(&from, limits, out, error);
}

size_t ml_reader_count(const ml_reader *reader)
{
    return reader->count;
}

const ml_recording *ml_reader_recording(const ml_reader *reader, size_t index)
{
    return index < reader->count ? reader->recordings[index] : NULL;
}

void ml_reader_close(ml_reader *reader)
{
    ml_arena arena;

    if (reader == NULL) {
        return;
    }
    ml_os_free(reader->owned);
    ml_os_free(reader->owned_journal);
    arena = reader->arena; /* it holds the reader itself */
    ml_arena_release(&arena);
}

ml_status ml_chunk_view_place(const ml_reader *reader, const ml_chunk_place *place,
                              ml_chunk_view *view)
{
    const uint8_t *bytes = place->in_journal ? reader->journal : reader->bytes;
    size_t length = place->in_journal ? reader->journal_length : reader->length;

    return ml_chunk_view_header(bytes + place->offset, length - (size_t)place->offset, place->chain,
                                &reader->limits, view) < 0
               ? ML_ERROR_FORMAT
               : ML_OK;
}

ml_status ml_chunk_view_again(const ml_reader *reader, const ml_recording *recording, size_t chunk,
                              const char *type, ml_chunk_view *view, ml_error *error)
{
    const ml_chunk_info *info;
    ml_chunk_place place;

    if (chunk >= recording->chunk_count || strcmp(recording->chunks[chunk].type, type) != 0) {
        return ml_error_set(error, ML_ERROR_ARGUMENT, "there is no %s chunk of number %zu", type,
                            chunk);
    }
    info = &recording->chunks[chunk];
    place = (ml_chunk_place){
        .offset = info->offset, .chain = info->chain, .in_journal = info->in_journal};
    return ml_chunk_view_place(reader, &place, view) < 0
               ? ml_error_set(error, ML_ERROR_FORMAT, "a chunk changed while it was read")
               : ML_OK;
}
