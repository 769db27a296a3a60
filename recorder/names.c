#include "names.h"

#include <stdio.h>
#include <string.h>

enum { KEEP_ROOT = 64, TASK_NAME = 200, TASK_CODES = 1000 };

static uint32_t synthetic(ml_writer *writer, const char *name)
{
    uint32_t text = ml_writer_string(writer, name, strlen(name));

    return ml_writer_code(writer, 0, text, 0, 0, ML_MLOG_CODE_SYNTHETIC);
}

/* Takes a table's part of the room. */
static table_slot *open_table(table *target, table_slot *room, uint32_t most)
{
    table_init(target, room, most);
    return room + TABLE_ROOM(most);
}

void names_init(names *target, ml_writer *writer, const layout *source, const safe_copy *copier,
                table_slot *room, uint8_t *line_table, const char *own)
{
    *target = (names){.writer = writer,
                      .layout = source,
                      .copier = copier,
                      .era = 1,
                      .line_table = line_table,
                      .own = own};
    room = open_table(&target->codes, room, NAMES_CODES);
    room = open_table(&target->lines, room, NAMES_LINES);
    room = open_table(&target->deaths, room, NAMES_DEATHS);
    room = open_table(&target->tasks, room, NAMES_TASKS);
    open_table(&target->nodes, room, NAMES_NODES);
    target->unknown = synthetic(writer, "<unknown code>");
    target->no_frame = synthetic(writer, "<no python frame>");
    target->unread = synthetic(writer, "<stack not read>");
    target->elided = synthetic(writer, "<elided frames>");
}

/* An address gets a new generation whenever it gets a new meaning, so that lines of the old one are not
 * found any more. */
static uint64_t remember(names *target, uint64_t address, uint32_t code)
{
    uint64_t value;

    if (table_get(&target->codes, address, &value)) {
        target->era++;
    }
    target->generation++;
    value = (uint64_t)target->generation << 32 | code;
    table_put(&target->codes, address, value);
    return value;
}

/* A file of the recorder's own lies in its folder itself: those in a folder within are examples. */
static bool is_own(const char *own, const char *file, size_t length)
{
    size_t own_length = strlen(own);

    return own_length != 0 && length > own_length && memcmp(file, own, own_length) == 0 &&
           file[own_length] == '/' &&
           memchr(file + own_length + 1, '/', length - own_length - 1) == NULL;
}

/* True for what is on stacks but not of the program: the recorder's own code, what 3.12 puts where C calls Python, and
 * what 3.13 and newer put below the __init__ of a class that is called. */
static bool is_left_out(const names *source, const char *file, size_t file_length, const char *name,
                        size_t name_length)
{
    static const char trampoline[] = "<interpreter trampoline>";
    static const char init[] = "__init__";

    return is_own(source->own, file, file_length) ||
           (name_length == sizeof(trampoline) - 1 && memcmp(name, trampoline, name_length) == 0) ||
           (file_length == sizeof(init) - 1 && memcmp(file, init, file_length) == 0);
}

/* The id of a code object in the file; 0 for one that is left out. */
static uint32_t code_of(names *target, const char *file, size_t file_length, const char *name,
                        size_t name_length, uint32_t first_line, uint32_t flags)
{
    uint32_t file_text, name_text;

    if (is_left_out(target, file, file_length, name, name_length)) {
        return 0;
    }
    file_text = ml_writer_string(target->writer, file, file_length);
    name_text = ml_writer_string(target->writer, name, name_length);
    return ml_writer_code(target->writer, file_text, name_text, first_line, 0, flags);
}

void names_define_text(names *target, uint64_t address, const char *file, size_t file_length,
                       const char *name, size_t name_length, uint32_t first_line, uint32_t flags)
{
    remember(target, address,
             code_of(target, file, file_length, name, name_length, first_line, flags));
}

