/* design: the program's structure, as its stacks show it.
 *
 * A drawing of who calls whom among the program's modules (or classes, where there are few modules), the packages
 * and the parts of the standard library that they use, the same as a table, and one rule:
 *
 * design/call-cycle: modules of the program's own code call each other in a ring. Threshold: every call of the
 *   ring was running for at least five periods. A note: a ring costs no time by itself.
 *   What it cannot know: calls that were never sampled; whether a call back is a callback that was handed over.
 *
 * Imports, and what runs during them, are left out. */
#include "calls.h"
#include "layout.h"

enum {
    PARTS_BELOW = 6, /* with fewer own modules of LEAST_SHARE, classes and functions are shown */
    ARROWS_MAX = 150,
    LABEL_MAX = 34, /* characters of a name in a box */
    CYCLE_PERIODS = 5,
    ROWS_SHOWN = 20,
};

static const double LETTER_WIDTH = 7.3, BOX_PADDING = 18, BOX_HEIGHT = 26, BOX_LEAST = 56;
static const double LEAST_SHARE = 0.005; /* lighter packages are drawn together */
static const char *const FEW_MODULES =
    "Own code is drawn by class and function, as fewer than 6 of its modules have 0.5 % of the running time.";
static const char *const MANY_MODULES =
    "Own code is drawn by module, as 6 or more of them have 0.5 % of the running time.";

typedef struct design {
    const ml_host *host;
    stack_times times;
    own_code own;
    grouping modules, groups;
    call_table calls;
    int detail;
} design;

/* ---------------------------------------------------------------- drawing */

static const char *origin_word(const design *from, const group *one)
{
    if (one->sort == SORT_OWN && one->module != ML_NONE)
        return ml_origin_word(ml_module_flags(from->times.model, one->module));
    if (one->sort == SORT_OWN)
        return from->own.package == ML_NONE ? "project" : "third party";
    return one->sort == SORT_STDLIB ? "stdlib" : "third party";
}

static double share_of(const design *from, uint64_t ns)
{
    return from->groups.all_ns ? (double)ns / (double)from->groups.all_ns : 0;
}

/* The name, its middle cut out if it is long, and the group's own share where it has one. */
static void put_label(char *label, size_t size, const design *from, const group *one)
{
    size_t length = strlen(one->name), half = LABEL_MAX / 2;
    char name[NAME_MAX_LENGTH + 8], share[ML_NUMBER_MAX];
    ml_format(name, sizeof name, "%s", one->name);
    if (length > LABEL_MAX) {
        size_t head = half, tail = length - half;
        while (head && ((unsigned char)one->name[head] & 0xC0u) == 0x80u)
            head--;
        while (tail < length && ((unsigned char)one->name[tail] & 0xC0u) == 0x80u)
            tail++;
        ml_format(name, sizeof name, "%.*s\xE2\x80\xA6%s", (int)head, one->name, one->name + tail);
    }
    if (share_of(from, one->self_ns) >= LEAST_SHARE)
        ml_format(label, size, "%s %s", name, ml_format_ratio(share, share_of(from, one->self_ns)));
    else
        ml_format(label, size, "%s", name);
}

/* Characters outside of ASCII may be twice as wide. */
static double width_of(const char *text)
{
    double width = BOX_PADDING;
    for (; *text; text++)
        if (((unsigned char)*text & 0xC0u) != 0x80u)
            width += (unsigned char)*text < 0x80u ? LETTER_WIDTH : 2 * LETTER_WIDTH;
    return width > BOX_LEAST ? width : BOX_LEAST;
}

static ml_status make_boxes(const design *from, layout *to)
{
    to->box_count = from->groups.count;
    to->boxes = (layout_box *)ml_alloc(from->host, to->box_count, sizeof *to->boxes);
    if (!to->boxes)
        return ml_fail(from->host, ML_ERROR_MEMORY, "no memory for the drawing");
    for (uint32_t i = 0; i < to->box_count; i++) {
        char label[NAME_MAX_LENGTH + ML_NUMBER_MAX];
        put_label(label, sizeof label, from, &from->groups.groups[i]);
        to->boxes[i] = (layout_box){width_of(label), BOX_HEIGHT,
                                    (double)from->groups.groups[i].under_ns, 0, 0};
    }
    return ML_OK;
}

