/* write: produces a `.mlog` recording, one definition, sample and event at a time.
 *
 * A writer owns the tables (strings, code objects, frames, nodes, threads, kinds), the open block
 * and the descriptor. Everything is allocated when it is opened; from then on nothing allocates, so
 * it may be driven from a thread that must not (the recorder's sampler). It is not thread-safe. It
 * knows nothing of Python: names come in as bytes.
 *
 * Life: open → journal → (define, tick, sample, event …, advance) … → close. ml_writer_advance does what is due: it
 * seals large blocks (300 s or 1 MiB), each with one write(2) and never touched again, and once a second it appends
 * what is not yet sealed to the journal beside the recording, so that a crash at any moment costs at most that second.
 * Without a journal (a pipe) blocks are sealed every 5 s.
 *
 * Errors are sticky and quiet: a write that fails pauses the recording and is tried again from `retry_ns` on;
 * ml_writer_status tells. Until then the block is kept and goes on; what it has no more room for is dropped, and
 * gAPS says so once writing works again. A full table answers 0, and ml_writer_node the outermost part of the stack
 * that is known; both count in `dropped`.
 */
#ifndef ML_FORMAT_WRITE_H
#define ML_FORMAT_WRITE_H

#include "core/base/status.h"
#include "core/format/mlog.h"

typedef struct ml_writer ml_writer;

/* What HEAD says; texts may be NULL, all are copied. Numbers are HEAD's fields in FORMAT.md. */
typedef struct ml_head {
    uint8_t uuid[16];    /* of this recording */
    uint8_t session[16]; /* shared by the processes of one run */
    uint8_t parent[16];  /* recording uuid of the parent process, or zeros */
    uint8_t boot[16];    /* of the machine's boot, or zeros */
    uint64_t anchor_ns;  /* CLOCK_MONOTONIC at the start; every time in the file counts from it */
    int64_t wall_ns;     /* since 1970 at the same instant */
    uint64_t uncertainty_ns;
    uint64_t period_ns; /* of a tick */
    uint64_t cpu_unit_ns;
    uint64_t event_unit_ns;
    uint64_t seed; /* of the schedule, field 26 */
    uint32_t pid, ppid;
    const char *host, *system, *executable;
    const char *const *argv; /* argc texts */
    uint32_t argc;
    const char *directory;
    const char *python; /* sys.version */
    uint64_t hexversion;
    uint64_t build_flags;
    const char *recorder; /* name and version */
    uint64_t method;      /* ML_MLOG_METHOD_… */
    const char *method_reason;
    uint64_t detail; /* 0 function, 1 line */
    uint64_t depth;
    int64_t utc_offset_s;
    const char *label;
} ml_head;

/* Room for everything, fixed at open. ml_writer_options_default fills it for a normal recording;
 * memory that is never touched costs only address space. */
typedef struct ml_writer_options {
    uint32_t strings, string_bytes, codes, frames, nodes, threads; /* table sizes */
    uint32_t runs;                                                 /* of one block */
    uint32_t event_bytes;                                          /* of one block */
    uint32_t ticks;                                                /* of one block; at most 2^20 */
    int level;                                                     /* zstd */
    uint32_t block_bytes;  /* a block of about this size is sealed */
    uint64_t seal_ns;      /* age of a block that is sealed */
    uint64_t bare_seal_ns; /* the same without a journal that works */
    uint64_t flush_ns;     /* between two writes to the journal */
    uint64_t retry_ns;     /* after a failed write */
} ml_writer_options;

void ml_writer_options_default(ml_writer_options *options);

/* Writes header and HEAD to `descriptor`, which the writer owns from then on (also when it fails).
 * `flags` are header flags. */
ml_status ml_writer_open(int descriptor, uint32_t flags, const ml_head *head,
                         const ml_writer_options *options, ml_writer **out, ml_error *error);

/* Gives the writer a journal, at best right after opening: `descriptor` of an empty regular file at the absolute
 * `path` (the recording's with ML_MLOG_JOURNAL_SUFFIX), open for writing and not for appending. The writer owns the
 * descriptor from then on, also when this fails (a path longer than PATH_MAX), and removes the file when the
 * recording ends cleanly. */
ml_status ml_writer_journal(ml_writer *writer, int descriptor, const char *path);

/* ---- definitions: equal content gives the equal id; 0 when the table is full ---- */

/* At most 64 KiB; longer text is cut. Bytes as they are, UTF-8 expected. */
uint32_t ml_writer_string(ml_writer *writer, const void *bytes, size_t length);

/* The code object's id plus one; 0 when full. */
uint32_t ml_writer_code(ml_writer *writer, uint32_t file, uint32_t name, uint32_t first_line,
                        uint32_t module, uint32_t flags);

