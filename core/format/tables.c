#include "core/format/tables.h"

#include <string.h>

/* One string, code, frame and node more than the caller asked for: for ml_tables_node's last
 * resort. */
enum { RESERVE = 1 };

enum { FIRST_SLOTS = 1024 };

/* ---- hashing ---- */

static uint64_t mix(uint64_t value)
{
    value ^= value >> 32;
    value *= UINT64_C(0x9e3779b97f4a7c15);
    value ^= value >> 29;
    value *= UINT64_C(0xbf58476d1ce4e5b9);
    return value ^ (value >> 32);
}

static uint32_t hash_pair(const ml_writer_tables *tables, uint32_t first, uint32_t second)
{
    return (uint32_t)mix(tables->seed ^ ((uint64_t)first << 32 | second));
}

static uint32_t hash_code(const ml_writer_tables *tables, const ml_table_code *code)
{
    uint64_t names = mix(tables->seed ^ ((uint64_t)code->file << 32 | code->name));

    return (uint32_t)mix(names ^ code->first_line);
}

static uint32_t hash_bytes(uint64_t hash, const uint8_t *bytes, size_t length)
{
    uint64_t word;

    hash ^= length;
    for (; length >= sizeof(word); length -= sizeof(word), bytes += sizeof(word)) {
        memcpy(&word, bytes, sizeof(word));
        hash = mix(hash ^ word);
    }
    word = 0;
    memcpy(&word, bytes, length);
    return (uint32_t)mix(hash ^ word);
}

static uint32_t hash_entry(const ml_writer_tables *tables, unsigned table, uint32_t id)
{
    switch (table) {
    case ML_TABLE_STRINGS: return tables->string_hash[id];
    case ML_TABLE_CODES: return hash_code(tables, &tables->codes[id]);
    case ML_TABLE_FRAMES:
        return hash_pair(tables, tables->frames[id].code, tables->frames[id].line);
    default: return hash_pair(tables, tables->nodes[id].parent, tables->nodes[id].frame);
    }
}

/* ---- the index ---- */

static void carve_index(ml_table_index *index, ml_memory *memory, uint32_t entries)
{
    uint64_t slots = FIRST_SLOTS;

    while (slots < 2 * ((uint64_t)entries + RESERVE)) {
        slots *= 2;
    }
    index->mask = FIRST_SLOTS - 1;
    index->most_mask = (uint32_t)(slots - 1);
    index->slots = ml_memory_carve(memory, (size_t)slots, sizeof(*index->slots));
}

/* The id at a slot, or UINT32_MAX when it is free. */
static uint32_t id_at(const ml_writer_tables *tables, unsigned table, uint32_t slot)
{
    return tables->index[table].slots[slot & tables->index[table].mask] - 1;
}

static void put_id(ml_table_index *index, uint32_t hash, uint32_t id)
{
    uint32_t slot = hash & index->mask;

    while (index->slots[slot] != 0) {
        slot = (slot + 1) & index->mask;
    }
    index->slots[slot] = id + 1;
}

/* Makes the newest entry of a table findable. */
static void index_newest(ml_writer_tables *tables, unsigned table)
{
    ml_table_index *index = &tables->index[table];
    uint32_t count = tables->count[table];
    uint32_t first = count - 1;

    if (count > index->mask / 2 && index->mask < index->most_mask) {
        index->mask = index->mask * 2 + 1;
        memset(index->slots, 0, ((size_t)index->mask + 1) * sizeof(*index->slots));
        first =
            table == ML_TABLE_STRINGS || table == ML_TABLE_NODES; /* entry 0 is never looked for */
    }
    for (uint32_t id = first; id < count; id++) {
        put_id(index, hash_entry(tables, table, id), id);
    }
}

/* ---- memory ---- */

