/* Map: the copy of a thread, walking, one call. */
#define PY_SSIZE_T_CLEAN
#include "compat.h"

#include "frames_pieces.h"

#include <string.h>

enum { SLACK = 1024 };

/* ---- the copy of a thread ---- */

/* A frame outside of the pieces. By copies: from the batch; else read by itself, and learnt for the next walk. */
static bool foreign_frame(frames_reader *reader, uintptr_t address, void *out)
{
    size_t size = reader->layout->frame.size;

    /* They come in the order in which the walk before met them. */
    for (size_t k = 0; k < reader->batch_count; k++) {
        size_t i = (reader->foreign_next + k) % reader->batch_count;
        if (reader->foreign[i] == address) {
            memcpy(out, reader->bytes + reader->foreign_offset + i * LAYOUT_FRAME_MAX, size);
            reader->foreign_next = i + 1;
            return true;
        }
    }
    if (reader->foreign_count < FRAMES_FOREIGN_MAX) {
        reader->foreign[reader->foreign_count++] = address;
        reader->learnt = true;
    }
    return copier_read(reader->copier, address, out, size);
}

static bool fetch_frame(frames_reader *reader, uintptr_t address, layout_frame *out)
{
    _Alignas(uintptr_t) char bytes[LAYOUT_FRAME_MAX];
    bool found;

    if (address % sizeof(void *) != 0 || address < 4096) {
        return false;
    }
    found = pieces_find(reader, address, bytes);
    if (!found && !foreign_frame(reader, address, bytes)) {
        return false;
    }
    layout_decode(reader->layout, bytes, out);
    return true;
}

/* What says where a thread stands. */
typedef struct standing {
    uintptr_t linkage, frame;
    uintptr_t chunk, top;
} standing;

static standing guess_standing(const layout *source, uintptr_t state)
{
    standing guess = {0};

    if (source->thread.linkage != LAYOUT_NONE) {
        guess.linkage = frames_load(state + source->thread.linkage);
    }
    if (source->thread.chunk != LAYOUT_NONE) {
        uintptr_t limit = frames_load(state + source->thread.chunk + 2 * sizeof(uintptr_t));
        guess.chunk = frames_load(state + source->thread.chunk);
        guess.top = frames_load(state + source->thread.chunk + sizeof(uintptr_t));
        /* The thread may call a few levels deeper before the copy begins. */
        if (limit > guess.top) {
            guess.top += limit - guess.top < SLACK ? limit - guess.top : SLACK;
        }
    }
    return guess;
}

static size_t standing_pieces(const layout *source, uintptr_t state, const standing *guess,
                              standing *out, copy_piece *pieces)
{
    uintptr_t frame = (guess->linkage != 0 ? guess->linkage : state) + source->thread.frame;
    size_t count = 0;

    if (guess->linkage != 0) {
        pieces[count++] =
            (copy_piece){state + source->thread.linkage, &out->linkage, sizeof(out->linkage)};
    }
    pieces[count++] = (copy_piece){frame, &out->frame, sizeof(out->frame)};
    if (guess->chunk != 0) {
        pieces[count++] =
            (copy_piece){state + source->thread.chunk, &out->chunk, 2 * sizeof(uintptr_t)};
    }
    return count;
}

/* Copies in one go: where the thread stands, its newest piece of frame memory up to the top, the foreign frames
 * that are known, and where it stands once more. */
static bool copy_thread(frames_reader *reader, uintptr_t state, bool strict, uintptr_t *top_frame)
{
    standing guess = guess_standing(reader->layout, state);
    standing found = {0}, after = {0};
    copy_piece pieces[COPY_PIECES];
    size_t length = guess.top - guess.chunk;
    size_t count = standing_pieces(reader->layout, state, &guess, &found, pieces);

    if (guess.chunk != 0) {
        char *room =
            length < PIECE_DATA || length > PIECE_MAX ? NULL : pieces_take_room(reader, length);
        if (room == NULL) {
            return false;
        }
        pieces_add(reader, guess.chunk, length, room);
        pieces[count++] = (copy_piece){guess.chunk, room, length};
    }
    reader->foreign_offset = reader->used;
    reader->batch_count = reader->foreign_count;
    reader->used += reader->foreign_count * LAYOUT_FRAME_MAX;
    if (reader->used > FRAMES_SCRATCH) {
        return false;
    }
    for (size_t i = 0; i < reader->foreign_count; i++) {
        pieces[count++] = (copy_piece){
            reader->foreign[i], reader->bytes + reader->foreign_offset + i * LAYOUT_FRAME_MAX,
            reader->layout->frame.size};
    }
    count += standing_pieces(reader->layout, state, &guess, &after, pieces + count);
    if (!copier_read_batch(reader->copier, pieces, count)) {
        reader->foreign_count = reader->batch_count = 0; /* one of them may be gone for good */
        return false;
    }
    if (found.linkage != guess.linkage || found.chunk != guess.chunk || found.top > guess.top ||
        (strict && memcmp(&found, &after, sizeof(after)) != 0)) {
        return false;
    }
    if (guess.chunk != 0) {
        reader->older =
            (uintptr_t)((const piece_head *)(const void *)reader->piece[0].bytes)->previous;
    }
    *top_frame = found.frame;
    return true;
}

