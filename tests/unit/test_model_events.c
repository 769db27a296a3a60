/* What becomes of events: messages, counters, resources, processes, and the rest. */
#include "tests/unit/model_fixture.h"

static const char *const app = "/srv/app/app.py";

/* A recording with one thread and one stack, to which events are added. */
typedef struct event_scene {
    recording made;
    uint32_t thread, node;
} event_scene;

static event_scene begin(const ml_head *head)
{
    event_scene scene = {.made = fixture_begin(head)};

    scene.thread = fixture_thread(&scene.made, "MainThread", head->pid, 0);
    scene.node = fixture_node(&scene.made, 0, fixture_code(&scene.made, app, "main", 1), 7);
    fixture_tick(&scene.made, 0, scene.thread, scene.node, 0);
    return scene;
}

static void event(event_scene *scene, uint32_t kind, uint64_t ms)
{
    ml_writer_event(scene->made.writer, kind, ms * MS, scene->thread, scene->node);
}

static void number(event_scene *scene, int64_t value)
{
    ml_writer_field_number(scene->made.writer, value);
}

static void string(event_scene *scene, const char *text)
{
    ml_writer_field_string(scene->made.writer, fixture_string(&scene->made, text));
}

static void bytes(event_scene *scene, const char *text)
{
    ml_writer_field_bytes(scene->made.writer, text, strlen(text));
}

static void done(event_scene *scene)
{
    ml_writer_event_end(scene->made.writer);
}

static const ml_model *finish(model_fixture *fixture, event_scene *scene)
{
    fixture_end(fixture, &scene->made, 5000 * MS);
    return fixture_model(fixture);
}

/* ---- messages ---- */

static void say_everything(event_scene *scene)
{
    event(scene, ML_KIND_LOG, 10);
    number(scene, 30);
    string(scene, "shop.cart");
    bytes(scene, "low st\xffock");
    string(scene, "/srv/app/cart.py");
    number(scene, 12);
    done(scene);
    event(scene, ML_KIND_PRINT, 20);
    number(scene, 1);
    bytes(scene, "hello\nworld");
    done(scene);
    event(scene, ML_KIND_PRINT, 30);
    number(scene, 2);
    bytes(scene, "oops");
    done(scene);
    event(scene, ML_KIND_MARK, 40);
    number(scene, 0);
    string(scene, "mark");
    bytes(scene, "**here**");
    done(scene);
    event(scene, ML_KIND_EXCEPTION, 50);
    string(scene, "ValueError");
    bytes(scene, "no such thing");
    number(scene, 0);
    done(scene);
}

ML_TEST(messages_have_a_source_a_level_and_a_text)
{
    static const uint32_t kinds[] = {ML_MESSAGE_LOG, ML_MESSAGE_PRINT, ML_MESSAGE_PRINT,
                                     ML_MESSAGE_MARK, ML_MESSAGE_EXCEPTION};
    static const uint32_t levels[] = {30, 20, 20, 0, 40};
    static const char *const sources[] = {"shop.cart", "stdout", "stderr", "mark", "ValueError"};
    static const char *const texts[] = {"low st\xef\xbf\xbdock", "hello\nworld", "oops", "**here**",
                                        "ValueError: no such thing"};
    ml_head head = fixture_head();
    event_scene scene = begin(&head);
    model_fixture fixture = {0};
    const ml_model *model;
    const ml_messages *messages;

    say_everything(&scene);
    model = finish(&fixture, &scene);
    messages = model->messages;
    ML_CHECK_EQUAL(messages->count, 5);
    for (uint64_t i = 0; i < 5; i++) {
        ML_CHECK_EQUAL(messages->time_ns[i], (i + 1) * 10 * MS);
        ML_CHECK_EQUAL(messages->kind[i], kinds[i]);
        ML_CHECK_EQUAL(messages->level[i], levels[i]);
        ML_CHECK_EQUAL(messages->thread[i], 0);
        ML_CHECK_EQUAL(messages->stack[i], 1);
        ML_CHECK_TEXT(fixture_text(model, messages->source[i]), sources[i]);
        ML_CHECK_TEXT(fixture_text(model, messages->text[i]), texts[i]);
        ML_CHECK_TEXT(fixture_text(model, messages->file[i]), i == 0 ? "/srv/app/cart.py" : NULL);
        ML_CHECK_EQUAL(messages->line[i], i == 0 ? 12 : 0);
    }
    ML_CHECK_EQUAL(model->events->count, 0);
    fixture_free(&fixture);
}

