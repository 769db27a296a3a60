/* What holds of every model, tried on recordings made by a fixed sequence of pseudo-random numbers. */
#include "tests/unit/model_fixture.h"

enum { THREADS = 4, NODES = 200, TICKS = 3000, CODES = 12 };

static uint32_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

/* One process: a random tree, threads that come and go, skipped slots, several blocks. */
static void record_random(model_fixture *fixture, uint64_t seed)
{
    ml_head head = fixture_head();
    recording made;
    uint32_t codes[CODES];
    uint32_t nodes[NODES] = {0};
    uint32_t threads[THREADS];
    uint64_t random = seed;
    uint64_t tick = 0;

    head.uuid[0] = (uint8_t)seed;
    head.pid = 100 + (uint32_t)seed;
    head.anchor_ns += seed * 7 * MS;
    made = fixture_begin(&head);
    for (uint32_t i = 0; i < CODES; i++) {
        char name[] = {'f', (char)('a' + i), '\0'};
        codes[i] = fixture_code(&made, i % 3 == 0 ? "/srv/app/app.py" : "/x/site-packages/lib.py",
                                name, i);
    }
    for (uint32_t i = 1; i < NODES; i++) {
        uint32_t parent = nodes[next_random(&random) % i];
        uint32_t code = codes[next_random(&random) % CODES];
        nodes[i] = fixture_node(&made, parent, code, next_random(&random) % 3);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        threads[i] = fixture_thread(&made, "", head.pid + i, 0);
    }
    for (uint32_t n = 0; n < TICKS; n++, tick += next_random(&random) % 10 == 0 ? 3 : 1) {
        ml_writer_tick(made.writer, tick);
        for (uint32_t i = 0; i < THREADS; i++) {
            uint32_t state = next_random(&random) % 2 + 1;
            uint32_t chosen = next_random(&random);
            if (n >= i * 500 && n < TICKS - i * 300) {
                ml_writer_sample(made.writer, threads[i], nodes[chosen / 8 % (n % 50 + 1)],
                                 chosen % 1000 * 1000, state);
            }
        }
        if (next_random(&random) % 400 == 0) {
            ML_CHECK_EQUAL(ml_writer_seal(made.writer, (tick + 1) * 10 * MS, 0), ML_OK);
        }
    }
    fixture_end(fixture, &made, tick * 10 * MS);
}

static const ml_model *random_model(model_fixture *fixture)
{
    record_random(fixture, 1);
    record_random(fixture, 2);
    record_random(fixture, 3);
    return fixture_model(fixture);
}

ML_TEST(self_times_add_up_to_the_samples)
{
    model_fixture fixture = {0};
    const ml_model *model = random_model(&fixture);
    uint64_t self_ns = 0;
    uint64_t self_cpu_ns = 0;
    uint64_t self_samples = 0;

    for (uint32_t i = 0; i < model->functions->count; i++) {
        self_ns += model->functions->self_ns[i];
        self_cpu_ns += model->functions->self_cpu_ns[i];
        self_samples += model->functions->self_samples[i];
        ML_CHECK(model->functions->total_ns[i] >= model->functions->self_ns[i]);
        ML_CHECK(model->functions->total_cpu_ns[i] >= model->functions->self_cpu_ns[i]);
        ML_CHECK(model->functions->total_samples[i] >= model->functions->self_samples[i]);
    }
    ML_CHECK(self_samples > 15000);
    for (uint64_t i = 0; i < model->samples->count; i++) {
        if (model->samples->stack[i] != 0) {
            self_ns -= model->samples->wall_ns[i];
            self_cpu_ns -= model->samples->cpu_ns[i];
            self_samples -= model->samples->taken[i];
        }
    }
    ML_CHECK_EQUAL(self_ns, 0);
    ML_CHECK_EQUAL(self_cpu_ns, 0);
    ML_CHECK_EQUAL(self_samples, 0);
    fixture_free(&fixture);
}

