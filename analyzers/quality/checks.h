/* checks: what is looked at in a recording, each with what was measured, its limits and a grade. */
#ifndef MICROLOG_ANALYZERS_QUALITY_CHECKS_H
#define MICROLOG_ANALYZERS_QUALITY_CHECKS_H

#include "facts.h"

enum { GRADE_GOOD, GRADE_FAIR, GRADE_POOR };

enum {
    CHECK_SAMPLES,
    CHECK_LENGTH,
    CHECK_TICKS,
    CHECK_UNREAD,
    CHECK_METHOD,
    CHECK_DAMAGE,
    CHECK_END,
    CHECK_LOST,
    CHECK_GAPS,
    CHECK_COST,
    CHECK_COUNT
};

typedef struct check {
    const char *name;
    const char *limit; /* what would be fair, and what poor */
    unsigned grade;
    char measured[192];
    char reason[ML_SENTENCE_MAX]; /* what it means for the reader; "" when good */
} check;

/* Fills all checks, in the order above. */
void checks_make(const ml_model *model, const facts *about, check checks[CHECK_COUNT]);

/* The worst grade. */
unsigned checks_verdict(const check checks[CHECK_COUNT]);

const char *checks_word(unsigned grade);

/* Shares, 0 where there is nothing to share. */
double checks_missed_share(const facts *about);
double checks_unread_share(const facts *about);
double checks_cost_share(const ml_model *model);

/* Were stacks read under the interpreter's lock, or in a way that is not known? */
int checks_is_biased(const ml_model *model);

#endif
