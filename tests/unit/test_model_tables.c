/* Known recordings, and every cell of the tables that follow from their definitions and samples. */
#include "tests/unit/model_fixture.h"

static const char *const app = "/srv/app/app.py";

/* ---- one thread ---- */

/* main → walk → walk (another line) → walk, and a leaf; 10 ticks of 10 ms. */
static void record_recursion(model_fixture *fixture)
{
    ml_head head = fixture_head();
    recording made = fixture_begin(&head);
    uint32_t code_main = fixture_code(&made, app, "main", 1);
    uint32_t code_walk = fixture_code(&made, app, "Tree.walk", 10);
    uint32_t code_sort = fixture_code(&made, "/usr/lib/python3.11/heapq.py", "heapify", 5);
    uint32_t top = fixture_node(&made, 0, code_main, 3);
    uint32_t walk1 = fixture_node(&made, top, code_walk, 11);
    uint32_t walk1b = fixture_node(&made, top, code_walk, 14);
    uint32_t walk2 = fixture_node(&made, walk1, code_walk, 11);
    uint32_t walk3 = fixture_node(&made, walk2, code_walk, 12);
    uint32_t sort = fixture_node(&made, walk2, code_sort, 7);
    uint32_t thread = fixture_thread(&made, "MainThread", 100, 0);
    const uint32_t nodes[] = {top, walk1, walk3, walk3, walk3, sort, walk2, walk1b, top, top};

    for (uint64_t tick = 0; tick < 10; tick++) {
        fixture_tick(&made, tick, thread, nodes[tick], (tick + 1) * 1000);
        if (tick == 3) { /* a run that goes on in the next block */
            ML_CHECK_EQUAL(ml_writer_seal(made.writer, 40 * MS, 0), ML_OK);
        }
    }
    fixture_end(fixture, &made, 100 * MS);
}

ML_TEST(stacks_are_a_tree_of_functions_and_lines)
{
    static const uint32_t parents[] = {0, 0, 1, 1, 2, 4, 4};
    static const uint32_t lines[] = {0, 3, 11, 14, 11, 12, 7};
    static const uint32_t depths[] = {0, 1, 2, 2, 3, 4, 4};
    model_fixture fixture = {0};
    const ml_model *model;

    record_recursion(&fixture);
    model = fixture_model(&fixture);
    ML_CHECK_EQUAL(model->stacks->count, 7);
    ML_CHECK_EQUAL(model->stacks->function[0], ML_NONE);
    for (uint32_t i = 0; i < 7; i++) {
        ML_CHECK_EQUAL(model->stacks->parent[i], parents[i]);
        ML_CHECK_EQUAL(model->stacks->line[i], lines[i]);
        ML_CHECK_EQUAL(model->stacks->depth[i], depths[i]);
    }
    ML_CHECK_EQUAL(model->stacks->function[5], fixture_function(model, "Tree.walk"));
    fixture_free(&fixture);
}

ML_TEST(functions_have_modules_and_times)
{
    model_fixture fixture = {0};
    const ml_model *model;
    const ml_functions *f;

    record_recursion(&fixture);
    model = fixture_model(&fixture);
    f = model->functions;
    ML_CHECK_EQUAL(f->count, 3);
    ML_CHECK_TEXT(fixture_text(model, f->name[0]), "main");
    ML_CHECK_TEXT(fixture_text(model, f->name[1]), "Tree.walk");
    ML_CHECK_EQUAL(f->line[1], 10);
    ML_CHECK_EQUAL(model->modules->count, 2);
    ML_CHECK_EQUAL(f->module[0], f->module[1]);
    ML_CHECK_TEXT(fixture_text(model, model->modules->name[f->module[1]]), "app");
    ML_CHECK_TEXT(fixture_text(model, model->modules->file[f->module[1]]), app);
    ML_CHECK_EQUAL(model->modules->flags[f->module[1]], ML_MODULE_PROJECT);
    ML_CHECK_TEXT(fixture_text(model, model->modules->name[f->module[2]]), "heapq");
    ML_CHECK_EQUAL(model->modules->flags[f->module[2]], ML_MODULE_STDLIB);
    /* main: ticks 0 8 9; walk: 1 2 3 4 6 7; heapify: 5. */
    ML_CHECK_EQUAL(f->self_ns[0], 30 * MS);
    ML_CHECK_EQUAL(f->total_ns[0], 100 * MS);
    ML_CHECK_EQUAL(f->self_ns[1], 60 * MS);
    ML_CHECK_EQUAL(f->total_ns[1], 70 * MS);
    ML_CHECK_EQUAL(f->self_ns[2], 10 * MS);
    ML_CHECK_EQUAL(f->total_ns[2], 10 * MS);
    ML_CHECK_EQUAL(f->self_cpu_ns[0], (1 + 9 + 10) * 1000);
    ML_CHECK_EQUAL(f->total_cpu_ns[0], 55 * 1000);
    ML_CHECK_EQUAL(f->self_cpu_ns[1], (2 + 3 + 4 + 5 + 7 + 8) * 1000);
    ML_CHECK_EQUAL(f->total_cpu_ns[1], (2 + 3 + 4 + 5 + 6 + 7 + 8) * 1000);
    ML_CHECK_EQUAL(f->self_samples[1], 6);
    ML_CHECK_EQUAL(f->total_samples[1], 7);
    ML_CHECK_EQUAL(f->total_samples[0], 10);
    fixture_free(&fixture);
}