static void span_at(event_scene *scene, uint64_t ms, const char *fields, const char *trace,
                    const char *error)
{
    event(scene, ML_KIND_SPAN, ms);
    string(scene, "checkout");
    number(scene, 12300);
    bytes(scene, fields);
    bytes(scene, trace);
    string(scene, error);
    done(scene);
}

ML_TEST(spans_are_messages_and_events)
{
    ml_head head = fixture_head();
    event_scene scene = begin(&head);
    model_fixture fixture = {0};
    const ml_model *model;

    span_at(&scene, 10, "", "", "");
    span_at(&scene, 20, "user=17", "0abc-0d", "KeyError");
    model = finish(&fixture, &scene);
    ML_CHECK_EQUAL(model->messages->count, 2);
    ML_CHECK_EQUAL(model->messages->kind[0], ML_MESSAGE_MARK);
    ML_CHECK_EQUAL(model->messages->level[0], 0);
    ML_CHECK_EQUAL(model->messages->level[1], 30);
    ML_CHECK_TEXT(fixture_text(model, model->messages->source[0]), "span");
    ML_CHECK_TEXT(fixture_text(model, model->messages->text[0]), "checkout took 12.300 ms");
    ML_CHECK_TEXT(fixture_text(model, model->messages->text[1]),
                  "checkout took 12.300 ms: user=17; failed: KeyError; trace 0abc-0d");
    ML_CHECK_EQUAL(model->events->count, 2);
    ML_CHECK_EQUAL(model->events->field[model->events->field_first[1] + 1], 12300);
    fixture_free(&fixture);
}

ML_TEST(warnings_and_what_could_not_be_raised_are_messages)
{
    ml_head head = fixture_head();
    event_scene scene = begin(&head);
    model_fixture fixture = {0};
    const ml_model *model;

    event(&scene, ML_KIND_WARNING, 10);
    string(&scene, "DeprecationWarning");
    bytes(&scene, "old");
    string(&scene, "/srv/app/cart.py");
    number(&scene, 12);
    done(&scene);
    event(&scene, ML_KIND_EXCEPTION, 20);
    string(&scene, "ValueError");
    bytes(&scene, "");
    number(&scene, ML_EXCEPTION_IGNORED);
    done(&scene);
    model = finish(&fixture, &scene);
    ML_CHECK_EQUAL(model->messages->count, 2);
    ML_CHECK_EQUAL(model->messages->kind[0], ML_MESSAGE_WARNING);
    ML_CHECK_EQUAL(model->messages->level[0], 30);
    ML_CHECK_TEXT(fixture_text(model, model->messages->source[0]), "DeprecationWarning");
    ML_CHECK_TEXT(fixture_text(model, model->messages->text[0]), "old");
    ML_CHECK_TEXT(fixture_text(model, model->messages->file[0]), "/srv/app/cart.py");
    ML_CHECK_EQUAL(model->messages->line[0], 12);
    ML_CHECK_EQUAL(model->messages->kind[1], ML_MESSAGE_EXCEPTION);
    ML_CHECK_EQUAL(model->messages->level[1], 30);
    ML_CHECK_TEXT(fixture_text(model, model->messages->text[1]), "ValueError");
    fixture_free(&fixture);
}

static void print_at(event_scene *scene, uint64_t ms, const char *text)
{
    event(scene, ML_KIND_PRINT, ms);
    number(scene, 1);
    bytes(scene, text);
    done(scene);
}

ML_TEST(messages_of_all_processes_are_in_order_of_time)
{
    static const char *const expected[] = {"a1", "b1", "a2", "a3", "b2"};
    ml_head head = fixture_head();
    event_scene one = begin(&head);
    event_scene other;
    model_fixture fixture = {0};
    const ml_model *model;

    head.uuid[0] = 0x22;
    head.pid = 200;
    head.anchor_ns += 5 * MS;
    other = begin(&head);
    print_at(&one, 10, "a1");
    print_at(&one, 20, "a2");
    ML_CHECK_EQUAL(ml_writer_seal(one.made.writer, 100 * MS, 0), ML_OK);
    print_at(&one, 25, "a3");
    print_at(&other, 10, "b1");
    print_at(&other, 20, "b2"); /* at 25 ms, too: the process that began first comes first */
    fixture_end(&fixture, &one.made, 30 * MS);
    model = finish(&fixture, &other);
    ML_CHECK_EQUAL(model->messages->count, 5);
    for (uint64_t i = 0; i < 5; i++) {
        ML_CHECK_TEXT(fixture_text(model, model->messages->text[i]), expected[i]);
    }
    ML_CHECK_EQUAL(model->messages->time_ns[4], 25 * MS);
    ML_CHECK_EQUAL(model->messages->thread[4], 1);
    fixture_free(&fixture);
}