/* The slow way: for each sample, every function of its stack once. */
ML_TEST(totals_count_recursion_once)
{
    model_fixture fixture = {0};
    const ml_model *model = random_model(&fixture);
    uint64_t total_ns[CODES] = {0};

    ML_CHECK_EQUAL(model->functions->count, CODES);
    for (uint64_t i = 0; i < model->samples->count; i++) {
        uint32_t seen = 0;
        for (uint32_t at = model->samples->stack[i]; at != 0; at = model->stacks->parent[at]) {
            uint32_t function = model->stacks->function[at];
            if ((seen & 1u << function) == 0) {
                total_ns[function] += model->samples->wall_ns[i];
                seen |= 1u << function;
            }
        }
    }
    for (uint32_t i = 0; i < CODES; i++) {
        ML_CHECK_EQUAL(model->functions->total_ns[i], total_ns[i]);
    }
    fixture_free(&fixture);
}

/* What goes on is one stretch: the next call of the same parent is of another function, or comes later. */
static void check_next(const ml_calls *calls, uint64_t row)
{
    uint64_t next = calls->subtree_end[row];

    if (next < calls->count && calls->parent[next] == calls->parent[row] &&
        calls->thread[next] == calls->thread[row]) {
        ML_CHECK(calls->function[next] != calls->function[row] ||
                 calls->start_ns[next] > calls->end_ns[row]);
    }
}

static void check_call(const ml_model *model, uint64_t row)
{
    const ml_calls *calls = model->calls;
    uint64_t parent = calls->parent[row];

    check_next(calls, row);
    ML_CHECK(calls->subtree_end[row] > row && calls->subtree_end[row] <= calls->count);
    ML_CHECK(calls->start_ns[row] < calls->end_ns[row]);
    ML_CHECK_EQUAL(calls->function[row], model->stacks->function[calls->stack[row]]);
    ML_CHECK_EQUAL(calls->depth[row], model->stacks->depth[calls->stack[row]]);
    if (parent == UINT64_MAX) {
        ML_CHECK_EQUAL(calls->depth[row], 1);
        return;
    }
    ML_CHECK(parent < row);
    ML_CHECK(calls->subtree_end[row] <= calls->subtree_end[parent]);
    ML_CHECK_EQUAL(calls->depth[row], calls->depth[parent] + 1);
    ML_CHECK_EQUAL(calls->thread[row], calls->thread[parent]);
    ML_CHECK(calls->start_ns[row] >= calls->start_ns[parent]);
    ML_CHECK(calls->end_ns[row] <= calls->end_ns[parent]);
    ML_CHECK(calls->samples[row] <= calls->samples[parent]);
}

ML_TEST(calls_are_properly_nested)
{
    model_fixture fixture = {0};
    const ml_model *model = random_model(&fixture);
    uint64_t next = 0;

    ML_CHECK(model->calls->count > 10000);
    for (uint64_t row = 0; row < model->calls->count; row++) {
        check_call(model, row);
    }
    for (uint32_t thread = 0; thread < model->threads->count; thread++) {
        ML_CHECK_EQUAL(model->threads->call_first[thread], next);
        next += model->threads->call_count[thread];
        for (uint64_t row = model->threads->call_first[thread]; row < next; row++) {
            ML_CHECK_EQUAL(model->calls->thread[row], thread);
        }
    }
    ML_CHECK_EQUAL(next, model->calls->count);
    fixture_free(&fixture);
}

