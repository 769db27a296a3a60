/* block: what was sampled and what happened since the last seal, before it becomes SAMP and EVNT.
 *
 * A tick costs a few stores per thread: a sample lengthens the thread's open run or starts one.
 * Runs of all threads lie in one array, linked per thread; a thread that was not sampled in some
 * ticks gets a run of node 0 for them, so that every thread's runs cover the whole block; those before its first
 * sample and behind its last are not written.
 *
 * A block can be encoded as a whole, or its tail alone: what came after the mark, which follows what is in the
 * journal. What finds no room is counted in `lost`; ticks lost weigh on no other.
 */
#ifndef ML_FORMAT_BLOCK_H
#define ML_FORMAT_BLOCK_H

#include "core/format/memory.h"
#include "core/format/tables.h"
#include "core/format/write.h"

typedef struct ml_block_run {
    uint64_t cpu_ns;
    uint32_t node, state;
    uint32_t ticks;
    uint32_t next; /* index + 1 of the thread's next run; 0 is none */
} ml_block_run;

typedef struct ml_block_thread {
    uint64_t cpu_rest_ns;         /* not yet a whole CPU unit, kept from block to block */
    uint32_t first_run, last_run; /* index + 1; first_run 0: not in this block */
    uint32_t next_tick;           /* of the block: one behind the last that a run covers */
    /* the mark: the run it stands in (index + 1), and how much of that lies before it */
    uint32_t mark_run, mark_ticks;
    uint64_t mark_cpu_ns;
    uint64_t tail_rest_ns; /* as cpu_rest_ns, for the tails in the journal */
} ml_block_thread;

/* Ticks on time, then periods skipped before the next segment. */
typedef struct ml_block_segment {
    uint32_t ticks;
    uint64_t skipped;
} ml_block_segment;

/* An event in ml_block.events, followed by its field values: numbers sv, strings uv, bytes uv
 * length + bytes. */
typedef struct ml_block_event {
    uint64_t time_ns;
    uint32_t kind, thread, node; /* kind of the registry; thread as the id plus one */
    uint32_t size;               /* of this and the values, a multiple of 8 */
    uint32_t next;               /* offset + 1 of the next event of the kind; 0 is none */
    uint32_t cursor;             /* offset of the first value not yet encoded */
} ml_block_event;

/* How far the journal has got. */
typedef struct ml_block_mark {
    uint64_t slot; /* next_slot at that time */
    uint32_t ticks, segment, segment_ticks;
    uint32_t event_count;
    size_t events; /* bytes */
} ml_block_mark;

/* What found no room since the block before. */
typedef struct ml_block_lost {
    uint64_t ticks, samples, events;
    uint64_t first_ns, last_ns; /* when; first_ns UINT64_MAX: nothing was lost */
    uint64_t next_slot;         /* one behind the last tick lost */
} ml_block_lost;

typedef enum ml_block_part { ML_BLOCK_WHOLE, ML_BLOCK_TAIL } ml_block_part;

typedef struct ml_block {
    /* ticks */
    uint64_t period_ns;
    uint64_t first_slot; /* of the block */
    uint64_t next_slot;  /* one behind the last tick's; goes on from block to block */
    uint32_t ticks, tick_limit;
    int tick_is_open;
    ml_block_segment *segments;
    uint32_t segment_count;
    /* runs */
    ml_block_run *runs;
    uint32_t run_count, run_limit;
    ml_block_thread *threads; /* by id */
    uint32_t *active;         /* ids of the threads of this block */
    uint32_t active_count, active_limit;
    uint32_t *listed; /* while encoding: those that are in the part */
    uint32_t listed_count;
    uint32_t *node_index; /* while encoding: of a node, plus one, among the block's */
    uint32_t *node_list;  /* while encoding: the block's nodes in order of first use */
    /* events */
    ml_buffer events;
    uint32_t event_count;
    uint32_t first_event[ML_KIND_COUNT], last_event[ML_KIND_COUNT]; /* offset + 1 */
    uint32_t tail_event[ML_KIND_COUNT];                             /* the first behind the mark */
    ml_block_mark mark;
    ml_block_lost lost;
    /* the event being written */
    size_t open_event; /* offset + 1; 0 is none */
    uint64_t open_time_ns;
    uint32_t open_field;
    int open_failed;
    uint64_t dropped;
} ml_block;

void ml_block_carve(ml_block *block, ml_memory *memory, const ml_writer_options *options);

/* Sets what a zeroed block does not have; to be called once. */
void ml_block_start(ml_block *block, uint64_t period_ns);

void ml_block_tick(ml_block *block, uint64_t tick);
void ml_block_sample(ml_block *block, uint32_t thread, uint32_t node, uint64_t cpu_ns,
                     uint32_t state);

/* The same for what was recorded before: `ticks` ticks, one a slot from `slot` on; then runs of threads in these ticks,
 * `tick` counted from the block's first, in time order within a thread (`next` of `run` is not used). False: there is no
 * room, or it is out of order, and nothing was added. */
int ml_block_add_ticks(ml_block *block, uint64_t slot, uint32_t ticks);
int ml_block_add_run(ml_block *block, uint32_t thread, uint32_t tick, const ml_block_run *run);

/* Gives every thread a run for the ticks behind its last sample. */
void ml_block_complete(ml_block *block);

void ml_block_event_begin(ml_block *block, const ml_block_event *event);
/* The type that the open event's next field must have is the caller's business. */
void ml_block_event_number(ml_block *block, uint64_t value);
void ml_block_event_bytes(ml_block *block, const void *bytes, size_t length);
/* Takes an event that was begun and not ended back, as dropped; nothing when there is none. */
void ml_block_event_cancel(ml_block *block);
void ml_block_event_end(ml_block *block, uint32_t field_count);

unsigned ml_block_fill(const ml_block *block);

/* About how many bytes the block makes before compression. */
uint64_t ml_block_size(const ml_block *block);

/* Everything so far is in the journal. */
void ml_block_set_mark(ml_block *block);

/* Forget the block's ticks and runs, its events, or what was lost. */
void ml_block_clear_samples(ml_block *block);
void ml_block_clear_events(ml_block *block);
void ml_block_clear_lost(ml_block *block);

typedef struct ml_block_totals {
    uint64_t ticks, samples, runs, events;
} ml_block_totals;

/* What both kinds of chunk need to know. */
typedef struct ml_block_context {
    const ml_head *head;
    const ml_writer_tables *tables;
    int64_t drift; /* of the wall clock, for the preamble */
    ml_block_part part;
} ml_block_context;

/* Puts ticks and runs of the part into `chunk` as preamble and columns of SAMP; there must be ticks in it. */
void ml_block_encode_samples(ml_block *block, ml_chunk_writer *chunk,
                             const ml_block_context *context, ml_block_totals *totals);

/* Puts the events of the part into `chunk` as preamble and columns of EVNT; there must be some. */
void ml_block_encode_events(ml_block *block, ml_chunk_writer *chunk,
                            const ml_block_context *context, ml_block_totals *totals);

#endif