/* The node for `line` of `code` (as ml_writer_code gave it) called from node `parent` (0: a root).
 */
uint32_t ml_writer_node(ml_writer *writer, uint32_t parent, uint32_t code, uint32_t line);

/* A new thread's id plus one, never shared: ids of the system are used again, ours are not.
 * ml_writer_thread_name gives the name, or a better one, until the thread's definition is sealed; that it is one of
 * many which differ in a number ("Thread-7 (serve)") costs nothing. */
uint32_t ml_writer_thread(ml_writer *writer, uint64_t ident, uint64_t native_id, uint32_t name,
                          uint64_t interpreter, uint64_t first_tick);
void ml_writer_thread_name(ml_writer *writer, uint32_t thread, const void *bytes, size_t length);

/* ---- samples ---- */

/* Opens tick number `tick` (rising); numbers left out are skipped periods whose weight goes to this
 * tick. Must be followed by one ml_writer_sample for each thread that is alive. */
void ml_writer_tick(ml_writer *writer, uint64_t tick);

/* A thread's stack and state over this tick, and the CPU it used since its last one. Node 0 and state 0 together say
 * that it is not alive, as leaving it out does: then its CPU does not count. */
void ml_writer_sample(ml_writer *writer, uint32_t thread, uint32_t node, uint64_t cpu_ns,
                      uint32_t state);

/* ---- events ---- */

/* Opens an event of public kind `kind` (ML_KIND_…) at `time_ns` after the anchor; `thread` as
 * ml_writer_thread gave it or 0. Then exactly the kind's fields in order, then end. */
void ml_writer_event(ml_writer *writer, uint32_t kind, uint64_t time_ns, uint32_t thread,
                     uint32_t node);
void ml_writer_field_number(ml_writer *writer, int64_t value); /* types u i d e */
void ml_writer_field_string(ml_writer *writer, uint32_t string);
void ml_writer_field_bytes(ml_writer *writer, const void *bytes, size_t length);
void ml_writer_event_end(ml_writer *writer);

/* ---- source files ---- */

/* A file that code objects came from, as it was when the recording ended. */
typedef struct ml_source {
    uint32_t file; /* string: the name that code objects have for it */
    uint64_t size;
    int64_t mtime_ns; /* since 1970 UTC */
    uint8_t sha256[32];
} ml_source;

/* The next string after `previous` (at first 0) that is the file of a code object that came from one; 0 when there is
 * none. `*name` is not terminated and lives as long as the writer. */
uint32_t ml_writer_next_file(const ml_writer *writer, uint32_t previous, const char **name,
                             size_t *length);

/* Writes sRCe: `sources` by rising `file`, and how many other files could not be read or were left out. To be called
 * once, after the last seal. ML_ERROR_ARGUMENT when a name is not sealed or not in order; ML_ERROR_IO when nothing can
 * be written. The recording goes on either way. */
ml_status ml_writer_sources(ml_writer *writer, const ml_source *sources, uint32_t count,
                            uint64_t unreadable, uint64_t left_out);

/* ---- blocks ---- */

/* Does what is due at this time: a seal, a write to the journal, another try after a failure, mostly nothing. To be
 * called after every tick. `now_ns` after the anchor, `wall_ns` since 1970. Returns what ml_writer_status would. */
ml_status ml_writer_advance(ml_writer *writer, uint64_t now_ns, int64_t wall_ns);

/* How full the open block is, 0 to 100 of its smallest room; beyond that it drops. */
unsigned ml_writer_fill(const ml_writer *writer);

/* Seals the open block now (nothing when it is empty). While the recording is paused, ML_ERROR_IO without a try. */
ml_status ml_writer_seal(ml_writer *writer, uint64_t now_ns, int64_t wall_ns);

/* Appends what is new to the journal now. ML_ERROR_IO: it could not be written and comes with the next one. */
ml_status ml_writer_flush(ml_writer *writer, uint64_t now_ns, int64_t wall_ns);

typedef struct ml_writer_statistics {
    uint64_t bytes, blocks, ticks, samples, runs, events, dropped, nodes;
} ml_writer_statistics;
void ml_writer_statistics_get(const ml_writer *writer, ml_writer_statistics *statistics);

/* ML_OK, or why nothing is being written at the moment (ML_ERROR_IO; `*system_error` is errno). */
ml_status ml_writer_status(const ml_writer *writer, int *system_error);

/* Seals, writes dONE and its trailer, removes the journal, closes, frees everything. If sealing fails, the journal stays
 * and is part of the recording. */
ml_status ml_writer_close(ml_writer *writer, uint64_t now_ns, int64_t wall_ns);

/* In the child of a fork: closes the descriptors, writes nothing, frees nothing that may be half
 * changed. */
void ml_writer_abandon(ml_writer *writer);

#endif
