/* microlog/plugin.h: the contract between microlog-analyze and its plugins, ABI major 1 (draft).
 *
 * A plugin is a shared object named microlog-analyzer-ID.so, microlog-explainer-ID.so or
 * microlog-renderer-ID.so that exports one function, microlog_plugin_1. An analyzer reads the model of a
 * recording and puts blocks into its document; a renderer reads all documents and writes one file.
 * Most authors include sdk.h, which says the same with less typing. There is nothing to link.
 *
 * Rules
 *  1. Structs begin with their size where they were compiled and grow only at the end. A field that was
 *     released is never moved, retyped, renamed or given another meaning.
 *  2. Numbers have fixed widths; booleans are int32_t; unknown values of a kind must be tolerated.
 *  3. Strings are UTF-8, NUL-terminated and never NULL unless the comment says so. Text of a recording was
 *     made valid by the host, yet is not trusted: whoever shows it must escape it.
 *  4. Two lifetimes. What comes from the host is borrowed, read-only and valid for the whole job. What goes
 *     to the host is copied during the call. Nothing is ever freed across the border.
 *  5. Order of calls: microlog_plugin_1 once, when the plugin is loaded, with a host that offers nothing; then
 *     for each job create, run, destroy, once each, all in one thread. microlog_plugin_1 does nothing but return
 *     a pointer to something static.
 *  6. fork, exec, exit, signals and stdout do not belong to a plugin.
 *  7. Until the tool's 1.0 the contract is a draft: host and plugin must have the same ML_ABI_DRAFT.
 *
 * Errors: functions return ML_OK or a negative status. Builders are sticky: after a failure one ignores everything
 * until `end`, which returns the first failure. What `run` returns is the fate of the document: ML_OK is ok (partial
 * if a block was refused), ML_ERROR_UNSUPPORTED is skipped ("nothing to say about this recording"),
 * ML_ERROR_CANCELLED is partial, anything else failed. Blocks that were ended stay in any case.
 */
#ifndef MICROLOG_PLUGIN_H
#define MICROLOG_PLUGIN_H

#include <microlog/blocks.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ML_ABI_MAJOR 1
#define ML_ABI_MINOR 0
#define ML_ABI_DRAFT 1 /* 0 from the tool's 1.0 on */

typedef int32_t ml_status;

#define ML_OK 0
#define ML_ERROR_MEMORY (-1)      /* an allocation failed, or a declared maximum was reached */
#define ML_ERROR_ARGUMENT (-2)    /* the caller broke the contract */
#define ML_ERROR_IO (-3)          /* the operating system refused; the cause names the object */
#define ML_ERROR_FORMAT (-4)      /* bytes from outside are not what they should be */
#define ML_ERROR_UNSUPPORTED (-5) /* right, but newer or other than this build can do */
#define ML_ERROR_TOO_LARGE (-6)   /* a documented limit was passed */
#define ML_ERROR_NOT_FOUND (-7)   /* what was named does not exist */
#define ML_ERROR_CANCELLED (-8)   /* somebody asked to stop */
#define ML_ERROR_FAILED (-9)      /* anything else; the cause says what */

/* "No row": in every column of row numbers and string ids. */
#define ML_NONE UINT32_MAX

/* ---------------------------------------------------------------- host and plugin */

typedef struct ml_host ml_host;

struct ml_host {
    uint32_t struct_size;
    uint32_t abi_minor;
    uint32_t abi_draft;
    uint32_t reserved;
    const char *name;    /* "microlog-analyze" */
    const char *version; /* of the tool */
    /* The interface of that id ("microlog.model/1"), or NULL: not offered for this job. [job thread] */
    const void *(*get_interface)(const ml_host *host, const char *id);
};

/* Kinds of plugin. Explainers are analyzers that run in a second phase and see finished documents. */
#define ML_ANALYZER 1
#define ML_EXPLAINER 2
#define ML_RENDERER 3

/* What a plugin asks for beyond computing (ml_plugin.needs). */
#define ML_NEEDS_NETWORK 1

