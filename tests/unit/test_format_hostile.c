/* Files made to hurt: checksums are right and the content is not. Limits, on both sides of each. */
#include "core/format/dump.h"
#include "tests/unit/format_surgery.h"

#include <zstd.h>

/* ---- limits ---- */

/* Opens a recording of three blocks under limits that `change` made, and reads everything. */
static ml_status read_all(const fixture_file *file, const ml_limits *limits, ml_error *error)
{
    ml_reader *reader = NULL;
    ml_status status =
        ml_reader_open_memory(file->bytes, file->length, "limited", limits, &reader, error);
    const ml_recording *recording = status == ML_OK ? ml_reader_recording(reader, 0) : NULL;

    if (status == ML_OK && recording->diagnostics.damaged_chunks != 0) {
        status = ML_ERROR_FORMAT;
    }
    for (size_t i = 0; status == ML_OK && i < recording->chunk_count; i++) {
        ml_arena arena;
        ml_runs runs;
        ml_events events;
        ml_arena_init(&arena, 0);
        status = recording->chunks[i].ticks != 0
                     ? ml_read_runs(reader, recording, i, &arena, &runs, error)
                     : ml_read_events(reader, recording, i, &arena, &events, error);
        ml_arena_release(&arena);
    }
    ml_reader_close(reader);
    return status;
}

#define CHECK_LIMIT(field, value, failure)                                                         \
    do {                                                                                           \
        ml_limits just;                                                                            \
        ml_error cause = {0};                                                                      \
        ml_limits_default(&just);                                                                  \
        just.field = (value);                                                                      \
        ML_CHECK_EQUAL(read_all(&file, &just, &cause), ML_OK);                                     \
        just.field = (value)-1;                                                                    \
        ML_CHECK_EQUAL(read_all(&file, &just, &cause), failure);                                   \
    } while (0)

ML_TEST(every_limit_from_both_sides)
{
    fixture_file file = fixture_recording();
    ml_reader *reader = fixture_reader(&file);
    const ml_tables *tables = &ml_reader_recording(reader, 0)->tables;
    uint64_t string_bytes = 0;

    for (uint32_t i = 0; i < tables->string_count; i++) {
        string_bytes += tables->string_length[i];
    }
    CHECK_LIMIT(strings, tables->string_count, ML_ERROR_TOO_LARGE);
    CHECK_LIMIT(all_string_bytes, string_bytes, ML_ERROR_TOO_LARGE);
    CHECK_LIMIT(string_bytes, 10, ML_ERROR_TOO_LARGE); /* "MainThread" */
    CHECK_LIMIT(codes, tables->code_count, ML_ERROR_TOO_LARGE);
    CHECK_LIMIT(frames, tables->frame_count, ML_ERROR_TOO_LARGE);
    CHECK_LIMIT(nodes, tables->node_count, ML_ERROR_TOO_LARGE);
    CHECK_LIMIT(threads, tables->thread_count, ML_ERROR_TOO_LARGE);
    CHECK_LIMIT(kinds, tables->kind_count, ML_ERROR_TOO_LARGE);
    CHECK_LIMIT(depth, 2, ML_ERROR_TOO_LARGE);
    CHECK_LIMIT(block_ticks, 12, ML_ERROR_FORMAT);
    CHECK_LIMIT(block_threads, 2, ML_ERROR_FORMAT);
    ml_reader_close(reader);
    fixture_close(&file);
}

ML_TEST(limits_of_a_chunk_from_both_sides)
{
    fixture_file file = fixture_recording();
    uint32_t payload = 0;
    uint32_t preamble = 0;
    ml_limits limits;
    ml_error error = {0};

    for (uint32_t i = 0; i < 11; i++) {
        surgery_chunk chunk = surgery_find(&file, i);
        payload = chunk.payload_length > payload ? chunk.payload_length : payload;
        preamble = chunk.preamble_length > preamble ? chunk.preamble_length : preamble;
    }
    CHECK_LIMIT(payload_bytes, payload, ML_ERROR_FORMAT);
    CHECK_LIMIT(preamble_bytes, preamble, ML_ERROR_FORMAT);
    CHECK_LIMIT(columns, 26, ML_ERROR_FORMAT); /* HEAD has the most */
    ml_limits_default(&limits);
    limits.file_bytes = 10;
    ML_CHECK_EQUAL(ml_reader_open("/dev/zero", &limits, &(ml_reader *){NULL}, &error),
                   ML_ERROR_TOO_LARGE);
    fixture_close(&file);
}

