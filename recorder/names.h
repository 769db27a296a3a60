/* names: turns addresses that were seen on stacks into definitions of the file, and never into wrong ones.
 *
 * An address means a code object only from its first sight to its death. Both come through the ring: program
 * threads announce code objects before they use them in a record and report every death, in order. What only
 * the sampler has seen is read through the copier, and believed only if no death was reported meanwhile: a
 * frame that stands on a stack owns its code object. [sampler]
 */
#ifndef RECORDER_NAMES_H
#define RECORDER_NAMES_H

#include "codes.h"
#include "frames.h"
#include "ring.h"
#include "table.h"

#include "core/format/write.h"

enum {
    NAMES_CODES = 1 << 17,
    NAMES_LINES = 1 << 20,
    NAMES_DEATHS = 1 << 14,
    NAMES_NODES = 1 << 16,
    NAMES_TASKS = 1 << 14
};

/* Slots that all tables need. */
#define NAMES_ROOM                                                                                 \
    (TABLE_ROOM(NAMES_CODES) + TABLE_ROOM(NAMES_LINES) + TABLE_ROOM(NAMES_DEATHS) +                \
     TABLE_ROOM(NAMES_TASKS) + TABLE_ROOM(NAMES_NODES))

typedef struct names {
    ml_writer *writer;
    const layout *layout;
    const safe_copy *copier;
    table codes;                    /* address → generation and id in the file */
    table lines;                    /* instruction and generation → line */
    table deaths;                   /* address → when, since the snapshot */
    table tasks;                    /* address of a frame → code that stands for its task */
    uint32_t task_codes, last_task; /* how many, and the newest */
    table nodes;                    /* a frame and its caller, hashed → node */
    uint64_t unknowns;              /* frames that could not be named, so far */
    uint64_t era; /* counts everything that makes an address mean something else */
    uint32_t generation;
    uint32_t unknown, no_frame, unread, elided; /* synthetic codes */
    uint8_t *line_table;                        /* CODES_LINES */
    const char *own;    /* folder whose code is the recorder's: such frames are left out */
    bool without_lines; /* positions are functions; set after names_init */
    codes_text scratch;
    void (*drain)(
        void *owner); /* takes everything out of the ring and gives it to the functions below */
    void *owner;
} names;

/* `room` is of NAMES_ROOM slots, zeroed; `own` is borrowed. */
void names_init(names *names, ml_writer *writer, const layout *source, const safe_copy *copier,
                table_slot *room, uint8_t *line_table, const char *own);

/* What `address` means from now on. */
void names_define_text(names *names, uint64_t address, const char *file, size_t file_length,
                       const char *name, size_t name_length, uint32_t first_line, uint32_t flags);

/* Records of the ring. */
void names_define(names *names, const record_header *record);
/* The same for a living code object, by whoever holds the GIL. */
struct _object;
void names_define_object(names *names, struct _object *code);
void names_forget(names *names, uint64_t address, uint64_t time_ns);
void names_forget_all(names *names);
/* The coroutine with its frame at `frame` is the task `name` from now on; no name: not any more. */
void names_task(names *names, uint64_t frame, const char *name, size_t length);

/* To be called before stacks are read: deaths from here on make an address doubtful. */
void names_snapshot(names *names);

/* What a stack is told by: numbers that are the same for the same stack as long as no address has changed its
 * meaning. */
typedef struct names_mark {
    uint64_t whole;   /* 0: of no stack */
    uint64_t callers; /* all but the innermost frame */
} names_mark;

names_mark names_fingerprint(const names *names, const frames_entry *entries, size_t count);
/* The node of a stack that was read since the snapshot, leaf first, and of the caller of its leaf. `cut`: the root part
 * is missing. */
uint32_t names_node(names *names, const frames_entry *entries, size_t count, bool cut,
                    uint32_t *callers);
/* The same when `callers` is known: few stacks differ from the one before in more than the leaf. */
uint32_t names_leaf(names *names, uint32_t callers, const frames_entry *entries, size_t count);
/* The node of a stack as a record has it. */
uint32_t names_record_node(names *names, const record_frame *frames, size_t count);

/* The node of a thread that runs no Python code, and of one whose stack would not stand still. */
uint32_t names_no_frame(names *names);
uint32_t names_unread(names *names);

#endif