/* ---- counters ---- */

enum { STATUS_FIELDS = 16 };

static void status(event_scene *scene, uint64_t ms, const int64_t values[STATUS_FIELDS])
{
    event(scene, ML_KIND_STATUS, ms);
    for (size_t i = 0; i < STATUS_FIELDS; i++) {
        number(scene, values[i]);
    }
    done(scene);
}

static uint32_t counter_named(const ml_model *model, const char *name)
{
    for (uint32_t i = 0; i < model->counters->count; i++) {
        if (strcmp(fixture_text(model, model->counters->name[i]), name) == 0) {
            return i;
        }
    }
    return ML_NONE;
}

ML_TEST(each_field_of_a_status_is_a_counter)
{
    static const int64_t first[] = {1000, 500, 4096, 9, 100, 50, 3, 7, 11, 12, -1, 0, 30, 1, 2, -1};
    static const int64_t second[] = {3000, 700, 8192, 9, 100, 49, 4, 8,
                                     11,   12,  77,   0, 30,  1,  2, -1};
    ml_head head = fixture_head();
    event_scene scene = begin(&head);
    model_fixture fixture = {0};
    const ml_model *model;
    const ml_counters *counters;
    uint32_t rss;
    uint32_t read_bytes;

    status(&scene, 1000, first);
    status(&scene, 2000, second);
    model = finish(&fixture, &scene);
    counters = model->counters;
    ML_CHECK_EQUAL(counters->count, STATUS_FIELDS - 1);
    ML_CHECK_EQUAL(counter_named(model, "gc_uncollectable"), ML_NONE);
    rss = counter_named(model, "rss");
    ML_CHECK_EQUAL(rss, 2);
    ML_CHECK_TEXT(fixture_text(model, counters->unit[rss]), "bytes");
    ML_CHECK_EQUAL(counters->kind[rss], ML_COUNTER_GAUGE);
    ML_CHECK_EQUAL(counters->process[rss], 0);
    ML_CHECK_EQUAL(counters->points[rss], 2);
    ML_CHECK_EQUAL(counters->time_ns[counters->first[rss]], 1000 * MS);
    ML_CHECK_EQUAL(counters->value[counters->first[rss]], 4096);
    ML_CHECK_EQUAL(counters->value[counters->first[rss] + 1], 8192);
    read_bytes = counter_named(model, "read");
    ML_CHECK_EQUAL(counters->points[read_bytes], 1);
    ML_CHECK_EQUAL(counters->time_ns[counters->first[read_bytes]], 2000 * MS);
    ML_CHECK_EQUAL(counters->value[counters->first[read_bytes]], 77);
    ML_CHECK_EQUAL(counters->kind[read_bytes], ML_COUNTER_TOTAL);
    ML_CHECK_EQUAL(counters->kind[counter_named(model, "cpu_user")], ML_COUNTER_TOTAL);
    ML_CHECK_EQUAL(counters->kind[counter_named(model, "gc_collections")], ML_COUNTER_TOTAL);
    ML_CHECK_EQUAL(counters->kind[counter_named(model, "switches_voluntary")], ML_COUNTER_TOTAL);
    ML_CHECK_EQUAL(counters->kind[counter_named(model, "descriptors")], ML_COUNTER_GAUGE);
    ML_CHECK_EQUAL(model->processes->cpu_ns[0], 3700 * 1000);
    fixture_free(&fixture);
}

/* Its numbers were once taken for CPU time. */
ML_TEST(a_census_after_the_last_status_is_no_status)
{
    static const int64_t values[STATUS_FIELDS] = {3000, 700};
    ml_head head = fixture_head();
    event_scene scene = begin(&head);
    model_fixture fixture = {0};
    const ml_model *model;

    status(&scene, 1000, values);
    event(&scene, ML_KIND_HEAP_CENSUS, 2000);
    number(&scene, 20000);
    number(&scene, 3000000);
    number(&scene, 150);
    done(&scene);
    model = finish(&fixture, &scene);
    ML_CHECK_EQUAL(model->processes->cpu_ns[0], 3700 * 1000);
    ML_CHECK_EQUAL(
        model->counters->value[model->counters->first[counter_named(model, "heap_objects")]],
        20000);
    fixture_free(&fixture);
}