ML_TEST(samples_join_over_blocks)
{
    static const uint32_t stacks[] = {1, 2, 5, 6, 4, 3, 1};
    static const uint64_t starts[] = {0, 10, 20, 50, 60, 70, 80};
    static const uint32_t taken[] = {1, 1, 3, 1, 1, 1, 2};
    model_fixture fixture = {0};
    const ml_model *model;

    record_recursion(&fixture);
    model = fixture_model(&fixture);
    ML_CHECK_EQUAL(model->samples->count, 7);
    for (uint64_t i = 0; i < 7; i++) {
        ML_CHECK_EQUAL(model->samples->thread[i], 0);
        ML_CHECK_EQUAL(model->samples->stack[i], stacks[i]);
        ML_CHECK_EQUAL(model->samples->start_ns[i], starts[i] * MS);
        ML_CHECK_EQUAL(model->samples->wall_ns[i], taken[i] * 10 * MS);
        ML_CHECK_EQUAL(model->samples->taken[i], taken[i]);
        ML_CHECK_EQUAL(model->samples->state[i], ML_STATE_RUNNING);
    }
    ML_CHECK_EQUAL(model->samples->cpu_ns[2], (3 + 4 + 5) * 1000);
    ML_CHECK_EQUAL(model->threads->sample_first[0], 0);
    ML_CHECK_EQUAL(model->threads->sample_count[0], 7);
    ML_CHECK_EQUAL(model->threads->cpu_ns[0], 55 * 1000);
    ML_CHECK_EQUAL(model->threads->end_ns[0], 100 * MS);
    ML_CHECK_EQUAL(model->ticks, 10);
    ML_CHECK_EQUAL(model->ticks_missed, 0);
    fixture_free(&fixture);
}

ML_TEST(calls_are_stretches_in_pre_order)
{
    /* main, walk (1-8: a change of line is no new call), walk in walk (2-7), walk³ (2-5), heapify (5-6). */
    static const uint32_t functions[] = {0, 1, 1, 1, 2};
    static const uint64_t starts[] = {0, 10, 20, 20, 50};
    static const uint64_t ends[] = {100, 80, 70, 50, 60};
    static const uint64_t parents[] = {UINT64_MAX, 0, 1, 2, 2};
    static const uint64_t subtree_ends[] = {5, 5, 5, 4, 5};
    static const uint64_t samples[] = {10, 7, 5, 3, 1};
    static const uint32_t depths[] = {1, 2, 3, 4, 4};
    static const uint32_t stacks[] = {1, 2, 4, 5, 6};
    model_fixture fixture = {0};
    const ml_model *model;

    record_recursion(&fixture);
    model = fixture_model(&fixture);
    ML_CHECK_EQUAL(model->calls->count, 5);
    for (uint64_t i = 0; i < 5; i++) {
        ML_CHECK_EQUAL(model->calls->function[i], functions[i]);
        ML_CHECK_EQUAL(model->calls->thread[i], 0);
        ML_CHECK_EQUAL(model->calls->depth[i], depths[i]);
        ML_CHECK_EQUAL(model->calls->stack[i], stacks[i]);
        ML_CHECK_EQUAL(model->calls->parent[i], parents[i]);
        ML_CHECK_EQUAL(model->calls->subtree_end[i], subtree_ends[i]);
        ML_CHECK_EQUAL(model->calls->start_ns[i], starts[i] * MS);
        ML_CHECK_EQUAL(model->calls->end_ns[i], ends[i] * MS);
        ML_CHECK_EQUAL(model->calls->samples[i], samples[i]);
    }
    ML_CHECK_EQUAL(model->threads->call_first[0], 0);
    ML_CHECK_EQUAL(model->threads->call_count[0], 5);
    fixture_free(&fixture);
}

