/* What is written is read back: random recordings against a plain model of them, and the head. */
#include "core/base/crc32c.h"
#include "core/base/varint.h"
#include "core/format/rewrite.h"
#include "tests/unit/format_surgery.h"

#include <pthread.h>
#include <stdio.h>

enum { THREADS = 5, SLOTS = 4000, NODES = 60, EVENTS = 400, TEXT = 24 };

/* ---- a generator that is the same everywhere ---- */

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = random_state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ z >> 31) % limit);
}

/* ---- the model: what every slot of every thread should show ---- */

typedef struct {
    uint32_t node, state;
} slot_content;

typedef struct {
    uint32_t parent, line;
    char name[TEXT];
} model_node;

typedef struct {
    uint32_t kind, thread, node;
    uint64_t time_ns;
    int64_t numbers[16];
    char text[TEXT];
} model_event;

typedef struct {
    slot_content slots[THREADS][SLOTS];
    uint64_t samples[THREADS], cpu_ns[THREADS];
    model_node nodes[NODES];
    uint32_t node_ids[NODES], node_count;
    uint32_t thread_ids[THREADS];
    model_event events[EVENTS];
    uint32_t event_count;
    uint64_t ticks;
} recording_model;

static recording_model model;

static uint32_t add_node(ml_writer *writer)
{
    model_node *node = &model.nodes[model.node_count];
    uint32_t parent = random_below(3) == 0 ? 0 : random_below(model.node_count + 1);

    /* Some names are those of event texts, so that references also go back behind the newest. */
    snprintf(node->name, sizeof(node->name), random_below(2) ? "function_%u" : "text %u",
             random_below(20));
    node->parent = parent;
    node->line = random_below(1000);
    model.node_ids[model.node_count] =
        ml_writer_node(writer, parent == 0 ? 0 : model.node_ids[parent - 1],
                       fixture_code(writer, node->name, 500), node->line);
    return model.node_count++;
}

static void add_tick(ml_writer *writer, uint64_t *next_slot)
{
    static uint32_t now[THREADS][2];
    uint64_t first = *next_slot;
    uint64_t tick = first + (random_below(8) == 0 ? random_below(20) : 0);

    ml_writer_tick(writer, tick);
    model.ticks++;
    *next_slot = tick + 1;
    for (uint32_t t = 0; t < THREADS; t++) {
        uint64_t cpu_ns = random_below(30000);
        if (random_below(12) == 0) {
            continue; /* the thread is not there */
        }
        if (random_below(3) == 0) {
            now[t][0] = random_below(model.node_count + 1);
            now[t][1] = random_below(7) + 16 * random_below(2);
        }
        uint32_t node = now[t][0] == 0 ? 0 : model.node_ids[now[t][0] - 1];
        ml_writer_sample(writer, model.thread_ids[t], node, cpu_ns, now[t][1]);
        model.samples[t] += node != 0 || now[t][1] != 0;
        model.cpu_ns[t] += node != 0 || now[t][1] != 0 ? cpu_ns : 0;
        for (uint64_t slot = first; slot <= tick; slot++) {
            model.slots[t][slot] = (slot_content){node, now[t][1]};
        }
    }
}

static void add_event(ml_writer *writer, uint64_t time_ns)
{
    static const uint32_t kinds[] = {ML_KIND_LOG, ML_KIND_STATUS, ML_KIND_EXIT};
    model_event *event = &model.events[model.event_count++];

    event->kind = kinds[random_below(3)];
    event->thread = random_below(THREADS + 1);
    event->node = random_below(model.node_count);
    event->time_ns = time_ns - random_below(90000) * 1000;
    snprintf(event->text, sizeof(event->text), "text %u", random_below(20));
    ml_writer_event(writer, event->kind, event->time_ns,
                    event->thread == 0 ? 0 : model.thread_ids[event->thread - 1],
                    model.node_ids[event->node]);
    for (unsigned i = 0; i < 16; i++) {
        int64_t sign = event->kind == ML_KIND_LOG || random_below(2) ? 1 : -1;
        event->numbers[i] =
            sign * (int64_t)((uint64_t)random_below(UINT32_MAX) << random_below(31));
    }
    if (event->kind == ML_KIND_LOG) {
        ml_writer_field_number(writer, event->numbers[0]);
        ml_writer_field_string(writer, fixture_string(writer, event->text));
        ml_writer_field_bytes(writer, event->text, strlen(event->text));
        ml_writer_field_string(writer, 0);
        ml_writer_field_number(writer, event->numbers[1]);
    } else {
        for (unsigned i = 0; i < (event->kind == ML_KIND_STATUS ? 16 : 1); i++) {
            ml_writer_field_number(writer, event->numbers[i]);
        }
    }
    ml_writer_event_end(writer);
}