/* The least time with which a call is among the ARROWS_MAX longest; more may have exactly this time. */
static uint64_t least_drawn(const design *from)
{
    uint64_t low = 1, high = from->groups.all_ns + 1;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        uint32_t longer = 0;
        for (uint32_t i = 0; i < from->groups.count; i++)
            for (uint32_t j = 0; j < from->groups.count; j++)
                longer += from->calls.cells[i][j].ns >= middle;
        if (longer > ARROWS_MAX)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static ml_status make_arrows(const design *from, layout *to)
{
    uint64_t least = least_drawn(from);
    uint32_t count = from->groups.count;
    to->arrows = (layout_arrow *)ml_alloc(from->host, ARROWS_MAX, sizeof *to->arrows);
    if (!to->arrows)
        return ml_fail(from->host, ML_ERROR_MEMORY, "no memory for the drawing");
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < count; j++) {
            uint64_t ns = from->calls.cells[i][j].ns;
            if (ns >= least && to->arrow_count < ARROWS_MAX)
                to->arrows[to->arrow_count++] =
                    (layout_arrow){i, j, 1 + (int)(share_of(from, ns) * 20), NULL, 0};
        }
    return ML_OK;
}

/* ---------------------------------------------------------------- blocks */

static void put_node(ml_draft graph, const design *from, uint32_t row, const layout_box *box)
{
    const ml_model *model = from->times.model;
    const group *one = &from->groups.groups[row];
    char label[NAME_MAX_LENGTH + ML_NUMBER_MAX];
    put_label(label, sizeof label, from, one);
    ml_add(graph, ML_LIST_NODE, one->name);
    ml_set_text(graph, ML_FIELD_LABEL, label);
    ml_set_text(graph, ML_FIELD_GROUP, origin_word(from, one));
    ml_set_real(graph, ML_FIELD_WEIGHT, (double)one->under_ns);
    if (box) {
        ml_set_real(graph, ML_FIELD_LAYOUT_X, box->x);
        ml_set_real(graph, ML_FIELD_LAYOUT_Y, box->y);
        ml_set_real(graph, ML_FIELD_WIDTH, box->width);
        ml_set_real(graph, ML_FIELD_HEIGHT, box->height);
    }
    if (one->sort == SORT_OWN && one->module != ML_NONE) {
        ml_add(graph, ML_LIST_LOCATION, "");
        ml_set_text(graph, ML_FIELD_MODULE, ml_module_name(model, one->module));
        ml_set_text(graph, ML_FIELD_FILE, ml_module_file(model, one->module));
    }
}

static void put_edge(ml_draft graph, const design *from, const layout_arrow *arrow)
{
    const call_sum *sum = &from->calls.cells[arrow->from][arrow->to];
    char label[2 * NAME_MAX_LENGTH + 128], time[ML_NUMBER_MAX], share[ML_NUMBER_MAX];
    char stretches[ML_NUMBER_MAX];
    ml_format(label, sizeof label, "%s calls %s: %s (%s), %s stretch%s",
              from->groups.groups[arrow->from].name, from->groups.groups[arrow->to].name,
              ml_format_duration(time, sum->ns), ml_format_ratio(share, share_of(from, sum->ns)),
              ml_format_count(stretches, sum->stretches), sum->stretches == 1 ? "" : "es");
    ml_add(graph, ML_LIST_EDGE, label);
    ml_set_number(graph, ML_FIELD_FROM, arrow->from);
    ml_set_number(graph, ML_FIELD_TO, arrow->to);
    ml_set_real(graph, ML_FIELD_WEIGHT, (double)sum->ns);
    for (size_t i = 0; i < arrow->curve_count; i++)
        ml_set_real(graph, ML_FIELD_CURVE, arrow->curve[i]);
}

