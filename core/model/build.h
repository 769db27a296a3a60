/* build: what the stages of building an image share. For this folder only.
 *
 * A build goes once through the members (the recordings of the session, in order of their start):
 *
 *     members    common time axis, rows of processes and threads
 *     functions  code objects of all members to functions and modules
 *     stacks     call tree nodes of all members to one tree of functions and lines
 *     samples    runs, joined over blocks
 *     totals     self and total time of functions
 *     sources    lines of source files that are what they were
 *     calls      stretches of samples with a common part of the stack
 *     events     all events in order of time; then messages, counters, resources, and the rest
 *     gaps       what was not recorded, as the recordings say
 *     facts      processes' ends and CPU, what the run is called, what could not be read
 *
 * Each stage takes its columns from the arena, fills them, and hands them to `tables` and `rows`. Definitions
 * were checked by the reader; times and sums are checked here.
 */
#ifndef ML_MODEL_BUILD_H
#define ML_MODEL_BUILD_H

#include "core/format/read.h"
#include "core/model/image.h"
#include "core/model/image_layout.h"
#include "core/model/intern.h"

/* Times end here (146 years), so that a sum of two never overflows. */
#define ML_TIME_LIMIT (UINT64_C(1) << 62)

/* Most rows of calls: a few short runs may swing between very deep stacks. */
#define ML_CALLS_LIMIT (UINT64_C(1) << 24)

/* Fields of an event that a stage asks for by position in its kind's list of wanted fields. */
enum { ML_WANTED_MAX = 5 };

/* What a kind of event becomes. */
typedef enum ml_event_use {
    ML_USE_TABLE, /* a row of the events table */
    ML_USE_LOG,
    ML_USE_PRINT,
    ML_USE_MARK,
    ML_USE_EXCEPTION,
    ML_USE_WARNING,
    ML_USE_SPAN, /* a message and a row of the events table */
    ML_USE_STATUS,
    ML_USE_COUNTERS, /* counters like those of a status, and nothing else */
    ML_USE_OPEN,
    ML_USE_CLOSE,
    ML_USE_BRIEF,
    ML_USE_EXIT,
    ML_USE_COST, /* a row of the events table, too */
    ML_USE_COUNT
} ml_event_use;

/* A kind as one member defines it. */
typedef struct ml_event_kind {
    const ml_kind *definition;
    ml_event_use use;
    uint32_t row;                    /* of the events table's kinds */
    uint32_t counter;                /* status: the counter of field 0 */
    int32_t position[ML_WANTED_MAX]; /* of the wanted fields, or -1 */
} ml_event_kind;

typedef struct ml_event {
    uint64_t time_ns;
    const ml_event_kind *kind;
    size_t value; /* the first of its values in ml_build.values */
    uint32_t process, thread, stack;
} ml_event;

/* One recording of the session; its row is that of its process. */
typedef struct ml_member {
    const ml_reader *reader;
    const ml_recording *recording;
    uint64_t offset_ns; /* of its anchor on the common axis */
    uint64_t period_ns;
    uint64_t end_ns; /* the last that was seen of it */
    uint32_t first_thread;
    uint32_t *string_row;   /* by string id, plus one; 0: not yet interned */
    uint32_t *function_row; /* by code id */
    uint32_t *stack_row;    /* by node id */
    ml_event_kind *kinds;   /* by kind id */
    uint32_t unreadable;    /* chunks that the reader could not decode */
    char unreadable_first[256];
} ml_member;

typedef struct ml_build {
    ml_arena arena;
    ml_error *error;
    ml_interner strings;
    ml_member *members;
    uint32_t member_count;
    uint32_t thread_count;
    int use_sources;  /* ML_SOURCES_… */
    int clamped;      /* a time lay behind the limit */
    int calls_cut;    /* the limit of calls was reached */
    ml_event *events; /* in order of time */
    size_t event_count;
    int64_t *values;        /* numbers, or rows of strings */
    uint32_t *module_flags; /* the column of modules, while it may change */
    ml_image_tables tables;
    uint64_t rows[ML_EXTENT_COUNT];
    ml_image_facts facts;
} ml_build;

/* ---- the stages ---- */

ml_status ml_build_members(ml_build *build, const ml_image_source *sources, size_t count);
ml_status ml_build_functions(ml_build *build);
ml_status ml_build_stacks(ml_build *build);
ml_status ml_build_samples(ml_build *build);
ml_status ml_build_totals(ml_build *build);
ml_status ml_build_sources(ml_build *build);
ml_status ml_build_calls(ml_build *build);
ml_status ml_build_events(ml_build *build); /* and the tables that are made from events */
ml_status ml_build_gaps(ml_build *build);
ml_status ml_build_facts(ml_build *build);

/* ---- parts of ml_build_events ---- */

ml_status ml_build_kinds(ml_build *build);
ml_status ml_build_messages(ml_build *build);
ml_status ml_build_counters(ml_build *build);
ml_status ml_build_resources(ml_build *build);

/* ---- what stages share ---- */

/* `count` zeroed items for a table called `what`, or NULL with the error set. */
void *ml_build_array(ml_build *build, uint64_t count, size_t size, const char *what);

/* The same for each of some columns: each member of a list, which NULL ends, says where its pointer goes. */
ml_status ml_build_narrow(ml_build *build, uint64_t count, const char *what,
                          uint32_t **const columns[]);
ml_status ml_build_wide(ml_build *build, uint64_t count, const char *what,
                        uint64_t **const columns[]);

/* The row of a member's string; 0 for an id that does not exist. */
uint32_t ml_build_string(ml_build *build, ml_member *member, uint64_t id);

/* A time after the member's anchor on the common axis, at most ML_TIME_LIMIT. */
uint64_t ml_build_time(ml_build *build, const ml_member *member, uint64_t ns);
uint64_t ml_build_slot_time(ml_build *build, const ml_member *member, uint64_t slot);

/* Notes that the reader could not decode a chunk; fails only if that was for want of memory. */
ml_status ml_build_unreadable(ml_build *build, ml_member *member, const ml_error *cause);

/* Wanted field `wanted` of an event, or `fallback` if its kind has none. */
int64_t ml_event_number(const ml_build *build, const ml_event *event, unsigned wanted,
                        int64_t fallback);
uint32_t ml_event_text(const ml_build *build, const ml_event *event, unsigned wanted); /* or 0 */

/* How many events have a use. */
uint64_t ml_event_uses(const ml_build *build, ml_event_use use);

static inline int ml_event_goes_to_table(ml_event_use use)
{
    return use == ML_USE_TABLE || use == ML_USE_COST || use == ML_USE_SPAN;
}

/* left + right, at most UINT64_MAX. */
static inline uint64_t ml_sum(uint64_t left, uint64_t right)
{
    return left > UINT64_MAX - right ? UINT64_MAX : left + right;
}

/* A number of a file as an unsigned 32-bit column has it. */
static inline uint32_t ml_u32(int64_t number)
{
    return number < 0 ? 0 : number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

#endif