static void write_model(ml_writer *writer)
{
    uint64_t slot = 0;

    for (uint32_t t = 0; t < THREADS; t++) {
        char name[TEXT];
        snprintf(name, sizeof(name), "thread %u", t);
        model.thread_ids[t] =
            ml_writer_thread(writer, 1000 + t, 2000 + t, fixture_string(writer, name), t, t * 3);
    }
    add_node(writer);
    while (slot < SLOTS - 100) {
        if (model.node_count < NODES && random_below(10) == 0) {
            add_node(writer);
        }
        if (model.event_count < EVENTS && random_below(5) == 0) {
            add_event(writer, 100000000 + slot * 10000000);
        }
        add_tick(writer, &slot);
        if (random_below(200) == 0) {
            ML_CHECK_EQUAL(ml_writer_seal(writer, slot * 10000000, FIXTURE_WALL), ML_OK);
        }
    }
    ML_CHECK_EQUAL(ml_writer_close(writer, slot * 10000000, FIXTURE_WALL), ML_OK);
}

/* ---- comparing ---- */

static int same_text(const ml_tables *tables, uint32_t string, const char *text)
{
    return tables->string_length[string] == strlen(text) &&
           memcmp(tables->string[string], text, strlen(text)) == 0;
}

static void check_definitions(const ml_tables *tables)
{
    for (uint32_t i = 0; i < model.node_count; i++) {
        uint32_t node = model.node_ids[i];
        uint32_t parent = model.nodes[i].parent;
        uint32_t frame = tables->node_frame[node];
        uint32_t code = tables->frame_code[frame];
        ML_CHECK(node < tables->node_count);
        ML_CHECK_EQUAL(tables->node_parent[node], parent == 0 ? 0 : model.node_ids[parent - 1]);
        ML_CHECK_EQUAL(tables->node_depth[node], tables->node_depth[tables->node_parent[node]] + 1);
        ML_CHECK_EQUAL(tables->frame_line[frame], model.nodes[i].line);
        ML_CHECK_EQUAL(tables->code_line[code], 500);
        ML_CHECK(same_text(tables, tables->code_name[code], model.nodes[i].name));
        ML_CHECK(same_text(tables, tables->code_file[code], "file.py"));
        ML_CHECK(same_text(tables, tables->code_module[code], "file"));
    }
    ML_CHECK_EQUAL(tables->thread_count, THREADS);
    for (uint32_t t = 0; t < THREADS; t++) {
        ML_CHECK_EQUAL(tables->thread_ident[t], 1000 + t);
        ML_CHECK_EQUAL(tables->thread_native_id[t], 2000 + t);
        ML_CHECK_EQUAL(tables->thread_interpreter[t], t);
        ML_CHECK_EQUAL(tables->thread_first_tick[t], t * 3);
    }
}

/* Spreads runs over slots and compares each with the model. */
static void check_runs(const ml_runs *runs, uint64_t seen[THREADS], uint64_t cpu_ns[THREADS])
{
    for (size_t i = 0; i < runs->count; i++) {
        uint32_t thread = runs->thread[i];
        ML_CHECK(thread < THREADS && runs->first_tick[i] + runs->ticks[i] <= SLOTS);
        ML_CHECK(runs->samples[i] >= 1 && runs->samples[i] <= runs->ticks[i]);
        for (uint64_t slot = runs->first_tick[i]; slot < runs->first_tick[i] + runs->ticks[i];
             slot++) {
            ML_CHECK_EQUAL(runs->node[i], model.slots[thread][slot].node);
            ML_CHECK_EQUAL(runs->state[i], model.slots[thread][slot].state);
        }
        if (i > 0 && runs->thread[i - 1] == thread) {
            ML_CHECK_EQUAL(runs->first_tick[i], runs->first_tick[i - 1] + runs->ticks[i - 1]);
            ML_CHECK(runs->node[i] != runs->node[i - 1] || runs->state[i] != runs->state[i - 1]);
        } else {
            ML_CHECK(i == 0 || thread > runs->thread[i - 1]);
        }
        seen[thread] += runs->node[i] != 0 || runs->state[i] != 0 ? runs->samples[i] : 0;
        cpu_ns[thread] += runs->cpu[i];
    }
}

