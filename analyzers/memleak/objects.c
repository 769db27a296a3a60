#include "objects.h"

#include "allocations.h"
#include "holders.h"

#include "common/events.h"

enum { CENSUSES_SURE = 20, CENSUSES_FEW = 4, NAMED = 4, SITES = 3, TYPES_OPEN = 10 };

static const double WARNING_SHARE = 0.10, WARNING_BYTES = 1e6;
static const double MAPPED_SHARE = 0.5; /* of the growth; else it is of larger blocks */
static const double PLACE_SHARE = 0.2;

/* ---------------------------------------------------------------- which grow */

/* So few censuses that it may be chance: worth a note only if it is more at each of them, and much more. */
static int may_grow(const heap_type *type)
{
    const growth *about = &type->about;
    return about->points < POINTS_LEAST && about->points >= CENSUSES_FEW && type->always &&
           about->grown_bytes >= WARNING_BYTES &&
           about->grown_bytes >= about->median_bytes * WARNING_SHARE;
}

static int grows(const heap_type *type)
{
    return type->about.points < POINTS_LEAST ? may_grow(type) : !type->about.reason;
}

/* How many of the types grow; `grown` and `slope` are their sums. They stand first, but for those that do not. */
static size_t count_growing(const heap_types *types, double *grown, double *slope)
{
    size_t count = 0;
    *grown = *slope = 0;
    for (size_t i = 0; i < types->count; i++) {
        if (!grows(&types->all[i]))
            continue;
        *grown += types->all[i].about.grown_bytes;
        *slope += types->all[i].about.all.slope;
        count++;
    }
    return count;
}

/* ---------------------------------------------------------------- the finding */

static void name_types(char *text, size_t size, const ml_model *model, const heap_types *types)
{
    size_t named = 0;
    text[0] = '\0';
    for (size_t i = 0; i < types->count && named < NAMED; i++) {
        size_t used = strlen(text);
        if (!grows(&types->all[i]))
            continue;
        ml_format(text + used, size - used, "%s%.120s", named ? ", " : "",
                  ml_text_of(model, types->all[i].name));
        named++;
    }
}

static void put_time(ml_draft finding, const growth *about)
{
    ml_set_number(finding, ML_FIELD_START, about->start_ns);
    ml_set_number(finding, ML_FIELD_END, about->end_ns);
}

/* What the recording says at its end of who holds a type. */
static void put_holder(ml_draft finding, const ml_model *model, uint32_t process, uint32_t type)
{
    static const char *const names[] = {"type", "count", "holder"};
    uint32_t fields[3] = {0, 0, 0}, kind = events_kind(model, "heap.chain", names, 3, fields);
    ML_EACH_EVENT(model, kind, process, i)
    {
        const int64_t *values = events_fields(model, i);
        char count[ML_NUMBER_MAX];
        if ((uint32_t)values[fields[0]] == type)
            ml_evidence(
                finding, "%.120s, held by: %.500s; such containers refer to %s of them.",
                ml_text_of(model, type), ml_text_of(model, (uint32_t)values[fields[2]]),
                ml_format_count(count, values[fields[1]] > 0 ? (uint64_t)values[fields[1]] : 0));
    }
}

void objects_put_types(ml_draft finding, const ml_model *model, const heap_types *types)
{
    size_t shown = 0;
    for (size_t i = 0; i < types->count && shown < NAMED; i++) {
        const heap_type *type = &types->all[i];
        char first[ML_NUMBER_MAX], last[ML_NUMBER_MAX], grown[ML_NUMBER_MAX];
        if (!grows(type))
            continue;
        ml_evidence(finding,
                    "%.120s: from %s to %s objects, by %s in themselves (%.3g MB an hour); more at "
                    "%zu of %zu censuses, less at %zu.",
                    ml_text_of(model, type->name), ml_format_count(first, type->first),
                    ml_format_count(last, type->last),
                    ml_format_bytes(grown, (uint64_t)type->about.grown_bytes),
                    type->about.all.slope * 3600 / 1e6, type->about.steps_up,
                    type->about.points - 1, type->about.steps_down);
        put_holder(finding, model, types->total.process, type->name);
        shown++;
    }
}

/* ---------------------------------------------------------------- the place by who holds them */

