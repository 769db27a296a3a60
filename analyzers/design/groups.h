/* groups: the functions of a run as few enough groups to draw: modules, packages, classes.
 *
 * The program's own code one module at a time; or, where it has few modules, one class (or function outside of
 * classes) at a time. Third-party code by package, the standard library by top-level module. Imports and what
 * runs below them do not count. */
#ifndef MICROLOG_ANALYZERS_DESIGN_GROUPS_H
#define MICROLOG_ANALYZERS_DESIGN_GROUPS_H

#include "common/own_code.h"

enum { GROUPS_MAX = 60, OTHERS_MAX = 3, NAME_MAX_LENGTH = 200 };

/* DETAIL_ALONE: parts without the name of the module, as there is one only. */
enum { DETAIL_MODULES, DETAIL_PARTS, DETAIL_ALONE };

/* Which of the three sorts a group is of; order of the drawing. */
enum { SORT_OWN, SORT_PACKAGE, SORT_STDLIB };

typedef struct group {
    const char *name;
    int sort;
    uint32_t module;   /* one of its modules; ML_NONE for several */
    uint32_t merged;   /* so many groups in one, or 0 */
    uint64_t self_ns;  /* running in its functions */
    uint64_t under_ns; /* running in or below them, each stack once */
} group;

typedef struct grouping {
    const stack_times *times;
    group *groups; /* by sort, then name; merged ones last in theirs */
    uint32_t count;
    uint32_t *of_function; /* ML_NONE: passed over */
    uint64_t *under_ns;    /* by stack, without imports */
    uint64_t all_ns;       /* running, without imports */
} grouping;

/* The groups, at most `limit` (up to GROUPS_MAX) and the merged rest of each sort; those that are not own and
 * under `least` of the running time are merged in any case. ML_ERROR_MEMORY with a cause. */
ml_status groups_make(grouping *to, const stack_times *times, const own_code *own, int detail,
                      uint32_t limit, double least);

/* The group of the innermost frame at or above `stack` that has one, with its stack in `at`; or ML_NONE. */
uint32_t groups_of_stack(const grouping *in, uint32_t stack, uint32_t *at);

#endif
