#include "core/base/os.h"
#include "core/base/sha256.h"
#include "core/model/build.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line is hot from a 500th of all sampled time on; the hottest 300 count, each with three lines around it. */
enum { HOT_SHARE = 500, HOT_LINES = 300, AROUND = 3 };

/* What is shown of a line; what is read of one file and of all of them, whatever a recording claims. */
enum { LINE_BYTES = 500, FILE_BYTES = 4 << 20, ALL_BYTES = 64 << 20, LINES_MOST = 1 << 20 };

/* Lines of a module, `upto` included. */
typedef struct stretch {
    uint32_t module, from, upto;
    uint64_t weight;
} stretch;

typedef struct stretches {
    stretch *items;
    size_t count;
} stretches;

/* What a member tells of a file. */
typedef struct fact {
    uint32_t file; /* row of strings */
    const ml_member *member;
    const ml_source *source;
} fact;

typedef struct source_line {
    uint32_t module, line, text;
} source_line;

typedef struct source_maker {
    ml_build *build;
    fact *facts; /* by file */
    size_t fact_count;
    source_line *lines;
    size_t line_count, line_capacity;
    uint64_t bytes_read;
} source_maker;

/* ---- which lines ---- */

static int by_place(const void *left, const void *right)
{
    const stretch *a = left;
    const stretch *b = right;

    return a->module != b->module ? (a->module > b->module) - (a->module < b->module)
                                  : (a->from > b->from) - (a->from < b->from);
}

static int by_weight(const void *left, const void *right)
{
    const stretch *a = left;
    const stretch *b = right;

    return a->weight != b->weight ? (a->weight < b->weight) - (a->weight > b->weight)
                                  : by_place(left, right);
}

/* The time that was sampled with each stack or one below it; that of all in [0]. */
static uint64_t *weigh_stacks(ml_build *build)
{
    const ml_samples *samples = &build->tables.samples;
    uint32_t count = (uint32_t)build->rows[ML_EXTENT_STACKS];
    uint64_t *weight = ml_build_array(build, count, sizeof(*weight), "stacks");

    for (uint64_t i = 0; weight != NULL && i < build->rows[ML_EXTENT_SAMPLES]; i++) {
        uint32_t stack = samples->stack[i];
        weight[stack] = ml_sum(weight[stack], stack == 0 ? 0 : samples->wall_ns[i]);
    }
    for (uint32_t row = count; weight != NULL && row-- > 1;) {
        uint32_t parent = build->tables.stacks.parent[row];
        weight[parent] = ml_sum(weight[parent], weight[row]);
    }
    return weight;
}

/* Makes one of places that are the same; they are in order. */
static void add_up(stretches *places)
{
    size_t kept = 0;

    for (size_t i = 0; i < places->count; i++) {
        stretch *last = kept == 0 ? NULL : &places->items[kept - 1];
        if (last != NULL && by_place(last, &places->items[i]) == 0) {
            last->weight = ml_sum(last->weight, places->items[i].weight);
        } else {
            places->items[kept++] = places->items[i];
        }
    }
    places->count = kept;
}

static void sort(stretches *places, int (*order)(const void *, const void *))
{
    if (places->count > 1) {
        qsort(places->items, places->count, sizeof(*places->items), order);
    }
}

/* Keeps the hottest lines, widens each, and joins what then meets. */
static void widen(stretches *places, uint64_t all)
{
    size_t hot = 0;
    size_t kept = 0;

    sort(places, by_weight);
    while (hot < places->count && hot < HOT_LINES && places->items[hot].weight >= all / HOT_SHARE) {
        hot++;
    }
    places->count = hot;
    sort(places, by_place);
    for (size_t i = 0; i < hot; i++) {
        stretch next = places->items[i];
        stretch *last = kept == 0 ? NULL : &places->items[kept - 1];
        next.upto = next.from > UINT32_MAX - AROUND ? UINT32_MAX : next.from + AROUND;
        next.from = next.from > AROUND ? next.from - AROUND : 1;
        if (last != NULL && last->module == next.module && next.from <= last->upto) {
            last->upto = next.upto;
        } else {
            places->items[kept++] = next;
        }
    }
    places->count = kept;
}