/* ---- every byte wrong, checksums right ---- */

static ml_status count_bytes(void *context, const void *bytes, size_t length)
{
    (void)bytes;
    *(size_t *)context += length;
    return ML_OK;
}

/* Every id that a table gives is one of the table it refers to. */
static void check_ids(const ml_tables *t)
{
    for (uint32_t i = 0; i < t->code_count; i++) {
        ML_CHECK(t->code_file[i] < t->string_count && t->code_name[i] < t->string_count);
        ML_CHECK(t->code_module[i] < t->string_count);
    }
    for (uint32_t i = 0; i < t->frame_count; i++) {
        ML_CHECK(t->frame_code[i] < t->code_count);
    }
    for (uint32_t i = 1; i < t->node_count; i++) {
        ML_CHECK(t->node_parent[i] < i && t->node_frame[i] < t->frame_count);
        ML_CHECK(t->node_depth[i] == t->node_depth[t->node_parent[i]] + 1);
    }
    for (uint32_t i = 0; i < t->thread_count; i++) {
        uint8_t room[ML_THREAD_NAME_ROOM];
        uint32_t length;
        ML_CHECK(t->thread_name[i] < t->string_count);
        ml_thread_name(t, i, room, &length);
        ML_CHECK(length <= 65536);
    }
    for (uint32_t i = 0; i < t->kind_count; i++) {
        ML_CHECK(t->kind[i].name < t->string_count && t->kind[i].field_count <= 64);
        for (uint32_t f = 0; f < t->kind[i].field_count; f++) {
            ML_CHECK(t->kind[i].fields[f].name < t->string_count);
            ML_CHECK(t->kind[i].fields[f].unit < t->string_count);
        }
    }
}

/* Whatever is read may be shown: what is out of range would be seen by the sanitizers. */
static void read_and_show(const ml_buffer *bytes)
{
    ml_error error = {0};
    ml_reader *reader = surgery_open(bytes, &error);
    ml_dump_options options = {ML_DUMP_NDJSON, NULL};
    size_t shown = 0;
    ml_dump_sink sink = {count_bytes, &shown};

    if (reader == NULL) {
        ML_CHECK(error.status < 0 && error.text[0] != '\0');
        return;
    }
    check_ids(&ml_reader_recording(reader, 0)->tables);
    ml_dump(reader, &options, &sink, NULL);
    ML_CHECK(shown > 100);
    ml_reader_close(reader);
}

/* The chunk with its payload as plain bytes in `room`, of which mutations can be made. */
static surgery_chunk plain(const surgery_chunk *chunk, uint8_t *room, size_t size)
{
    surgery_chunk stored = *chunk;
    size_t length = chunk->body_length - chunk->preamble_length;

    ML_CHECK(chunk->preamble_length + (size_t)chunk->payload_length <= size);
    memcpy(room, chunk->bytes, chunk->preamble_length);
    if (chunk->codec == ML_MLOG_ZSTD) {
        length = ZSTD_decompress(room + chunk->preamble_length, size - chunk->preamble_length,
                                 chunk->bytes + chunk->preamble_length, length);
    } else {
        memcpy(room + chunk->preamble_length, chunk->bytes + chunk->preamble_length, length);
    }
    ML_CHECK_EQUAL(length, chunk->payload_length);
    stored.codec = ML_MLOG_STORED;
    stored.bytes = room;
    stored.body_length = chunk->preamble_length + chunk->payload_length;
    return stored;
}