/* Types of options. Values arrive parsed, checked and defaulted. */
#define ML_OPTION_STRING 1
#define ML_OPTION_INT 2
#define ML_OPTION_REAL 3
#define ML_OPTION_FLAG 4     /* "yes" or "no" */
#define ML_OPTION_DURATION 5 /* text like 5s, 20ms, 1m; given as nanoseconds */

typedef struct ml_option {
    uint32_t struct_size;
    uint32_t type;
    const char *name;          /* lower case letters, digits, '-' */
    const char *default_value; /* as text */
    const char *help;          /* one line */
    double minimum, maximum;   /* of numbers; both 0: no range */
} ml_option;

typedef struct ml_plugin {
    uint32_t struct_size;
    uint32_t abi_minor; /* lowest minor this plugin can live with */
    uint32_t abi_draft; /* ML_ABI_DRAFT where it was compiled */
    uint32_t kind;      /* ML_ANALYZER, ML_EXPLAINER, ML_RENDERER */
    uint64_t needs;     /* ML_NEEDS_… */
    const char *id;     /* as in the file name; others' ids have a dot: com.example.slowest */
    const char *version, *title, *summary, *license;
    const char *media_type, *suffix; /* renderers: "text/html", "html"; NULL for others */
    const ml_option *options;        /* may be NULL */
    size_t option_count;
    ml_status (*create)(const ml_host *host, void **self); /* may be NULL */
    ml_status (*run)(const ml_host *host, void *self);
    void (*destroy)(const ml_host *host, void *self); /* may be NULL */
} ml_plugin;

/* The only symbol a plugin exports. */
#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const ml_plugin *
microlog_plugin_1(const ml_host *host);

/* ---------------------------------------------------------------- microlog.job/1 */

#define ML_LOG_ERROR 1
#define ML_LOG_WARNING 2
#define ML_LOG_INFO 3

typedef struct ml_job {
    uint32_t struct_size;
    uint32_t reserved;
    /* One line for whoever runs the tool. */
    void (*log)(const ml_host *host, uint32_t level, const char *text);
    /* How far: done of total things called `what`. */
    void (*progress)(const ml_host *host, uint64_t done, uint64_t total, const char *what);
    /* True when the job should end soon; what was put is kept. */
    int32_t (*cancelled)(const ml_host *host);
    /* Adds a sentence to the cause chain and returns `status`, for use in a return. */
    ml_status (*fail)(const ml_host *host, ml_status status, const char *text);
    /* `size` zeroed bytes of the job's own memory, gone when the job ends; NULL when there is none. */
    void *(*alloc)(const ml_host *host, size_t size);
    /* Options of this plugin by name; an unknown name gives "" or 0. */
    const char *(*option_string)(const ml_host *host, const char *name);
    int64_t (*option_int)(const ml_host *host, const char *name); /* int, flag, duration */
    double (*option_real)(const ml_host *host, const char *name);
} ml_job;

#define ML_JOB_ID "microlog.job/1"

/* ---------------------------------------------------------------- microlog.model/1
 *
 * One run of one program (all its processes) as tables of columns. Row numbers are ids. Times are
 * nanoseconds after the start of the run; text columns hold string ids; ML_NONE where there is none.
 */

typedef struct ml_strings {
    uint32_t count;
    uint32_t reserved;
    const uint64_t *offset; /* into bytes; every text ends with NUL */
    const uint32_t *length;
    const char *bytes;
} ml_strings;

#define ML_PROCESS_CLEAN_END 1u /* the recording was closed in order */
#define ML_PROCESS_DAMAGED 2u   /* parts of the recording could not be read */
#define ML_PROCESS_JOURNAL 4u /* its last part is from its journal: it was killed, or still runs */

typedef struct ml_processes {
    uint32_t count;
    uint32_t reserved;
    const uint32_t *pid, *parent_pid;
    const uint64_t *start_ns, *end_ns;
    const uint32_t *command;  /* argv joined by blanks */
    const uint32_t *python;   /* sys.version */
    const uint32_t *flags;    /* ML_PROCESS_… */
    const uint64_t *cpu_ns;   /* user and system together, as far as recorded */
    const int64_t *exit_code; /* INT64_MIN when not known */
} ml_processes;

