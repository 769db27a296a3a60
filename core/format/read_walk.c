#include "core/format/read_walk.h"
#include "core/base/crc32c.h"

#include <stdio.h>

enum { KNOWN_CHUNK_FLAGS = ML_MLOG_KEY, MUST_UNDERSTAND_CHUNK_FLAGS = 15 };

/* Bytes whose checksum failed may be read again as long as this many times the file's length
 * allows: a file that nests chunks in chunks would otherwise take quadratic time. */
enum { FAILED_BODIES = 8, FAILED_BODIES_LEAST = 1 << 20 };

/* ---- diagnostics ---- */

void ml_walk_note(ml_walk *w, size_t offset, const char *what)
{
    ml_diagnostics *diagnostics = &w->recording->diagnostics;

    if (diagnostics->first[0] == '\0') {
        snprintf(diagnostics->first, sizeof(diagnostics->first), "at byte %zu%s: %.200s", offset,
                 w->in_journal ? " of the journal" : "", what);
    }
}

static void note_chunk(ml_walk *w, size_t offset, const ml_chunk_view *view, const char *what)
{
    char text[224];

    snprintf(text, sizeof(text), "chunk %u (%s): %.180s", view->sequence, view->type, what);
    ml_walk_note(w, offset, text);
}

/* ---- finding chunks ---- */

/* Is there a whole, sound chunk at `offset`? */
static int is_sound_chunk(ml_reader *reader, size_t offset, ml_chunk_view *view)
{
    const uint8_t *at = reader->bytes + offset;
    uint64_t budget = (uint64_t)reader->length * FAILED_BODIES + FAILED_BODIES_LEAST;

    if (ml_chunk_view_header(at, reader->length - offset, 0, &reader->limits, view) < 0 ||
        reader->failed_body_bytes > budget) {
        return 0;
    }
    if (!ml_chunk_body_is_sound(at, view)) {
        reader->failed_body_bytes += view->total_length;
        return 0;
    }
    return 1;
}

/* The first place from `offset` on where a sound chunk or file header stands, or the end. */
static size_t resynchronise(ml_reader *reader, size_t offset)
{
    ml_chunk_view view;

    for (; offset < reader->length; offset++) {
        uint8_t first = reader->bytes[offset];
        if ((first == (uint8_t)ML_MLOG_SYNC[0] && is_sound_chunk(reader, offset, &view)) ||
            (first == (uint8_t)ML_MLOG_SIGNATURE[0] && ml_is_sound_header(reader, offset))) {
            break;
        }
    }
    return offset;
}

/* Steps over what is no chunk. */
static size_t skip_damage(ml_walk *w, size_t offset)
{
    size_t next = resynchronise(w->reader, offset + 1);

    if (next == w->reader->length) {
        w->recording->diagnostics.torn_bytes += next - offset;
        ml_walk_note(w, offset, "the file ends in the middle of a chunk");
    } else {
        w->recording->diagnostics.damaged_chunks++;
        ml_walk_note(w, offset, "damaged bytes were skipped");
    }
    return next;
}

/* ---- chunks ---- */

/* What is wrong with a chunk whose checksums are right. */
static void reject(ml_walk *w, size_t offset, const ml_chunk_view *view, ml_status status,
                   const char *what)
{
    w->is_rejected = 1;
    if (status == ML_ERROR_UNSUPPORTED) {
        w->recording->diagnostics.unknown_critical++;
    } else {
        w->recording->diagnostics.damaged_chunks++;
    }
    note_chunk(w, offset, view, what);
}

static void read_head(ml_walk *w, size_t offset, const ml_chunk_view *view)
{
    ml_head head = {0};
    ml_error error = {0};
    ml_status status;

    if (w->has_head) {
        reject(w, offset, view, ML_ERROR_FORMAT, "a second HEAD");
        return;
    }
    memcpy(head.uuid, w->recording->head.uuid, sizeof(head.uuid));
    status = ml_head_read(&head, &w->reader->arena, &w->reader->limits, view, &error);
    if (status < 0) {
        reject(w, offset, view, status, error.text);
        ml_error_set(&w->fatal, status, "%s", error.text);
        return;
    }
    w->recording->head = head;
    w->has_head = 1;
}

