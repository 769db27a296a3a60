#include "core/format/write_parts.h"

#include <string.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)

enum { PAYLOAD_ROOM = ML_PAYLOAD_MAX - 16384 };

void ml_writer_options_default(ml_writer_options *options)
{
    *options = (ml_writer_options){
        .strings = 1u << 18,
        .string_bytes = 32u << 20,
        .codes = 1u << 17,
        .frames = 1u << 19,
        .nodes = 1u << 20,
        .threads = 1u << 20,
        .runs = 1u << 18,
        .event_bytes = 4u << 20,
        .ticks = 1u << 20,
        .level = 6,
        .block_bytes = 1u << 20,
        .seal_ns = 300 * SECOND,
        .bare_seal_ns = 5 * SECOND,
        .flush_ns = SECOND / 20 * 19, /* with the tick that follows at most a second */
        .retry_ns = 10 * SECOND};
}

/* ---- opening ---- */

static void carve(ml_writer *writer, ml_memory *memory, const ml_writer_options *options)
{
    ml_tables_carve(&writer->tables, memory, options);
    ml_block_carve(&writer->block, memory, options);
    ml_chunk_writer_carve(&writer->chunk, memory, options->level, PAYLOAD_ROOM);
    /* Definitions, samples and events of one block; more definitions are written before. */
    ml_memory_carve_buffer(memory, &writer->out, 3 * ml_chunk_bound(ML_PAYLOAD_MAX));
}

/* A writer in a mapping of its own, or NULL. */
static ml_writer *allocate(const ml_writer_options *options)
{
    ml_memory memory = {0};
    ml_writer measured = {0};
    ml_writer *writer;

    ml_memory_carve(&memory, 1, sizeof(ml_writer));
    carve(&measured, &memory, options);
    if (ml_memory_map(&memory) < 0) {
        return NULL;
    }
    writer = ml_memory_carve(&memory, 1, sizeof(ml_writer));
    carve(writer, &memory, options);
    writer->memory = memory;
    return writer;
}

static ml_status check_arguments(const ml_head *head, const ml_writer_options *options,
                                 ml_error *error)
{
    if (head->period_ns == 0 || head->event_unit_ns == 0) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "the tick period and the event unit must not be 0");
    }
    if (options->strings < 16 || options->string_bytes < ML_STRING_MAX || options->codes == 0 ||
        options->frames == 0 || options->nodes < 2 || options->threads == 0 || options->runs < 16 ||
        options->event_bytes < 4096 || options->ticks == 0) {
        return ml_error_set(error, ML_ERROR_ARGUMENT, "a table of the recording has no room");
    }
    if (options->strings > 1u << 24 || options->string_bytes > 256u << 20 ||
        options->codes > 1u << 22 || options->frames > 1u << 22 || options->nodes > 1u << 26 ||
        options->threads > 1u << 20 || options->runs > 1u << 19 ||
        options->event_bytes > 8u << 20) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "a table of the recording is larger than the format allows");
    }
    return ML_OK;
}

static ml_status start(ml_writer *writer, const ml_head *head, ml_error *error)
{
    ml_status status;
    uint64_t seed;

    memcpy(&seed, head->uuid, sizeof(seed));
    ml_block_start(&writer->block, head->period_ns);
    if (ml_tables_start(&writer->tables, seed) < 0 || ml_chunk_writer_start(&writer->chunk) < 0) {
        return ml_error_set(error, ML_ERROR_FAILED, "the compressor cannot be started");
    }
    status = ml_writer_begin(writer, head);
    return status < 0 ? ml_error_set(error, ML_ERROR_IO, "cannot write the recording: %s",
                                     strerror(writer->system_error))
                      : ML_OK;
}

static void copy_head(ml_head *to, const ml_head *from)
{
    *to = *from;
    to->host = to->system = to->executable = to->directory = to->python = NULL;
    to->recorder = to->method_reason = to->label = NULL;
    to->argv = NULL;
    to->argc = 0;
}

