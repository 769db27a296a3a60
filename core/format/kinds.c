#include "core/format/kinds.h"

#include <string.h>

typedef struct {
    const char *name, *fields;
} registered;

#define REGISTERED(constant, name, fields) {name, fields},
static const registered registry[ML_KIND_COUNT] = {ML_MLOG_KINDS(REGISTERED)};
#undef REGISTERED

/* One letter a type, in the order of the ML_MLOG_FIELD_ numbers. */
static const char type_letters[] = "uidfFsbeS";

/* Takes "name:type[:unit]" of `length` bytes apart. */
static int parse_field(const char *text, size_t length, ml_kind_spec_field *field)
{
    const char *colon = memchr(text, ':', length);
    const char *letter;
    size_t rest;

    if (colon == NULL) {
        return 0;
    }
    field->name = text;
    field->name_length = (size_t)(colon - text);
    rest = length - field->name_length - 1;
    letter = rest == 0 ? NULL : strchr(type_letters, colon[1]);
    if (letter == NULL || field->name_length == 0 || (rest > 1 && colon[2] != ':')) {
        return 0;
    }
    field->type = (uint32_t)(letter - type_letters);
    field->unit = rest > 2 ? colon + 3 : "";
    field->unit_length = rest > 2 ? rest - 2 : 0;
    return 1;
}

int ml_kind_is_gauge(const void *name, size_t length)
{
    static const char *const gauges[] = {"sys.status", "py.collector", "py.gc", "fd.brief",
                                         "rec.cost"};

    for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++) {
        if (strlen(gauges[i]) == length && memcmp(gauges[i], name, length) == 0) {
            return 1;
        }
    }
    return 0;
}

static int parse_kind(const registered *from, ml_kind_spec *kind)
{
    const char *at = from->fields;

    *kind = (ml_kind_spec){.name = from->name,
                           .is_gauge = ml_kind_is_gauge(from->name, strlen(from->name))};
    while (*at != '\0') {
        size_t length = strcspn(at, " ");
        if (kind->field_count == ML_KIND_FIELDS_WRITTEN ||
            !parse_field(at, length, &kind->fields[kind->field_count++])) {
            return 0;
        }
        at += length;
        at += strspn(at, " ");
    }
    return 1;
}

int ml_kinds_parse(ml_kind_spec kinds[ML_KIND_COUNT])
{
    for (size_t i = 0; i < ML_KIND_COUNT; i++) {
        if (!parse_kind(&registry[i], &kinds[i])) {
            return 0;
        }
    }
    return 1;
}