void names_define(names *target, const record_header *record)
{
    uint32_t fixed[3];
    const char *text = (const char *)(record + 1) + sizeof(fixed);
    size_t all = record->size - sizeof(*record) - sizeof(fixed);

    memcpy(fixed, record + 1, sizeof(fixed));
    names_define_text(target, record->address, text, fixed[2], text + fixed[2], all - fixed[2],
                      fixed[0], fixed[1]);
}

void names_forget(names *target, uint64_t address, uint64_t time_ns)
{
    target->era++;
    table_remove(&target->codes, address);
    table_put(&target->deaths, address, time_ns);
}

void names_forget_all(names *target)
{
    target->era++;
    table_clear(&target->codes);
    table_clear(&target->lines);
}

void names_snapshot(names *target)
{
    if (target->deaths.used != 0) {
        table_clear(&target->deaths);
    }
}

void names_task(names *target, uint64_t frame, const char *name, size_t length)
{
    char text[TASK_NAME + 16];
    size_t kept = length < TASK_NAME ? length : TASK_NAME;
    uint32_t code;

    if (length == 0) {
        table_remove(&target->tasks, frame);
        return;
    }
    /* A program that names every request would fill the file with names: from then on they are tasks only. */
    if (target->task_codes == TASK_CODES) {
        snprintf(text, sizeof(text), "<task>");
    } else {
        snprintf(text, sizeof(text), "<task %.*s>", (int)kept, name);
    }
    code = synthetic(target->writer, text);
    if (code > target->last_task) {
        target->last_task = code;
        target->task_codes++;
    }
    table_put(&target->tasks, frame, code);
}

/* The index of the frame that a named task begins with, or `count`. Only the outermost of coroutines that await each
 * other is a task; the memory of one that has ended may be that of another that is awaited. */
static size_t find_task(const names *source, const frames_entry *entries, size_t count,
                        uint64_t *code)
{
    *code = 0;
    for (size_t i = count; source->tasks.used != 0 && i > 0; i--) {
        if (entries[i - 1].generator && (i == count || !entries[i].generator) &&
            table_get(&source->tasks, entries[i - 1].frame, code)) {
            return i - 1;
        }
        *code = 0;
    }
    return count;
}

static bool is_doubtful(const names *target, uint64_t address)
{
    uint64_t when;

    return table_get(&target->deaths, address, &when);
}

/* Generation and id of a code object on a stack; 0 when it cannot be known. */
static uint64_t resolve(names *target, uintptr_t address)
{
    codes_text *code = &target->scratch;
    uint64_t value;

    if (is_doubtful(target, address)) {
        return 0;
    }
    if (table_get(&target->codes, address, &value)) {
        return value;
    }
    if (!codes_read(target->layout, target->copier, address, code)) {
        return 0;
    }
    target->drain(target->owner);
    if (is_doubtful(target, address)) {
        return 0;
    }
    return remember(target, address,
                    code_of(target, code->file, code->file_length, code->name, code->name_length,
                            code->first_line, code->flags));
}

static uint32_t line_of(names *target, const frames_entry *entry, uint64_t meaning)
{
    uint64_t key = (meaning >> 32) << 32 | (entry->position + 1);
    uint64_t line;

    if (target->without_lines) {
        return 0;
    }
    if (table_get(&target->lines, key, &line)) {
        return (uint32_t)line;
    }
    line = codes_line(target->layout, target->copier, entry->code, entry->position,
                      target->line_table);
    target->drain(target->owner);
    if (is_doubtful(target, entry->code)) {
        return 0;
    }
    table_put(&target->lines, key, line);
    return (uint32_t)line;
}

