#include "tests/fuzz/fuzz.h"

#include "core/base/buffer.h"
#include "core/base/crc32c.h"
#include "core/format/dump.h"
#include "core/format/page.h"
#include "core/format/rewrite.h"
#include "core/format/write.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "a promise does not hold: %s\n", #condition);                          \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* ---- what holds of everything that could be read ---- */

static void check_tables(const ml_tables *t)
{
    for (uint32_t i = 0; i < t->code_count; i++) {
        PROMISE(t->code_file[i] < t->string_count && t->code_name[i] < t->string_count);
        PROMISE(t->code_module[i] < t->string_count);
    }
    for (uint32_t i = 0; i < t->frame_count; i++) {
        PROMISE(t->frame_code[i] < t->code_count);
    }
    for (uint32_t i = 1; i < t->node_count; i++) {
        PROMISE(t->node_parent[i] < i && t->node_frame[i] < t->frame_count);
        PROMISE(t->node_depth[i] == t->node_depth[t->node_parent[i]] + 1);
    }
    for (uint32_t i = 0; i < t->thread_count; i++) {
        uint8_t room[ML_THREAD_NAME_ROOM];
        uint32_t length;
        PROMISE(t->thread_name[i] < t->string_count);
        ml_thread_name(t, i, room, &length);
        PROMISE(length <= 65536);
    }
}

static void check_sources(const ml_recording *recording)
{
    const ml_sources_told *told = &recording->sources;

    for (uint32_t i = 0; i < told->count; i++) {
        PROMISE(told->is_told && told->source[i].file < recording->tables.string_count);
        PROMISE(told->source[i].file > (i == 0 ? 0 : told->source[i - 1].file));
    }
}

static void check_runs(const ml_recording *recording, const ml_chunk_info *info,
                       const ml_runs *runs)
{
    uint64_t samples = 0;

    PROMISE(runs->count == info->runs);
    for (size_t i = 0; i < runs->count; i++) {
        PROMISE(runs->thread[i] < recording->tables.thread_count);
        PROMISE(runs->node[i] < recording->tables.node_count);
        PROMISE(runs->samples[i] != 0 && runs->samples[i] <= runs->ticks[i]);
        PROMISE(runs->first_tick[i] >= info->first_tick);
        PROMISE(runs->first_tick[i] + runs->ticks[i] <= info->first_tick + info->slots);
        samples += runs->node[i] != 0 || runs->state[i] != 0 ? runs->samples[i] : 0;
    }
    PROMISE(samples == info->samples);
}

static void check_chunks(const ml_reader *reader, const ml_recording *recording)
{
    uint64_t next_slot = 0;

    for (size_t i = 0; i < recording->chunk_count; i++) {
        const ml_chunk_info *info = &recording->chunks[i];
        ml_arena arena;
        ml_runs runs;
        ml_events events;
        ml_arena_init(&arena, 0);
        if (info->ticks != 0) {
            PROMISE(info->first_tick >= next_slot);
            next_slot = info->first_tick + info->slots;
            if (ml_read_runs(reader, recording, i, &arena, &runs, NULL) == ML_OK) {
                check_runs(recording, info, &runs);
            }
        } else if (ml_read_events(reader, recording, i, &arena, &events, NULL) == ML_OK) {
            PROMISE(events.count == info->events);
            for (size_t k = 1; k < events.count; k++) {
                PROMISE(events.time_ns[k] >= events.time_ns[k - 1]);
            }
        }
        ml_arena_release(&arena);
    }
}

static ml_status forget(void *context, const void *bytes, size_t length)
{
    (void)context;
    PROMISE(length == 0 || memchr(bytes, '\0', length) == NULL);
    return ML_OK;
}

static void show(const ml_reader *reader)
{
    for (int format = ML_DUMP_TEXT; format <= ML_DUMP_NDJSON; format++) {
        ml_dump_options options = {format, NULL};
        ml_dump_sink sink = {forget, NULL};
        ml_dump(reader, &options, &sink, NULL);
    }
}