static void check_value(const ml_tables *tables, const model_event *event, uint32_t field,
                        const ml_value *value)
{
    if (event->kind != ML_KIND_LOG) {
        ML_CHECK_EQUAL((int64_t)value->number, event->numbers[field]);
    } else if (field == 0 || field == 4) {
        ML_CHECK_EQUAL(value->number, event->numbers[field / 4]);
    } else if (field == 2) {
        ML_CHECK_EQUAL(value->length, strlen(event->text));
        ML_CHECK(memcmp(value->bytes, event->text, value->length) == 0);
    } else {
        ML_CHECK(same_text(tables, (uint32_t)value->number, field == 1 ? event->text : ""));
    }
}

/* Finds the event in the model: written once, in this block or another, at this time. */
static void check_event(const ml_tables *tables, const ml_events *events, size_t i,
                        uint8_t found[EVENTS])
{
    static const char *const names[] = {"py.log", "py.print", "mark", "sys.status"};
    const ml_kind *kind = &tables->kind[events->kind[i]];

    for (uint32_t m = 0; m < model.event_count; m++) {
        const model_event *event = &model.events[m];
        const char *name = event->kind == ML_KIND_EXIT ? "proc.exit" : names[event->kind];
        if (found[m] || event->time_ns != events->time_ns[i] ||
            !same_text(tables, kind->name, name)) {
            continue;
        }
        ML_CHECK_EQUAL(events->thread[i], event->thread == 0 ? UINT32_MAX : event->thread - 1);
        ML_CHECK_EQUAL(events->node[i], model.node_ids[event->node]);
        for (uint32_t f = 0; f < kind->field_count; f++) {
            check_value(tables, event, f, &events->values[events->value_start[i] + f]);
        }
        found[m] = 1;
        return;
    }
    ML_CHECK(!"an event that was never written");
}

static void check_blocks(const ml_reader *reader, const ml_recording *recording)
{
    uint64_t seen[THREADS] = {0};
    uint64_t cpu_ns[THREADS] = {0};
    uint8_t found[EVENTS] = {0};
    uint64_t ticks = 0;
    uint64_t events_seen = 0;

    for (size_t chunk = 0; chunk < recording->chunk_count; chunk++) {
        ml_arena arena;
        ml_arena_init(&arena, 0);
        if (recording->chunks[chunk].ticks != 0) {
            ml_runs runs;
            ML_CHECK_EQUAL(ml_read_runs(reader, recording, chunk, &arena, &runs, NULL), ML_OK);
            check_runs(&runs, seen, cpu_ns);
            ticks += recording->chunks[chunk].ticks;
        } else {
            ml_events events;
            ML_CHECK_EQUAL(ml_read_events(reader, recording, chunk, &arena, &events, NULL), ML_OK);
            for (size_t i = 0; i < events.count; i++) {
                ML_CHECK(i == 0 || events.time_ns[i] >= events.time_ns[i - 1]);
                check_event(&recording->tables, &events, i, found);
            }
            events_seen += events.count;
        }
        ml_arena_release(&arena);
    }
    ML_CHECK_EQUAL(ticks, model.ticks);
    ML_CHECK_EQUAL(events_seen, model.event_count);
    for (uint32_t t = 0; t < THREADS; t++) {
        ML_CHECK_EQUAL(seen[t], model.samples[t]);
        ML_CHECK_EQUAL(cpu_ns[t], model.cpu_ns[t] / 10000 *
                                      10000); /* in units of HEAD, nothing lost on the way */
    }
}

