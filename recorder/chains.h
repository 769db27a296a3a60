/* chains: what holds the objects of a type: from a container of the sort that holds most of their bytes, who refers to whom, up to a
 * module's variable, a class, a function or a frame. Looked for at the end of a recording, for types that grew.
 *
 * Breadth first, one pass over all objects for each step, so that nothing is made and no Python code runs; within a
 * limit of time. [program] */
#ifndef RECORDER_CHAINS_H
#define RECORDER_CHAINS_H

#include "notice.h"

#include <stdint.h>

struct _typeobject;

enum { CHAINS_TYPES = 4 };

/* Writes a heap.chain for each of up to CHAINS_TYPES types, as far as it comes in `limit_ns` of CPU time. */
void chains_write(notice *target, struct _typeobject *const *types, uint32_t count,
                  uint64_t limit_ns);

#endif
