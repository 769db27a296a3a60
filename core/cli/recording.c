#include "core/cli/recording.h"

#include "core/cli/console.h"
#include "core/cli/foreign.h"
#include "core/format/rewrite.h"

#include <stdlib.h>
#include <string.h>

static int is_zero(const uint8_t uuid[16])
{
    static const uint8_t zeros[16];

    return memcmp(uuid, zeros, sizeof(zeros)) == 0;
}

/* ---- what is in the files ---- */

static ml_status note_recordings(ml_arena *arena, ml_recordings *self, size_t *capacity,
                                 size_t file, uint64_t *bytes)
{
    const ml_reader *reader = self->files[file].reader;
    size_t count = ml_reader_count(reader);

    if (ml_arena_grow(arena, &self->found, capacity, self->found_count + count,
                      sizeof(*self->found)) < 0) {
        return ML_ERROR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        const ml_recording *recording = ml_reader_recording(reader, i);
        const ml_head *head = &recording->head;
        ml_found *found = &self->found[self->found_count++];
        *found = (ml_found){.file = file, .index = i, .bytes = recording->bytes};
        memcpy(found->uuid, head->uuid, sizeof(found->uuid));
        memcpy(found->session, is_zero(head->session) ? head->uuid : head->session,
               sizeof(found->session));
        *bytes += recording->bytes;
    }
    return ML_OK;
}

static void close_file(ml_file *file)
{
    if (file->reader != NULL) {
        ml_reader_close(file->reader);
    }
    file->reader = NULL;
}

static ml_status look_into(ml_arena *arena, ml_recordings *self, const ml_inputs *inputs,
                           uint64_t keep_open)
{
    uint64_t bytes = 0;
    size_t capacity = 0;

    for (size_t i = 0; i < inputs->count; i++) {
        ml_file *file = &self->files[self->file_count];
        ml_error error = {0};
        *file = (ml_file){.path = inputs->paths[i]};
        if (ml_reader_open(file->path, NULL, &file->reader, &error) < 0) {
            ml_foreign_explain(file->path, &error);
            self->code = ml_exit_worse(self->code, ml_console_fail(&error));
            continue;
        }
        self->file_count++;
        ML_TRY(note_recordings(arena, self, &capacity, self->file_count - 1, &bytes));
        /* stdin cannot be opened again. */
        if (bytes > keep_open && strcmp(file->path, "-") != 0) {
            close_file(file);
        }
    }
    return ML_OK;
}

/* ---- grouping ---- */

/* An index of found with what it is sorted by. */
typedef struct grouping {
    const ml_found *found;
    size_t index;
} grouping;