static void check_recording(const ml_reader *reader)
{
    ML_CHECK_EQUAL(ml_reader_count(reader), 1);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->diagnostics.clean_end, 1);
    ML_CHECK_TEXT(ml_reader_recording(reader, 0)->diagnostics.first, "");
    check_definitions(&ml_reader_recording(reader, 0)->tables);
    check_blocks(reader, ml_reader_recording(reader, 0));
}

/* Written again with joined blocks it shows the same in fewer bytes, and nothing is left to join. */
static void check_rewritten(const ml_reader *reader, size_t length)
{
    ml_rewrite_result result = {0};
    ml_error error = {0};
    ml_reader *again;
    ml_buffer once, twice;

    ml_buffer_init(&once, 1 << 26);
    ml_buffer_init(&twice, 1 << 26);
    ML_CHECK_EQUAL(ml_rewrite(reader, 0, fixture_options().level, &once, &result, &error), ML_OK);
    ML_CHECK(once.length <= length);
    again = surgery_open(&once, &error);
    ML_CHECK_TEXT(error.text, "");
    ML_CHECK_EQUAL(ml_reader_recording(again, 0)->chunk_count, 2);
    check_recording(again);
    ML_CHECK_EQUAL(ml_rewrite(again, 0, fixture_options().level, &twice, &result, &error), ML_OK);
    ML_CHECK_EQUAL(twice.length, once.length);
    ML_CHECK(memcmp(twice.data, once.data, once.length) == 0);
    ml_reader_close(again);
    ml_buffer_release(&once);
    ml_buffer_release(&twice);
}

static void round_trip(uint64_t seed)
{
    fixture_file file;
    ml_reader *reader;

    memset(&model, 0, sizeof(model));
    random_state = seed;
    write_model(fixture_writer(&file, NULL));
    fixture_load(&file);
    reader = fixture_reader(&file);
    check_recording(reader);
    check_rewritten(reader, file.length);
    ml_reader_close(reader);
    fixture_close(&file);
}

ML_TEST(random_recordings_come_back_as_they_went)
{
    for (uint64_t seed = 1; seed <= 12; seed++) {
        round_trip(seed);
    }
}

ML_TEST(every_field_of_the_head_comes_back)
{
    fixture_file file = fixture_recording();
    ml_reader *reader = fixture_reader(&file);
    const ml_head *head = &ml_reader_recording(reader, 0)->head;
    ml_head expected = fixture_head();

    ML_CHECK(memcmp(head->uuid, expected.uuid, 16) == 0);
    ML_CHECK(memcmp(head->session, expected.session, 16) == 0);
    ML_CHECK(memcmp(head->parent, expected.parent, 16) == 0);
    ML_CHECK(memcmp(head->boot, expected.boot, 16) == 0);
    ML_CHECK_EQUAL(head->anchor_ns, expected.anchor_ns);
    ML_CHECK_EQUAL(head->wall_ns, expected.wall_ns);
    ML_CHECK_EQUAL(head->uncertainty_ns, expected.uncertainty_ns);
    ML_CHECK_EQUAL(head->period_ns, expected.period_ns);
    ML_CHECK_EQUAL(head->cpu_unit_ns, expected.cpu_unit_ns);
    ML_CHECK_EQUAL(head->event_unit_ns, expected.event_unit_ns);
    ML_CHECK_EQUAL(head->seed, expected.seed);
    ML_CHECK_EQUAL(head->pid, expected.pid);
    ML_CHECK_EQUAL(head->ppid, expected.ppid);
    ML_CHECK_TEXT(head->host, expected.host);
    ML_CHECK_TEXT(head->system, expected.system);
    ML_CHECK_TEXT(head->executable, expected.executable);
    ML_CHECK_EQUAL(head->argc, 3);
    ML_CHECK_TEXT(head->argv[1], "--option");
    ML_CHECK_TEXT(head->argv[2], "");
    ML_CHECK_TEXT(head->directory, expected.directory);
    ML_CHECK_TEXT(head->python, expected.python);
    ML_CHECK_EQUAL(head->hexversion, expected.hexversion);
    ML_CHECK_EQUAL(head->build_flags, expected.build_flags);
    ML_CHECK_TEXT(head->recorder, expected.recorder);
    ML_CHECK_EQUAL(head->method, expected.method);
    ML_CHECK_TEXT(head->method_reason, expected.method_reason);
    ML_CHECK_EQUAL(head->detail, expected.detail);
    ML_CHECK_EQUAL(head->depth, expected.depth);
    ML_CHECK_EQUAL(head->utc_offset_s, expected.utc_offset_s);
    ML_CHECK_TEXT(head->label, expected.label);
    ml_reader_close(reader);
    fixture_close(&file);
}