static void read_definitions(ml_walk *w, size_t offset, const ml_chunk_view *view)
{
    ml_error error = {0};
    ml_status status = ml_store_add(&w->store, &w->reader->arena, &w->reader->limits, view, &error);

    if (status == ML_ERROR_NOT_FOUND) {
        w->is_rejected = 1;
        w->recording->diagnostics.unusable_definitions++;
        note_chunk(w, offset, view, error.text);
    } else if (status == ML_ERROR_TOO_LARGE || status == ML_ERROR_MEMORY) {
        w->fatal = error;
    } else if (status < 0) {
        reject(w, offset, view, status, error.text);
    }
}

static void read_block(ml_walk *w, size_t offset, const ml_chunk_view *view)
{
    ml_recording *recording = w->recording;
    ml_chunk_info info = {.offset = offset,
                          .stored_bytes = view->total_length,
                          .in_journal = w->in_journal,
                          .chain = w->chain};
    ml_error error = {0};
    ml_status status =
        w->has_head ? ml_chunk_info_read(&info, view, &recording->head, &w->reader->limits, &error)
                    : ml_error_set(&error, ML_ERROR_FORMAT, "it stands before HEAD");

    if (status == ML_OK && info.ticks != 0 && info.first_tick < w->next_slot) {
        status = ml_error_set(&error, ML_ERROR_FORMAT, "it overlaps the block before it");
    }
    if (status < 0) {
        reject(w, offset, view, status, error.text);
        return;
    }
    if (info.ticks != 0) {
        w->next_slot = info.first_tick + info.slots;
    }
    if (ml_arena_grow(&w->reader->arena, &w->chunks, &w->chunk_capacity, recording->chunk_count + 1,
                      sizeof(info)) < 0) {
        ml_error_set(&w->fatal, ML_ERROR_MEMORY, "no memory for the list of chunks");
        return;
    }
    w->chunks[recording->chunk_count++] = info;
}

/* Do the totals of dONE agree with what was read? */
static int totals_agree(const ml_walk *w, ml_cursor preamble)
{
    const ml_recording *recording = w->recording;
    uint64_t found[ML_DONE_PREAMBLE] = {0};
    uint64_t told[ML_DONE_PREAMBLE];

    for (size_t i = 0; i < recording->chunk_count; i++) {
        found[ML_DONE_TICKS] += w->chunks[i].ticks;
        found[ML_DONE_SAMPLES] += w->chunks[i].samples;
        found[ML_DONE_RUNS] += w->chunks[i].runs;
        found[ML_DONE_EVENTS] += w->chunks[i].events;
    }
    for (unsigned i = 0; i < ML_DONE_PREAMBLE; i++) {
        told[i] = ml_cursor_uv(&preamble);
    }
    w->recording->end_ns = told[ML_DONE_END];
    w->recording->dropped = told[ML_DONE_DROPPED];
    return !preamble.bad && told[ML_DONE_CHUNKS] == w->next_sequence &&
           memcmp(found + ML_DONE_TICKS, told + ML_DONE_TICKS, 4 * sizeof(*told)) == 0;
}

/* Is the trailer right: a sound checksum, and the length of the recording up to its own end? */
static int trailer_agrees(const ml_walk *w, const ml_chunk_view *view, uint64_t length)
{
    ml_columns columns = {0};
    ml_cursor trailer;
    ml_arena scratch;
    int agrees = 0;

    ml_arena_init(&scratch, 0);
    if (ml_chunk_columns(view, &w->reader->limits, &scratch, &columns, NULL) == ML_OK) {
        trailer = ml_columns_take(&columns, ML_DONE_TRAILER);
        if (ml_cursor_left(&trailer) == ML_MLOG_TRAILER_SIZE) {
            uint32_t crc = ml_crc32c(0, trailer.at, 16);
            (void)ml_cursor_fixed(&trailer, 8); /* offset of an index */
            agrees = ml_cursor_fixed(&trailer, 8) == length &&
                     ml_cursor_fixed(&trailer, 4) == crc &&
                     memcmp(trailer.at, ML_MLOG_TRAILER, 4) == 0;
        }
    }
    ml_arena_release(&scratch);
    return agrees;
}

static void read_end(ml_walk *w, size_t offset, const ml_chunk_view *view)
{
    uint64_t length = offset + view->total_length - w->recording->file_offset;

    w->is_ended = 1;
    w->recording->diagnostics.clean_end =
        totals_agree(w, view->preamble) && trailer_agrees(w, view, length);
    if (!w->recording->diagnostics.clean_end) {
        note_chunk(w, offset, view, "the totals at the end are not those of what is there");
    }
}