/* The lines at which a stack stands, up to the first of the project's own, get the least weight of a hot one. */
static void make_hot(const ml_build *build, uint64_t *weight, uint32_t stack)
{
    const ml_stacks *stacks = &build->tables.stacks;
    uint64_t least = weight[0] / HOT_SHARE + 1;

    for (uint32_t row = stack; row != 0; row = stacks->parent[row]) {
        uint32_t module = build->tables.functions.module[stacks->function[row]];
        weight[row] = weight[row] > least ? weight[row] : least;
        if (build->module_flags[module] & ML_MODULE_PROJECT) {
            return;
        }
    }
}

/* What left something open, or said something serious, is what one will want to read, however quick it was. */
static void make_events_hot(const ml_build *build, uint64_t *weight)
{
    const ml_resources *resources = &build->tables.resources;
    const ml_messages *messages = &build->tables.messages;

    for (uint64_t i = 0; i < build->rows[ML_EXTENT_RESOURCES]; i++) {
        if (resources->close_ns[i] == UINT64_MAX && !resources->inherited[i]) {
            make_hot(build, weight, resources->stack[i]);
        }
    }
    for (uint64_t i = 0; i < build->rows[ML_EXTENT_MESSAGES]; i++) {
        if (messages->level[i] >= 30 || messages->kind[i] == ML_MESSAGE_EXCEPTION) {
            make_hot(build, weight, messages->stack[i]);
        }
    }
}

static ml_status find_hot(ml_build *build, stretches *places)
{
    const ml_stacks *stacks = &build->tables.stacks;
    uint32_t count = (uint32_t)build->rows[ML_EXTENT_STACKS];
    uint64_t *weight = weigh_stacks(build);

    places->items = ml_build_array(build, count, sizeof(*places->items), "stacks");
    if (weight == NULL || places->items == NULL) {
        return ML_ERROR_MEMORY;
    }
    make_events_hot(build, weight);
    for (uint32_t row = 1; row < count; row++) {
        if (weight[row] != 0 && stacks->line[row] != 0) {
            uint32_t module = build->tables.functions.module[stacks->function[row]];
            uint32_t line = stacks->line[row];
            places->items[places->count++] = (stretch){module, line, line, weight[row]};
        }
    }
    sort(places, by_place);
    add_up(places);
    widen(places, weight[0]);
    return ML_OK;
}

static ml_status find_all(ml_build *build, stretches *places)
{
    uint32_t count = (uint32_t)build->rows[ML_EXTENT_MODULES];

    places->items = ml_build_array(build, count, sizeof(*places->items), "modules");
    if (places->items == NULL) {
        return ML_ERROR_MEMORY;
    }
    for (uint32_t row = 0; row < count; row++) {
        places->items[places->count++] = (stretch){row, 1, UINT32_MAX, 0};
    }
    return ML_OK;
}

/* ---- what is told of files ---- */

static int by_file(const void *left, const void *right)
{
    const fact *a = left;
    const fact *b = right;

    return a->file != b->file ? (a->file > b->file) - (a->file < b->file)
                              : (a->member > b->member) - (a->member < b->member);
}

