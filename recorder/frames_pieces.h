/* frames_pieces: what the two ways of walking have in common: a thread's memory of frames, which is a chain of pieces, newest
 * first, each read where it lies or copied when a walk comes to it; and what a walk makes of a frame. Not for others:
 * frames.h is.
 */
#ifndef RECORDER_FRAMES_PIECES_H
#define RECORDER_FRAMES_PIECES_H

#include "frames.h"

#if PY_VERSION_HEX >= 0x030B0000
/* The head of a piece of frame memory, as the public headers have it. */
typedef _PyStackChunk piece_head;
#define PIECE_DATA offsetof(_PyStackChunk, data)
#else
typedef struct piece_head {
    struct piece_head *previous;
    size_t size, top;
} piece_head;
#define PIECE_DATA sizeof(piece_head)
#endif

enum { PIECE_MAX = 1 << 26 };

/* A word that another thread may be writing. Loads are not torn and not repeated; that is all that is asked. */
static inline uintptr_t frames_load(uintptr_t address)
{
    return *(const volatile uintptr_t *)address;
}

static inline int frames_load_int(uintptr_t address)
{
    return *(const volatile int *)address;
}

static inline frames_entry frames_entry_of(uintptr_t at, const layout_frame *frame)
{
    return (frames_entry){.frame = at,
                          .code = frame->code,
                          .position = frame->position,
                          .generator = frame->generator};
}

/* What leads a walk in a circle: a chain that is being changed may lead to any memory, also to what points to itself. The
 * place of every step whose number is a power of two is remembered (R. P. Brent, "An Improved Monte Carlo Factorization
 * Algorithm", BIT 20, 1980). */
static inline bool frames_is_circle(uintptr_t *remembered, size_t step, uintptr_t at)
{
    bool again = step > 0 && at == *remembered;

    if ((step & (step - 1)) == 0) {
        *remembered = at;
    }
    return again;
}

/* A piece that frames are looked for in from now on: `length` bytes that lie at `start` and are read at `bytes`. */
void pieces_add(frames_reader *reader, uintptr_t start, size_t length, const char *bytes);

/* Room for the copy of `length` bytes; NULL when there is none. */
char *pieces_take_room(frames_reader *reader, size_t length);

/* Where the fixed part of the frame at `address` lies, or a copy of it; NULL if in no piece. Does not touch the frame. */
const char *pieces_place(frames_reader *reader, uintptr_t address);

/* The fixed part of the frame at `address`, from whichever piece it is in. False: it is in none. */
bool pieces_find(frames_reader *reader, uintptr_t address, void *out);

/* Copies a frame's fixed part word by word, since the thread may be writing: a word is whole or it is another one. */
void pieces_copy_words(void *out, const char *from, size_t size);

/* True if the thread has not returned from the frame at `address`: it lies below the top of its piece. Needs arena_enter. */
bool pieces_in_use(const layout *layout, uintptr_t state, uintptr_t address);

#endif