void ml_tables_carve(ml_writer_tables *tables, ml_memory *memory, const ml_writer_options *options)
{
    size_t strings = (size_t)options->strings + RESERVE;

    tables->limit[ML_TABLE_STRINGS] = options->strings;
    tables->limit[ML_TABLE_CODES] = options->codes;
    tables->limit[ML_TABLE_FRAMES] = options->frames;
    tables->limit[ML_TABLE_NODES] = options->nodes;
    tables->limit[ML_TABLE_THREADS] = options->threads;
    tables->limit[ML_TABLE_KINDS] = ML_KIND_COUNT;
    tables->string_bytes_limit = options->string_bytes;
    tables->string_bytes =
        ml_memory_carve(memory, (size_t)options->string_bytes + ML_STRING_MAX, 1);
    tables->string_start = ml_memory_carve(memory, strings, sizeof(uint32_t));
    tables->string_length = ml_memory_carve(memory, strings, sizeof(uint32_t));
    tables->string_hash = ml_memory_carve(memory, strings, sizeof(uint32_t));
    tables->string_is_file = ml_memory_carve(memory, strings, 1);
    tables->codes =
        ml_memory_carve(memory, (size_t)options->codes + RESERVE, sizeof(ml_table_code));
    tables->frames =
        ml_memory_carve(memory, (size_t)options->frames + RESERVE, sizeof(ml_table_frame));
    tables->nodes =
        ml_memory_carve(memory, (size_t)options->nodes + RESERVE, sizeof(ml_table_node));
    tables->threads = ml_memory_carve(memory, options->threads, sizeof(ml_table_thread));
    for (unsigned table = ML_TABLE_STRINGS; table <= ML_TABLE_NODES; table++) {
        carve_index(&tables->index[table], memory, tables->limit[table]);
    }
}

ml_status ml_tables_start(ml_writer_tables *tables, uint64_t seed)
{
    tables->seed = mix(seed);
    tables->count[ML_TABLE_STRINGS] = tables->sealed[ML_TABLE_STRINGS] = 1;
    tables->count[ML_TABLE_NODES] = tables->sealed[ML_TABLE_NODES] = 1;
    memcpy(tables->journaled, tables->sealed, sizeof(tables->journaled));
    return ml_kinds_parse(tables->registry) ? ML_OK : ML_ERROR_FAILED;
}

/* The next id of a table, or UINT32_MAX when it is full. */
static uint32_t next_id(ml_writer_tables *tables, unsigned table)
{
    if (tables->count[table] >= tables->limit[table]) {
        tables->dropped++;
        return UINT32_MAX;
    }
    return tables->count[table]++;
}

static int is_string(const ml_writer_tables *tables, uint32_t id, uint32_t hash, const void *bytes,
                     uint32_t length)
{
    return tables->string_hash[id] == hash && tables->string_length[id] == length &&
           memcmp(tables->string_bytes + tables->string_start[id], bytes, length) == 0;
}

uint32_t ml_tables_string(ml_writer_tables *tables, const void *bytes, size_t length)
{
    uint32_t size = (uint32_t)(length < ML_STRING_MAX ? length : ML_STRING_MAX);
    uint32_t hash;
    uint32_t id;

    if (size == 0) {
        return 0;
    }
    hash = hash_bytes(tables->seed, bytes, size);
    for (uint32_t slot = hash; (id = id_at(tables, ML_TABLE_STRINGS, slot)) != UINT32_MAX; slot++) {
        if (is_string(tables, id, hash, bytes, size)) {
            return id;
        }
    }
    if (size > tables->string_bytes_limit - tables->string_bytes_used) {
        tables->dropped++;
        return 0;
    }
    id = next_id(tables, ML_TABLE_STRINGS);
    if (id == UINT32_MAX) {
        return 0;
    }
    memcpy(tables->string_bytes + tables->string_bytes_used, bytes, size);
    tables->string_start[id] = tables->string_bytes_used;
    tables->string_length[id] = size;
    tables->string_hash[id] = hash;
    tables->string_bytes_used += size;
    index_newest(tables, ML_TABLE_STRINGS);
    return id;
}

static int same_code(const ml_table_code *left, const ml_table_code *right)
{
    return left->file == right->file && left->name == right->name &&
           left->first_line == right->first_line && left->module == right->module &&
           left->flags == right->flags;
}

uint32_t ml_tables_code(ml_writer_tables *tables, const ml_table_code *code)
{
    uint32_t id;

    for (uint32_t slot = hash_code(tables, code);
         (id = id_at(tables, ML_TABLE_CODES, slot)) != UINT32_MAX; slot++) {
        if (same_code(&tables->codes[id], code)) {
            return id + 1;
        }
    }
    id = next_id(tables, ML_TABLE_CODES);
    if (id == UINT32_MAX) {
        return 0;
    }
    tables->codes[id] = *code;
    tables->string_is_file[code->file] |= (code->flags & ML_MLOG_CODE_SYNTHETIC) == 0;
    index_newest(tables, ML_TABLE_CODES);
    return id + 1;
}

