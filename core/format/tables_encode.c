#include "core/format/tables.h"

#include "core/base/varint.h"

/* Most of a table that goes into one chunk, which keeps every payload below ML_PAYLOAD_MAX. */
enum { PART_ENTRIES = 1 << 16, PART_STRING_BYTES = 4 << 20 };

/* ---- which part ---- */

static uint32_t strings_upto(const ml_writer_tables *tables, uint32_t from)
{
    uint32_t to = from;
    uint32_t bytes = 0;

    while (to < tables->count[ML_TABLE_STRINGS] && to - from < PART_ENTRIES &&
           bytes < PART_STRING_BYTES) {
        bytes += tables->string_length[to++];
    }
    return to;
}

/* Once a table is cut, those behind it wait: they may refer to what did not fit. */
static void choose_part(const ml_writer_tables *tables, const uint32_t from[ML_TABLE_COUNT],
                        uint32_t upto[ML_TABLE_COUNT])
{
    int whole = 1;

    for (unsigned table = 0; table < ML_TABLE_COUNT; table++) {
        uint32_t left = tables->count[table] - from[table];
        upto[table] = from[table];
        if (whole) {
            upto[table] = table == ML_TABLE_STRINGS
                              ? strings_upto(tables, from[table])
                              : from[table] + (left < PART_ENTRIES ? left : PART_ENTRIES);
        }
        whole = whole && upto[table] == tables->count[table];
    }
}

static uint32_t pending_string_bytes(const ml_writer_tables *tables)
{
    uint32_t first = tables->sealed[ML_TABLE_STRINGS];

    return first < tables->count[ML_TABLE_STRINGS]
               ? tables->string_bytes_used - tables->string_start[first]
               : 0;
}

uint64_t ml_tables_size(const ml_writer_tables *tables)
{
    enum { ENTRY_BYTES = 3 };
    uint64_t entries = 0;

    for (unsigned table = 0; table < ML_TABLE_KINDS; table++) {
        entries += tables->count[table] - tables->sealed[table];
    }
    return entries * ENTRY_BYTES + pending_string_bytes(tables);
}

unsigned ml_tables_fill(const ml_writer_tables *tables)
{
    unsigned percent = (unsigned)((uint64_t)pending_string_bytes(tables) * 100 / PART_STRING_BYTES);

    for (unsigned table = 0; table < ML_TABLE_KINDS; table++) {
        uint64_t pending = tables->count[table] - tables->sealed[table];
        unsigned share = (unsigned)(pending * 100 / PART_ENTRIES);
        percent = share > percent ? share : percent;
    }
    return percent;
}

/* ---- columns ---- */

typedef struct {
    const ml_writer_tables *tables;
    ml_chunk_writer *chunk;
    const uint32_t *from, *upto;
} part;

static void put(const part *p, uint64_t value)
{
    ml_buffer_put_uv(&p->chunk->columns, value);
}

static void end_column(const part *p, uint32_t id, uint32_t ignorable)
{
    ml_chunk_column(p->chunk, id, ignorable);
}

/* A reference into another table: 0 is "the one behind the newest referred to so far", else id + 1.
 */
static uint64_t reference(uint32_t *next, uint32_t id)
{
    if (id == *next) {
        (*next)++;
        return 0;
    }
    if (id > *next) {
        *next = id + 1;
    }
    return (uint64_t)id + 1;
}

static void encode_strings(const part *p)
{
    const ml_writer_tables *tables = p->tables;
    uint32_t from = p->from[ML_TABLE_STRINGS];
    uint32_t upto = p->upto[ML_TABLE_STRINGS];
    uint32_t last = upto - 1;

    if (from == upto) {
        return;
    }
    for (uint32_t i = from; i < upto; i++) {
        put(p, tables->string_length[i]);
    }
    end_column(p, ML_DEFS_STRING_LENGTH, 0);
    ml_buffer_put(
        &p->chunk->columns, tables->string_bytes + tables->string_start[from],
        tables->string_start[last] + tables->string_length[last] - tables->string_start[from]);
    end_column(p, ML_DEFS_STRING_BYTES, 0);
}

/* Files and names share one "next" over both columns, code by code, so they are numbered twice
 * here. */
static void encode_code_names(const part *p, int want_file)
{
    uint32_t next = p->from[ML_TABLE_STRINGS];

    for (uint32_t i = p->from[ML_TABLE_CODES]; i < p->upto[ML_TABLE_CODES]; i++) {
        uint64_t file = reference(&next, p->tables->codes[i].file);
        uint64_t name = reference(&next, p->tables->codes[i].name);
        put(p, want_file ? file : name);
    }
}

static void encode_codes(const part *p)
{
    const ml_table_code *codes = p->tables->codes;
    uint32_t from = p->from[ML_TABLE_CODES];
    uint32_t upto = p->upto[ML_TABLE_CODES];

    encode_code_names(p, 1);
    end_column(p, ML_DEFS_CODE_FILE, 0);
    encode_code_names(p, 0);
    end_column(p, ML_DEFS_CODE_NAME, 0);
    for (uint32_t i = from; i < upto; i++) {
        put(p, codes[i].first_line);
    }
    end_column(p, ML_DEFS_CODE_LINE, 0);
    for (uint32_t i = from; i < upto; i++) {
        put(p, codes[i].module);
    }
    end_column(p, ML_DEFS_CODE_MODULE, ML_COLUMN_IGNORABLE);
    for (uint32_t i = from; i < upto; i++) {
        put(p, codes[i].flags);
    }
    end_column(p, ML_DEFS_CODE_FLAGS, ML_COLUMN_IGNORABLE);
}