/* The type that makes half of the growth a second, also where the censuses are too few to say that it grows; NULL. */
static const heap_type *type_behind(const heap_types *types, const growth *about)
{
    for (size_t i = 0; i < types->count; i++)
        if (types->all[i].about.all.slope * 2 >= about->all.slope)
            return &types->all[i];
    return NULL;
}

int objects_put_holder(ml_draft finding, const ml_model *model, const heap_types *types,
                       const growth *about, int is_last_resort)
{
    const heap_type *type = type_behind(types, about);
    holder found;
    if (type && !grows(type))
        put_holder(finding, model, types->total.process, type->name);
    if (!type || !holder_find(&found, model, types->total.process, type->name) ||
        (found.is_variable && !is_last_resort))
        return 0;
    ml_add(finding, ML_LIST_LOCATION, "");
    ml_set_text(finding, ML_FIELD_FUNCTION, found.function);
    ml_set_text(finding, ML_FIELD_MODULE, ml_module_name(model, found.module));
    ml_set_text(finding, ML_FIELD_FILE, ml_module_file(model, found.module));
    ml_set_number(finding, ML_FIELD_LINE, found.line);
    put_time(finding, about);
    if (found.is_variable)
        ml_next(finding, "Give %s of %s a bound, or let go of what it holds when it is done with.",
                found.name, ml_base_name(ml_module_file(model, found.module)));
    else
        ml_next(
            finding, "Give what %s (%s:%u) keeps a bound, or let go of it when it is done with.",
            found.name, ml_base_name(ml_module_file(model, found.module)), (unsigned)found.line);
    return 1;
}

/* ---------------------------------------------------------------- the place by what was mapped */

/* The places, and what to look for there. */
static void put_places(ml_draft finding, const ml_model *model, const growth *about,
                       const growth_sites *sites)
{
    const growth_site *first = &sites->all[0];
    for (size_t i = 0; i < sites->count && i < SITES; i++) {
        if (i && (double)sites->all[i].bytes < (double)sites->bytes * PLACE_SHARE)
            break;
        ml_location_of_function(finding, sites->all[i].function, sites->all[i].line);
        put_time(finding, about);
    }
    ml_next(finding,
            "Look for what %s (%s:%u) makes, and for the list, dictionary, cache or "
            "global that keeps it.",
            ml_function_name(model, first->function),
            ml_base_name(ml_function_file(model, first->function)), (unsigned)first->line);
}

ml_status objects_put_sites(const ml_host *host, ml_draft finding, const growth *about, int *placed)
{
    const ml_model *model = ml_get_model(host);
    growth_sites sites;
    ml_status status = growth_sites_find(host, about->process, about->start_ns, &sites);
    *placed = status == ML_OK && sites.count != 0 &&
              (double)sites.bytes >= about->grown_bytes * MAPPED_SHARE;
    if (!*placed)
        return status;
    for (size_t i = 0; i < sites.count && i < SITES; i++) {
        const growth_site *one = &sites.all[i];
        char bytes[ML_NUMBER_MAX], share[ML_NUMBER_MAX];
        ml_evidence(
            finding,
            "%s of new memory for objects (%s of it) was mapped in %s (%s:%u), which made one "
            "when there was no room.",
            ml_format_bytes(bytes, one->bytes),
            ml_format_ratio(share, (double)one->bytes / (double)sites.bytes),
            ml_function_name(model, one->function),
            ml_base_name(ml_function_file(model, one->function)), (unsigned)one->line);
    }
    put_places(finding, model, about, &sites);
    return ML_OK;
}

static uint32_t level_of(const heap_types *types, double grown)
{
    return types->total.points >= POINTS_LEAST && grown >= WARNING_BYTES &&
                   grown >= types->total.median_bytes * WARNING_SHARE
               ? ML_LEVEL_WARNING
               : ML_LEVEL_NOTE;
}

static uint32_t confidence_of(const growth *total)
{
    return total->points < POINTS_LEAST     ? ML_CONFIDENCE_LOW
           : total->points >= CENSUSES_SURE ? ML_CONFIDENCE_HIGH
                                            : ML_CONFIDENCE_MEDIUM;
}