/* A stretch is over when the function has gone: the time of all calls of a depth is that of its samples. */
ML_TEST(calls_cover_the_samples)
{
    enum { DEPTHS = 64 };
    model_fixture fixture = {0};
    const ml_model *model = random_model(&fixture);
    uint64_t time_ns[DEPTHS] = {0};

    for (uint64_t row = 0; row < model->calls->count; row++) {
        ML_CHECK(model->calls->depth[row] < DEPTHS);
        time_ns[model->calls->depth[row]] +=
            model->calls->end_ns[row] - model->calls->start_ns[row];
    }
    for (uint64_t i = 0; i < model->samples->count; i++) {
        for (uint32_t depth = model->stacks->depth[model->samples->stack[i]]; depth > 0; depth--) {
            time_ns[depth] -= model->samples->wall_ns[i];
        }
    }
    for (uint32_t depth = 0; depth < DEPTHS; depth++) {
        ML_CHECK_EQUAL(time_ns[depth], 0);
    }
    fixture_free(&fixture);
}

ML_TEST(samples_of_a_thread_are_in_order_and_joined)
{
    model_fixture fixture = {0};
    const ml_model *model = random_model(&fixture);
    const ml_samples *samples = model->samples;

    ML_CHECK_EQUAL(model->threads->count, 3 * THREADS);
    for (uint64_t i = 1; i < samples->count; i++) {
        uint64_t end_ns = samples->start_ns[i - 1] + samples->wall_ns[i - 1];
        if (samples->thread[i] != samples->thread[i - 1]) {
            ML_CHECK_EQUAL(samples->thread[i], samples->thread[i - 1] + 1);
            continue;
        }
        ML_CHECK(samples->start_ns[i] >= end_ns);
        ML_CHECK(samples->start_ns[i] > end_ns || samples->stack[i] != samples->stack[i - 1] ||
                 samples->state[i] != samples->state[i - 1]);
    }
    fixture_free(&fixture);
}

ML_TEST(columns_are_aligned_and_inside_the_image)
{
    model_fixture fixture = {0};
    const ml_model *model = random_model(&fixture);

    ML_CHECK_EQUAL((uintptr_t)model->samples->stack % 64, 0);
    ML_CHECK_EQUAL((uintptr_t)model->samples->wall_ns % 64, 0);
    ML_CHECK_EQUAL((uintptr_t)model->calls->samples % 64, 0);
    ML_CHECK_EQUAL((uintptr_t)model->resources->inherited % 64, 0);
    ML_CHECK(model->events->time_ns != NULL);
    fixture_free(&fixture);
}

/* Bytes flipped anywhere: a model or a clear error, never a crash. */
ML_TEST(damage_anywhere_is_survived)
{
    ml_head head = fixture_head();
    recording made = fixture_begin(&head);
    uint32_t thread = fixture_thread(&made, "MainThread", 100, 0);
    uint32_t code = fixture_code(&made, "/srv/app/app.py", "main", 1);
    model_fixture fixture = {0};
    size_t models = 0;

    for (uint32_t tick = 0; tick < 40; tick++) {
        fixture_tick(&made, tick, thread, fixture_node(&made, 0, code, tick % 7), 0);
        if (tick % 10 == 9) {
            ml_writer_seal(made.writer, tick * 10 * MS, 0);
        }
    }
    fixture_end(&fixture, &made, 400 * MS);
    for (size_t at = 0; at < fixture.length[0]; at++) {
        ml_error error = {0};
        ml_reader *reader = NULL;
        ml_image *image = NULL;
        fixture.bytes[0][at] ^= 0x20;
        if (ml_reader_open_memory(fixture.bytes[0], fixture.length[0], "x", NULL, &reader,
                                  &error) == ML_OK) {
            ml_image_source source = {reader, ml_reader_recording(reader, 0)};
            ML_CHECK_EQUAL(ml_image_build(&source, 1, ML_SOURCES_NONE, &image, &error), ML_OK);
            ML_CHECK(ml_image_model(image)->samples->count <= 40);
            models++;
            ml_image_close(image);
            ml_reader_close(reader);
        }
        fixture.bytes[0][at] ^= 0x20;
    }
    ML_CHECK(models > fixture.length[0] / 3);
    free(fixture.bytes[0]);
}