static void read_mutated(const fixture_file *file, uint32_t number, const surgery_chunk *changed,
                         ml_buffer *bytes)
{
    ml_buffer_clear(bytes);
    ml_buffer_put(bytes, file->bytes, 64);
    for (uint32_t i = 0; i < 11; i++) {
        surgery_chunk chunk = i == number ? *changed : surgery_find(file, i);
        surgery_put(bytes, &chunk);
    }
    read_and_show(bytes);
}

static void mutate_every_byte(uint32_t number)
{
    static const uint8_t changes[] = {0x01, 0x02, 0x40, 0x80, 0xff};
    fixture_file file = fixture_recording();
    surgery_chunk original = surgery_find(&file, number);
    uint8_t room[4096];
    surgery_chunk chunk = plain(&original, room, sizeof(room));
    ml_buffer bytes;

    ml_buffer_init(&bytes, 1 << 20);
    for (uint32_t byte = 0; byte < chunk.body_length; byte++) {
        for (size_t i = 0; i < sizeof(changes); i++) {
            room[byte] ^= changes[i];
            read_mutated(&file, number, &chunk, &bytes);
            room[byte] ^= changes[i];
        }
    }
    ml_buffer_release(&bytes);
    fixture_close(&file);
}

ML_TEST(head_with_any_byte_wrong)
{
    mutate_every_byte(0);
}
ML_TEST(definitions_with_any_byte_wrong)
{
    mutate_every_byte(1);
}
ML_TEST(samples_with_any_byte_wrong)
{
    mutate_every_byte(2);
}
ML_TEST(events_with_any_byte_wrong)
{
    mutate_every_byte(3);
}
ML_TEST(later_definitions_with_any_byte_wrong)
{
    mutate_every_byte(4);
}
ML_TEST(end_with_any_byte_wrong)
{
    mutate_every_byte(10);
}

/* ---- compressed payloads ---- */

/* Reads samples whose compressed payload is `frames`, said to hold `payload` bytes. */
static ml_status read_compressed(const uint8_t *frames, size_t length, uint32_t payload)
{
    fixture_file file = fixture_recording();
    surgery_chunk samples = surgery_find(&file, 2);
    ml_buffer body;
    ml_buffer bytes;
    ml_reader *reader;
    ml_arena arena;
    ml_runs runs;
    ml_error error = {0};
    ml_status status;

    ml_buffer_init(&body, 1 << 20);
    ml_buffer_init(&bytes, 1 << 20);
    ml_arena_init(&arena, 0);
    ml_buffer_put(&body, samples.bytes, samples.preamble_length);
    ml_buffer_put(&body, frames, length);
    samples.codec = ML_MLOG_ZSTD;
    samples.bytes = body.data;
    samples.body_length = (uint32_t)body.length;
    samples.payload_length = payload;
    ml_buffer_put(&bytes, file.bytes, 64);
    for (uint32_t i = 0; i < 2; i++) {
        surgery_chunk chunk = surgery_find(&file, i);
        surgery_put(&bytes, &chunk);
    }
    surgery_put(&bytes, &samples);
    reader = surgery_open(&bytes, &error);
    ML_CHECK(reader != NULL);
    status = ml_read_runs(reader, ml_reader_recording(reader, 0), 0, &arena, &runs, &error);
    ML_CHECK_EQUAL(status, error.status);
    ml_arena_release(&arena);
    ml_reader_close(reader);
    ml_buffer_release(&body);
    ml_buffer_release(&bytes);
    fixture_close(&file);
    return status;
}