#define ML_MODULE_STDLIB 1u
#define ML_MODULE_PROJECT                                                                          \
    2u /* neither the standard library nor an installed package; or without a file (-c, exec) */
#define ML_MODULE_THIRD_PARTY 4u /* under site-packages or dist-packages */
#define ML_MODULE_SYNTHETIC 8u   /* made by the recorder: no code of the program's */
/* Of modules whose file was looked at: it is what it was when the recording ended, or it is another. */
#define ML_MODULE_SOURCE_SAME 16u
#define ML_MODULE_SOURCE_CHANGED 32u

typedef struct ml_modules {
    uint32_t count;
    uint32_t reserved;
    const uint32_t *name; /* dotted where known, else from the file's name */
    const uint32_t *file;
    const uint32_t *flags;
} ml_modules;

typedef struct ml_functions {
    uint32_t count;
    uint32_t reserved;
    const uint32_t *name;   /* qualified */
    const uint32_t *module; /* row of modules */
    const uint32_t *line;   /* first line */
    /* Wall time with the function at the leaf, and anywhere on the stack (recursion counted once). A time of
     * n threads counts n-fold. */
    const uint64_t *self_ns, *total_ns;
    const uint64_t *self_cpu_ns, *total_cpu_ns;
    const uint64_t *self_samples, *total_samples; /* really taken, for intervals */
} ml_functions;

/* A trie: row 0 is "no stack", parents come before children. */
typedef struct ml_stacks {
    uint32_t count;
    uint32_t reserved;
    const uint32_t *parent;   /* row of stacks; 0 for roots */
    const uint32_t *function; /* row of functions; ML_NONE for row 0 */
    const uint32_t *line;
    const uint32_t *depth; /* 0 for row 0, 1 for roots */
} ml_stacks;

typedef struct ml_threads {
    uint32_t count;
    uint32_t reserved;
    const uint32_t *process;
    const uint32_t *name;
    const uint64_t *native_id;
    const uint64_t *start_ns, *end_ns; /* first and last seen */
    const uint64_t *cpu_ns;
    const uint32_t *is_main;
    const uint64_t *sample_first, *sample_count; /* its rows of samples */
    const uint64_t *call_first, *call_count;     /* its rows of calls */
} ml_threads;

/* States of a thread. */
#define ML_STATE_UNKNOWN 0
#define ML_STATE_RUNNING 1
#define ML_STATE_GIL_WAIT 2
#define ML_STATE_LOCK 3
#define ML_STATE_IO 4
#define ML_STATE_SLEEP 5
#define ML_STATE_OTHER 6 /* off the CPU, cause not known */
#define ML_STATE_MASK 15u
#define ML_STATE_HOLDS_GIL 16u
#define ML_STATE_GC 32u

/* Runs: a thread stood on one stack in one state. Ordered by thread, then time. */
typedef struct ml_samples {
    uint64_t count;
    const uint32_t *thread;
    const uint32_t *stack;
    const uint32_t *state;
    const uint32_t *taken;    /* samples really taken within the run */
    const uint64_t *start_ns; /* of its first slot */
    const uint64_t *wall_ns;  /* slots times the period */
    const uint64_t *cpu_ns;
} ml_samples;

/* Consecutive samples with a common part of the stack, as stretches: what looks like a call, though two
 * calls of one function in a row cannot be told from one. Pre-order within a thread. */
typedef struct ml_calls {
    uint64_t count;
    const uint32_t *function, *thread, *depth, *stack; /* depth: 1 for roots */
    const uint64_t *parent;                            /* row, or UINT64_MAX */
    const uint64_t *subtree_end;                       /* first row that is not inside */
    const uint64_t *start_ns, *end_ns;
    const uint64_t *samples;
} ml_calls;

/* Messages: what the program said. Ordered by time. */
#define ML_MESSAGE_LOG 1
#define ML_MESSAGE_PRINT 2
#define ML_MESSAGE_MARK 3
#define ML_MESSAGE_EXCEPTION 4 /* nobody caught it; level 30 when it could not be raised at all */
#define ML_MESSAGE_WARNING 5   /* of the module warnings */
typedef struct ml_messages {
    uint64_t count;
    const uint64_t *time_ns;
    const uint32_t *kind;  /* ML_MESSAGE_… */
    const uint32_t *level; /* as in logging: 10 debug, 20 info, 30 warning, 40 error, 50 critical */
    const uint32_t *thread; /* may be ML_NONE */
    const uint32_t *stack;  /* 0 when not known */
    const uint32_t *source; /* logger, "stdout", "stderr", or the type of exception or warning */
    const uint32_t *text;
    const uint32_t *file, *line; /* as the log record says; ML_NONE, 0 */
} ml_messages;