static void read_gap(ml_walk *w, size_t offset, const ml_chunk_view *view)
{
    ml_recording *recording = w->recording;
    uint64_t values[ML_GAPS_PREAMBLE] = {0};
    ml_cursor preamble = view->preamble;
    uint64_t end;

    for (unsigned i = 0; i < ML_GAPS_PREAMBLE && preamble.at != preamble.end; i++) {
        values[i] = ml_cursor_uv(&preamble);
    }
    if (preamble.bad || __builtin_add_overflow(values[ML_GAPS_START], values[ML_GAPS_SPAN], &end) ||
        __builtin_add_overflow(end, recording->head.anchor_ns, &end)) {
        reject(w, offset, view, ML_ERROR_FORMAT, "its times are damaged");
        return;
    }
    if (ml_arena_grow(&w->reader->arena, &w->gaps, &w->gap_capacity, recording->gap_count + 1,
                      sizeof(*w->gaps)) < 0) {
        ml_error_set(&w->fatal, ML_ERROR_MEMORY, "no memory for the list of gaps");
        return;
    }
    w->gaps[recording->gap_count++] = (ml_gap){.start_ns = values[ML_GAPS_START],
                                               .span_ns = values[ML_GAPS_SPAN],
                                               .cause = values[ML_GAPS_CAUSE],
                                               .system_error = values[ML_GAPS_ERROR],
                                               .ticks = values[ML_GAPS_TICKS],
                                               .samples = values[ML_GAPS_SAMPLES],
                                               .events = values[ML_GAPS_EVENTS]};
}

static void read_sources(ml_walk *w, size_t offset, const ml_chunk_view *view)
{
    ml_sources_told *told = &w->recording->sources;
    ml_error error = {0};
    ml_status status = told->is_told
                           ? ml_error_set(&error, ML_ERROR_FORMAT, "a second sRCe")
                           : ml_sources_read(told, &w->reader->arena, &w->reader->limits,
                                             w->store.count[ML_TABLE_STRINGS], view, &error);

    if (status == ML_ERROR_MEMORY) {
        w->fatal = error;
    } else if (status < 0) {
        reject(w, offset, view, status, error.text);
    }
}

static void read_unknown(ml_walk *w, size_t offset, const ml_chunk_view *view)
{
    if ((view->type[0] & 0x20) != 0) {
        w->recording->diagnostics.unknown_ancillary++;
    } else {
        reject(w, offset, view, ML_ERROR_UNSUPPORTED,
               "this program does not know this type: use a newer one");
    }
}

static void read_chunk(ml_walk *w, size_t offset, const ml_chunk_view *view)
{
    if ((view->flags & MUST_UNDERSTAND_CHUNK_FLAGS & ~(uint32_t)KNOWN_CHUNK_FLAGS) != 0) {
        reject(w, offset, view, ML_ERROR_UNSUPPORTED,
               "this program does not know its flags: use a newer one");
    } else if (strcmp(view->type, "HEAD") == 0) {
        read_head(w, offset, view);
    } else if (strcmp(view->type, "DEFS") == 0) {
        read_definitions(w, offset, view);
    } else if (strcmp(view->type, "SAMP") == 0 || strcmp(view->type, "EVNT") == 0) {
        read_block(w, offset, view);
    } else if (strcmp(view->type, "dONE") == 0) {
        read_end(w, offset, view);
    } else if (strcmp(view->type, "gAPS") == 0) {
        read_gap(w, offset, view);
    } else if (strcmp(view->type, "sRCe") == 0) {
        read_sources(w, offset, view);
    } else {
        read_unknown(w, offset, view);
    }
}