ML_TEST(a_stack_that_was_not_read_ends_no_call)
{
    ml_head head = fixture_head();
    recording made = fixture_begin(&head);
    uint32_t thread = fixture_thread(&made, "MainThread", 100, 0);
    uint32_t name = fixture_string(&made, "<stack not read>");
    uint32_t code = ml_writer_code(made.writer, 0, name, 0, 0, ML_MLOG_CODE_SYNTHETIC);
    uint32_t unread = fixture_node(&made, 0, code, 0);
    uint32_t work = fixture_node(&made, 0, fixture_code(&made, "/srv/app/app.py", "work", 1), 2);
    model_fixture fixture = {0};
    const ml_model *model;

    fixture_tick(&made, 0, thread, work, 0);
    fixture_tick(&made, 1, thread, unread, 0);
    fixture_tick(&made, 2, thread, work, 0);
    fixture_end(&fixture, &made, 30 * MS);
    model = fixture_model(&fixture);
    ML_CHECK_EQUAL(model->calls->count, 1);
    ML_CHECK_EQUAL(model->calls->start_ns[0], 0);
    ML_CHECK_EQUAL(model->calls->end_ns[0], 30 * MS);
    ML_CHECK_EQUAL(model->calls->samples[0], 3);
    fixture_free(&fixture);
}

ML_TEST(facts_of_the_run)
{
    model_fixture fixture = {0};
    const ml_model *model;

    record_recursion(&fixture);
    model = fixture_model(&fixture);
    ML_CHECK_EQUAL(model->struct_size, sizeof(*model));
    ML_CHECK_EQUAL(model->duration_ns, 100 * MS);
    ML_CHECK_EQUAL(model->period_ns, 10 * MS);
    ML_CHECK_EQUAL(model->start_wall_ns, INT64_C(1700000000000000000));
    ML_CHECK_EQUAL(model->utc_offset_s, 3600);
    ML_CHECK_TEXT(model->name, "app.py");
    ML_CHECK_TEXT(model->command, "/srv/app/app.py --fast");
    ML_CHECK_TEXT(model->python, "3.11.2");
    ML_CHECK_TEXT(model->host, "box");
    ML_CHECK_TEXT(model->system, "Linux");
    ML_CHECK_TEXT(model->directory, "/srv/app");
    ML_CHECK_TEXT(model->label, "test");
    ML_CHECK_TEXT(model->recorder, "microlog 0");
    ML_CHECK_TEXT(model->session, "abababab-abab-abab-abab-abababababab");
    ML_CHECK_TEXT(model->method, "direct: self-check passed");
    ML_CHECK_TEXT(model->problem, "");
    ML_CHECK_EQUAL(model->damaged, 0);
    ML_CHECK_EQUAL(model->processes->count, 1);
    ML_CHECK_EQUAL(model->processes->pid[0], 100);
    ML_CHECK_EQUAL(model->processes->parent_pid[0], 1);
    ML_CHECK_EQUAL(model->processes->flags[0], ML_PROCESS_CLEAN_END);
    ML_CHECK_EQUAL(model->processes->exit_code[0], INT64_MIN);
    ML_CHECK_EQUAL(model->processes->cpu_ns[0],
                   55 * 1000); /* of the samples: there was no status */
    ML_CHECK_EQUAL(model->threads->count, 1);
    ML_CHECK_EQUAL(model->threads->is_main[0], 1);
    ML_CHECK_EQUAL(model->threads->native_id[0], 100);
    ML_CHECK_TEXT(fixture_text(model, model->threads->name[0]), "MainThread");
    fixture_free(&fixture);
}