ml_status ml_writer_open(int descriptor, uint32_t flags, const ml_head *head,
                         const ml_writer_options *options, ml_writer **out, ml_error *error)
{
    ml_writer *writer;
    ml_status status = check_arguments(head, options, error);

    *out = NULL;
    if (status < 0) {
        close(descriptor);
        return status;
    }
    writer = allocate(options);
    if (writer == NULL) {
        close(descriptor);
        return ml_error_set(error, ML_ERROR_MEMORY, "no address space for the recording's tables");
    }
    writer->descriptor = descriptor;
    writer->journal.descriptor = -1;
    writer->options = *options;
    writer->flags = flags;
    copy_head(&writer->head, head);
    status = start(writer, head, error);
    if (status < 0) {
        ml_writer_abandon(writer);
        return status;
    }
    *out = writer;
    return ML_OK;
}

/* ---- definitions ---- */

uint32_t ml_writer_string(ml_writer *writer, const void *bytes, size_t length)
{
    return ml_tables_string(&writer->tables, bytes, length);
}

static uint32_t known_string(const ml_writer *writer, uint32_t string)
{
    return string < writer->tables.count[ML_TABLE_STRINGS] ? string : 0;
}

uint32_t ml_writer_code(ml_writer *writer, uint32_t file, uint32_t name, uint32_t first_line,
                        uint32_t module, uint32_t flags)
{
    ml_table_code code = {known_string(writer, file), known_string(writer, name), first_line,
                          known_string(writer, module), flags};

    return ml_tables_code(&writer->tables, &code);
}

uint32_t ml_writer_node(ml_writer *writer, uint32_t parent, uint32_t code, uint32_t line)
{
    ml_writer_tables *tables = &writer->tables;

    if (parent >= tables->count[ML_TABLE_NODES] || code > tables->count[ML_TABLE_CODES]) {
        tables->dropped++;
        return 0;
    }
    return ml_tables_node(tables, parent, code, line);
}

uint32_t ml_writer_thread(ml_writer *writer, uint64_t ident, uint64_t native_id, uint32_t name,
                          uint64_t interpreter, uint64_t first_tick)
{
    ml_table_thread thread = {ident, native_id, interpreter, first_tick, known_string(writer, name),
                              0};

    return ml_tables_thread(&writer->tables, &thread);
}

static int is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* Where the first number of a name begins and how many digits it has; 0: it has none that can be told apart. */
static size_t find_number(const uint8_t *name, size_t length, size_t *digits)
{
    enum { DIGITS_MOST = 18 };
    size_t from = 0, to;

    while (from < length && !is_digit(name[from])) {
        from++;
    }
    for (to = from; to < length && is_digit(name[to]);) {
        to++;
    }
    *digits = to - from;
    if (length > ML_THREAD_NAME_NUMBERED || *digits > DIGITS_MOST ||
        memchr(name, '\0', length) != NULL || (*digits > 1 && name[from] == '0')) {
        *digits = 0;
    }
    return from;
}

static void set_name(ml_writer *writer, ml_table_thread *thread, const uint8_t *name, size_t length)
{
    uint8_t common[ML_THREAD_NAME_NUMBERED];
    size_t digits;
    size_t from = find_number(name, length, &digits);

    thread->number = 0;
    if (digits == 0) {
        thread->name = ml_writer_string(writer, name, length);
        return;
    }
    for (size_t i = from; i < from + digits; i++) {
        thread->number = 10 * thread->number + (uint64_t)(name[i] - '0');
    }
    thread->number++;
    memcpy(common, name, from);
    common[from] = '\0';
    memcpy(common + from + 1, name + from + digits, length - from - digits);
    thread->name = ml_writer_string(writer, common, length - digits + 1);
}

void ml_writer_thread_name(ml_writer *writer, uint32_t thread, const void *bytes, size_t length)
{
    ml_writer_tables *tables = &writer->tables;

    if (thread > tables->sealed[ML_TABLE_THREADS] && thread <= tables->count[ML_TABLE_THREADS]) {
        set_name(writer, &tables->threads[thread - 1], bytes, length);
    }
}

/* ---- samples and events ---- */

void ml_writer_tick(ml_writer *writer, uint64_t tick)
{
    ml_block_tick(&writer->block, tick);
}

static int is_known(const ml_writer *writer, uint32_t thread, uint32_t node)
{
    return thread <= writer->tables.count[ML_TABLE_THREADS] &&
           node < writer->tables.count[ML_TABLE_NODES];
}