static ml_status gather_facts(source_maker *maker)
{
    ml_build *build = maker->build;
    uint64_t count = 0;

    for (uint32_t i = 0; i < build->member_count; i++) {
        count += build->members[i].recording->sources.count;
    }
    maker->facts = ml_build_array(build, count, sizeof(*maker->facts), "source files");
    if (maker->facts == NULL) {
        return ML_ERROR_MEMORY;
    }
    for (uint32_t i = 0; i < build->member_count; i++) {
        ml_member *member = &build->members[i];
        const ml_sources_told *told = &member->recording->sources;
        for (uint32_t k = 0; k < told->count; k++) {
            maker->facts[maker->fact_count++] = (fact){
                ml_build_string(build, member, told->source[k].file), member, &told->source[k]};
        }
    }
    if (maker->fact_count > 1) {
        qsort(maker->facts, maker->fact_count, sizeof(*maker->facts), by_file);
    }
    return build->strings.status;
}

/* The first fact of a file, and how many there are. */
static const fact *find_facts(const source_maker *maker, uint32_t file, size_t *count)
{
    size_t low = 0;
    size_t high = maker->fact_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (maker->facts[middle].file < file) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (*count = 0; low + *count < maker->fact_count && maker->facts[low + *count].file == file;) {
        ++*count;
    }
    return maker->facts + low;
}

/* Do all processes tell the same, of a file that was there before they began? */
static int is_certain(const fact *facts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const ml_source *source = facts[i].source;
        if (source->mtime_ns >= facts[i].member->recording->head.wall_ns ||
            source->size != facts->source->size ||
            memcmp(source->sha256, facts->source->sha256, sizeof(source->sha256)) != 0) {
            return 0;
        }
    }
    return 1;
}

/* ---- files ---- */

/* False for what cannot be a path. */
static int make_path(const fact *about, char path[PATH_MAX])
{
    const ml_recording *recording = about->member->recording;
    const uint8_t *name = recording->tables.string[about->source->file];
    size_t length = recording->tables.string_length[about->source->file];
    const char *folder = recording->head.directory == NULL ? "" : recording->head.directory;
    int written;

    if (length == 0 || length >= PATH_MAX || memchr(name, '\0', length) != NULL) {
        return 0;
    }
    written = name[0] == '/'
                  ? snprintf(path, PATH_MAX, "%.*s", (int)length, (const char *)name)
                  : snprintf(path, PATH_MAX, "%s/%.*s", folder, (int)length, (const char *)name);
    return written > 0 && written < PATH_MAX && path[0] == '/';
}

static int has_hash(const uint8_t *bytes, const ml_source *source)
{
    uint8_t digest[ML_SHA256_SIZE];
    ml_sha256 hash;

    ml_sha256_start(&hash);
    ml_sha256_add(&hash, bytes, (size_t)source->size);
    ml_sha256_finish(&hash, digest);
    return memcmp(digest, source->sha256, sizeof(digest)) == 0;
}

/* The content of a file that is what it was, to be freed; NULL if there is none. `*flag` is what to say of the module. */
static uint8_t *read_source(source_maker *maker, const fact *facts, size_t count, uint32_t *flag)
{
    char path[PATH_MAX];
    uint8_t *bytes = NULL;
    const ml_source *source = facts->source;
    ml_status status;

    *flag = 0;
    if (count == 0 || source->size > FILE_BYTES || source->size > ALL_BYTES - maker->bytes_read ||
        !make_path(facts, path)) {
        return NULL;
    }
    status = ml_os_read_same(path, (size_t)source->size, source->mtime_ns, &bytes);
    maker->bytes_read += status == ML_OK ? source->size : 0;
    if (status == ML_OK && is_certain(facts, count) && has_hash(bytes, source)) {
        *flag = ML_MODULE_SOURCE_SAME;
        return bytes;
    }
    *flag = status == ML_ERROR_NOT_FOUND ? 0 : ML_MODULE_SOURCE_CHANGED;
    ml_os_free(bytes);
    return NULL;
}

/* ---- lines ---- */

/* Python ends lines with CR, LF, or both. */
static const uint8_t *end_of_line(const uint8_t *at, const uint8_t *end)
{
    while (at < end && *at != '\n' && *at != '\r') {
        at++;
    }
    return at;
}