ML_TEST(a_recording_without_samples_is_a_model)
{
    ml_head head = fixture_head();
    recording made = fixture_begin(&head);
    model_fixture fixture = {0};
    const ml_model *model;

    fixture_end(&fixture, &made, 0);
    model = fixture_model(&fixture);
    ML_CHECK_EQUAL(model->samples->count, 0);
    ML_CHECK_EQUAL(model->calls->count, 0);
    ML_CHECK_EQUAL(model->functions->count, 0);
    ML_CHECK_EQUAL(model->stacks->count, 1);
    ML_CHECK_EQUAL(model->threads->count, 0);
    ML_CHECK_EQUAL(model->messages->count, 0);
    ML_CHECK_EQUAL(model->counters->count, 0);
    ML_CHECK_EQUAL(model->resources->count, 0);
    ML_CHECK_EQUAL(model->events->count, 0);
    ML_CHECK_EQUAL(model->duration_ns, 0);
    ML_CHECK_TEXT(model->name, "app.py");
    fixture_free(&fixture);
}

/* ---- several threads ---- */

ML_TEST(a_thread_lives_from_its_first_to_its_last_sample)
{
    ml_head head = fixture_head();
    recording made = fixture_begin(&head);
    uint32_t node = fixture_node(&made, 0, fixture_code(&made, app, "main", 1), 1);
    uint32_t work = fixture_node(&made, 0, fixture_code(&made, app, "work", 5), 6);
    uint32_t main_thread = fixture_thread(&made, "MainThread", 100, 0);
    uint32_t worker = 0;
    model_fixture fixture = {0};
    const ml_model *model;

    for (uint64_t tick = 0; tick < 10; tick++) {
        worker = tick == 3 ? fixture_thread(&made, "", 101, 3) : worker;
        fixture_tick(&made, tick, main_thread, node, 0);
        if (tick >= 3 && tick < 7) { /* in tick 5 nothing is known of it */
            ml_writer_sample(made.writer, worker, tick == 5 ? 0 : work, 0,
                             tick == 5 ? ML_MLOG_STATE_UNKNOWN : ML_MLOG_STATE_SLEEP);
        }
    }
    fixture_end(&fixture, &made, 100 * MS);
    model = fixture_model(&fixture);
    ML_CHECK_EQUAL(model->threads->count, 2);
    ML_CHECK_EQUAL(model->threads->start_ns[1], 30 * MS);
    ML_CHECK_EQUAL(model->threads->end_ns[1], 70 * MS);
    ML_CHECK_EQUAL(model->threads->is_main[1], 0);
    ML_CHECK_TEXT(fixture_text(model, model->threads->name[1]), "thread 101");
    ML_CHECK_EQUAL(model->threads->sample_first[1], 1);
    ML_CHECK_EQUAL(model->threads->sample_count[1], 3);
    ML_CHECK_EQUAL(model->samples->wall_ns[1], 20 * MS);
    ML_CHECK_EQUAL(model->samples->stack[2], 0);
    ML_CHECK_EQUAL(model->samples->wall_ns[2], 10 * MS);
    ML_CHECK_EQUAL(model->samples->start_ns[3], 60 * MS);
    ML_CHECK_EQUAL(model->threads->call_count[1], 2); /* what is not known ends calls */
    ML_CHECK_EQUAL(model->functions->total_ns[1], 30 * MS);
    fixture_free(&fixture);
}

ML_TEST(slots_that_the_recorder_left_out_are_not_missed)
{
    ml_head head = fixture_head();
    recording made = fixture_begin(&head);
    uint32_t node = fixture_node(&made, 0, fixture_code(&made, app, "main", 1), 1);
    uint32_t thread = fixture_thread(&made, "MainThread", 100, 0);
    enum { LEFT_OUT = 3, OTHER_FIELDS = 5 };
    model_fixture fixture = {0};
    const ml_model *model;

    fixture_tick(&made, 0, thread, node, 0);
    fixture_tick(&made, 5, thread, node, 0); /* slots 1 to 4 had no tick */
    ml_writer_event(made.writer, ML_KIND_COST, 55 * MS, 0, 0);
    for (int i = 0; i < OTHER_FIELDS; i++) {
        ml_writer_field_number(made.writer, 0);
    }
    ml_writer_field_number(made.writer, LEFT_OUT);
    ml_writer_event_end(made.writer);
    fixture_end(&fixture, &made, 60 * MS);
    model = fixture_model(&fixture);
    ML_CHECK_EQUAL(model->ticks, 2);
    ML_CHECK_EQUAL(model->ticks_missed, 4 - LEFT_OUT);
    fixture_free(&fixture);
}