static ml_status put_graph(const design *from)
{
    layout drawing = {NULL, 0, NULL, 0, 0, 0};
    ml_status status = make_boxes(from, &drawing);
    int is_laid_out;
    char text[512];
    ml_draft graph;
    if (status == ML_OK)
        status = make_arrows(from, &drawing);
    if (status != ML_OK)
        return status;
    is_laid_out = drawing.box_count && layout_find(from->host, &drawing) == ML_OK;
    graph = ml_block_begin(from->host, ML_BLOCK_GRAPH, "calls",
                           from->detail == DETAIL_MODULES ? "Modules and what they use"
                                                          : "Classes, functions and what they use");
    ml_set_number(graph, ML_FIELD_IMPORTANCE, 80);
    if (is_laid_out) {
        ml_set_real(graph, ML_FIELD_WIDTH, drawing.width);
        ml_set_real(graph, ML_FIELD_HEIGHT, drawing.height);
    }
    for (uint32_t i = 0; i < drawing.box_count; i++)
        put_node(graph, from, i, is_laid_out ? &drawing.boxes[i] : NULL);
    for (uint32_t i = 0; i < drawing.arrow_count; i++)
        put_edge(graph, from, &drawing.arrows[i]);
    return ml_end(
        graph,
        ml_format(
            text, sizeof text,
            "A line leads from a caller to what it calls, downwards where there is no ring. A percentage is the part of the running time that was spent in the box itself. %s Imports are left out; light packages are drawn as one.",
            from->detail == DETAIL_MODULES ? MANY_MODULES : FEW_MODULES));
}

