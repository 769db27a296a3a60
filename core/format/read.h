/* read: opens `.mlog` bytes that anybody may have written, and gives back tables, runs and events.
 *
 * Everything from the file is hostile until checked: lengths, counts, ids, sums. A damaged or
 * unfinished file is read as far as it is sound, and what is missing is said in `diagnostics`. The
 * reader never expands runs into samples. It does not interpret kinds; core/model does.
 *
 * A recording that is being written, or whose program was killed, has a journal beside it with what is not yet
 * sealed; ml_reader_open finds it by its name, and what is in it is read like the rest.
 *
 * One file may hold several recordings one after another. Not thread-safe while opening; afterwards
 * a reader is read-only but for ml_read_runs and ml_read_events, which use the arena they are
 * given.
 */
#ifndef ML_FORMAT_READ_H
#define ML_FORMAT_READ_H

#include "core/base/arena.h"
#include "core/base/status.h"
#include "core/format/mlog.h"
#include "core/format/write.h"

/* What is accepted; the defaults are FORMAT.md's table of limits. */
typedef struct ml_limits {
    uint64_t file_bytes, journal_bytes;
    uint32_t payload_bytes, columns, preamble_bytes;
    uint32_t string_bytes, strings;
    uint64_t all_string_bytes;
    uint32_t codes, frames, nodes, threads, kinds, depth, block_ticks, block_threads, sources;
} ml_limits;

void ml_limits_default(ml_limits *limits);

typedef struct ml_kind_field {
    uint32_t name, type, unit; /* string, ML_MLOG_FIELD_…, string */
} ml_kind_field;

typedef struct ml_kind {
    uint32_t name; /* string */
    uint32_t flags;
    uint32_t field_count;
    const ml_kind_field *fields;
} ml_kind;

/* The definition tables of one recording. Ids are indexes; string 0 is empty and node 0 is "no
 * stack". */
typedef struct ml_tables {
    uint32_t string_count, code_count, frame_count, node_count, thread_count, kind_count;
    const uint8_t *const *string; /* bytes, not NUL-terminated, not checked as UTF-8 */
    const uint32_t *string_length;
    const uint32_t *code_file, *code_name, *code_module; /* strings */
    const uint32_t *code_line, *code_flags;
    const uint32_t *frame_code, *frame_line;
    const uint32_t *node_parent, *node_frame; /* node_frame[0] is not to be used; parent < child */
    const uint16_t *node_depth;               /* 0 for node 0, 1 for a root */
    const uint64_t *thread_ident, *thread_native_id, *thread_interpreter, *thread_first_tick;
    const uint32_t *thread_name;   /* string; ml_thread_name gives the whole name */
    const uint64_t *thread_number; /* what stands in it for its 00 byte, plus one; 0: nothing */
    const ml_kind *kind;
} ml_tables;

enum { ML_THREAD_NAME_ROOM = 160 };

/* The name of a thread: bytes of the file, or put together in `room`. */
const uint8_t *ml_thread_name(const ml_tables *tables, uint32_t thread,
                              uint8_t room[ML_THREAD_NAME_ROOM], uint32_t *length);

/* A SAMP or EVNT chunk, from its preamble. */
typedef struct ml_chunk_info {
    char type[5];
    uint32_t sequence;
    uint64_t offset, stored_bytes; /* in the file, header included */
    uint64_t start_ns, span_ns;    /* after the anchor */
    int64_t drift_ns;              /* the wall clock at the seal, less what HEAD predicts */
    uint64_t first_tick; /* SAMP: first slot of the block, skipped periods before its first tick
                            included */
    uint64_t slots;      /* SAMP: slots that the block covers; ticks taken plus periods skipped */
    uint64_t ticks, samples, runs; /* SAMP */
    uint64_t events;               /* EVNT */
    int in_journal;                /* offset is one of the journal */
    uint32_t chain;                /* checksum of what stands before it there */
} ml_chunk_info;

/* Where a chunk lies that was accepted, of whatever type, for those who copy it. */
typedef struct ml_chunk_place {
    uint64_t offset;
    uint32_t chain;
    int in_journal, is_known;
} ml_chunk_place;

/* A stretch of time of which something is missing, as gAPS tells. */
typedef struct ml_gap {
    uint64_t start_ns, span_ns; /* after the anchor */
    uint64_t cause;             /* ML_MLOG_GAP_… */
    uint64_t system_error;      /* errno, or 0 */
    uint64_t ticks, samples, events;
} ml_gap;

/* Source files as they were when the recording ended, as sRCe tells. */
typedef struct ml_sources_told {
    int is_told;             /* sRCe was there */
    const ml_source *source; /* by rising string */
    uint32_t count;
    uint64_t unreadable, left_out; /* other files of code */
} ml_sources_told;

