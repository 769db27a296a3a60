/* rewriting: what repair and pack share: recordings written again, in place or to another file.
 *
 * In place means through a neighbour and a rename, and without the journal afterwards. A recording that is still being
 * written is refused.
 */
#ifndef ML_CLI_REWRITING_H
#define ML_CLI_REWRITING_H

#include "core/cli/args.h"

typedef struct ml_rewriting {
    int level;          /* zstd; 0: stored */
    int only_if_needed; /* leave sound recordings alone, and those that would not get smaller */
    const char *done;   /* what was done, as a word */
} ml_rewriting;

/* Rewrites all inputs of the command line; returns the exit code. */
int ml_rewriting_run(const ml_args *args, const ml_rewriting *how);

#endif