static ml_status put_table(const design *from)
{
    ml_draft table = ml_table_begin(from->host, "links", "Who calls whom");
    ml_set_number(table, ML_FIELD_IMPORTANCE, 60);
    ml_table_column(table, "caller", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_column(table, "called", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_column(table, "origin of the called", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_column(table, "time", ML_TYPE_DURATION, ML_REDUCE_SUM);
    ml_table_column(table, "share", ML_TYPE_RATIO, ML_REDUCE_NONE);
    ml_table_column(table, "stretches", ML_TYPE_INT, ML_REDUCE_SUM);
    ml_table_show(table, 3, ROWS_SHOWN);
    for (uint32_t i = 0; i < from->groups.count; i++)
        for (uint32_t j = 0; j < from->groups.count; j++) {
            const call_sum *sum = &from->calls.cells[i][j];
            if (!sum->ns)
                continue;
            ml_cell_text(table, from->groups.groups[i].name);
            ml_cell_text(table, from->groups.groups[j].name);
            ml_cell_text(table, origin_word(from, &from->groups.groups[j]));
            ml_cell_number(table, sum->ns);
            ml_cell_real(table, share_of(from, sum->ns));
            ml_cell_int(table, (int64_t)sum->stretches);
        }
    return ml_end(table, "The time in which threads were running in what was called, or below it.");
}

/* ---------------------------------------------------------------- cycles */

static void put_members(char *text, size_t size, const grouping *groups, const uint8_t *member,
                        uint32_t count)
{
    uint32_t seen = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < groups->count; i++) {
        size_t used = strlen(text);
        if (!member[i])
            continue;
        ml_format(text + used, size - used, "%s%s",
                  seen == 0          ? ""
                  : seen + 1 < count ? ", "
                                     : " and ",
                  groups->groups[i].name);
        seen++;
    }
}

/* Says each call of the ring. */
static void put_ring(ml_draft finding, const call_table *calls, const uint8_t *member,
                     uint64_t least_ns)
{
    const grouping *groups = calls->groups;
    for (uint32_t i = 0; i < groups->count; i++)
        for (uint32_t j = 0; j < groups->count; j++) {
            const call_sum *sum = &calls->cells[i][j];
            char time[ML_NUMBER_MAX], stretches[ML_NUMBER_MAX];
            if (!member[i] || !member[j] || i == j || sum->ns < least_ns)
                continue;
            ml_evidence(finding, "%s called %s for %s, in %s stretch%s.", groups->groups[i].name,
                        groups->groups[j].name, ml_format_duration(time, sum->ns),
                        ml_format_count(stretches, sum->stretches),
                        sum->stretches == 1 ? "" : "es");
        }
}

static ml_status put_cycle(const call_table *calls, const uint8_t *member, uint32_t count,
                           uint64_t least_ns)
{
    const grouping *groups = calls->groups;
    const ml_host *host = groups->times->host;
    char members[1024], key[1100], title[1100];
    ml_draft finding;
    uint32_t first = 0;
    put_members(members, sizeof members, groups, member, count);
    while (!member[first])
        first++;
    finding = ml_finding_begin(host, ML_LEVEL_NOTE, "call-cycle",
                               ml_format(key, sizeof key, "call-cycle:%s", members),
                               ml_format(title, sizeof title, "%s call each other", members));
    ml_confidence(finding, ML_CONFIDENCE_MEDIUM);
    ml_message(finding, "%s call each other, so none of them can be understood or tested alone",
               members);
    put_ring(finding, calls, member, least_ns);
    ml_next(
        finding,
        "Move what %s needs of the others into a module of its own, or hand it over as an argument.",
        groups->groups[first].name);
    ml_limits(
        finding,
        "A callback that was handed over looks like a call back. The ring costs no time by itself.");
    for (uint32_t i = 0; i < groups->count; i++)
        if (member[i])
            ml_fingerprint(finding, groups->groups[i].name);
    return ml_end(finding, members);
}

/* Over modules, whatever the drawing shows. */
static ml_status put_cycles(const design *from)
{
    call_table calls;
    uint8_t done[CALLS_SIDE] = {0}, member[CALLS_SIDE];
    uint64_t least = CYCLE_PERIODS * from->times.model->period_ns;
    uint32_t count;
    ml_status status = calls_fill(&calls, &from->modules);
    while (status == ML_OK && (count = calls_next_cycle(&calls, least, done, member)) > 0)
        status = put_cycle(&calls, member, count, least);
    return status;
}

/* A module that was hardly seen does not count: another run of the same program might not have seen it. */
static int detail_for(const grouping *modules)
{
    uint32_t own = 0, heavy = 0;
    for (uint32_t i = 0; i < modules->count; i++) {
        if (modules->groups[i].sort != SORT_OWN)
            continue;
        own++;
        heavy += (double)modules->groups[i].under_ns >= LEAST_SHARE * (double)modules->all_ns;
    }
    if (own == 1)
        return DETAIL_ALONE;
    return heavy < PARTS_BELOW ? DETAIL_PARTS : DETAIL_MODULES;
}

static ml_status run(const ml_host *host, void *self)
{
    design from;
    ml_status status;
    (void)self;
    memset(&from, 0, sizeof from);
    from.host = host;
    status = stack_times_fill(&from.times, host);
    if (status == ML_OK)
        status = own_code_find(&from.own, &from.times);
    if (status != ML_OK)
        return status;
    status =
        groups_make(&from.modules, &from.times, &from.own, DETAIL_MODULES, GROUPS_MAX, LEAST_SHARE);
    from.detail = detail_for(&from.modules);
    if (status == ML_OK)
        status = groups_make(&from.groups, &from.times, &from.own, from.detail,
                             (uint32_t)ml_option_as_int(host, "boxes"), LEAST_SHARE);
    if (status == ML_OK)
        status = calls_fill(&from.calls, &from.groups);
    if (status == ML_OK && !from.groups.count)
        return ml_put_text(host, "nothing", "Structure",
                           "No Python code was seen running outside of imports.");
    if (status == ML_OK)
        status = put_graph(&from);
    if (status == ML_OK)
        status = put_table(&from);
    return status == ML_OK ? put_cycles(&from) : status;
}

static const ml_option options[] = {
    ML_OPTION("boxes", ML_OPTION_INT, "40", 2, GROUPS_MAX,
              "most modules, classes and packages to draw; the lightest are drawn as one"),
};

ML_DEFINE_ANALYZER_WITH_OPTIONS(
    "design", "1.0", "Design",
    "the program's structure: modules, classes, packages, and who calls whom", options, run)
