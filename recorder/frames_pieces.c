#define PY_SSIZE_T_CLEAN
#include "compat.h"

#include "frames_pieces.h"

#include <string.h>

void pieces_add(frames_reader *reader, uintptr_t start, size_t length, const char *bytes)
{
    size_t index = reader->pieces;

    if (index == FRAMES_PIECES) {
        index = 0; /* a walk goes from newer to older: the newest are not needed any more */
    }
    reader->piece[index].start = start;
    reader->piece[index].length = length;
    reader->piece[index].bytes = bytes;
    reader->pieces = index + 1;
}

char *pieces_take_room(frames_reader *reader, size_t length)
{
    char *room = reader->bytes + reader->used;

    if (length > FRAMES_SCRATCH - reader->used) {
        return NULL;
    }
    reader->used += length;
    return room;
}

/* Takes the next older piece into account. False: there is none, or it moved. */
static bool look_at_older(frames_reader *reader)
{
    uintptr_t at = reader->older;
    piece_head head;
    size_t length;
    char *room;

    if (at == 0) {
        return false;
    }
    reader->older = 0;
    if (reader->in_place) {
        const volatile piece_head *place = (const volatile piece_head *)at;
        pieces_add(reader, at, place->size, (const char *)at);
        reader->older = (uintptr_t)place->previous;
        return true;
    }
    if (!copier_read(reader->copier, at, &head, sizeof(head)) || head.size > PIECE_MAX ||
        head.top > head.size / sizeof(void *)) {
        return false;
    }
    length = PIECE_DATA + head.top * sizeof(void *);
    room = pieces_take_room(reader, length);
    if (room == NULL || !copier_read(reader->copier, at, room, length)) {
        return false; /* very deep: the rest is read frame by frame */
    }
    pieces_add(reader, at, length, room);
    reader->older = (uintptr_t)head.previous;
    return true;
}

void pieces_copy_words(void *out, const char *from, size_t size)
{
    const volatile uintptr_t *word = (const volatile uintptr_t *)from;
    uintptr_t copy[LAYOUT_FRAME_MAX / sizeof(uintptr_t)];

    for (size_t i = 0; i * sizeof(*word) < size; i++) {
        copy[i] = word[i];
    }
    memcpy(out, copy, size);
}

static size_t frame_size(const frames_reader *reader)
{
    return (reader->layout->frame.size + 7) & ~(size_t)7;
}

/* Where a frame's fixed part lies in one of the pieces from `first` on; NULL if in none. */
static const char *find_from(const frames_reader *reader, size_t first, uintptr_t address)
{
    size_t size = frame_size(reader);

    for (size_t i = reader->pieces; i > first; i--) {
        uintptr_t start = reader->piece[i - 1].start;
        if (address >= start && reader->piece[i - 1].length >= size &&
            address - start <= reader->piece[i - 1].length - size) {
            return reader->piece[i - 1].bytes + (address - start);
        }
    }
    return NULL;
}

const char *pieces_place(frames_reader *reader, uintptr_t address)
{
    const char *place = find_from(reader, 0, address);

    while (place == NULL && look_at_older(reader)) {
        place = find_from(reader, reader->pieces - 1, address);
    }
    return place;
}

bool pieces_find(frames_reader *reader, uintptr_t address, void *out)
{
    const char *place = pieces_place(reader, address);

    if (place != NULL) {
        pieces_copy_words(out, place, frame_size(reader));
    }
    return place != NULL;
}

bool pieces_in_use(const layout *source, uintptr_t state, uintptr_t address)
{
    uintptr_t newest = frames_load(state + source->thread.chunk);
    uintptr_t top = frames_load(state + source->thread.chunk + sizeof(uintptr_t));
    uintptr_t at = newest;

    for (int i = 0; i < FRAMES_PIECES && at != 0; i++) {
        const volatile piece_head *head = (const volatile piece_head *)at;
        if (address >= at && address - at < head->size) {
            uintptr_t end = at == newest ? top : at + PIECE_DATA + head->top * sizeof(void *);
            return address < end && end - at <= head->size;
        }
        at = (uintptr_t)head->previous;
    }
    return false;
}