static void put_message(ml_draft finding, const ml_model *model, const heap_types *types,
                        double grown, double slope)
{
    const growth *total = &types->total;
    char names[NAMED * 130], bytes[ML_NUMBER_MAX], span[ML_NUMBER_MAX], pid[40] = "";
    if (model->processes->count > 1)
        ml_format(pid, sizeof pid, " of process %u",
                  (unsigned)model->processes->pid[total->process]);
    name_types(names, sizeof names, model, types);
    ml_fingerprint(finding, names);
    ml_message(finding, "Python objects%s grow by %.3g MB a minute: %s; by %s in %s", pid,
               slope * 60 / 1e6, names, ml_format_bytes(bytes, (uint64_t)grown),
               ml_format_duration(span, total->end_ns - total->start_ns));
}

ml_status objects_put_finding(const ml_host *host, const heap_types *types, int *said)
{
    const ml_model *model = ml_get_model(host);
    const growth *total = &types->total;
    double grown, slope;
    char key[64];
    int placed = 0;
    ml_status status;
    *said = count_growing(types, &grown, &slope) != 0;
    if (!*said)
        return ML_OK;
    ml_draft finding = ml_finding_begin(
        host, level_of(types, grown), "objects-grow",
        ml_format(key, sizeof key, "objects:%u", (unsigned)total->process), "Objects grow");
    ml_set_number(finding, ML_FIELD_IMPORTANCE, 85);
    ml_confidence(finding, confidence_of(total));
    ml_set_number(finding, ML_FIELD_IMPACT_BYTES, (uint64_t)grown);
    put_message(finding, model, types, grown, slope);
    objects_put_types(finding, model, types);
    status = allocations_put(host, finding, total);
    if (status == ML_OK)
        status = objects_put_sites(host, finding, total, &placed);
    if (status != ML_OK)
        return status;
    if (!placed)
        objects_put_holder(finding, model, types, total, 1);
    if (total->points < POINTS_LEAST)
        ml_next(finding,
                "Record for longer: there are %zu censuses behind the warm-up, and %d make "
                "it sure.",
                total->points, POINTS_LEAST);
    ml_limits(finding, "Sizes are those of the objects themselves. It is no leak if it is meant to "
                       "grow, as a cache does before it is full.");
    return ml_end(finding, "There are more and more objects of these types.");
}

/* ---------------------------------------------------------------- the table */

static void put_row(ml_draft table, const ml_model *model, uint32_t process, const heap_type *type)
{
    double slope = type->about.all.slope > 0 ? type->about.all.slope * 60 : 0;
    ml_cell_int(table, (int64_t)model->processes->pid[process]);
    ml_cell_text(table, ml_text_of(model, type->name));
    ml_cell_int(table, (int64_t)type->first);
    ml_cell_int(table, (int64_t)type->last);
    ml_cell_number(table, type->last_bytes);
    ml_cell_number(table, (uint64_t)slope);
    ml_cell_text(table, grows(type) ? "grows" : type->about.reason ? type->about.reason : "");
}

ml_status objects_put_table(const ml_host *host, const heap_types *each)
{
    const ml_model *model = ml_get_model(host);
    ml_draft table = ml_table_begin(host, "types", "Objects by type");
    ml_set_number(table, ML_FIELD_IMPORTANCE, 20);
    ml_table_column(table, "process", ML_TYPE_INT, ML_REDUCE_NONE);
    ml_table_column(table, "type", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_column(table, "at first", ML_TYPE_INT, ML_REDUCE_SUM);
    ml_table_column(table, "at last", ML_TYPE_INT, ML_REDUCE_SUM);
    ml_table_column(table, "bytes", ML_TYPE_BYTES, ML_REDUCE_SUM);
    ml_table_column(table, "a minute", ML_TYPE_BYTES, ML_REDUCE_SUM);
    ml_table_column(table, "growth", ML_TYPE_TEXT, ML_REDUCE_NONE);
    ml_set_number(table, ML_FIELD_LIMIT, TYPES_OPEN);
    for (uint32_t i = 0; i < model->processes->count; i++)
        for (size_t k = 0; k < each[i].count; k++)
            put_row(table, model, i, &each[i].all[k]);
    return ml_end(table, "Objects of Python by type, at the first and the last census behind the "
                         "warm-up; fastest growth first.");
}