/* ---- walking ---- */

void frames_begin(frames_reader *reader)
{
    reader->foreign_count = 0;
}

int frames_walk(frames_reader *reader, const frames_thread *thread, bool strict, frames_entry *out,
                size_t room)
{
    uintptr_t at = 0, remembered = 0;
    size_t count = 0;

    reader->pieces = reader->used = reader->batch_count = 0;
    reader->in_place = false;
    reader->older = 0;
    reader->foreign_next = 0;
    reader->learnt = false;
    if (!copy_thread(reader, thread->state, strict, &at)) {
        return FRAMES_TORN;
    }
    for (size_t steps = 0; at != 0 && count < room && steps < 2 * room; steps++) {
        layout_frame frame;
        if (frames_is_circle(&remembered, steps, at) || !fetch_frame(reader, at, &frame)) {
            return FRAMES_TORN;
        }
        if (!frame.shim) {
            if (frame.code == 0 || !frame.executing) {
                return FRAMES_TORN;
            }
            out[count++] = frames_entry_of(at, &frame);
        }
        at = frame.previous;
        /* A generator's frame is linked to its caller only while it runs, and any frame only once it has been set up. One
         * that ends the chain was read just before or after: two such walks would agree and both be wrong. */
        if (at == 0 && (frame.generator || !frame.outermost)) {
            return FRAMES_TORN;
        }
    }
    /* Frames that were read one by one belong together only by luck. */
    return strict && reader->learnt ? FRAMES_TORN : (int)count;
}

/* In which order a call is read. What a program does in turns, one as long as the other, looks alike to who reads in turns; no
 * turns are once three and once one reading long. */
static const bool is_callee[] = {true, true, true, false, true, false, false, false};

enum { CALL_FRAMES = sizeof(is_callee) / sizeof(*is_callee) };

/* Copies the two in that order, each with the state that it has if it is a generator's. */
static bool copy_call(const frames_reader *reader, const frames_entry *callee,
                      const frames_entry *caller, char frames[][LAYOUT_FRAME_MAX], char *states)
{
    copy_piece pieces[2 * CALL_FRAMES];
    size_t count = 0, before = reader->layout->frame.state_before;

    for (size_t i = 0; i < CALL_FRAMES; i++) {
        uintptr_t at = is_callee[i] ? callee->frame : caller->frame;
        pieces[count++] = (copy_piece){at, frames[i], reader->layout->frame.size};
        states[i] = reader->layout->frame.state_executing;
        if (before != 0) {
            pieces[count++] = (copy_piece){at - before, &states[i], 1};
        }
    }
    return copier_read_batch(reader->copier, pieces, count);
}

static bool is_running(const frames_reader *reader, const frames_entry *entry,
                       const layout_frame *frame, char state)
{
    return frame->executing && frame->code == entry->code &&
           (!frame->generator || state == reader->layout->frame.state_executing);
}

bool frames_confirm_call(const frames_reader *reader, const frames_entry *callee,
                         const frames_entry *caller)
{
    _Alignas(uintptr_t) char bytes[CALL_FRAMES][LAYOUT_FRAME_MAX];
    char states[CALL_FRAMES];
    uintptr_t previous = 0;

    if (!copy_call(reader, callee, caller, bytes, states)) {
        return false;
    }
    for (size_t i = 0; i < CALL_FRAMES; i++) {
        const frames_entry *entry = is_callee[i] ? callee : caller;
        layout_frame frame;
        layout_decode(reader->layout, bytes[i], &frame);
        if (!is_running(reader, entry, &frame, states[i])) {
            return false;
        }
        if (is_callee[i] ? i > 0 && frame.previous != previous
                         : frame.position != caller->position) {
            return false;
        }
        previous = is_callee[i] ? frame.previous : previous;
    }
    return true;
}
