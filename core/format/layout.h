/* layout: where things stand inside the chunks of `.mlog`: columns, preamble values and the sizes
 * that writer and reader share. Names for FORMAT.md's numbers, for this folder only; mlog.h has
 * what others need.
 */
#ifndef ML_FORMAT_LAYOUT_H
#define ML_FORMAT_LAYOUT_H

#include "core/format/mlog.h"

/* Bit 0 of a column's key. */
#define ML_COLUMN_IGNORABLE 1u

#define ML_PREAMBLE_MAX 4096u
#define ML_PAYLOAD_MAX (16u << 20)
#define ML_COLUMNS_MAX 1024u
#define ML_STRING_MAX 65536u
#define ML_BLOCK_THREADS_MAX 65536u
#define ML_JOURNAL_MAX (64u << 20)
#define ML_SOURCES_MAX 65536u
#define ML_THREAD_NAME_NUMBERED 128u /* most bytes of a string that has a thread's number put in */
#define ML_TICKS_MAX (UINT64_C(1) << 40) /* of one recording, skipped slots included */

/* Columns of HEAD: one field each. */
enum {
    ML_HEAD_SESSION = 1,
    ML_HEAD_PARENT = 2,
    ML_HEAD_ANCHOR = 3,
    ML_HEAD_WALL = 4,
    ML_HEAD_BOOT = 5,
    ML_HEAD_PERIOD = 6,
    ML_HEAD_RESIDUAL_UNIT = 7,
    ML_HEAD_CPU_UNIT = 8,
    ML_HEAD_EVENT_UNIT = 9,
    ML_HEAD_PROCESS = 10,
    ML_HEAD_HOST = 11,
    ML_HEAD_SYSTEM = 12,
    ML_HEAD_EXECUTABLE = 13,
    ML_HEAD_ARGV = 14,
    ML_HEAD_DIRECTORY = 15,
    ML_HEAD_PYTHON = 16,
    ML_HEAD_HEXVERSION = 17,
    ML_HEAD_BUILD_FLAGS = 18,
    ML_HEAD_RECORDER = 19,
    ML_HEAD_METHOD = 20,
    ML_HEAD_DETAIL = 21,
    ML_HEAD_DEPTH = 22,
    ML_HEAD_UTC_OFFSET = 23,
    ML_HEAD_LABEL = 24,
    ML_HEAD_SENTENCE = 25,
    ML_HEAD_SEED = 26,
    ML_HEAD_METHOD_REASON = 27
};

enum { ML_CLOCK_MONOTONIC_ID = 1 };

/* The tables that DEFS adds to, in the order of its preamble. */
enum {
    ML_TABLE_STRINGS,
    ML_TABLE_CODES,
    ML_TABLE_FRAMES,
    ML_TABLE_NODES,
    ML_TABLE_THREADS,
    ML_TABLE_KINDS,
    ML_TABLE_COUNT
};

enum {
    ML_DEFS_STRING_LENGTH = 1,
    ML_DEFS_STRING_BYTES = 2,
    ML_DEFS_CODE_FILE = 3,
    ML_DEFS_CODE_NAME = 4,
    ML_DEFS_CODE_LINE = 5,
    ML_DEFS_CODE_MODULE = 6, /* ignorable */
    ML_DEFS_CODE_FLAGS = 7,  /* ignorable */
    ML_DEFS_FRAME_CODE = 8,
    ML_DEFS_FRAME_LINE = 9,
    ML_DEFS_FRAME_END_LINE = 10, /* ignorable, not written yet */
    ML_DEFS_FRAME_COLUMNS = 11,  /* ignorable, not written yet */
    ML_DEFS_CHAIN_PARENT = 12,
    ML_DEFS_CHAIN_LENGTH = 13,
    ML_DEFS_NODE_FRAME = 14,
    ML_DEFS_THREAD_IDENT = 16,
    ML_DEFS_THREAD_NATIVE = 17,
    ML_DEFS_THREAD_NAME = 18,
    ML_DEFS_THREAD_INTERPRETER = 19,
    ML_DEFS_THREAD_TICK = 20,
    ML_DEFS_THREAD_NUMBER = 21,
    ML_DEFS_KIND = 24
};

/* Preamble values of SAMP, in order. */
enum {
    ML_SAMP_START,
    ML_SAMP_SPAN,
    ML_SAMP_TICKS,
    ML_SAMP_SAMPLES,
    ML_SAMP_RUNS,
    ML_SAMP_DRIFT,
    ML_SAMP_NODES_NEEDED,
    ML_SAMP_THREADS_NEEDED,
    ML_SAMP_LOST_TICKS,
    ML_SAMP_FOLD,
    ML_SAMP_FIRST_SLOT,
    ML_SAMP_PREAMBLE
};

enum {
    ML_SAMP_GRID = 1,
    ML_SAMP_RESIDUAL = 2, /* ignorable, not written */
    ML_SAMP_THREADS = 3,
    ML_SAMP_CODES = 4,
    ML_SAMP_LENGTHS = 5,
    ML_SAMP_NODES = 6,
    ML_SAMP_CPU = 7,   /* ignorable */
    ML_SAMP_STATE = 8, /* ignorable */
    ML_SAMP_TASK = 9,  /* ignorable, not written */
    ML_SAMP_LEADS = 10
};

enum { ML_EVNT_START, ML_EVNT_SPAN, ML_EVNT_EVENTS, ML_EVNT_DRIFT, ML_EVNT_PREAMBLE };

enum {
    ML_EVNT_TIME = 1,
    ML_EVNT_KIND = 2,
    ML_EVNT_THREAD = 3,
    ML_EVNT_NODE = 4,
    ML_EVNT_FIELDS = 16
};

/* Preamble values of gAPS; it has no columns. */
enum {
    ML_GAPS_START,
    ML_GAPS_SPAN,
    ML_GAPS_CAUSE,
    ML_GAPS_ERROR,
    ML_GAPS_TICKS,
    ML_GAPS_SAMPLES,
    ML_GAPS_EVENTS,
    ML_GAPS_PREAMBLE
};

/* Preamble values of sRCe. */
enum { ML_SRCE_FILES, ML_SRCE_UNREADABLE, ML_SRCE_LEFT_OUT, ML_SRCE_PREAMBLE };

enum { ML_SRCE_FILE = 1, ML_SRCE_SIZE = 2, ML_SRCE_MTIME = 3, ML_SRCE_HASH = 4 };

/* Preamble values of dONE, in order; its only column is the trailer. */
enum {
    ML_DONE_END,
    ML_DONE_CHUNKS,
    ML_DONE_TICKS,
    ML_DONE_SAMPLES,
    ML_DONE_RUNS,
    ML_DONE_EVENTS,
    ML_DONE_DROPPED,
    ML_DONE_PREAMBLE
};

enum { ML_DONE_TRAILER = 1 };

#endif
