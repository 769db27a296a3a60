/* objects: what is said of Python objects that grow by type. */
#ifndef MICROLOG_ANALYZERS_MEMLEAK_OBJECTS_H
#define MICROLOG_ANALYZERS_MEMLEAK_OBJECTS_H

#include "types.h"

/* The finding on the types of a process that grow, if there are any; `*said` tells so. */
ml_status objects_put_finding(const ml_host *host, const heap_types *types, int *said);

/* Names the types that grow as evidence. */
void objects_put_types(ml_draft finding, const ml_model *model, const heap_types *types);

/* Names the lines that wanted more memory for objects since the warm-up as evidence, and those with a fifth of it as places, if
 * that memory is half of the growth; `*placed` tells whether it is. */
ml_status objects_put_sites(const ml_host *host, ml_draft finding, const growth *about,
                            int *placed);

/* Who holds the type that makes half of the growth, as evidence; and as the place, if the recording names a function of the project
 * there: its cache, or what it defines and refers to. As a last resort also a variable of a module. False without a place. */
int objects_put_holder(ml_draft finding, const ml_model *model, const heap_types *types,
                       const growth *about, int is_last_resort);

/* The table of types, of all processes: `each` has as many as there are. */
ml_status objects_put_table(const ml_host *host, const heap_types *each);

#endif