/* What was wrong or missing, as counts and, for the first of each, a sentence. */
typedef struct ml_diagnostics {
    int damaged_header;      /* the file header's checksum is wrong: uuid and flags are not known */
    int clean_end;           /* dONE was there and agreed */
    uint64_t torn_bytes;     /* at the end, not a whole chunk */
    uint32_t damaged_chunks; /* checksum or content */
    uint32_t missing_chunks; /* by sequence number */
    uint32_t unusable_definitions; /* DEFS that follow a lost one: what they define is unknown */
    uint32_t unknown_critical;     /* chunks this reader must not guess about */
    uint32_t unknown_ancillary;    /* skipped */
    uint32_t journal_chunks;       /* that came from the journal: not ended, or not yet */
    char first[256];               /* the first problem in words, or "" */
} ml_diagnostics;

/* One recording; everything in it lives as long as its reader. Head texts are NUL-terminated
 * copies. */
typedef struct ml_recording {
    ml_head head;
    uint32_t minor, flags; /* of the file header; flags are ML_MLOG_FLAG_… */
    uint64_t file_offset, bytes;
    uint64_t end_ns, dropped; /* dONE: after the anchor; what found no room. 0 without it */
    ml_tables tables;
    const ml_chunk_info *chunks; /* SAMP and EVNT in file order */
    size_t chunk_count;
    const ml_gap *gaps; /* in file order */
    size_t gap_count;
    ml_sources_told sources;
    const ml_chunk_place *places; /* in order */
    size_t place_count;
    uint32_t rewrite_features; /* of the file header: to be understood by who rewrites */
    uint64_t sound_bytes;      /* from file_offset on, without what is torn or the journal has */
    ml_diagnostics diagnostics;
} ml_recording;

typedef struct ml_reader ml_reader;

/* Opens a file ("-" is stdin) and its journal, if there is one; of a page, the recordings that it carries (page.h). Fails only when nothing of it can be used: not an .mlog file,
 * another major or draft, an unknown must-understand feature, no readable HEAD, or a limit. NULL
 * limits: the defaults. */
ml_status ml_reader_open(const char *path, const ml_limits *limits, ml_reader **out,
                         ml_error *error);

/* The path of a recording's journal, beside the file itself if `path` is a link to it. In the arena; NULL without memory. */
const char *ml_reader_journal_path(ml_arena *arena, const char *path);

/* Bytes that stay valid and unchanged until close. */
typedef struct ml_reader_source {
    const void *bytes,
        *journal; /* the journal may be NULL; it must have been read before the bytes */
    size_t length, journal_length;
    const char *name; /* for messages */
} ml_reader_source;

/* The same over bytes in memory. */
ml_status ml_reader_open_source(const ml_reader_source *source, const ml_limits *limits,
                                ml_reader **out, ml_error *error);

/* Without a journal. */
ml_status ml_reader_open_memory(const void *bytes, size_t length, const char *name,
                                const ml_limits *limits, ml_reader **out, ml_error *error);

size_t ml_reader_count(const ml_reader *reader);
const ml_recording *ml_reader_recording(const ml_reader *reader, size_t index);
void ml_reader_close(ml_reader *reader);

/* The runs of a SAMP chunk as columns, grouped by thread (rising id), in time order within a
 * thread. first_tick is the recording's tick number; a run covers the slots [first_tick, first_tick
 * + ticks), skipped periods included. */
typedef struct ml_runs {
    size_t count;
    const uint32_t *thread, *node, *state;
    const uint64_t *first_tick, *ticks; /* in slots of period_ns */
    const uint32_t *samples;            /* ticks really taken within the run */
    const uint64_t *cpu;                /* in ns */
} ml_runs;
ml_status ml_read_runs(const ml_reader *reader, const ml_recording *recording, size_t chunk,
                       ml_arena *arena, ml_runs *out, ml_error *error);

/* One field value. `number` holds types u i d e (as two's complement) and string ids (type s: id,
 * or UINT32_MAX for none); bytes for type b; real for f and F; type S: `bytes` points to `length`
 * uint32_t. */
typedef struct ml_value {
    uint64_t number;
    double real;
    const void *bytes;
    size_t length;
} ml_value;

/* The events of an EVNT chunk in time order. values[value_start[i] + f] is field f of event i. */
typedef struct ml_events {
    size_t count;
    const uint64_t *time_ns; /* after the anchor */
    const uint32_t *kind, *node;
    const uint32_t *thread; /* UINT32_MAX for none */
    const size_t *value_start;
    const ml_value *values;
} ml_events;
ml_status ml_read_events(const ml_reader *reader, const ml_recording *recording, size_t chunk,
                         ml_arena *arena, ml_events *out, ml_error *error);

#endif