static int by_session_then_order(const void *left, const void *right)
{
    const grouping *a = left;
    const grouping *b = right;
    int order = memcmp(a->found->session, b->found->session, sizeof(a->found->session));

    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

static int by_first(const void *left, const void *right)
{
    const ml_session *a = left;
    const ml_session *b = right;

    return (a->first > b->first) - (a->first < b->first);
}

/* A recording without any id is like no other. */
static int same_session(const ml_found *a, const ml_found *b)
{
    return memcmp(a->session, b->session, sizeof(a->session)) == 0 && !is_zero(a->session);
}

/* Adds a recording to its run, unless it is there already; the longer copy stays. */
static void join(const ml_recordings *self, ml_session *session, size_t index)
{
    const ml_found *found = &self->found[index];

    for (size_t i = 0; i < session->count && !is_zero(found->uuid); i++) {
        const ml_found *other = &self->found[session->members[i]];
        if (memcmp(found->uuid, other->uuid, sizeof(found->uuid)) == 0) {
            session->members[i] = found->bytes > other->bytes ? index : session->members[i];
            return;
        }
    }
    session->members[session->count++] = index;
}

/* `members` has room for all; every run takes the next part of it. */
static void divide(ml_recordings *self, const grouping *order, size_t *members)
{
    for (size_t i = 0; i < self->found_count; i++) {
        ml_session *session;
        if (i == 0 || !same_session(order[i - 1].found, order[i].found)) {
            session = &self->sessions[self->session_count++];
            session->path = self->files[order[i].found->file].path;
            session->members = members + i;
            session->first = order[i].index;
        }
        session = &self->sessions[self->session_count - 1];
        join(self, session, order[i].index);
    }
}

static ml_status group(ml_arena *arena, ml_recordings *self)
{
    size_t count = self->found_count;
    grouping *order = ml_arena_array(arena, count, sizeof(*order));
    size_t *members = ml_arena_array(arena, count, sizeof(*members));

    self->sessions = ml_arena_array(arena, count, sizeof(*self->sessions));
    if (order == NULL || members == NULL || self->sessions == NULL) {
        return ML_ERROR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        order[i] = (grouping){&self->found[i], i};
    }
    if (count > 1) {
        qsort(order, count, sizeof(*order), by_session_then_order);
    }
    divide(self, order, members);
    if (self->session_count > 1) {
        qsort(self->sessions, self->session_count, sizeof(*self->sessions), by_first);
    }
    return ML_OK;
}

ml_status ml_recordings_open(ml_arena *arena, const ml_inputs *inputs, uint64_t keep_open,
                             ml_recordings *out, ml_error *error)
{
    *out = (ml_recordings){.files = ml_arena_array(arena, inputs->count, sizeof(*out->files)),
                           .code = inputs->code};
    if (out->files == NULL || look_into(arena, out, inputs, keep_open) < 0 ||
        group(arena, out) < 0) {
        ml_recordings_close(out);
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for %zu recordings", inputs->count);
    }
    return ML_OK;
}

void ml_recordings_close(ml_recordings *self)
{
    for (size_t i = 0; i < self->file_count; i++) {
        close_file(&self->files[i]);
    }
    self->file_count = 0;
}

/* ---- one run ---- */

/* Where a recording is now; opens its file if that was closed. */
static ml_status find_source(ml_recordings *self, const ml_found *found, ml_image_source *out,
                             ml_error *error)
{
    ml_file *file = &self->files[found->file];

    if (file->reader == NULL) {
        ML_TRY(ml_reader_open(file->path, NULL, &file->reader, error));
    }
    out->reader = file->reader;
    if (found->index < ml_reader_count(file->reader)) {
        out->recording = ml_reader_recording(file->reader, found->index);
        if (memcmp(out->recording->head.uuid, found->uuid, sizeof(found->uuid)) == 0) {
            return ML_OK;
        }
    }
    return ml_error_set(error, ML_ERROR_IO,
                        "%s became another recording while it was read; call again", file->path);
}

ml_status ml_recordings_build(ml_recordings *self, const ml_session *session, int use_sources,
                              ml_arena *scratch, ml_image **out, ml_error *error)
{
    ml_image_source *sources = ml_arena_array(scratch, session->count, sizeof(*sources));
    char *reopened = ml_arena_alloc(scratch, self->file_count); /* closed again at the end */
    ml_status status = ML_OK;

    if (sources == NULL || reopened == NULL) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for %zu recordings", session->count);
    }
    for (size_t i = 0; i < session->count && status == ML_OK; i++) {
        const ml_found *found = &self->found[session->members[i]];
        reopened[found->file] |= self->files[found->file].reader == NULL;
        status = find_source(self, found, &sources[i], error);
    }
    if (status == ML_OK) {
        status = ml_image_build(sources, session->count, use_sources, out, error);
    }
    for (size_t i = 0; i < self->file_count; i++) {
        if (reopened[i]) {
            close_file(&self->files[i]);
        }
    }
    return status;
}

ml_status ml_recordings_copy(ml_recordings *self, const ml_session *session, ml_buffer *out,
                             ml_error *error)
{
    ml_status status = ML_OK;

    for (size_t i = 0; i < session->count && status == ML_OK; i++) {
        const ml_found *found = &self->found[session->members[i]];
        int was_open = self->files[found->file].reader != NULL;
        ml_image_source source;
        status = find_source(self, found, &source, error);
        if (status == ML_OK) {
            status = ml_rewrite_copy(source.reader, found->index, out, error);
        }
        if (!was_open) {
            close_file(&self->files[found->file]);
        }
    }
    return status;
}
