#include "core/base/crc32c.h"
#include "core/format/read_walk.h"

/* ---- chunks that were written together ---- */

static void open_group(ml_walk *w, size_t offset)
{
    ml_walk_snapshot *group = &w->group;

    memcpy(group->count, w->store.count, sizeof(group->count));
    group->string_bytes = w->store.string_bytes;
    group->next_sequence = w->next_sequence;
    group->next_slot = w->next_slot;
    group->chunk_count = w->recording->chunk_count;
    group->gap_count = w->recording->gap_count;
    group->place_count = w->recording->place_count;
    group->sources = w->recording->sources;
    group->offset = offset;
    group->diagnostics = w->recording->diagnostics;
}

/* The file ends within the group, and the journal has what was to be in it. */
static void take_group_back(ml_walk *w)
{
    const ml_walk_snapshot *group = &w->group;

    memcpy(w->store.count, group->count, sizeof(group->count));
    w->store.string_bytes = group->string_bytes;
    w->next_sequence = group->next_sequence;
    w->next_slot = group->next_slot;
    w->recording->chunk_count = group->chunk_count;
    w->recording->gap_count = group->gap_count;
    w->recording->place_count = group->place_count;
    w->recording->sources = group->sources;
    w->recording->sound_bytes = group->offset - w->recording->file_offset;
    w->recording->diagnostics = group->diagnostics;
}

void ml_walk_group(ml_walk *w, size_t offset, const ml_chunk_view *view)
{
    int has_more = (view->flags & ML_MLOG_MORE) != 0;

    if (has_more && !w->group_is_open) {
        open_group(w, offset);
    }
    w->group_is_open = has_more;
}

/* ---- the journal ---- */

/* Is what was read beside the file the journal of this recording, in a form that we know? Then `*at` is where its
 * chunks begin. */
static int is_own_journal(const ml_walk *w, size_t *at)
{
    ml_reader journal = {.bytes = w->reader->journal, .length = w->reader->journal_length};
    ml_cursor header = {journal.bytes + 8, journal.bytes + journal.length, 0};
    uint64_t size = 0;
    uint32_t flags = 0;

    if (journal.length < ML_MLOG_HEADER_SIZE || !ml_is_sound_header(&journal, 0)) {
        return 0;
    }
    size = ml_cursor_fixed(&header, 2);
    (void)ml_cursor_bytes(&header, 18);
    flags = (uint32_t)ml_cursor_fixed(&header, 4);
    *at = (size_t)size;
    /* Same version and features as the recording's, byte for byte. */
    return size >= ML_MLOG_HEADER_SIZE && size <= HEADER_SIZE_MAX && size < journal.length &&
           (flags & ML_MLOG_FLAG_JOURNAL) != 0 &&
           memcmp(journal.bytes + 10, w->reader->bytes + w->recording->file_offset + 10, 10) == 0 &&
           memcmp(journal.bytes + 32, w->recording->head.uuid, 16) == 0;
}

/* Does the journal go on where the file ends? If not, all of it is already in the file. */
static int continues(ml_walk *w, const ml_chunk_view *first)
{
    if (w->group_is_open && first->sequence == w->group.next_sequence) {
        take_group_back(w);
        return 1;
    }
    return first->sequence >= w->next_sequence;
}

/* Reads the journal up to the first chunk that does not fit: behind that may be anything. */
void ml_walk_journal(ml_walk *w)
{
    ml_reader *reader = w->reader;
    ml_chunk_view view;
    size_t at;

    if (w->is_ended || w->fatal.status < 0 || !w->has_head || reader->journal == NULL ||
        !is_own_journal(w, &at)) {
        return;
    }
    w->in_journal = 1;
    w->chain = ml_crc32c(0, reader->journal, at);
    while (w->fatal.status == ML_OK && !w->is_ended &&
           ml_chunk_view_header(reader->journal + at, reader->journal_length - at, w->chain,
                                &reader->limits, &view) == ML_OK &&
           ml_chunk_body_is_sound(reader->journal + at, &view)) {
        if (w->recording->diagnostics.journal_chunks == 0 && !continues(w, &view)) {
            return;
        }
        ml_walk_accept(w, at, &view);
        w->recording->diagnostics.journal_chunks++;
        w->chain = ml_chunk_header_checksum(reader->journal + at);
        at += view.total_length;
    }
}
