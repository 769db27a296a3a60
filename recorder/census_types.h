/* census_types: the types of one census, and what was said of them in those before.
 *
 * Within a census a type is its address; from one to the next it is its name, since classes come and go and are made again.
 * Only types that have changed by a 128th and by CENSUS_LEAST are written: what is not said is as it was. [program] */
#ifndef RECORDER_CENSUS_TYPES_H
#define RECORDER_CENSUS_TYPES_H

#include "notice.h"

#include <stdint.h>

enum {
    CENSUS_WHOLE = 1 << 16, /* objects are counted in parts, as many to one */
    CENSUS_BITS = 12,
    CENSUS_TYPES = 1 << CENSUS_BITS, /* that are told apart */
    CENSUS_NAME = 120,               /* bytes of a name that are kept */
    CENSUS_LEAST = 8192              /* bytes */
};

typedef struct census_types census_types;

census_types *census_types_new(void); /* NULL without memory */
void census_types_free(census_types *types);

/* A census: begin, add each object, end, which writes what has changed. `parts` of the object are counted. */
void census_types_begin(census_types *types);
void census_types_add(census_types *types, struct _object *object, uint64_t parts);
void census_types_end(census_types *types, notice *target);

/* Up to `room` types that have become more nearly every time that they were written, those first that grew most. The types
 * are those of the last census: nothing may have run since. To be asked once. */
uint32_t census_types_growing(census_types *types, struct _typeobject **out, uint32_t room);

/* "module.Name" as Python shows a class; a built-in type's without a module. `name` is zeroed. */
void census_types_name(struct _typeobject *type, char name[CENSUS_NAME]);

/* What an object takes itself, without what is put before it for the collector. */
size_t census_types_size(struct _object *object);

/* Bytes of all types at the last census. */
uint64_t census_types_bytes(const census_types *types);

#endif
