/* mlog: the constants of `.mlog` version 1, draft 3. FORMAT.md beside this file is the
 * specification; this header gives its numbers names, and the registry of public event kinds, for
 * writer, reader and recorder.
 */
#ifndef ML_FORMAT_MLOG_H
#define ML_FORMAT_MLOG_H

#include <stdint.h>

#define ML_MLOG_SIGNATURE "\x89MLG\r\n\x1a\n"
#define ML_MLOG_HEADER_SIZE 64
#define ML_MLOG_MAJOR 1
#define ML_MLOG_MINOR 0
#define ML_MLOG_DRAFT 3 /* in the header's last reserved word while the draft bit is set */

/* Header feature word "must be understood to read". */
#define ML_MLOG_FEATURE_DRAFT (UINT32_C(1) << 31)

/* Header flags. */
#define ML_MLOG_FLAG_JOURNAL 1u
#define ML_MLOG_FLAG_PIPE 2u
#define ML_MLOG_FLAG_REWRITTEN 4u /* by a program that came after the recorder */

#define ML_MLOG_SYNC "\xa7MLC"
#define ML_MLOG_CHUNK_SIZE 32
#define ML_MLOG_TRAILER "MLGE"
#define ML_MLOG_TRAILER_SIZE 24

enum { ML_MLOG_STORED = 0, ML_MLOG_ZSTD = 1 };

/* Chunk flags. */
#define ML_MLOG_KEY 1u
#define ML_MLOG_MORE 16u /* the next chunk was written with this one; may be ignored */

/* A recording's journal is named as the recording with this behind it. */
#define ML_MLOG_JOURNAL_SUFFIX "-journal"

/* Node 0 of every recording: no stack, or the thread is not alive. */
#define ML_MLOG_NO_NODE 0u

/* State of a thread over a run (column 8 of SAMP): a value and two flags. */
enum {
    ML_MLOG_STATE_UNKNOWN = 0,
    ML_MLOG_STATE_RUNNING = 1,
    ML_MLOG_STATE_GIL_WAIT = 2,
    ML_MLOG_STATE_LOCK = 3,
    ML_MLOG_STATE_IO = 4,
    ML_MLOG_STATE_SLEEP = 5,
    ML_MLOG_STATE_OTHER = 6, /* off the CPU, cause not known */
    ML_MLOG_STATE_MASK = 15,
    ML_MLOG_STATE_HOLDS_GIL = 16,
    ML_MLOG_STATE_GC = 32
};

/* HEAD field 20: how stacks were read. */
enum { ML_MLOG_METHOD_DIRECT = 1, ML_MLOG_METHOD_SYSCALL = 2, ML_MLOG_METHOD_GIL = 3 };

/* gAPS: why something is missing. */
enum {
    ML_MLOG_GAP_UNWRITTEN = 1, /* it could not be written */
    ML_MLOG_GAP_NO_ROOM = 2    /* it came faster than there was room for */
};

/* Code flags (DEFS column 7). */
#define ML_MLOG_CODE_GENERATOR 1u
#define ML_MLOG_CODE_COROUTINE 2u
#define ML_MLOG_CODE_NATIVE 4u
#define ML_MLOG_CODE_SYNTHETIC 8u

/* Types of event fields. */
enum {
    ML_MLOG_FIELD_UINT = 0,  /* uv */
    ML_MLOG_FIELD_INT = 1,   /* sv */
    ML_MLOG_FIELD_DELTA = 2, /* sv, difference to the value before it in the block (first: to 0) */
    ML_MLOG_FIELD_F32 = 3,
    ML_MLOG_FIELD_F64 = 4,
    ML_MLOG_FIELD_STRING = 5, /* string id + 1, 0 is none */
    ML_MLOG_FIELD_BYTES = 6,  /* uv length, bytes */
    ML_MLOG_FIELD_ENUM = 7,   /* uv */
    ML_MLOG_FIELD_STRINGS = 8 /* uv count, string ids */
};

#define ML_MLOG_FIELDS_MAX 64 /* fields of one kind; also the stride of EVNT's field columns */

