/* calls: who called whom among the groups, for how long, how often. */
#ifndef MICROLOG_ANALYZERS_DESIGN_CALLS_H
#define MICROLOG_ANALYZERS_DESIGN_CALLS_H

#include "groups.h"

enum { CALLS_SIDE = GROUPS_MAX + OTHERS_MAX };

/* A cell [from][to]. */
typedef struct call_sum {
    uint64_t ns;        /* running in or below the called one, each stack once */
    uint64_t stretches; /* of consecutive samples */
} call_sum;

typedef struct call_table {
    const grouping *groups;
    call_sum (*cells)[CALLS_SIDE];
} call_table;

ml_status calls_fill(call_table *to, const grouping *groups);

/* A cycle: groups of own code each of which leads to each other over calls of at least `least_ns`. `member` has a
 * byte a group. Looks for the cycle of the first group not marked in `done`, and marks what it looked at; returns
 * the number of members, 0 when there are no more cycles. */
uint32_t calls_next_cycle(const call_table *in, uint64_t least_ns, uint8_t *done, uint8_t *member);

#endif