void ml_writer_sample(ml_writer *writer, uint32_t thread, uint32_t node, uint64_t cpu_ns,
                      uint32_t state)
{
    if (thread == 0 || !is_known(writer, thread, node)) {
        writer->block.dropped++;
        return;
    }
    ml_block_sample(&writer->block, thread - 1, node, cpu_ns, state);
}

void ml_writer_event(ml_writer *writer, uint32_t kind, uint64_t time_ns, uint32_t thread,
                     uint32_t node)
{
    ml_block_event event = {.time_ns = time_ns, .kind = kind, .thread = thread, .node = node};

    ml_block_event_cancel(&writer->block);
    if (kind >= ML_KIND_COUNT || time_ns > INT64_MAX || !is_known(writer, thread, node)) {
        writer->block.dropped++;
        return;
    }
    ml_tables_kind(&writer->tables, kind);
    ml_block_event_begin(&writer->block, &event);
}

static const ml_kind_spec *open_kind(const ml_writer *writer)
{
    const ml_block *block = &writer->block;
    const ml_block_event *event;

    if (block->open_event == 0 || block->events.status < 0) {
        return NULL;
    }
    event = (const ml_block_event *)(const void *)(block->events.data + block->open_event - 1);
    return &writer->tables.registry[event->kind];
}

/* Is the open event's next field one of the types in `types`, a set of bits? If not, the event is
 * lost. */
static int expects(ml_writer *writer, uint32_t types)
{
    const ml_kind_spec *spec = open_kind(writer);
    uint32_t field = writer->block.open_field;

    if (spec == NULL) {
        return 0;
    }
    if (field >= spec->field_count || (types >> spec->fields[field].type & 1) == 0) {
        writer->block.open_failed = 1;
        return 0;
    }
    return 1;
}

void ml_writer_field_number(ml_writer *writer, int64_t value)
{
    if (expects(writer, 1u << ML_MLOG_FIELD_UINT | 1u << ML_MLOG_FIELD_INT |
                            1u << ML_MLOG_FIELD_DELTA | 1u << ML_MLOG_FIELD_ENUM)) {
        ml_block_event_number(&writer->block, (uint64_t)value);
    }
}

void ml_writer_field_string(ml_writer *writer, uint32_t string)
{
    if (expects(writer, 1u << ML_MLOG_FIELD_STRING)) {
        ml_block_event_number(&writer->block, (uint64_t)known_string(writer, string) + 1);
    }
}

void ml_writer_field_bytes(ml_writer *writer, const void *bytes, size_t length)
{
    if (expects(writer, 1u << ML_MLOG_FIELD_BYTES)) {
        ml_block_event_bytes(&writer->block, bytes,
                             length < ML_STRING_MAX ? length : ML_STRING_MAX);
    }
}

void ml_writer_event_end(ml_writer *writer)
{
    const ml_kind_spec *spec = open_kind(writer);

    ml_block_event_end(&writer->block, spec == NULL ? UINT32_MAX : spec->field_count);
}

unsigned ml_writer_fill(const ml_writer *writer)
{
    unsigned block = ml_block_fill(&writer->block);
    unsigned tables = ml_tables_fill(&writer->tables);
    unsigned most = block > tables ? block : tables;

    return most < 100 ? most : 100;
}

uint32_t ml_writer_next_file(const ml_writer *writer, uint32_t previous, const char **name,
                             size_t *length)
{
    const ml_writer_tables *tables = &writer->tables;
    uint32_t id = ml_tables_next_file(tables, previous);

    if (id != 0) {
        *name = (const char *)tables->string_bytes + tables->string_start[id];
        *length = tables->string_length[id];
    }
    return id;
}

/* ---- what it came to ---- */

void ml_writer_statistics_get(const ml_writer *writer, ml_writer_statistics *statistics)
{
    *statistics = writer->written;
    statistics->dropped += writer->block.dropped + writer->tables.dropped;
    statistics->nodes = writer->tables.count[ML_TABLE_NODES];
}

ml_status ml_writer_status(const ml_writer *writer, int *system_error)
{
    *system_error = writer->system_error;
    return writer->is_paused ? ML_ERROR_IO : ML_OK;
}

void ml_writer_abandon(ml_writer *writer)
{
    ml_memory memory = writer->memory;

    ml_writer_journal_close(writer, 0);
    if (writer->descriptor >= 0) {
        close(writer->descriptor);
    }
    ml_memory_unmap(&memory);
}