/* The registry of public kinds as X(constant, name, fields): fields are written
 * "name:type[:unit]", separated by blanks, types u i d f F s b e S in the order above. Names are
 * permanent and fields are only appended. A file defines the kinds it uses, so ids differ by
 * file. */
#define ML_MLOG_KINDS(X)                                                                           \
    X(ML_KIND_LOG, "py.log", "level:u logger:s text:b file:s line:u")                              \
    X(ML_KIND_PRINT, "py.print", "stream:u text:b")                                                \
    X(ML_KIND_MARK, "mark", "level:u name:s text:b")                                               \
    X(ML_KIND_STATUS, "sys.status",                                                                \
      "cpu_user:d:us cpu_system:d:us rss:d:bytes system_cpu:d:us memory_total:d:bytes "            \
      "memory_available:d:bytes threads:d descriptors:d switches_voluntary:d "                     \
      "switches_involuntary:d read:d:bytes written:d:bytes modules:d gc_collections:d "            \
      "gc_collected:d gc_uncollectable:d")                                                         \
    X(ML_KIND_GC, "py.gc", "generation:u collected:u uncollectable:u pause:u:us")                  \
    X(ML_KIND_EXCEPTION, "py.exception", "type:s text:b handled:e")                                \
    X(ML_KIND_IMPORT, "py.import", "module:s duration:u:us")                                       \
    X(ML_KIND_THREAD, "py.thread", "what:e")                                                       \
    X(ML_KIND_FD_OPEN, "fd.open", "number:u what:e label:b inherited:e")                           \
    X(ML_KIND_FD_CLOSE, "fd.close", "number:u")                                                    \
    X(ML_KIND_FD_BRIEF, "fd.brief", "what:e label:b count:u span:u:ms")                            \
    X(ML_KIND_HEAP_CENSUS, "heap.census", "heap_objects:d heap_bytes:d:bytes heap_cost:d:us")      \
    X(ML_KIND_HEAP_TYPE, "heap.type", "type:s count:u bytes:u:bytes")                              \
    X(ML_KIND_HEAP_CHAIN, "heap.chain", "type:s count:u holder:b")                                 \
    X(ML_KIND_HEAP_SITE, "heap.site", "file:s line:u count:u bytes:u:bytes")                       \
    X(ML_KIND_HEAP_GROWTH, "heap.growth", "bytes:u:bytes")                                         \
    X(ML_KIND_EXIT, "proc.exit", "code:i")                                                         \
    X(ML_KIND_FORK, "proc.fork", "child:u")                                                        \
    X(ML_KIND_COST, "rec.cost", "cpu:u:us bytes:u:bytes late:u missed:u dropped:u left:u")         \
    X(ML_KIND_WARNING, "py.warning", "category:s text:b file:s line:u")                            \
    X(ML_KIND_SPAN, "span", "name:s duration:u:us fields:b trace:b error:s")                       \
    X(ML_KIND_COLLECTOR, "py.collector", "tracked:d gc_pause:d:us")                                \
    X(ML_KIND_RAISED, "py.raised", "type:s text:b")

#define ML_MLOG_KIND_CONSTANT(constant, name, fields) constant,
enum { ML_MLOG_KINDS(ML_MLOG_KIND_CONSTANT) ML_KIND_COUNT };
#undef ML_MLOG_KIND_CONSTANT

/* py.exception, field "handled": who caught it. */
enum {
    ML_EXCEPTION_UNCAUGHT = 0, /* nobody; it ended the program */
    ML_EXCEPTION_HANDLED = 1,
    ML_EXCEPTION_THREAD = 2, /* nobody; it ended its thread */
    ML_EXCEPTION_IGNORED = 3 /* it could not be raised: in __del__ and the like */
};

/* fd.open, field "what". */
enum {
    ML_FD_OTHER = 0,
    ML_FD_FILE = 1,
    ML_FD_DIRECTORY = 2,
    ML_FD_PIPE = 3,
    ML_FD_SOCKET = 4,
    ML_FD_DEVICE = 5,
    ML_FD_ANONYMOUS = 6 /* epoll, eventfd, memfd and their like */
};

#endif