ML_TEST(frames_that_are_allowed_and_not)
{
    fixture_file file = fixture_recording();
    surgery_chunk original = surgery_find(&file, 2);
    uint8_t room[4096];
    uint8_t frames[8192];
    surgery_chunk chunk = plain(&original, room, sizeof(room));
    const uint8_t *payload = room + chunk.preamble_length;
    uint32_t size = chunk.payload_length;
    size_t first = ZSTD_compress(frames, sizeof(frames), payload, 20, 3);
    size_t second =
        ZSTD_compress(frames + first, sizeof(frames) - first, payload + 20, size - 20, 3);
    size_t both = first + second;

    ML_CHECK_EQUAL(read_compressed(frames, both, size), ML_OK);
    ML_CHECK_EQUAL(read_compressed(frames, both, size + 1), ML_ERROR_FORMAT);
    ML_CHECK_EQUAL(read_compressed(frames, both, size - 1), ML_ERROR_FORMAT);
    ML_CHECK_EQUAL(read_compressed(frames, both - 1, size), ML_ERROR_FORMAT);
    ML_CHECK_EQUAL(read_compressed(frames, first, size), ML_ERROR_FORMAT);
    ML_CHECK_EQUAL(read_compressed(frames, 0, size), ML_ERROR_FORMAT);
    memcpy(frames + both, "\x50\x2a\x4d\x18\0\0\0\0", 8); /* a skippable frame */
    ML_CHECK_EQUAL(read_compressed(frames, both + 8, size), ML_ERROR_FORMAT);
    frames[4] |= 1; /* a dictionary */
    ML_CHECK_EQUAL(read_compressed(frames, both, size), ML_ERROR_FORMAT);
    fixture_close(&file);
}

ML_TEST(windows_up_to_eight_mebibytes)
{
    /* A frame of raw blocks, written by hand: magic, descriptor (four-byte size), window, size,
     * last block. */
    uint8_t frame[600] = {0x28, 0xb5, 0x2f, 0xfd, 0x80, 13 << 3};
    fixture_file file = fixture_recording();
    surgery_chunk original = surgery_find(&file, 2);
    uint8_t room[500];
    surgery_chunk chunk = plain(&original, room, sizeof(room));
    uint32_t size = chunk.payload_length;
    uint32_t block = size << 3 | 1;

    memcpy(frame + 6, &size, 4);
    memcpy(frame + 10, &block, 3);
    memcpy(frame + 13, room + chunk.preamble_length, size);
    ML_CHECK_EQUAL(read_compressed(frame, 13 + size, size), ML_OK);
    frame[5] = 13 << 3 | 1;
    ML_CHECK_EQUAL(read_compressed(frame, 13 + size, size), ML_ERROR_FORMAT);
    frame[5] = 31 << 3;
    ML_CHECK_EQUAL(read_compressed(frame, 13 + size, size), ML_ERROR_FORMAT);
    fixture_close(&file);
}

/* ---- claims ---- */

/* A SAMP chunk with this preamble; returns how many chunks the reader lists. */
static size_t list_samples(uint64_t start, uint64_t span, uint64_t ticks, uint64_t lost,
                           uint64_t first)
{
    const uint64_t preamble[] = {start, span, ticks, 1, 1, 0, 2, 1, lost, 0, first};
    fixture_file file = fixture_recording();
    surgery_body body;
    surgery_chunk chunk;
    ml_buffer bytes;
    ml_reader *reader;
    ml_error error;
    size_t listed;

    surgery_body_init(&body);
    ml_buffer_init(&bytes, 1 << 20);
    ml_buffer_put(&bytes, file.bytes, 64);
    chunk = surgery_find(&file, 0);
    surgery_put(&bytes, &chunk);
    surgery_preamble(&body, preamble, 11);
    chunk = surgery_finish(&body, "SAMP", 1);
    surgery_put(&bytes, &chunk);
    reader = surgery_open(&bytes, &error);
    ML_CHECK(reader != NULL);
    listed = ml_reader_recording(reader, 0)->chunk_count;
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->diagnostics.damaged_chunks, 1 - listed);
    ml_reader_close(reader);
    ml_buffer_release(&bytes);
    surgery_body_release(&body);
    fixture_close(&file);
    return listed;
}