ML_TEST(skipped_slots_count_and_a_lost_block_ends_calls)
{
    ml_head head = fixture_head();
    recording made = fixture_begin(&head);
    uint32_t node = fixture_node(&made, 0, fixture_code(&made, app, "main", 1), 1);
    uint32_t thread = fixture_thread(&made, "MainThread", 100, 0);
    model_fixture fixture = {0};
    const ml_model *model;
    ml_writer_statistics before;
    ml_writer_statistics after;

    fixture_tick(&made, 0, thread, node, 0);
    fixture_tick(&made, 5, thread, node, 0); /* slots 1 to 4 had no tick */
    ml_writer_seal(made.writer, 60 * MS, 0);
    ml_writer_statistics_get(made.writer, &before);
    fixture_tick(&made, 6, thread, node, 0);
    ml_writer_seal(made.writer, 70 * MS, 0);
    ml_writer_statistics_get(made.writer, &after);
    fixture_tick(&made, 7, thread, node, 0);
    fixture_end(&fixture, &made, 80 * MS);
    fixture.bytes[0][after.bytes - 1] ^= 1; /* the last byte of the second block */
    model = fixture_model(&fixture);
    ML_CHECK(before.bytes < after.bytes);
    ML_CHECK_EQUAL(model->samples->count, 2);
    ML_CHECK_EQUAL(model->samples->wall_ns[0], 60 * MS);
    ML_CHECK_EQUAL(model->samples->taken[0], 2);
    ML_CHECK_EQUAL(model->samples->start_ns[1], 70 * MS);
    ML_CHECK_EQUAL(model->calls->count, 2);
    ML_CHECK_EQUAL(model->functions->self_ns[0], 70 * MS);
    ML_CHECK_EQUAL(model->ticks, 3);
    ML_CHECK_EQUAL(model->ticks_missed, 5);
    ML_CHECK_EQUAL(model->damaged, 1);
    ML_CHECK(strstr(model->problem, "1 damaged part was left out") != NULL);
    ML_CHECK_EQUAL(model->processes->flags[0] & ML_PROCESS_DAMAGED, ML_PROCESS_DAMAGED);
    fixture_free(&fixture);
}

/* ---- several processes ---- */

/* `order` is the order in which the two recordings are given. */
static const ml_model *record_two(model_fixture *fixture, int parent_first)
{
    for (int i = 0; i < 2; i++) {
        int is_parent = (i == 0) == parent_first;
        ml_head head = fixture_head();
        recording made;
        uint32_t thread;
        uint32_t top;
        if (!is_parent) {
            memset(head.uuid, 0x22, sizeof(head.uuid));
            head.pid = 200;
            head.ppid = 100;
            head.anchor_ns += 25 * MS;
            head.wall_ns -= 99; /* the clock was set meanwhile: it must not matter */
        }
        made = fixture_begin(&head);
        thread = fixture_thread(&made, "MainThread", head.pid, 0);
        top = fixture_node(&made, 0, fixture_code(&made, app, is_parent ? "main" : "child", 1), 1);
        top = fixture_node(&made, top, fixture_code(&made, app, "shared", 8), 9);
        for (uint64_t tick = 0; tick < 4; tick++) {
            fixture_tick(&made, tick, thread, top, 1000);
        }
        fixture_end(fixture, &made, 40 * MS);
    }
    return fixture_model(fixture);
}