static int64_t line_difference(const part *p, uint32_t frame)
{
    const ml_table_frame *entry = &p->tables->frames[frame];

    return (int64_t)entry->line - p->tables->codes[entry->code].first_line;
}

/* Without lines (all frames stand at the first line of their code) there is no column. */
static void encode_lines(const part *p)
{
    uint32_t from = p->from[ML_TABLE_FRAMES];
    uint32_t upto = p->upto[ML_TABLE_FRAMES];
    uint32_t first = from;

    while (first < upto && line_difference(p, first) == 0) {
        first++;
    }
    for (uint32_t i = from; first < upto && i < upto; i++) {
        put(p, ml_zigzag_encode(line_difference(p, i)));
    }
    end_column(p, ML_DEFS_FRAME_LINE, 0);
}

static void encode_frames(const part *p)
{
    const ml_table_frame *frames = p->tables->frames;
    uint32_t next = p->from[ML_TABLE_CODES];
    uint32_t from = p->from[ML_TABLE_FRAMES];
    uint32_t upto = p->upto[ML_TABLE_FRAMES];

    for (uint32_t i = from; i < upto; i++) {
        put(p, reference(&next, frames[i].code));
    }
    end_column(p, ML_DEFS_FRAME_CODE, 0);
    encode_lines(p);
}

/* Where the chain that begins at node `first` ends: each further node's parent is the node before
 * it. */
static uint32_t chain_end(const part *p, uint32_t first)
{
    uint32_t end = first + 1;

    while (end < p->upto[ML_TABLE_NODES] && p->tables->nodes[end].parent == end - 1) {
        end++;
    }
    return end;
}

static void encode_nodes(const part *p)
{
    const ml_table_node *nodes = p->tables->nodes;
    uint32_t next = p->from[ML_TABLE_FRAMES];
    uint32_t from = p->from[ML_TABLE_NODES];
    uint32_t upto = p->upto[ML_TABLE_NODES];

    for (uint32_t first = from; first < upto; first = chain_end(p, first)) {
        put(p, first - 1 - nodes[first].parent);
    }
    end_column(p, ML_DEFS_CHAIN_PARENT, 0);
    for (uint32_t first = from; first < upto;) {
        uint32_t end = chain_end(p, first);
        put(p, end - first - 1);
        first = end;
    }
    end_column(p, ML_DEFS_CHAIN_LENGTH, 0);
    for (uint32_t i = from; i < upto; i++) {
        put(p, reference(&next, nodes[i].frame));
    }
    end_column(p, ML_DEFS_NODE_FRAME, 0);
}

/* A value of a thread as it is, or as a name refers to strings. */
static uint64_t thread_value(const ml_table_thread *thread, uint32_t column, uint32_t *next)
{
    switch (column) {
    case ML_DEFS_THREAD_IDENT: return thread->ident;
    case ML_DEFS_THREAD_NATIVE: return thread->native_id;
    case ML_DEFS_THREAD_NAME: return reference(next, thread->name);
    case ML_DEFS_THREAD_INTERPRETER: return thread->interpreter;
    case ML_DEFS_THREAD_NUMBER: return thread->number;
    default: return thread->first_tick;
    }
}

/* Where threads come and go, their ids, first ticks and numbers rise. */
static void encode_threads(const part *p)
{
    for (uint32_t column = ML_DEFS_THREAD_IDENT; column <= ML_DEFS_THREAD_NUMBER; column++) {
        int rises = column == ML_DEFS_THREAD_NATIVE || column == ML_DEFS_THREAD_TICK ||
                    column == ML_DEFS_THREAD_NUMBER;
        uint32_t next = p->from[ML_TABLE_STRINGS];
        uint64_t previous = 0;
        for (uint32_t i = p->from[ML_TABLE_THREADS]; i < p->upto[ML_TABLE_THREADS]; i++) {
            uint64_t value = thread_value(&p->tables->threads[i], column, &next);
            put(p, rises ? ml_zigzag_encode((int64_t)(value - previous)) : value);
            previous = value;
        }
        end_column(p, column, 0);
    }
}

static void encode_kinds(const part *p)
{
    for (uint32_t i = p->from[ML_TABLE_KINDS]; i < p->upto[ML_TABLE_KINDS]; i++) {
        const ml_table_kind *entry = &p->tables->kinds[i];
        const ml_kind_spec *spec = &p->tables->registry[entry->kind];
        put(p, entry->name);
        put(p, 0);
        put(p, spec->field_count);
        for (uint32_t f = 0; f < spec->field_count; f++) {
            put(p, entry->field_name[f]);
            put(p, spec->fields[f].type);
            put(p, entry->field_unit[f]);
        }
    }
    end_column(p, ML_DEFS_KIND, 0);
}

void ml_tables_encode(const ml_writer_tables *tables, ml_chunk_writer *chunk,
                      const uint32_t from[ML_TABLE_COUNT], uint32_t upto[ML_TABLE_COUNT])
{
    part p = {tables, chunk, from, upto};

    choose_part(tables, from, upto);
    ml_chunk_begin(chunk);
    for (unsigned table = 0; table < ML_TABLE_COUNT; table++) {
        ml_buffer_put_uv(&chunk->preamble, from[table]);
    }
    for (unsigned table = 0; table < ML_TABLE_COUNT; table++) {
        ml_buffer_put_uv(&chunk->preamble, upto[table] - from[table]);
    }
    encode_strings(&p);
    encode_codes(&p);
    encode_frames(&p);
    encode_nodes(&p);
    encode_threads(&p);
    encode_kinds(&p);
}