ML_TEST(times_and_ticks_that_cannot_be)
{
    const uint64_t period = 10000000;
    const uint64_t most = UINT64_C(1) << 40;

    ML_CHECK_EQUAL(list_samples(0, period, 1, 0, 0), 1);
    ML_CHECK_EQUAL(list_samples(0, period, 2, 0, 0), 0);
    ML_CHECK_EQUAL(list_samples(0, 2 * period, 1, 1, 0), 1);
    ML_CHECK_EQUAL(list_samples(0, 2 * period, 1, 0, 0), 0);
    ML_CHECK_EQUAL(list_samples(0, period + 1, 1, 0, 0), 0);
    ML_CHECK_EQUAL(list_samples(period, period, 1, 0, 0), 0);
    ML_CHECK_EQUAL(list_samples((most - 1) * period, period, 1, 0, most - 1), 1);
    ML_CHECK_EQUAL(list_samples(most * period, period, 1, 0, most), 0);
    ML_CHECK_EQUAL(list_samples(0, (1u << 20) * period, 1u << 20, 0, 0), 1);
    ML_CHECK_EQUAL(list_samples(0, ((1u << 20) + 1) * period, (1u << 20) + 1, 0, 0), 0);
    ML_CHECK_EQUAL(list_samples(0, 0, 0, 0, 0), 0);
    ML_CHECK_EQUAL(list_samples(0, UINT64_MAX, 1, UINT64_MAX / period - 1, 0), 0);
}

/* The columns of a block of 4 ticks in 5 slots: two runs of thread 0, one of thread 1. */
typedef struct {
    uint64_t grid[6], threads[6], codes[6], lengths[6], nodes[6], cpu[6], state[6], leads[6];
    size_t grids, thread_values, runs, length_count, node_count, lead_count;
    uint64_t claimed_runs, claimed_samples;
} block_columns;

static block_columns right_block(void)
{
    return (block_columns){.grid = {2, 1, 2},
                           .grids = 3,
                           .threads = {0, 2, 1, 1},
                           .thread_values = 4,
                           .codes = {0, 0, 1},
                           .runs = 3,
                           .lengths = {0, 0, 0},
                           .length_count = 3,
                           .nodes = {2, 2}, /* node 1, node 2 */
                           .node_count = 2,
                           .cpu = {1, 2, 3},
                           .state = {1, 1, 1},
                           .leads = {0, 0},
                           .lead_count = 2,
                           .claimed_runs = 3,
                           .claimed_samples = 8};
}

static ml_status read_block(const block_columns *block)
{
    const uint64_t preamble[] = {
        0, 50000000, 4, block->claimed_samples, block->claimed_runs, 0, 3, 2, 1, 0, 0};
    fixture_file file = fixture_recording();
    surgery_body body;
    surgery_chunk chunk;
    ml_buffer bytes;
    ml_reader *reader;
    ml_error error;
    ml_arena arena;
    ml_runs runs;
    ml_status status;

    surgery_body_init(&body);
    ml_buffer_init(&bytes, 1 << 20);
    ml_arena_init(&arena, 0);
    ml_buffer_put(&bytes, file.bytes, 64);
    for (uint32_t i = 0; i < 2; i++) {
        chunk = surgery_find(&file, i);
        surgery_put(&bytes, &chunk);
    }
    surgery_preamble(&body, preamble, 11);
    surgery_numbers(&body, 1 * 2, block->grid, block->grids);
    surgery_numbers(&body, 3 * 2, block->threads, block->thread_values);
    surgery_numbers(&body, 4 * 2, block->codes, block->runs);
    surgery_numbers(&body, 5 * 2, block->lengths, block->length_count);
    surgery_numbers(&body, 6 * 2, block->nodes, block->node_count);
    surgery_numbers(&body, 7 * 2 + 1, block->cpu, block->runs);
    surgery_numbers(&body, 8 * 2 + 1, block->state, block->runs);
    surgery_numbers(&body, 10 * 2, block->leads, block->lead_count);
    chunk = surgery_finish(&body, "SAMP", 2);
    surgery_put(&bytes, &chunk);
    reader = surgery_open(&bytes, &error);
    ML_CHECK(reader != NULL && ml_reader_recording(reader, 0)->chunk_count == 1);
    status = ml_read_runs(reader, ml_reader_recording(reader, 0), 0, &arena, &runs, &error);
    ML_CHECK_EQUAL(runs.count, status == ML_OK ? 3 : 0);
    ml_arena_release(&arena);
    ml_reader_close(reader);
    ml_buffer_release(&bytes);
    surgery_body_release(&body);
    fixture_close(&file);
    return status;
}