uint32_t ml_tables_next_file(const ml_writer_tables *tables, uint32_t previous)
{
    for (uint32_t id = previous + 1; id < tables->count[ML_TABLE_STRINGS]; id++) {
        if (tables->string_is_file[id]) {
            return id;
        }
    }
    return 0;
}

/* The id plus one of the frame at `line` of code id `code`; 0 when full. */
static uint32_t find_frame(ml_writer_tables *tables, uint32_t code, uint32_t line)
{
    uint32_t id;

    for (uint32_t slot = hash_pair(tables, code, line);
         (id = id_at(tables, ML_TABLE_FRAMES, slot)) != UINT32_MAX; slot++) {
        if (tables->frames[id].code == code && tables->frames[id].line == line) {
            return id + 1;
        }
    }
    id = next_id(tables, ML_TABLE_FRAMES);
    if (id == UINT32_MAX) {
        return 0;
    }
    tables->frames[id] = (ml_table_frame){code, line};
    index_newest(tables, ML_TABLE_FRAMES);
    return id + 1;
}

/* The node for `frame` under `parent`; 0 when full. */
static uint32_t find_node(ml_writer_tables *tables, uint32_t parent, uint32_t frame)
{
    uint32_t id;

    for (uint32_t slot = hash_pair(tables, parent, frame);
         (id = id_at(tables, ML_TABLE_NODES, slot)) != UINT32_MAX; slot++) {
        if (tables->nodes[id].parent == parent && tables->nodes[id].frame == frame) {
            return id;
        }
    }
    id = next_id(tables, ML_TABLE_NODES);
    if (id == UINT32_MAX) {
        return 0;
    }
    tables->nodes[id] = (ml_table_node){parent, frame};
    index_newest(tables, ML_TABLE_NODES);
    return id;
}

/* A root that says so when there is no room for the right one: time must not look like "not alive".
 */
static uint32_t overflow_node(ml_writer_tables *tables)
{
    static const char name[] = "<tables full>";
    ml_table_code code = {.flags = ML_MLOG_CODE_SYNTHETIC};

    if (tables->overflow_node == 0) {
        uint64_t dropped = tables->dropped;
        tables->string_bytes_limit += sizeof(name);
        for (unsigned table = ML_TABLE_STRINGS; table <= ML_TABLE_NODES; table++) {
            tables->limit[table] += RESERVE;
        }
        code.name = ml_tables_string(tables, name, sizeof(name) - 1);
        tables->overflow_node =
            find_node(tables, 0, find_frame(tables, ml_tables_code(tables, &code) - 1, 0) - 1);
        tables->dropped = dropped;
        for (unsigned table = ML_TABLE_STRINGS; table <= ML_TABLE_NODES; table++) {
            tables->limit[table] -= RESERVE;
        }
    }
    return tables->overflow_node;
}

uint32_t ml_tables_node(ml_writer_tables *tables, uint32_t parent, uint32_t code, uint32_t line)
{
    uint32_t frame = code == 0 ? 0 : find_frame(tables, code - 1, line);
    uint32_t node = frame == 0 ? 0 : find_node(tables, parent, frame - 1);

    if (node != 0) {
        return node;
    }
    return parent != 0 ? parent : overflow_node(tables);
}

uint32_t ml_tables_thread(ml_writer_tables *tables, const ml_table_thread *thread)
{
    uint32_t id = next_id(tables, ML_TABLE_THREADS);

    if (id == UINT32_MAX) {
        return 0;
    }
    tables->threads[id] = *thread;
    return id + 1;
}

uint32_t ml_tables_kind(ml_writer_tables *tables, uint32_t kind)
{
    const ml_kind_spec *spec = &tables->registry[kind];
    ml_table_kind *entry;
    uint32_t id;

    if (tables->kind_id[kind] != 0) {
        return tables->kind_id[kind] - 1;
    }
    id = next_id(tables, ML_TABLE_KINDS);
    entry = &tables->kinds[id];
    entry->kind = kind;
    entry->name = ml_tables_string(tables, spec->name, strlen(spec->name));
    for (uint32_t i = 0; i < spec->field_count; i++) {
        const ml_kind_spec_field *field = &spec->fields[i];
        entry->field_name[i] = ml_tables_string(tables, field->name, field->name_length);
        entry->field_unit[i] = ml_tables_string(tables, field->unit, field->unit_length);
    }
    tables->kind_id[kind] = id + 1;
    return id;
}
