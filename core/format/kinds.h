/* kinds: the registry of public event kinds (ML_MLOG_KINDS in mlog.h), taken apart. */
#ifndef ML_FORMAT_KINDS_H
#define ML_FORMAT_KINDS_H

#include "core/format/mlog.h"

#include <stddef.h>

enum { ML_KIND_FIELDS_WRITTEN = 20 }; /* most fields of a kind in the registry */

typedef struct ml_kind_spec_field {
    const char *name, *unit; /* not NUL-terminated */
    size_t name_length, unit_length;
    uint32_t type;
} ml_kind_spec_field;

typedef struct ml_kind_spec {
    const char *name;
    int is_gauge; /* ml_kind_is_gauge */
    uint32_t field_count;
    ml_kind_spec_field fields[ML_KIND_FIELDS_WRITTEN];
} ml_kind_spec;

/* Is it a kind of figures that come by a clock of their own, so that nobody asks what of the same instant was before or
 * behind them? Its events are written apart from the others. */
int ml_kind_is_gauge(const void *name, size_t length);

/* Fills `kinds` with the ML_KIND_COUNT entries of the registry; false when the registry is
 * malformed, which the unit tests rule out. */
int ml_kinds_parse(ml_kind_spec kinds[ML_KIND_COUNT]);

#endif