/* A head with nothing but what must be there. */
ML_TEST(absent_texts_are_empty)
{
    ml_head head = {.period_ns = 1, .event_unit_ns = 1};
    ml_writer_options options = fixture_options();
    fixture_file file = {0};
    ml_writer *writer;
    ml_reader *reader;
    int descriptor = memfd_create("test", MFD_CLOEXEC);

    file.descriptor = dup(descriptor);
    ML_CHECK_EQUAL(ml_writer_open(descriptor, ML_MLOG_FLAG_PIPE, &head, &options, &writer, NULL),
                   ML_OK);
    ML_CHECK_EQUAL(ml_writer_close(writer, 0, 0), ML_OK);
    fixture_load(&file);
    reader = fixture_reader(&file);
    ML_CHECK_TEXT(ml_reader_recording(reader, 0)->head.host, "");
    ML_CHECK_TEXT(ml_reader_recording(reader, 0)->head.method_reason, "");
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->head.argc, 0);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->flags, ML_MLOG_FLAG_PIPE);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->tables.node_count, 1);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->diagnostics.clean_end, 1);
    ml_reader_close(reader);
    fixture_close(&file);
}

ML_TEST(several_recordings_in_one_file)
{
    fixture_file one = fixture_recording();
    fixture_file three = {
        .descriptor = -1, .length = one.length * 3, .bytes = malloc(one.length * 3)};
    ml_reader *reader;

    for (size_t i = 0; i < 3; i++) {
        memcpy(three.bytes + i * one.length, one.bytes, one.length);
    }
    reader = fixture_reader(&three);
    ML_CHECK_EQUAL(ml_reader_count(reader), 3);
    for (size_t i = 0; i < 3; i++) {
        const ml_recording *recording = ml_reader_recording(reader, i);
        ML_CHECK_EQUAL(recording->file_offset, i * one.length);
        ML_CHECK_EQUAL(recording->bytes, one.length);
        ML_CHECK_EQUAL(recording->diagnostics.clean_end, 1);
        ML_CHECK_EQUAL(recording->chunk_count, 6);
    }
    ML_CHECK(ml_reader_recording(reader, 3) == NULL);
    ml_reader_close(reader);
    fixture_close(&one);
    free(three.bytes);
}

/* ---- several threads ---- */

enum { BLOCKS = 24, READERS = 4 };

static fixture_file recording_of_many_blocks(void)
{
    fixture_file file;
    ml_writer *writer = fixture_writer(&file, NULL);
    uint32_t thread = simple_thread(writer);
    uint64_t now = 0;

    for (uint32_t block = 0; block < BLOCKS; block++) {
        for (uint32_t i = 0; i < 200; i++) {
            uint32_t code = fixture_code(writer, "f", 1 + random_below(50));
            tick(writer, ++now, thread, ml_writer_node(writer, random_below(2), code, 7));
        }
        fixture_print(writer, now * 10000000, thread, 1, "text");
        ML_CHECK_EQUAL(ml_writer_seal(writer, now * 10000000, FIXTURE_WALL), ML_OK);
    }
    ML_CHECK_EQUAL(ml_writer_close(writer, now * 10000000, FIXTURE_WALL), ML_OK);
    fixture_load(&file);
    return file;
}

/* One thread of several that read the same recording, each from another block on. */
typedef struct block_reader {
    const ml_reader *reader;
    size_t first;
    uint32_t sums[2 * BLOCKS]; /* of what each chunk holds */
} block_reader;