/* Blocks may have been joined. */
static void check_totals(const ml_recording *one, const ml_recording *other)
{
    uint64_t totals[2][4] = {{0}};

    for (unsigned k = 0; k < 2; k++) {
        const ml_recording *recording = k == 0 ? one : other;
        for (size_t i = 0; i < recording->chunk_count; i++) {
            totals[k][0] += recording->chunks[i].ticks;
            totals[k][1] += recording->chunks[i].slots;
            totals[k][2] += recording->chunks[i].samples;
            totals[k][3] += recording->chunks[i].events;
        }
    }
    PROMISE(memcmp(totals[0], totals[1], sizeof(totals[0])) == 0);
}

/* What is rewritten holds as much as what was read. */
static void rewrite(const ml_reader *reader, size_t index)
{
    const ml_recording *recording = ml_reader_recording(reader, index);
    ml_rewrite_result result = {0};
    ml_reader *again = NULL;
    ml_buffer out;

    ml_buffer_init(&out, 64 << 20);
    if (ml_rewrite(reader, index, 0, &out, &result, NULL) == ML_OK) {
        PROMISE(ml_reader_open_memory(out.data, out.length, "again", NULL, &again, NULL) == ML_OK);
        PROMISE(ml_reader_recording(again, 0)->chunk_count <= recording->chunk_count);
        check_totals(ml_reader_recording(again, 0), recording);
        check_chunks(again, ml_reader_recording(again, 0));
        PROMISE(ml_reader_recording(again, 0)->tables.node_count == recording->tables.node_count);
        PROMISE(ml_reader_recording(again, 0)->diagnostics.torn_bytes == 0);
        ml_reader_close(again);
    }
    ml_buffer_release(&out);
}

static void use(const ml_reader_source *source)
{
    ml_reader *reader;
    ml_error error = {0};
    ml_limits limits;

    ml_limits_default(&limits);
    limits.payload_bytes = 1 << 20;
    if (ml_reader_open_source(source, &limits, &reader, &error) < 0) {
        PROMISE(error.text[0] != '\0' && error.status < 0);
        return;
    }
    for (size_t i = 0; i < ml_reader_count(reader); i++) {
        check_tables(&ml_reader_recording(reader, i)->tables);
        check_sources(ml_reader_recording(reader, i));
        check_chunks(reader, ml_reader_recording(reader, i));
        if (source->length % 8 == 0) {
            rewrite(reader, i);
        }
    }
    show(reader);
    ml_reader_close(reader);
}

/* ---- a sound recording to start from ---- */

static ml_buffer base;         /* file header, HEAD, and one block */
static uint32_t next_sequence; /* behind it */
static uint64_t const PERIOD = 1000000;

static void fill(ml_writer *writer, uint64_t first_tick)
{
    uint32_t file = ml_writer_string(writer, "file.py", 7);
    uint32_t node = 0;

    for (uint32_t i = 0; i < 4; i++) {
        ml_writer_thread(writer, i, 100 + i, file, 0, 0);
        node = ml_writer_node(writer, node, ml_writer_code(writer, file, file, i, 0, 0),
                              i + 3 + (uint32_t)first_tick);
    }
    for (uint64_t tick = first_tick; tick < first_tick + 8; tick++) {
        ml_writer_tick(writer, tick);
        ml_writer_sample(writer, 1 + (uint32_t)tick % 2, node, 1000, 1);
    }
    ml_writer_event(writer, ML_KIND_PRINT, first_tick * PERIOD, 1, node);
    ml_writer_field_number(writer, 1);
    ml_writer_field_bytes(writer, "text", 4);
    ml_writer_event_end(writer);
}

/* A writer that has sealed one block. */
static ml_writer *write_base(int file)
{
    ml_head head = {.period_ns = PERIOD, .cpu_unit_ns = 1000, .event_unit_ns = 1000};
    ml_writer_options options;
    ml_writer *writer;

    ml_writer_options_default(&options);
    PROMISE(ml_writer_open(file, 0, &head, &options, &writer, NULL) == ML_OK);
    fill(writer, 0);
    PROMISE(ml_writer_seal(writer, 8 * PERIOD, 0) == ML_OK);
    return writer;
}