/* ---- resources ---- */

static void open_number(event_scene *scene, uint64_t ms, int64_t descriptor, const char *label,
                        int inherited)
{
    ml_writer_event(scene->made.writer, ML_KIND_FD_OPEN, ms * MS, inherited ? 0 : scene->thread,
                    inherited ? 0 : scene->node);
    number(scene, descriptor);
    number(scene, ML_FD_FILE);
    bytes(scene, label);
    number(scene, inherited);
    done(scene);
}

static void close_number(event_scene *scene, uint64_t ms, int64_t descriptor)
{
    event(scene, ML_KIND_FD_CLOSE, ms);
    number(scene, descriptor);
    done(scene);
}

ML_TEST(descriptors_are_paired_by_number)
{
    static const char *const labels[] = {"/dev/null", "a", "b", "c", "d"};
    static const uint64_t numbers[] = {0, 3, 4, 3, 4};
    static const uint64_t opened[] = {0, 10, 11, 30, 40};
    static const uint64_t closed[] = {UINT64_MAX, 20, 40, UINT64_MAX, 50};
    ml_head head = fixture_head();
    event_scene scene = begin(&head);
    model_fixture fixture = {0};
    const ml_model *model;

    open_number(&scene, 1, 0, "/dev/null", 1);
    close_number(&scene, 2, 99); /* nobody saw it open */
    open_number(&scene, 10, 3, "a", 0);
    open_number(&scene, 11, 4, "b", 0);
    close_number(&scene, 20, 3);
    close_number(&scene, 21, 3); /* once is enough */
    open_number(&scene, 30, 3, "c", 0);
    open_number(&scene, 40, 4, "d", 0); /* reuse: b was closed unseen */
    close_number(&scene, 50, 4);
    model = finish(&fixture, &scene);
    ML_CHECK_EQUAL(model->resources->count, 5);
    for (uint64_t i = 0; i < 5; i++) {
        ML_CHECK_EQUAL(model->resources->kind[i], ML_RESOURCE_DESCRIPTOR);
        ML_CHECK_EQUAL(model->resources->what[i], ML_DESCRIPTOR_FILE);
        ML_CHECK_EQUAL(model->resources->number[i], numbers[i]);
        ML_CHECK_TEXT(fixture_text(model, model->resources->label[i]), labels[i]);
        ML_CHECK_EQUAL(model->resources->open_ns[i], opened[i] * MS);
        ML_CHECK_EQUAL(model->resources->close_ns[i],
                       closed[i] == UINT64_MAX ? UINT64_MAX : closed[i] * MS);
        ML_CHECK_EQUAL(model->resources->inherited[i], i == 0);
        ML_CHECK_EQUAL(model->resources->stack[i], i == 0 ? 0 : 1);
        ML_CHECK_EQUAL(model->resources->thread[i], i == 0 ? ML_NONE : 0);
    }
    fixture_free(&fixture);
}

ML_TEST(short_lived_descriptors_are_one_row)
{
    ml_head head = fixture_head();
    event_scene scene = begin(&head);
    model_fixture fixture = {0};
    const ml_resources *rows;

    open_number(&scene, 10, 3, "a", 0);
    event(&scene, ML_KIND_FD_BRIEF, 20);
    number(&scene, ML_FD_SOCKET);
    bytes(&scene, "peer");
    number(&scene, 150);
    number(&scene, 4000);
    done(&scene);
    rows = finish(&fixture, &scene)->resources;
    ML_CHECK_EQUAL(rows->count, 2);
    ML_CHECK_EQUAL(rows->times[0], 1);
    ML_CHECK_EQUAL(rows->close_ns[0], UINT64_MAX);
    ML_CHECK_EQUAL(rows->times[1], 150);
    ML_CHECK_EQUAL(rows->what[1], ML_DESCRIPTOR_SOCKET);
    ML_CHECK_EQUAL(rows->number[1], UINT64_MAX);
    ML_CHECK_EQUAL(rows->open_ns[1], 20 * MS);
    ML_CHECK_EQUAL(rows->close_ns[1], 4020 * MS);
    ML_CHECK_EQUAL(rows->stack[1], 1);
    fixture_free(&fixture);
}