static void check_two(const ml_model *model)
{
    uint32_t shared = fixture_function(model, "shared");

    ML_CHECK_EQUAL(model->processes->count, 2);
    ML_CHECK_EQUAL(model->processes->pid[0], 100);
    ML_CHECK_EQUAL(model->processes->pid[1], 200);
    ML_CHECK_EQUAL(model->processes->start_ns[1], 25 * MS);
    ML_CHECK_EQUAL(model->processes->end_ns[0], 40 * MS);
    ML_CHECK_EQUAL(model->processes->end_ns[1], 65 * MS);
    ML_CHECK_EQUAL(model->duration_ns, 65 * MS);
    ML_CHECK_EQUAL(model->start_wall_ns, INT64_C(1700000000000000000));
    ML_CHECK_EQUAL(model->functions->count, 3);
    ML_CHECK_EQUAL(model->functions->total_ns[shared], 80 * MS);
    ML_CHECK_EQUAL(model->modules->count, 1);
    ML_CHECK_EQUAL(model->threads->count, 2);
    ML_CHECK_EQUAL(model->threads->process[1], 1);
    ML_CHECK_EQUAL(model->threads->is_main[1], 1);
    ML_CHECK_EQUAL(model->samples->start_ns[1], 25 * MS);
    ML_CHECK_EQUAL(model->ticks, 8);
}

ML_TEST(processes_of_a_session_share_a_time_axis)
{
    model_fixture fixture = {0};

    check_two(record_two(&fixture, 1));
    fixture_free(&fixture);
}

/* The bytes of an image, in memory that the caller frees. */
static uint8_t *image_bytes(const model_fixture *fixture, size_t *length)
{
    int descriptor = ml_image_descriptor(fixture->image, length);
    uint8_t *bytes = malloc(*length);

    ML_CHECK(bytes != NULL);
    ML_CHECK_EQUAL(pread(descriptor, bytes, *length, 0), *length);
    return bytes;
}

ML_TEST(the_order_of_the_recordings_does_not_matter)
{
    model_fixture one = {0};
    model_fixture other = {0};
    size_t one_length;
    size_t other_length;
    uint8_t *one_bytes;
    uint8_t *other_bytes;

    record_two(&one, 1);
    check_two(record_two(&other, 0));
    one_bytes = image_bytes(&one, &one_length);
    other_bytes = image_bytes(&other, &other_length);
    ML_CHECK_EQUAL(one_length, other_length);
    ML_CHECK(memcmp(one_bytes, other_bytes, one_length) == 0);
    free(one_bytes);
    free(other_bytes);
    fixture_free(&one);
    fixture_free(&other);
}

ML_TEST(recordings_of_two_sessions_are_refused)
{
    ml_recording one = {.head = fixture_head()};
    ml_recording other = {.head = fixture_head()};
    ml_image_source sources[] = {{NULL, &one}, {NULL, &other}};
    ml_error error = {0};
    ml_image *image;

    other.head.session[3] ^= 1;
    ML_CHECK_EQUAL(ml_image_build(sources, 2, ML_SOURCES_NONE, &image, &error), ML_ERROR_ARGUMENT);
    ML_CHECK(image == NULL);
    ML_CHECK(strstr(error.text, "different sessions") != NULL);
    ML_CHECK_EQUAL(ml_image_build(sources, 0, ML_SOURCES_NONE, &image, &error), ML_ERROR_ARGUMENT);
}

/* ---- hostile and odd ---- */

ML_TEST(text_is_repaired)
{
    ml_head head = fixture_head();
    recording made = fixture_begin(&head);
    uint32_t thread = fixture_thread(&made, "T\xff", 7, 0);
    uint32_t code = fixture_code(&made, "/srv/app/\xe4.py", "na\x80me", 1);
    uint32_t same = fixture_code(&made, "/srv/app/\xe4.py", "na\x81me", 1);
    uint32_t node = fixture_node(&made, 0, code, 1);
    model_fixture fixture = {0};
    const ml_model *model;

    fixture_tick(&made, 0, thread, node, 0);
    fixture_tick(&made, 1, thread, fixture_node(&made, 0, same, 1), 0);
    fixture_end(&fixture, &made, 20 * MS);
    model = fixture_model(&fixture);
    ML_CHECK_EQUAL(model->functions->count, 1);
    ML_CHECK_TEXT(fixture_text(model, model->functions->name[0]), "na\xef\xbf\xbdme");
    ML_CHECK_TEXT(fixture_text(model, model->modules->name[0]), "\xef\xbf\xbd");
    ML_CHECK_TEXT(fixture_text(model, model->threads->name[0]), "T\xef\xbf\xbd");
    ML_CHECK_EQUAL(model->samples->count, 1); /* the two stacks have become one */
    fixture_free(&fixture);
}