static void make_base(void)
{
    int file = memfd_create("base", MFD_CLOEXEC);
    int copy = dup(file);
    off_t length;

    if (base.length != 0) {
        close(file);
        close(copy);
        return;
    }
    ml_writer_abandon(write_base(file));
    length = lseek(copy, 0, SEEK_END);
    ml_buffer_init(&base, 1 << 20);
    PROMISE(ml_buffer_reserve(&base, (size_t)length) == ML_OK);
    PROMISE(pread(copy, base.data, (size_t)length, 0) == length);
    base.length = (size_t)length;
    close(copy);
    next_sequence = 4;
}

void fuzz_seed_journal(const char *path)
{
    ml_writer *writer = write_base(memfd_create("base", MFD_CLOEXEC));

    ml_writer_journal(writer, open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), path);
    for (uint64_t tick = 10; tick < 40; tick += 10) {
        fill(writer, tick);
        PROMISE(ml_writer_flush(writer, tick * PERIOD, 0) == ML_OK);
    }
    ml_writer_abandon(writer);
}

/* ---- the targets ---- */

/* What a page carries comes out of it; as a page itself, the input may be anything. */
static void carry(const uint8_t *data, size_t size)
{
    static const char start[] = "<!DOCTYPE html>\n<!-- mlog base64\n";
    ml_buffer page;
    size_t length;

    ml_buffer_init(&page, 8 << 20);
    ml_buffer_put_text(&page, "<!DOCTYPE html>\n");
    ml_page_put(&page, data, size);
    length = page.length;
    PROMISE(page.status < 0 || (ml_page_take(page.data, &length) == ML_OK && length == size &&
                                memcmp(page.data, data, size) == 0));
    ml_buffer_clear(&page);
    ml_buffer_put_text(&page, start);
    ml_buffer_put(&page, data, size);
    ml_buffer_put_text(&page, "\n-->\n");
    length = page.length;
    PROMISE(page.status < 0 || ml_page_take(page.data, &length) != ML_OK || length <= page.length);
    ml_buffer_release(&page);
}

void fuzz_file(const uint8_t *data, size_t size)
{
    ml_reader_source source = {.bytes = data, .length = size, .name = "input"};

    use(&source);
    carry(data, size);
}

/* First byte: which type; second: how many of the others are the preamble. */
void fuzz_payload(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"DEFS", "SAMP", "EVNT", "gAPS", "dONE", "HEAD", "sRCe"};
    ml_reader_source source = {.name = "input"};
    size_t start, preamble;
    ml_buffer file;

    if (size < 2) {
        return;
    }
    make_base();
    preamble = data[1] < size - 2 ? data[1] : size - 2;
    ml_buffer_init(&file, 4 << 20);
    ml_buffer_put(&file, base.data, base.length);
    start = file.length;
    ml_buffer_put(&file, ML_MLOG_SYNC, 4);
    ml_buffer_put(&file, types[data[0] % 7], 4);
    ml_buffer_put_u8(&file, ML_MLOG_STORED);
    ml_buffer_put_u8(&file, ML_MLOG_KEY);
    ml_buffer_put_u16(&file, (uint16_t)preamble);
    ml_buffer_put_u32(&file, (uint32_t)(size - 2));
    ml_buffer_put_u32(&file, (uint32_t)(size - 2 - preamble));
    ml_buffer_put_u32(&file, next_sequence);
    ml_buffer_put_u32(&file, ml_crc32c(0, data + 2, size - 2));
    ml_buffer_put_u32(&file, ml_crc32c(0, file.data + start, 28));
    ml_buffer_put(&file, data + 2, size - 2);
    source.bytes = file.data;
    source.length = file.length;
    if (file.status == ML_OK) {
        use(&source);
    }
    ml_buffer_release(&file);
}

void fuzz_journal(const uint8_t *data, size_t size)
{
    ml_reader_source source = {.journal = data, .journal_length = size, .name = "input"};

    make_base();
    source.bytes = base.data;
    source.length = base.length;
    use(&source);
}
