/* Lines of source files: those that were asked for, of files that are what the recording tells, and of no others. */
#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/base/sha256.h"
#include "tests/unit/model_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

enum { LINES = 40, HOT = 20 };

/* A file in a folder of its own, and a recording of a function in it. */
typedef struct stage {
    char folder[64], path[128];
    model_fixture fixture;
} stage;

static void write_lines(const stage *s, const char *word, time_t changed)
{
    struct timespec times[2] = {{changed, 7}, {changed, 7}};
    FILE *file = fopen(s->path, "w");

    ML_CHECK(file != NULL);
    for (int i = 1; file != NULL && i <= LINES; i++) {
        fprintf(file, "    %s %d%s", word, i, i % 3 == 0 ? "\r\n" : i % 3 == 1 ? "\n" : "\r");
    }
    ML_CHECK_EQUAL(fclose(file), 0);
    ML_CHECK_EQUAL(utimensat(AT_FDCWD, s->path, times, 0), 0);
}

static void open_stage(stage *s)
{
    *s = (stage){.folder = "/tmp/microlog-sources-XXXXXX"};
    ML_CHECK(mkdtemp(s->folder) != NULL);
    snprintf(s->path, sizeof(s->path), "%s/app.py", s->folder);
    write_lines(s, "line", 1600000000);
}

static void close_stage(stage *s)
{
    fixture_free(&s->fixture);
    unlink(s->path);
    rmdir(s->folder);
}

static ml_source facts_of(const char *path, uint32_t name)
{
    struct stat about;
    uint8_t *bytes;
    size_t length;
    ml_source source = {.file = name};
    ml_sha256 hash;

    ML_CHECK(ml_os_read(path, 1 << 12, &bytes, &length, NULL) == ML_OK && stat(path, &about) == 0);
    source.size = length;
    source.mtime_ns = ml_clock_nanoseconds(&about.st_mtim);
    ml_sha256_start(&hash);
    ml_sha256_add(&hash, bytes, length);
    ml_sha256_finish(&hash, source.sha256);
    ml_os_free(bytes);
    return source;
}

/* A process that stood at the hot line; `name` is what its code calls the file, told of as it is now. */
static void record(stage *s, const char *name, uint32_t pid)
{
    ml_head head = fixture_head();
    recording made;
    ml_source source;
    uint32_t thread, node;

    head.directory = s->folder;
    head.pid = pid;
    head.uuid[0] = (uint8_t)pid;
    made = fixture_begin(&head);
    thread = fixture_thread(&made, "MainThread", pid, 0);
    node = fixture_node(&made, 0, fixture_code(&made, name, "f", 1), HOT);
    for (uint64_t tick = 0; tick < 1000; tick++) {
        fixture_tick(&made, tick, thread, tick == 500 ? fixture_node(&made, 0, 1, 1) : node, 0);
    }
    ML_CHECK_EQUAL(ml_writer_seal(made.writer, 10000 * MS, 0), ML_OK);
    source = facts_of(s->path, fixture_string(&made, name));
    ML_CHECK_EQUAL(ml_writer_sources(made.writer, &source, 1, 0, 0), ML_OK);
    fixture_end(&s->fixture, &made, 10000 * MS);
}

static uint32_t flags_of_app(const ml_model *model)
{
    uint32_t function = fixture_function(model, "f");

    ML_CHECK(function != ML_NONE);
    return model->modules->flags[model->functions->module[function]] &
           (ML_MODULE_SOURCE_SAME | ML_MODULE_SOURCE_CHANGED);
}

static void check_lines(const ml_model *model, uint32_t from, uint32_t upto)
{
    const ml_sources *sources = model->sources;

    ML_CHECK_EQUAL(sources->count, upto - from + 1);
    for (uint32_t i = 0; i < sources->count; i++) {
        char expected[32];
        snprintf(expected, sizeof(expected), "    line %u", from + i);
        ML_CHECK_EQUAL(sources->line[i], from + i);
        ML_CHECK_EQUAL(sources->module[i], model->functions->module[fixture_function(model, "f")]);
        ML_CHECK_TEXT(fixture_text(model, sources->text[i]), expected);
    }
}

ML_TEST(hot_lines_with_three_around)
{
    stage s;
    const ml_model *model;

    open_stage(&s);
    record(&s, s.path, 100);
    model = fixture_model_with(&s.fixture, ML_SOURCES_HOT);
    ML_CHECK_EQUAL(flags_of_app(model), ML_MODULE_SOURCE_SAME);
    check_lines(model, HOT - 3, HOT + 3);
    close_stage(&s);
}

static void put_descriptor(const recording *made)
{
    ml_writer_field_number(made->writer, 7);
    ml_writer_field_number(made->writer, ML_FD_FILE);
    ml_writer_field_bytes(made->writer, "/tmp/x", 6);
    ml_writer_field_number(made->writer, 0);
}