static int is_known_type(const char *type)
{
    static const char *const known[] = {"HEAD", "DEFS", "SAMP", "EVNT", "gAPS", "sRCe", "dONE"};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(type, known[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static void note_place(ml_walk *w, size_t offset, const ml_chunk_view *view)
{
    ml_recording *recording = w->recording;

    if (ml_arena_grow(&w->reader->arena, &w->places, &w->place_capacity, recording->place_count + 1,
                      sizeof(*w->places)) < 0) {
        ml_error_set(&w->fatal, ML_ERROR_MEMORY, "no memory for the list of chunks");
        return;
    }
    w->places[recording->place_count++] = (ml_chunk_place){.offset = offset,
                                                           .chain = w->chain,
                                                           .in_journal = w->in_journal,
                                                           .is_known = is_known_type(view->type)};
}

void ml_walk_accept(ml_walk *w, size_t offset, const ml_chunk_view *view)
{
    if (w->is_ended || view->sequence < w->next_sequence) {
        reject(w, offset, view, ML_ERROR_FORMAT,
               w->is_ended ? "it stands behind the end" : "its number was there before");
        return;
    }
    ml_walk_group(w, offset, view);
    if (view->sequence > w->next_sequence) {
        w->recording->diagnostics.missing_chunks += (uint32_t)(view->sequence - w->next_sequence);
        note_chunk(w, offset, view, "chunks before it are missing");
    }
    w->next_sequence = (uint64_t)view->sequence + 1;
    w->is_rejected = 0;
    read_chunk(w, offset, view);
    if (!w->is_rejected) {
        note_place(w, offset, view);
    }
}

/* ---- recordings ---- */

/* How many definitions there will be, as the last chunk of them claims, so that tables need not grow again and again. What
 * a file claims is believed only as far as its length makes it likely. */
static void expect_definitions(const ml_walk *w, uint32_t expected[ML_TABLE_COUNT])
{
    enum { LIKELY = 8 }; /* definitions in a byte of the file */
    const ml_reader *reader = w->reader;
    const ml_limits *l = &reader->limits;
    const uint32_t most[ML_TABLE_COUNT] = {l->strings, l->codes,   l->frames,
                                           l->nodes,   l->threads, l->kinds};
    size_t start = (size_t)w->recording->file_offset;
    size_t offset = start + ML_MLOG_HEADER_SIZE;
    uint64_t told[2 * ML_TABLE_COUNT] = {0};
    ml_chunk_view view;

    while (offset < reader->length &&
           ml_chunk_view_header(reader->bytes + offset, reader->length - offset, 0, l, &view) ==
               ML_OK) {
        for (unsigned i = 0; strcmp(view.type, "DEFS") == 0 && i < 2 * ML_TABLE_COUNT; i++) {
            told[i] = ml_cursor_u32v(&view.preamble);
        }
        offset += view.total_length;
    }
    for (unsigned i = 0; i < ML_TABLE_COUNT; i++) {
        uint64_t likely = (uint64_t)(offset - start) * LIKELY;
        uint64_t count = told[i] + told[ML_TABLE_COUNT + i];
        count = count < likely ? count : likely;
        expected[i] = count < most[i] ? (uint32_t)count : most[i];
    }
}

/* Walks the chunks from the file header to the next one or the end; returns where that is. */
static size_t walk_chunks(ml_walk *w)
{
    ml_reader *reader = w->reader;
    size_t offset = ml_walk_header(w, (size_t)w->recording->file_offset);

    w->recording->sound_bytes = offset - w->recording->file_offset;
    while (offset < reader->length && !ml_is_signature(reader, offset)) {
        ml_chunk_view view;
        if (w->fatal.status < 0) {
            offset = resynchronise(reader, offset + 1); /* only looking for the next recording */
        } else if (is_sound_chunk(reader, offset, &view)) {
            ml_walk_accept(w, offset, &view);
            offset += view.total_length;
            w->recording->sound_bytes = offset - w->recording->file_offset;
        } else {
            offset = skip_damage(w, offset);
        }
    }
    return offset;
}

/* Why a walked recording cannot be used; ML_OK if it can. */
static ml_status usable(const ml_walk *w, ml_error *error)
{
    if (w->fatal.status < 0) {
        return ml_error_set(error, w->fatal.status, "%s", w->fatal.text);
    }
    if (!w->has_head) {
        return ml_error_set(
            error, ML_ERROR_FORMAT,
            "its HEAD chunk is missing or damaged, without which nothing can be read");
    }
    return ML_OK;
}

ml_status ml_recording_walk(ml_reader *reader, ml_recording *recording, ml_error *error)
{
    ml_walk w = {.reader = reader, .recording = recording};
    uint32_t expected[ML_TABLE_COUNT];
    size_t end;

    expect_definitions(&w, expected);
    if (ml_store_start(&w.store, &reader->arena, expected) < 0) {
        ml_error_set(&w.fatal, ML_ERROR_MEMORY, "no memory for its tables");
    }
    end = walk_chunks(&w);
    recording->bytes = end - recording->file_offset;
    if (end == reader->length) {
        ml_walk_journal(&w);
        if (reader->journal_problem != NULL && !w.is_ended) {
            ml_walk_note(&w, end, reader->journal_problem);
        }
    }
    recording->chunks = w.chunks;
    recording->gaps = w.gaps;
    recording->places = w.places;
    ml_store_publish(&w.store, &recording->tables);
    return usable(&w, error);
}