#define ML_COUNTER_GAUGE 1
#define ML_COUNTER_TOTAL 2 /* only rises; a rate is its difference */

/* Counters of a process; the points of counter c are [first[c], first[c] + points[c]). */
typedef struct ml_counters {
    uint32_t count;
    uint32_t reserved;
    const uint32_t *name, *unit; /* as in the file's kinds: "rss", "bytes" */
    const uint32_t *kind;
    const uint32_t *process;
    const uint64_t *first, *points;
    const uint64_t *time_ns; /* of each point */
    const int64_t *value;
} ml_counters;

#define ML_RESOURCE_DESCRIPTOR 1

/* What sort of descriptor. */
#define ML_DESCRIPTOR_OTHER 0
#define ML_DESCRIPTOR_FILE 1
#define ML_DESCRIPTOR_DIRECTORY 2
#define ML_DESCRIPTOR_PIPE 3
#define ML_DESCRIPTOR_SOCKET 4
#define ML_DESCRIPTOR_DEVICE 5
#define ML_DESCRIPTOR_ANONYMOUS 6

/* Things opened and closed. */
typedef struct ml_resources {
    uint64_t count;
    const uint32_t *kind, *what; /* ML_RESOURCE_…, ML_DESCRIPTOR_… */
    const uint32_t *process;
    const uint64_t *number;    /* the descriptor */
    const uint64_t *open_ns;   /* 0 with `inherited` */
    const uint64_t *close_ns;  /* UINT64_MAX: never seen to close */
    const uint32_t *thread;    /* that opened it, or ML_NONE */
    const uint32_t *stack;     /* that opened it; 0: opener unknown */
    const uint32_t *label;     /* path or peer */
    const uint32_t *inherited; /* was open when recording began */
    const uint64_t *times;     /* 1, or how many short-lived ones it counts (number: UINT64_MAX) */
} ml_resources;

/* Events as they were recorded, for kinds that have no table above. The fields of event e are
 * [field_first[e], field_first[e] + fields of its kind). */
typedef struct ml_events_table {
    uint64_t count;
    const uint64_t *time_ns;
    const uint32_t *kind, *thread, *stack, *process;
    const uint64_t *field_first;
    const int64_t *field; /* numbers, or string ids for text */
    uint32_t kind_count;
    uint32_t reserved;
    const uint32_t *kind_name;        /* string */
    const uint32_t *kind_field_first; /* into the three below */
    const uint32_t *kind_field_count;
    const uint32_t *field_name, *field_unit; /* strings */
    const uint32_t *field_is_text;
} ml_events_table;

/* Lines of source files that are what they were when the recording ended (size, time and SHA-256 are those it tells),
 * read by the host: by default those around hot lines. In order of module, then line. */
typedef struct ml_sources {
    uint32_t count;
    uint32_t reserved;
    const uint32_t *module;
    const uint32_t *line; /* from 1 */
    const uint32_t *text; /* without its end; long ones are cut */
} ml_sources;

#define ML_GAP_UNWRITTEN 1 /* it could not be written */
#define ML_GAP_NO_ROOM 2   /* it came faster than there was room for */

/* Stretches of time of which something was not recorded, as the recording itself says; in its order, by process. */
typedef struct ml_gaps {
    uint32_t count;
    uint32_t reserved;
    const uint32_t *process;
    const uint32_t *cause;        /* ML_GAP_… */
    const uint32_t *system_error; /* errno; 0: none */
    const uint64_t *start_ns, *end_ns;
    const uint64_t *ticks, *samples, *events; /* that are missing; samples of ticks that are not */
} ml_gaps;