static void put_log_record(recording *made, int64_t level)
{
    ml_writer_field_number(made->writer, level);
    ml_writer_field_string(made->writer, fixture_string(made, "app"));
    ml_writer_field_bytes(made->writer, "no", 2);
    ml_writer_field_string(made->writer, 0);
    ml_writer_field_number(made->writer, 0);
}

/* How many lines there are when an event stands at line 34, far from the hot one. `level` 0: it opens a descriptor. */
static uint32_t lines_with_event(int64_t level)
{
    stage s;
    ml_head head = fixture_head();
    recording made;
    ml_source source;
    uint32_t thread, code, lines;

    open_stage(&s);
    made = fixture_begin(&head);
    thread = fixture_thread(&made, "MainThread", 1, 0);
    code = fixture_code(&made, s.path, "f", 1);
    for (uint64_t tick = 0; tick < 1000; tick++) {
        fixture_tick(&made, tick, thread, fixture_node(&made, 0, code, HOT), 0);
    }
    ml_writer_event(made.writer, level ? ML_KIND_LOG : ML_KIND_FD_OPEN, 5 * MS, thread,
                    fixture_node(&made, 0, code, 34));
    if (level) {
        put_log_record(&made, level);
    } else {
        put_descriptor(&made);
    }
    ml_writer_event_end(made.writer);
    ML_CHECK_EQUAL(ml_writer_seal(made.writer, 10000 * MS, 0), ML_OK);
    source = facts_of(s.path, fixture_string(&made, s.path));
    ML_CHECK_EQUAL(ml_writer_sources(made.writer, &source, 1, 0, 0), ML_OK);
    fixture_end(&s.fixture, &made, 10000 * MS);
    lines = fixture_model_with(&s.fixture, ML_SOURCES_HOT)->sources->count;
    close_stage(&s);
    return lines;
}

ML_TEST(what_leaves_something_open_or_says_something_serious_is_hot)
{
    ML_CHECK_EQUAL(lines_with_event(0), 14);
    ML_CHECK_EQUAL(lines_with_event(40), 14);
    ML_CHECK_EQUAL(lines_with_event(20), 7);
}

ML_TEST(all_lines_of_a_name_that_counts_from_where_the_program_began)
{
    stage s;
    const ml_model *model;

    open_stage(&s);
    record(&s, "app.py", 100);
    model = fixture_model_with(&s.fixture, ML_SOURCES_FULL);
    ML_CHECK_EQUAL(flags_of_app(model), ML_MODULE_SOURCE_SAME);
    check_lines(model, 1, LINES);
    close_stage(&s);
}

ML_TEST(none_when_none_are_asked_for)
{
    stage s;
    const ml_model *model;

    open_stage(&s);
    record(&s, s.path, 100);
    model = fixture_model_with(&s.fixture, ML_SOURCES_NONE);
    ML_CHECK_EQUAL(flags_of_app(model), 0);
    ML_CHECK_EQUAL(model->sources->count, 0);
    close_stage(&s);
}

static void check_changed(stage *s, uint32_t flags)
{
    const ml_model *model = fixture_model_with(&s->fixture, ML_SOURCES_FULL);

    ML_CHECK_EQUAL(flags_of_app(model), flags);
    ML_CHECK_EQUAL(model->sources->count, 0);
    close_stage(s);
}

ML_TEST(a_file_with_the_same_size_and_time_and_other_content)
{
    stage s;

    open_stage(&s);
    record(&s, s.path, 100);
    write_lines(&s, "LINE", 1600000000);
    check_changed(&s, ML_MODULE_SOURCE_CHANGED);
}

ML_TEST(a_file_with_the_same_content_and_another_time)
{
    stage s;

    open_stage(&s);
    record(&s, s.path, 100);
    write_lines(&s, "line", 1600000001);
    check_changed(&s, ML_MODULE_SOURCE_CHANGED);
}

ML_TEST(a_file_that_changed_while_the_program_ran)
{
    stage s;

    open_stage(&s);
    write_lines(&s, "line", 1700000000); /* at the anchor */
    record(&s, s.path, 100);
    check_changed(&s, ML_MODULE_SOURCE_CHANGED);
}

ML_TEST(a_file_of_which_two_processes_tell_different_things)
{
    stage s;

    open_stage(&s);
    write_lines(&s, "LINE", 1600000000);
    record(&s, s.path, 101);
    write_lines(&s, "line", 1600000000);
    record(&s, s.path, 100);
    check_changed(&s, ML_MODULE_SOURCE_CHANGED);
}

ML_TEST(a_file_that_is_gone_and_a_pipe_in_its_place)
{
    stage s;

    open_stage(&s);
    record(&s, s.path, 100);
    unlink(s.path);
    check_changed(&s, 0);
    open_stage(&s);
    record(&s, s.path, 100);
    unlink(s.path);
    ML_CHECK_EQUAL(mkfifo(s.path, 0600), 0);
    check_changed(&s, 0);
}
