/* compare: what differs between two runs of one program: its functions, its key numbers, its findings.
 *
 * Functions are the same when module and qualified name are; lines may move, and the program's own file may be called
 * otherwise. A time is compared in two measures: CPU, and waiting (time in which a thread was not running; time in
 * which it wanted a processor and got none is in neither).
 *
 * A difference counts when all of this holds: it is at least 1 % of the run and 50 ms, at least 15 % of the larger
 * side, and samples alone would hardly make it: with n samples of weight w a time of n w has the standard error
 * w sqrt(n), and the two-sided p values of all functions pass Benjamini and Hochberg's test (1995) at a false discovery
 * rate of 1 %. What differs from run to run for other reasons (the machine, caches, input) is not in that error.
 *
 * A finding that both runs have is worse or better when its level is another and what it costs differs by those 15 %, too.
 *
 * It does not print: see core/cli/diff.h.
 */
#ifndef ML_DOCUMENT_COMPARE_H
#define ML_DOCUMENT_COMPARE_H

#include "core/base/arena.h"
#include "core/base/status.h"

#include <microlog/plugin.h>

/* A run and what was found in it. */
typedef struct ml_compare_side {
    const ml_model *model;
    const ml_documents *documents;
} ml_compare_side;

/* The two runs: before and after. */
enum { ML_BEFORE, ML_AFTER, ML_SIDES };

enum { ML_MEASURE_CPU, ML_MEASURE_WAIT, ML_MEASURES };

/* A time in seconds, or in seconds for each second of the run. */
typedef struct ml_compare_time {
    double value[ML_SIDES];
    double error; /* standard error of the difference, from sampling alone */
    int differs;  /* by the rule above */
} ml_compare_time;

typedef struct ml_compare_function {
    const char *module, *name;
    const char *shown; /* "load_rates (rates.py:38)", with the line of the later run that has it */
    int in_project;
    int there[ML_SIDES]; /* it was seen in that run */
    ml_compare_time self[ML_MEASURES], total[ML_MEASURES];
} ml_compare_function;

/* A key number of both runs. */
typedef struct ml_compare_number {
    const char *name;
    uint32_t type; /* ML_TYPE_DURATION (ns), ML_TYPE_BYTES, ML_TYPE_INT */
    int known[ML_SIDES];
    double value[ML_SIDES];
    int differs; /* by 5 % of the larger at least; a number that is counted, at all */
} ml_compare_number;

/* A finding of one of the runs, or of both (the same rule and fingerprint). */
typedef struct ml_compare_finding {
    const ml_ranked *side[ML_SIDES]; /* NULL: not there */
    enum {
        ML_FINDING_SAME,
        ML_FINDING_NEW,
        ML_FINDING_WORSE,
        ML_FINDING_BETTER,
        ML_FINDING_GONE
    } change;
} ml_compare_finding;

typedef struct ml_comparison {
    int per_second;
    ml_compare_side side[ML_SIDES];
    ml_compare_function *functions; /* in order of module and name */
    size_t function_count;
    /* Those whose own time differs, the largest difference first. */
    const ml_compare_function **changed[ML_MEASURES];
    size_t changed_count[ML_MEASURES];
    /* The project's functions, if their own time does not differ, but that with what they call; those for which no other
     * function below them stands for most of the difference, and that are not nearly the whole program. In order. */
    const ml_compare_function **callers[ML_MEASURES];
    size_t caller_count[ML_MEASURES];
    ml_compare_number *numbers;
    size_t number_count;
    ml_compare_finding *findings; /* by rank: those of the later run, then those that are gone */
    size_t finding_count;
} ml_comparison;

/* Compares; everything lies in the arena or is borrowed from the sides. With `per_second` times are divided by the
 * length of their run. Fails only without memory. */
ml_status ml_compare(ml_arena *arena, const ml_compare_side *before, const ml_compare_side *after,
                     int per_second, ml_comparison *out);

/* "new", "worse", "better", "gone", "same". */
const char *ml_compare_change_name(const ml_compare_finding *finding);

/* ML_LEVEL_… of the worst finding that is new or worse; 0: there is none. */
uint32_t ml_compare_worst_new(const ml_comparison *comparison);

/* The part about functions, for ml_compare. */
ml_status ml_compare_functions(ml_arena *arena, ml_comparison *comparison);

#endif