/* A round of the finalizer of MurmurHash3 (Appleby, 2011) for each word. Small words must each have a round of their own
 * before they meet, or 5 ^ 6 is 6 ^ 5. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash ^= word + UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
    return hash ^ hash >> 33;
}

names_mark names_fingerprint(const names *source, const frames_entry *entries, size_t count)
{
    uint64_t task;
    size_t task_at = find_task(source, entries, count, &task);
    names_mark mark = {.whole = mix(mix(0, source->era), count)};

    for (size_t i = count; i > 0; i--) {
        mark.callers = mark.whole;
        if (i - 1 == task_at) {
            mark.whole = mix(mark.whole, task);
        }
        mark.whole = mix(mix(mark.whole, entries[i - 1].code), entries[i - 1].position);
    }
    return mark;
}

/* What a frame with a known code object is below `parent`. */
static uint32_t known_node(names *target, uint32_t parent, const frames_entry *entry,
                           uint64_t meaning)
{
    uint32_t line;

    if ((uint32_t)meaning == 0) {
        return parent;
    }
    line = line_of(target, entry, meaning);
    return ml_writer_node(target->writer, parent, (uint32_t)meaning, line);
}

static uint32_t push(names *target, uint32_t parent, const frames_entry *entry)
{
    uint64_t era = target->era;
    uint64_t key = mix(mix(mix(mix(0, era), parent), entry->code), entry->position) | 1;
    uint64_t meaning, known;
    uint32_t node;

    if (table_get(&target->nodes, key, &known)) {
        return (uint32_t)known;
    }
    meaning = resolve(target, entry->code);
    if (meaning == 0) {
        target->unknowns++;
        return ml_writer_node(target->writer, parent, target->unknown, 0);
    }
    node = known_node(target, parent, entry, meaning);
    if (target->era == era) { /* else a death came in while we looked */
        table_put(&target->nodes, key, node);
    }
    return node;
}

/* The frame at `index`, below the name of its task where that begins with it. */
static uint32_t push_at(names *target, uint32_t parent, const frames_entry *entries, size_t index,
                        size_t task_at, uint64_t task)
{
    if (index == task_at) {
        parent = ml_writer_node(target->writer, parent, (uint32_t)task, 0);
    }
    return push(target, parent, &entries[index]);
}

uint32_t names_leaf(names *target, uint32_t callers, const frames_entry *entries, size_t count)
{
    uint64_t task;
    size_t task_at = find_task(target, entries, count, &task);

    return push_at(target, callers, entries, 0, task_at, task);
}

uint32_t names_node(names *target, const frames_entry *entries, size_t count, bool cut,
                    uint32_t *callers)
{
    uint32_t node = cut ? ml_writer_node(target->writer, 0, target->elided, 0) : 0;
    size_t skip_from = count, skip_to = count;
    uint64_t task;
    size_t task_at = find_task(target, entries, count, &task);

    if (count > FRAMES_DEPTH) {
        skip_from = count - KEEP_ROOT;
        skip_to = FRAMES_DEPTH - KEEP_ROOT;
    }
    *callers = node;
    for (size_t i = count; i > 0; i--) {
        if (i == skip_from && skip_from != skip_to) {
            node = ml_writer_node(target->writer, node, target->elided, 0);
            i = skip_to;
        }
        *callers = node;
        node = push_at(target, node, entries, i - 1, task_at, task);
    }
    return node;
}

uint32_t names_record_node(names *target, const record_frame *frames, size_t count)
{
    uint32_t node = 0;

    for (size_t i = count; i > 0; i--) {
        uint64_t meaning;
        bool known = table_get(&target->codes, frames[i - 1].code, &meaning);
        if (!known || (uint32_t)meaning != 0) {
            node = ml_writer_node(target->writer, node, known ? (uint32_t)meaning : target->unknown,
                                  known && !target->without_lines ? frames[i - 1].line : 0);
        }
    }
    return node;
}

uint32_t names_no_frame(names *target)
{
    return ml_writer_node(target->writer, 0, target->no_frame, 0);
}

uint32_t names_unread(names *target)
{
    return ml_writer_node(target->writer, 0, target->unread, 0);
}