typedef struct ml_model {
    uint32_t struct_size;
    uint32_t damaged;         /* parts of the recording could not be read; see problem */
    uint64_t duration_ns;     /* of the whole run */
    uint64_t period_ns;       /* of a tick */
    uint64_t ticks;           /* taken, of all processes */
    uint64_t ticks_missed;    /* without those that the recorder left out by itself */
    uint64_t recorder_cpu_ns; /* what the recorder itself used */
    int64_t start_wall_ns;    /* since 1970 UTC */
    int64_t utc_offset_s;
    const char *name;    /* of the program, short: "app.py" */
    const char *command; /* of the first process */
    const char *python, *host, *system, *directory, *label, *recorder;
    const char *session; /* uuid as text */
    const char *method;  /* how stacks were read: "direct", "syscall", "gil", with the reason */
    const char *problem; /* what could not be read, or "" */
    const ml_strings *strings;
    const ml_processes *processes;
    const ml_modules *modules;
    const ml_functions *functions;
    const ml_stacks *stacks;
    const ml_threads *threads;
    const ml_samples *samples;
    const ml_calls *calls;
    const ml_messages *messages;
    const ml_counters *counters;
    const ml_resources *resources;
    const ml_events_table *events;
    const ml_sources *sources;
    const ml_gaps *gaps;
} ml_model;

#define ML_MODEL_ID                                                                                \
    "microlog.model/1" /* for all kinds; NULL in a report made from merged results */

/* ---------------------------------------------------------------- microlog.document/1 (analyzers, explainers)
 *
 * Keys are unique within a document. A finding needs a level; without fingerprint parts its key stands in for them.
 * Explainers put no findings: those are numbered before they run. A chart follows the table that it refers to.
 *
 * One builder at a time. begin, then fields in any order, lists item by item, cells row by row, then end.
 */

typedef struct ml_builder ml_builder;

/* Text fields */
#define ML_FIELD_RULE 1 /* finding: the part behind "plugin/" */
#define ML_FIELD_MESSAGE 2
#define ML_FIELD_WHY 3
#define ML_FIELD_LIMITS 4
#define ML_FIELD_FINGERPRINT                                                                       \
    5 /* what it is about, one part a call; no line numbers, times, absolute paths */
#define ML_FIELD_UNIT 6        /* metric, column */
#define ML_FIELD_TABLE 7       /* chart */
#define ML_FIELD_X 8           /* chart */
#define ML_FIELD_NAME 9        /* attachment; column */
#define ML_FIELD_MEDIA_TYPE 10 /* attachment */
#define ML_FIELD_FUNCTION 11   /* location */
#define ML_FIELD_MODULE 12     /* location */
#define ML_FIELD_FILE 13       /* location */
#define ML_FIELD_THREAD 14     /* location */
#define ML_FIELD_ID 15         /* node */
#define ML_FIELD_LABEL 16      /* node, edge, span */
#define ML_FIELD_GROUP 17      /* node */
/* Number fields */
#define ML_FIELD_IMPORTANCE 32 /* any block */
#define ML_FIELD_LEVEL 33      /* finding, span */
#define ML_FIELD_CONFIDENCE 34
#define ML_FIELD_IMPACT_NS 35
#define ML_FIELD_IMPACT_BYTES 36
#define ML_FIELD_IMPACT_COUNT 37
#define ML_FIELD_TYPE 38 /* metric, column */
#define ML_FIELD_BETTER 39
#define ML_FIELD_REDUCE 40   /* metric, column */
#define ML_FIELD_ORDER_BY 41 /* table: column number */
#define ML_FIELD_LIMIT 42    /* table */
#define ML_FIELD_SHAPE 43    /* chart */
#define ML_FIELD_LINE 44     /* location */
#define ML_FIELD_START 45    /* location, span */
#define ML_FIELD_END 46      /* location, span */
#define ML_FIELD_FROM 47     /* edge: node number */
#define ML_FIELD_TO 48
#define ML_FIELD_LANE 49 /* span: lane number */
/* Real fields */
#define ML_FIELD_VALUE 64 /* metric */
#define ML_FIELD_WEIGHT 65
#define ML_FIELD_LAYOUT_X 66 /* node */
#define ML_FIELD_LAYOUT_Y 67
#define ML_FIELD_WIDTH 68 /* node; of the graph before its first node */
#define ML_FIELD_HEIGHT 69
#define ML_FIELD_CURVE 70 /* edge: next number of the curve */

