/* image_layout: how the columns of a model stand in one piece of memory.
 *
 *     header: signature, length, facts of the run, rows of each extent, offset of each column
 *     columns, each aligned to 64 bytes, in the order of the layout's list
 *
 * There are offsets only, so the piece means the same wherever it is mapped. It is passed between parts of
 * one build of the tool and never stored, so it has no versions.
 */
#ifndef ML_MODEL_IMAGE_LAYOUT_H
#define ML_MODEL_IMAGE_LAYOUT_H

#include "core/base/arena.h"
#include "core/base/status.h"

#include <microlog/plugin.h>

#include <sys/uio.h>

/* Columns with equally many rows share an extent. */
enum {
    ML_EXTENT_STRINGS,
    ML_EXTENT_STRING_BYTES,
    ML_EXTENT_PROCESSES,
    ML_EXTENT_MODULES,
    ML_EXTENT_FUNCTIONS,
    ML_EXTENT_STACKS,
    ML_EXTENT_THREADS,
    ML_EXTENT_SAMPLES,
    ML_EXTENT_CALLS,
    ML_EXTENT_MESSAGES,
    ML_EXTENT_COUNTERS,
    ML_EXTENT_POINTS,
    ML_EXTENT_RESOURCES,
    ML_EXTENT_EVENTS,
    ML_EXTENT_EVENT_FIELDS,
    ML_EXTENT_KINDS,
    ML_EXTENT_KIND_FIELDS,
    ML_EXTENT_SOURCES,
    ML_EXTENT_GAPS,
    ML_EXTENT_COUNT
};

typedef struct ml_image_tables {
    ml_strings strings;
    ml_processes processes;
    ml_modules modules;
    ml_functions functions;
    ml_stacks stacks;
    ml_threads threads;
    ml_samples samples;
    ml_calls calls;
    ml_messages messages;
    ml_counters counters;
    ml_resources resources;
    ml_events_table events;
    ml_sources sources;
    ml_gaps gaps;
} ml_image_tables;

/* What ml_model says beside its tables; texts are rows of strings. */
typedef struct ml_image_facts {
    uint64_t duration_ns, period_ns, ticks, ticks_missed, recorder_cpu_ns;
    int64_t start_wall_ns, utc_offset_s;
    uint32_t damaged;
    uint32_t name, command, python, host, system, directory, label, recorder, session, method,
        problem;
} ml_image_facts;

/* The parts of an image, to be put one behind the other, in the arena; they point into the columns. `tables` has pointers to
 * the columns (not looked at where there are no rows); its counts are not used, `rows` is. */
ml_status ml_image_pack(ml_arena *arena, const ml_image_tables *tables, const ml_image_facts *facts,
                        const uint64_t rows[ML_EXTENT_COUNT], struct iovec **parts, size_t *count);

/* The tables and the model (all but its pointers to the tables) of a packed image at `image`. */
void ml_image_view(const void *image, ml_image_tables *tables, ml_model *model);

#endif