#define CHECK_REFUSED(change)                                                                      \
    do {                                                                                           \
        block_columns block = right_block();                                                       \
        block.change;                                                                              \
        ML_CHECK_EQUAL(read_block(&block), ML_ERROR_FORMAT);                                       \
    } while (0)

ML_TEST(columns_that_contradict_each_other)
{
    block_columns right = right_block();

    ML_CHECK_EQUAL(read_block(&right), ML_OK);
    CHECK_REFUSED(grid[0] = 1); /* ticks do not add up */
    CHECK_REFUSED(grid[1] = 2); /* nor do slots */
    CHECK_REFUSED(grid[1] = 0); /* nothing skipped */
    CHECK_REFUSED(grid[0] = 1u << 30);
    CHECK_REFUSED(grids = 2); /* ends with skipped slots */
    CHECK_REFUSED(grids = 0);
    CHECK_REFUSED(threads[2] = 0); /* thread 0 twice */
    CHECK_REFUSED(threads[2] = 2); /* a thread that is not defined */
    CHECK_REFUSED(threads[0] = UINT64_MAX);
    CHECK_REFUSED(threads[1] = 0);    /* a thread without runs */
    CHECK_REFUSED(threads[1] = 3);    /* more runs than there are */
    CHECK_REFUSED(thread_values = 2); /* fewer */
    CHECK_REFUSED(thread_values = 3); /* cut off */
    CHECK_REFUSED(codes[2] = 3);      /* a node that was not used yet */
    CHECK_REFUSED(codes[0] = 1);
    CHECK_REFUSED(codes[2] = 0); /* more new nodes than there are */
    CHECK_REFUSED(codes[1] = 1); /* fewer */
    CHECK_REFUSED(runs = 2);
    CHECK_REFUSED(runs = 4);
    CHECK_REFUSED(lengths[0] = 3); /* nothing left for the last run */
    CHECK_REFUSED(lengths[0] = UINT64_MAX);
    CHECK_REFUSED(lengths[1] = 3); /* not before the end of the block */
    CHECK_REFUSED(lengths[2] = 5); /* beyond it */
    CHECK_REFUSED(length_count = 0);
    CHECK_REFUSED(length_count = 2);
    CHECK_REFUSED(length_count = 4);
    CHECK_REFUSED(leads[1] = 8); /* begins behind the block */
    CHECK_REFUSED(leads[0] = 1); /* before it */
    CHECK_REFUSED(leads[0] = UINT64_MAX);
    CHECK_REFUSED(lead_count = 0);
    CHECK_REFUSED(lead_count = 1);
    CHECK_REFUSED(lead_count = 3);
    CHECK_REFUSED(nodes[1] = 4); /* a node that is not defined */
    CHECK_REFUSED(nodes[0] = 1); /* before the first */
    CHECK_REFUSED(node_count = 3);
    CHECK_REFUSED(cpu[2] = UINT64_MAX); /* too large in ns */
    CHECK_REFUSED(state[2] = UINT64_C(1) << 32);
    CHECK_REFUSED(state[2] = 0; block.codes[2] = 1; block.claimed_samples = 9);
    CHECK_REFUSED(claimed_runs = 4);
    CHECK_REFUSED(claimed_samples = 7);
}