static const uint8_t *next_line(const uint8_t *at, const uint8_t *end)
{
    return at == end ? end : at + (at[0] == '\r' && end - at > 1 && at[1] == '\n' ? 2 : 1);
}

static size_t shown_length(const uint8_t *at, size_t length)
{
    if (length > LINE_BYTES) {
        for (length = LINE_BYTES; length > 0 && (at[length] & 0xc0) == 0x80;) {
            length--; /* not within a character */
        }
    }
    return length;
}

static ml_status put_line(source_maker *maker, uint32_t module, uint32_t line, const uint8_t *at,
                          size_t length)
{
    ml_build *build = maker->build;

    if (maker->line_count == LINES_MOST) {
        return ML_OK;
    }
    ML_TRY(ml_arena_grow(&build->arena, &maker->lines, &maker->line_capacity, maker->line_count + 1,
                         sizeof(*maker->lines)));
    maker->lines[maker->line_count++] =
        (source_line){module, line, ml_intern(&build->strings, at, shown_length(at, length))};
    return ML_OK;
}

/* The lines of some stretches of one module, which are in order. */
static ml_status put_lines(source_maker *maker, const stretch *wanted, size_t count,
                           const uint8_t *at, size_t length)
{
    const uint8_t *end = at + length;
    uint32_t line = 1;

    for (size_t i = 0; i < count && at < end; line++) {
        const uint8_t *stop = end_of_line(at, end);
        if (line >= wanted[i].from) {
            ML_TRY(put_line(maker, wanted[i].module, line, at, (size_t)(stop - at)));
        }
        i += line == wanted[i].upto;
        at = next_line(stop, end);
    }
    return ML_OK;
}

static ml_status put_modules(source_maker *maker, const stretches *places)
{
    for (size_t i = 0, next; i < places->count; i = next) {
        uint32_t module = places->items[i].module;
        const fact *facts;
        size_t count;
        uint32_t flag;
        uint8_t *bytes;
        ml_status status = ML_OK;
        for (next = i; next < places->count && places->items[next].module == module;) {
            next++;
        }
        facts = find_facts(maker, maker->build->tables.modules.file[module], &count);
        bytes = read_source(maker, facts, count, &flag);
        maker->build->module_flags[module] |= flag;
        if (bytes != NULL) {
            status =
                put_lines(maker, places->items + i, next - i, bytes, (size_t)facts->source->size);
        }
        ml_os_free(bytes);
        ML_TRY(status);
    }
    return maker->build->strings.status;
}

/* ---- the stage ---- */

static ml_status publish(const source_maker *maker)
{
    ml_build *build = maker->build;
    uint32_t *module = ml_build_array(build, maker->line_count, sizeof(*module), "source lines");
    uint32_t *line = ml_build_array(build, maker->line_count, sizeof(*line), "source lines");
    uint32_t *text = ml_build_array(build, maker->line_count, sizeof(*text), "source lines");

    if (module == NULL || line == NULL || text == NULL) {
        return ML_ERROR_MEMORY;
    }
    for (size_t i = 0; i < maker->line_count; i++) {
        module[i] = maker->lines[i].module;
        line[i] = maker->lines[i].line;
        text[i] = maker->lines[i].text;
    }
    build->tables.sources = (ml_sources){.module = module, .line = line, .text = text};
    build->rows[ML_EXTENT_SOURCES] = maker->line_count;
    return ML_OK;
}

ml_status ml_build_sources(ml_build *build)
{
    source_maker maker = {.build = build};
    stretches places = {.count = 0};

    if (build->use_sources == ML_SOURCES_NONE) {
        return ML_OK;
    }
    ML_TRY(gather_facts(&maker));
    if (maker.fact_count == 0) {
        return ML_OK;
    }
    ML_TRY(build->use_sources == ML_SOURCES_FULL ? find_all(build, &places)
                                                 : find_hot(build, &places));
    ML_TRY(put_modules(&maker, &places));
    return publish(&maker);
}