/* Lists; add opens an item, the fields above that name it then belong to it. */
#define ML_LIST_LOCATION 1 /* finding; node (one) */
#define ML_LIST_EVIDENCE 2 /* finding: `text` is the sentence */
#define ML_LIST_NEXT 3     /* finding: likewise */
#define ML_LIST_COLUMN 4   /* table: `text` is the name */
#define ML_LIST_Y 5        /* chart: `text` is a column name */
#define ML_LIST_NODE 6
#define ML_LIST_EDGE 7
#define ML_LIST_LANE 8 /* timeline: `text` is the name */
#define ML_LIST_SPAN 9

typedef struct ml_document_writer {
    uint32_t struct_size;
    uint32_t reserved;
    /* Never NULL: a failed begin gives a builder on which everything fails. */
    ml_builder *(*begin)(const ml_host *host, uint32_t kind, const char *key, const char *title);
    void (*set_text)(ml_builder *builder, uint32_t field, const char *text);
    void (*set_number)(ml_builder *builder, uint32_t field, uint64_t value);
    void (*set_real)(ml_builder *builder, uint32_t field, double value);
    void (*set_bytes)(ml_builder *builder, const void *bytes, size_t length); /* attachment */
    void (*add)(ml_builder *builder, uint32_t list, const char *text);
    /* The next cell of a table, row by row; the type must be the column's. A FUNCTION cell is
     * put_number of the row of functions. Rows beyond ML_TABLE_ROWS_MAX are counted, not kept. */
    void (*put_null)(ml_builder *builder);
    void (*put_text)(ml_builder *builder, const char *text);
    void (*put_number)(ml_builder *builder, uint64_t value);
    void (*put_int)(ml_builder *builder, int64_t value);
    void (*put_real)(ml_builder *builder, double value);
    /* Finishes the block. `text` is its plain fallback, or the Markdown of a text block. Returns the first
     * failure since begin; a block that failed is not kept, and the cause is in the job's chain. */
    ml_status (*end)(ml_builder *builder, const char *text);
} ml_document_writer;

#define ML_DOCUMENT_ID "microlog.document/1"

/* ---------------------------------------------------------------- microlog.documents/1 (explainers, renderers) */

/* A finding with its place in the report. */
typedef struct ml_ranked {
    const ml_document *document;
    const ml_block *block;
} ml_ranked;

typedef struct ml_documents {
    uint32_t struct_size;
    uint32_t reserved;
    const ml_document *const *documents; /* in order of plugin id */
    size_t document_count;
    const ml_ranked *findings; /* F1, F2, … over all documents */
    size_t finding_count;
    const char *verdict; /* the run in one sentence */
} ml_documents;

#define ML_DOCUMENTS_ID "microlog.documents/1"

/* ---------------------------------------------------------------- microlog.output/1, microlog.json/1 (renderers) */

typedef struct ml_output {
    uint32_t struct_size;
    uint32_t width; /* columns of the terminal for text; 0: no terminal */
    uint32_t color; /* escape sequences are welcome */
    uint32_t reserved;
    /* Appends to the file. The host opens, renames into place, and drops everything if the job fails. */
    ml_status (*write)(const ml_host *host, const void *bytes, size_t length);
    const char *recording_path; /* as the user gave it */
    const char *others;         /* other files of this report, one a line, or "" */
} ml_output;

#define ML_OUTPUT_ID "microlog.output/1"

/* The one JSON serializer, for whoever needs JSON text. Borrowed, valid for the job, NULL when out of memory. */
typedef struct ml_json {
    uint32_t struct_size;
    uint32_t reserved;
    const char *(*report)(const ml_host *host); /* everything, one object */
    const char *(*block)(const ml_host *host, const ml_document *document, const ml_block *block);
    /* The recording as in a report; "null" where there is no model. */
    const char *(*recording)(const ml_host *host);
} ml_json;

#define ML_JSON_ID "microlog.json/1"

#ifdef __cplusplus
}
#endif

#endif