ML_TEST(a_thread_in_a_part_of_the_block)
{
    block_columns late = right_block();
    block_columns early = right_block();

    late.leads[1] = 2; /* thread 1 begins with the second tick */
    late.claimed_samples = 7;
    ML_CHECK_EQUAL(read_block(&late), ML_OK);
    early.lengths[2] = 3; /* and ends with the third */
    early.claimed_samples = 7;
    ML_CHECK_EQUAL(read_block(&early), ML_OK);
}

/* Forty bytes that claim a million ticks for a thousand threads: told in so many runs, never spread
 * out. */
ML_TEST(a_run_length_bomb_stays_small)
{
    const uint64_t ticks = 1u << 20;
    const uint64_t preamble[] = {0, ticks * 10000000, ticks, 2 * ticks, 2, 0, 2, 2, 0, 0, 0};
    fixture_file file = fixture_recording();
    surgery_body body;
    surgery_chunk chunk;
    ml_buffer bytes;
    ml_reader *reader;
    ml_error error;
    ml_arena arena;
    ml_runs runs;

    surgery_body_init(&body);
    ml_buffer_init(&bytes, 1 << 20);
    ml_arena_init(&arena, 4096); /* all that the answer may take */
    ml_buffer_put(&bytes, file.bytes, 64);
    for (uint32_t i = 0; i < 2; i++) {
        chunk = surgery_find(&file, i);
        surgery_put(&bytes, &chunk);
    }
    surgery_preamble(&body, preamble, 11);
    surgery_numbers(&body, 1 * 2, &ticks, 1);
    surgery_numbers(&body, 3 * 2, (const uint64_t[]){0, 1, 1, 1}, 4);
    surgery_numbers(&body, 4 * 2, (const uint64_t[]){0, 1}, 2);
    surgery_numbers(&body, 5 * 2, (const uint64_t[]){0, 0}, 2);
    surgery_numbers(&body, 6 * 2, (const uint64_t[]){2}, 1);
    surgery_numbers(&body, 10 * 2, (const uint64_t[]){0, 0}, 2);
    chunk = surgery_finish(&body, "SAMP", 2);
    surgery_put(&bytes, &chunk);
    reader = surgery_open(&bytes, &error);
    ML_CHECK(reader != NULL);
    ML_CHECK_EQUAL(ml_read_runs(reader, ml_reader_recording(reader, 0), 0, &arena, &runs, &error),
                   ML_OK);
    ML_CHECK_EQUAL(runs.count, 2);
    ML_CHECK_EQUAL(runs.ticks[1], ticks);
    ml_arena_release(&arena);
    ml_reader_close(reader);
    ml_buffer_release(&bytes);
    surgery_body_release(&body);
    fixture_close(&file);
}

/* Chunk headers by the hundred thousand, each claiming all the rest of the file with a wrong
 * checksum. */
ML_TEST(nested_false_chunks_take_bounded_time)
{
    fixture_file file = fixture_recording();
    const uint32_t headers = 200000;
    ml_buffer bytes;
    ml_error error;
    ml_reader *reader;

    ml_buffer_init(&bytes, 64 << 20);
    ml_buffer_put(&bytes, file.bytes, 64);
    surgery_chunk chunk = surgery_find(&file, 0);
    surgery_put(&bytes, &chunk);
    for (uint32_t i = 0; i < headers; i++) {
        size_t start = bytes.length;
        ml_buffer_put(&bytes, ML_MLOG_SYNC "DEFS\0\0\0\0", 12);
        ml_buffer_put_u32(&bytes, (headers - i - 1) * 32);
        ml_buffer_put_u32(&bytes, 0);
        ml_buffer_put_u32(&bytes, 1);
        ml_buffer_put_u32(&bytes, 0xdeadbeef);
        ml_buffer_put_u32(&bytes, ml_crc32c(0, bytes.data + start, 28));
    }
    reader = surgery_open(&bytes, &error);
    ML_CHECK(reader != NULL);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->diagnostics.torn_bytes, headers * 32);
    ml_reader_close(reader);
    ml_buffer_release(&bytes);
    fixture_close(&file);
}