ML_TEST(synthetic_code_has_a_synthetic_module)
{
    ml_head head = fixture_head();
    recording made = fixture_begin(&head);
    uint32_t thread = fixture_thread(&made, "MainThread", 100, 0);
    uint32_t name = fixture_string(&made, "<no python frame>");
    uint32_t code = ml_writer_code(made.writer, 0, name, 0, 0, ML_MLOG_CODE_SYNTHETIC);
    model_fixture fixture = {0};
    const ml_model *model;

    fixture_tick(&made, 0, thread, fixture_node(&made, 0, code, 0), 0);
    fixture_end(&fixture, &made, 20 * MS);
    model = fixture_model(&fixture);
    ML_CHECK_TEXT(fixture_text(model, model->functions->name[0]), "<no python frame>");
    ML_CHECK_EQUAL(model->modules->flags[model->functions->module[0]], ML_MODULE_SYNTHETIC);
    ML_CHECK_EQUAL(model->functions->self_ns[0], 10 * MS);
    fixture_free(&fixture);
}

ML_TEST(a_run_length_bomb_stays_one_run)
{
    ml_head head = fixture_head();
    recording made = fixture_begin(&head);
    uint32_t thread = fixture_thread(&made, "MainThread", 100, 0);
    uint32_t node = fixture_node(&made, 0, fixture_code(&made, app, "main", 1), 1);
    uint64_t slots = (UINT64_C(1) << 39) + 1;
    model_fixture fixture = {0};
    const ml_model *model;

    fixture_tick(&made, slots - 1, thread, node, 0); /* about 174 years of one tick */
    fixture_end(&fixture, &made, slots * 10 * MS);
    model = fixture_model(&fixture);
    ML_CHECK_EQUAL(model->samples->count, 1);
    ML_CHECK_EQUAL(model->samples->taken[0], 1);
    ML_CHECK_EQUAL(model->samples->wall_ns[0], UINT64_C(1) << 62);
    ML_CHECK_EQUAL(model->functions->self_ns[0], UINT64_C(1) << 62);
    ML_CHECK_EQUAL(model->ticks_missed, slots - 1);
    ML_CHECK_EQUAL(model->damaged, 1);
    ML_CHECK_TEXT(model->problem, "times beyond 146 years were cut off");
    fixture_free(&fixture);
}

ML_TEST(a_deep_stack_needs_no_recursion)
{
    enum { DEPTH = 60000 };
    ml_head head = fixture_head();
    recording made = fixture_begin(&head);
    uint32_t thread = fixture_thread(&made, "MainThread", 100, 0);
    uint32_t code = fixture_code(&made, app, "dive", 1);
    uint32_t node = 0;
    model_fixture fixture = {0};
    const ml_model *model;

    for (uint32_t i = 0; i < DEPTH; i++) {
        node = fixture_node(&made, node, code, 1);
    }
    fixture_tick(&made, 0, thread, node, 0);
    fixture_end(&fixture, &made, 10 * MS);
    model = fixture_model(&fixture);
    ML_CHECK_EQUAL(model->calls->count, DEPTH);
    ML_CHECK_EQUAL(model->functions->total_ns[0], 10 * MS);
    ML_CHECK_EQUAL(model->calls->depth[DEPTH - 1], DEPTH);
    ML_CHECK_EQUAL(model->calls->subtree_end[0], DEPTH);
    fixture_free(&fixture);
}

ML_TEST(the_image_is_sealed)
{
    model_fixture fixture = {0};
    size_t length = 0;
    void *mapping;
    int descriptor;

    record_recursion(&fixture);
    fixture_model(&fixture);
    descriptor = ml_image_descriptor(fixture.image, &length);
    ML_CHECK(mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0) == MAP_FAILED);
    mapping = mmap(NULL, length, PROT_READ, MAP_SHARED, descriptor, 0);
    ML_CHECK(mapping != MAP_FAILED);
    ML_CHECK(mprotect(mapping, length, PROT_READ | PROT_WRITE) != 0);
    ML_CHECK(pwrite(descriptor, "x", 1, 0) < 0);
    ML_CHECK(ftruncate(descriptor, 0) != 0);
    munmap(mapping, length);
    fixture_free(&fixture);
}