static uint32_t sum_of_runs(const ml_runs *runs)
{
    uint32_t sum = ml_crc32c(0, runs->thread, runs->count * sizeof(*runs->thread));

    sum = ml_crc32c(sum, runs->node, runs->count * sizeof(*runs->node));
    sum = ml_crc32c(sum, runs->state, runs->count * sizeof(*runs->state));
    sum = ml_crc32c(sum, runs->first_tick, runs->count * sizeof(*runs->first_tick));
    sum = ml_crc32c(sum, runs->ticks, runs->count * sizeof(*runs->ticks));
    sum = ml_crc32c(sum, runs->samples, runs->count * sizeof(*runs->samples));
    return ml_crc32c(sum, runs->cpu, runs->count * sizeof(*runs->cpu));
}

static uint32_t sum_of_chunk(const ml_reader *reader, size_t chunk)
{
    const ml_recording *recording = ml_reader_recording(reader, 0);
    uint32_t sum = 0;
    ml_arena arena;
    ml_runs runs;
    ml_events events;

    ml_arena_init(&arena, 0);
    if (recording->chunks[chunk].ticks == 0) {
        ml_read_events(reader, recording, chunk, &arena, &events, NULL);
        sum = ml_crc32c(0, events.time_ns, events.count * sizeof(*events.time_ns));
    } else if (ml_read_runs(reader, recording, chunk, &arena, &runs, NULL) == ML_OK) {
        sum = sum_of_runs(&runs);
    }
    ml_arena_release(&arena);
    return sum;
}

static void *read_blocks(void *argument)
{
    block_reader *self = argument;

    for (size_t i = 0; i < (size_t)2 * BLOCKS; i++) {
        size_t chunk = (self->first + i) % ((size_t)2 * BLOCKS);
        self->sums[chunk] = sum_of_chunk(self->reader, chunk);
    }
    return NULL;
}

ML_TEST(several_threads_read_the_same)
{
    fixture_file file = recording_of_many_blocks();
    ml_reader *reader = fixture_reader(&file);
    block_reader alone = {.reader = reader};
    block_reader readers[READERS];
    pthread_t threads[READERS];

    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->chunk_count, 2 * BLOCKS);
    read_blocks(&alone);
    for (size_t i = 0; i < READERS; i++) {
        readers[i] = (block_reader){.reader = reader, .first = 11 * i};
        ML_CHECK_EQUAL(pthread_create(&threads[i], NULL, read_blocks, &readers[i]), 0);
    }
    for (size_t i = 0; i < READERS; i++) {
        ML_CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
        ML_CHECK(memcmp(readers[i].sums, alone.sums, sizeof(alone.sums)) == 0);
    }
    for (size_t i = 0; i < (size_t)2 * BLOCKS; i++) {
        ML_CHECK(alone.sums[i] != 0);
    }
    ml_reader_close(reader);
    fixture_close(&file);
}

/* What the last definitions claim makes room, no more. */
ML_TEST(definitions_that_claim_too_much_are_left_aside)
{
    static const uint64_t claims[] = {9,       9,       9,       9,       9,       9,
                                      1 << 23, 1 << 21, 1 << 21, 1 << 25, 1 << 19, 4000};
    fixture_file file = fixture_recording();
    ml_reader *reader;
    surgery_body body;
    surgery_chunk chunk;
    ml_buffer bytes;
    ml_error error;

    surgery_body_init(&body);
    ml_buffer_init(&bytes, 1 << 20);
    ml_buffer_put(&bytes, file.bytes, 64);
    for (uint32_t i = 0; i < 10; i++) { /* all but the end */
        chunk = surgery_find(&file, i);
        surgery_put(&bytes, &chunk);
    }
    surgery_preamble(&body, claims, 12);
    chunk = surgery_finish(&body, "DEFS", 10);
    surgery_put(&bytes, &chunk);
    reader = surgery_open(&bytes, &error);
    ML_CHECK(reader != NULL);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->diagnostics.unusable_definitions, 1);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->chunk_count, 6);
    ml_reader_close(reader);
    surgery_body_release(&body);
    ml_buffer_release(&bytes);
    fixture_close(&file);
}
