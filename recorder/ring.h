/* ring: how program threads hand records to the sampler thread without a lock, an allocation or a system call.
 *
 * Program threads take turns by holding the GIL; those of an interpreter with a lock of its own, by spinning for the
 * moment that a record takes. One reader (the sampler). A record that does not fit is dropped and counted; nothing waits
 * for the reader.
 */
#ifndef RECORDER_RING_H
#define RECORDER_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RING_SIZE = 1 << 20, RING_RECORD = 1 << 15 };

typedef struct ring {
    _Atomic uint64_t written, read; /* bytes, ever */
    _Atomic uint64_t dropped;       /* records */
    atomic_flag putting;            /* held while a record is put */
    uint8_t *bytes;                 /* RING_SIZE */
} ring;

/* What a record is about; `type` says how the bytes behind the header read. */
enum {
    RECORD_CODE =
        1, /* a code object at `address`: u32 first line, u32 flags, u32 file length, file, name */
    RECORD_DEATH = 2,  /* the code object at `address` is gone */
    RECORD_EVENT = 3,  /* `kind`; `frames` × record_frame, then fields */
    RECORD_THREAD = 4, /* the name of thread `thread` */
    RECORD_TASK =
        5, /* the name of the task whose coroutine has its frame at `address`, or nothing */
    RECORD_GROWTH = 6 /* the heap grew by `address` bytes; `frames` × frames_entry */
};

typedef struct record_header {
    uint32_t size; /* with this header */
    uint16_t type;
    uint16_t kind;
    uint64_t time_ns; /* CLOCK_MONOTONIC */
    uint64_t thread;  /* id of the thread state; 0: none */
    uint64_t ident;
    uint64_t address;
    uint32_t native_id;
    uint32_t frames;
} record_header;

typedef struct record_frame {
    uint64_t code;
    uint32_t line;
    uint32_t reserved;
} record_frame;

/* A field of an event: this, then `length` bytes for text. */
enum { FIELD_NUMBER = 1, FIELD_BYTES = 2, FIELD_NAME = 3 };
typedef struct record_field {
    uint32_t type;
    uint32_t length;
    int64_t number;
} record_field;

/* Empties a ring over RING_SIZE bytes that the caller owns. */
void ring_init(ring *ring, uint8_t *bytes);

/* Puts one whole record (record->size bytes at `record`); false if it was dropped. [program] */
bool ring_put(ring *ring, const record_header *record);

/* Takes one record into `out` (RING_RECORD bytes, aligned for a header); false if there is none. [sampler] */
bool ring_take(ring *ring, record_header *out);

#endif