ML_TEST(descriptors_of_processes_are_their_own)
{
    ml_head head = fixture_head();
    event_scene one = begin(&head);
    event_scene other;
    model_fixture fixture = {0};
    const ml_model *model;

    head.uuid[0] = 0x22;
    head.pid = 200;
    other = begin(&head);
    open_number(&one, 10, 3, "a", 0);
    open_number(&other, 20, 3, "b", 0);
    close_number(&other, 30, 3);
    fixture_end(&fixture, &one.made, 40 * MS);
    model = finish(&fixture, &other);
    ML_CHECK_EQUAL(model->resources->count, 2);
    ML_CHECK_EQUAL(model->resources->process[0], 0);
    ML_CHECK_EQUAL(model->resources->close_ns[0], UINT64_MAX);
    ML_CHECK_EQUAL(model->resources->process[1], 1);
    ML_CHECK_EQUAL(model->resources->close_ns[1], 30 * MS);
    fixture_free(&fixture);
}

/* ---- processes, and the rest ---- */

static void cost(event_scene *scene, uint64_t ms, int64_t cpu_us, int64_t left_out)
{
    event(scene, ML_KIND_COST, ms);
    number(scene, cpu_us);
    for (int i = 0; i < 4; i++) {
        number(scene, i);
    }
    number(scene, left_out);
    done(scene);
}

ML_TEST(exit_and_cost_are_known_of_the_process)
{
    ml_head head = fixture_head();
    event_scene scene = begin(&head);
    model_fixture fixture = {0};
    const ml_model *model;

    cost(&scene, 100, 900, 0);
    event(&scene, ML_KIND_EXIT, 150);
    number(&scene, -11);
    done(&scene);
    cost(&scene, 200, 1500, 7);
    model = finish(&fixture, &scene);
    ML_CHECK_EQUAL(model->processes->exit_code[0], -11);
    ML_CHECK_EQUAL(model->recorder_cpu_ns, 1500 * 1000);
    ML_CHECK_EQUAL(model->events->count, 2); /* costs are also kept as they are */
    ML_CHECK_EQUAL(model->processes->end_ns[0], 5000 * MS);
    fixture_free(&fixture);
}

ML_TEST(other_events_are_kept_with_their_fields)
{
    ml_head head = fixture_head();
    event_scene scene = begin(&head);
    model_fixture fixture = {0};
    const ml_model *model;
    const ml_events_table *events;
    uint32_t kind;
    uint32_t field;

    print_at(&scene, 5, "not in this table");
    event(&scene, ML_KIND_IMPORT, 10);
    string(&scene, "json");
    number(&scene, 1234);
    done(&scene);
    event(&scene, ML_KIND_GC, 20);
    for (int i = 1; i <= 4; i++) {
        number(&scene, i * 10);
    }
    done(&scene);
    event(&scene, ML_KIND_IMPORT, 30);
    ml_writer_field_string(scene.made.writer, 0);
    number(&scene, 7);
    done(&scene);
    model = finish(&fixture, &scene);
    events = model->events;
    ML_CHECK_EQUAL(events->count, 3);
    ML_CHECK_EQUAL(events->time_ns[2], 30 * MS);
    ML_CHECK_EQUAL(events->stack[0], 1);
    ML_CHECK_EQUAL(events->process[0], 0);
    ML_CHECK_EQUAL(events->kind[0], events->kind[2]);
    kind = events->kind[0];
    ML_CHECK_TEXT(fixture_text(model, events->kind_name[kind]), "py.import");
    ML_CHECK_EQUAL(events->kind_field_count[kind], 2);
    field = events->kind_field_first[kind];
    ML_CHECK_TEXT(fixture_text(model, events->field_name[field]), "module");
    ML_CHECK_EQUAL(events->field_is_text[field], 1);
    ML_CHECK_TEXT(fixture_text(model, events->field_name[field + 1]), "duration");
    ML_CHECK_TEXT(fixture_text(model, events->field_unit[field + 1]), "us");
    ML_CHECK_EQUAL(events->field_is_text[field + 1], 0);
    ML_CHECK_TEXT(fixture_text(model, (uint32_t)events->field[events->field_first[0]]), "json");
    ML_CHECK_EQUAL(events->field[events->field_first[0] + 1], 1234);
    ML_CHECK_EQUAL(events->field[events->field_first[1] + 3], 40);
    ML_CHECK_TEXT(fixture_text(model, (uint32_t)events->field[events->field_first[2]]), "");
    for (uint32_t i = 0; i < events->kind_count;
         i++) { /* kinds with tables of their own are not listed */
        ML_CHECK(strcmp(fixture_text(model, events->kind_name[i]), "py.print") != 0);
    }
    fixture_free(&fixture);
}
