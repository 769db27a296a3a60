/* model_fixture: recordings made with the writer and turned into models, for the tests of core/model. */
#ifndef MICROLOG_TESTS_UNIT_MODEL_FIXTURE_H
#define MICROLOG_TESTS_UNIT_MODEL_FIXTURE_H

#include "core/format/read.h"
#include "core/format/write.h"
#include "core/model/image.h"
#include "tests/unit/runner.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FIXTURE_MOST = 4 };
#define MS UINT64_C(1000000)

/* Recordings of one session and the model of them. */
typedef struct model_fixture {
    size_t count;
    uint8_t *bytes[FIXTURE_MOST];
    size_t length[FIXTURE_MOST];
    ml_reader *reader[FIXTURE_MOST];
    ml_image *image;
    const ml_model *model;
    ml_error error;
} model_fixture;

/* A recording that is being made. */
typedef struct recording {
    ml_writer *writer;
    int descriptor;
} recording;

/* A tick is 10 ms; pid 100; session and boot are given. */
static inline ml_head fixture_head(void)
{
    static const char *const arguments[] = {"/srv/app/app.py", "--fast"};
    ml_head head = {.anchor_ns = 5000 * MS,
                    .wall_ns = INT64_C(1700000000000000000),
                    .period_ns = 10 * MS,
                    .cpu_unit_ns = 1000,
                    .event_unit_ns = 1000,
                    .pid = 100,
                    .ppid = 1,
                    .host = "box",
                    .system = "Linux",
                    .executable = "/usr/bin/python3",
                    .argv = arguments,
                    .argc = 2,
                    .directory = "/srv/app",
                    .python = "3.11.2",
                    .recorder = "microlog 0",
                    .method = ML_MLOG_METHOD_DIRECT,
                    .method_reason = "self-check passed",
                    .detail = 1,
                    .depth = 1024,
                    .utc_offset_s = 3600,
                    .label = "test"};

    memset(head.uuid, 0x11, sizeof(head.uuid));
    memset(head.session, 0xab, sizeof(head.session));
    memset(head.boot, 0x77, sizeof(head.boot));
    return head;
}

static inline recording fixture_begin(const ml_head *head)
{
    recording made;
    ml_writer_options options;
    ml_error error = {0};
    int descriptor = memfd_create("recording", MFD_CLOEXEC);

    ml_writer_options_default(&options);
    made.descriptor = dup(descriptor);
    ML_CHECK(made.descriptor >= 0);
    ML_CHECK_EQUAL(ml_writer_open(descriptor, 0, head, &options, &made.writer, &error), ML_OK);
    return made;
}

/* Takes the bytes of a recording that was closed or left. */
static inline void fixture_take(model_fixture *fixture, recording *made)
{
    off_t length = lseek(made->descriptor, 0, SEEK_END);
    size_t at = fixture->count++;

    ML_CHECK(length > 0);
    fixture->length[at] = (size_t)length;
    fixture->bytes[at] = malloc((size_t)length);
    ML_CHECK(fixture->bytes[at] != NULL);
    ML_CHECK_EQUAL(pread(made->descriptor, fixture->bytes[at], (size_t)length, 0), length);
    close(made->descriptor);
}

static inline void fixture_end(model_fixture *fixture, recording *made, uint64_t now_ns)
{
    ML_CHECK_EQUAL(ml_writer_close(made->writer, now_ns, 0), ML_OK);
    fixture_take(fixture, made);
}

/* Builds the model of what was taken, with lines of sources. */
static inline const ml_model *fixture_model_with(model_fixture *fixture, int use_sources)
{
    ml_image_source sources[FIXTURE_MOST];

    for (size_t i = 0; i < fixture->count; i++) {
        ml_status status = ml_reader_open_memory(fixture->bytes[i], fixture->length[i], "test",
                                                 NULL, &fixture->reader[i], &fixture->error);
        ML_CHECK_TEXT(fixture->error.text, "");
        ML_CHECK_EQUAL(status, ML_OK);
        ML_CHECK_EQUAL(ml_reader_count(fixture->reader[i]), 1);
        sources[i].reader = fixture->reader[i];
        sources[i].recording = ml_reader_recording(fixture->reader[i], 0);
    }
    ml_image_build(sources, fixture->count, use_sources, &fixture->image, &fixture->error);
    ML_CHECK_TEXT(fixture->error.text, "");
    ML_CHECK(fixture->image != NULL);
    fixture->model = ml_image_model(fixture->image);
    return fixture->model;
}

static inline const ml_model *fixture_model(model_fixture *fixture)
{
    return fixture_model_with(fixture, ML_SOURCES_NONE);
}

static inline void fixture_free(model_fixture *fixture)
{
    ml_image_close(fixture->image);
    for (size_t i = 0; i < fixture->count; i++) {
        ml_reader_close(fixture->reader[i]);
        free(fixture->bytes[i]);
    }
}

static inline uint32_t fixture_string(recording *made, const char *text)
{
    return ml_writer_string(made->writer, text, strlen(text));
}

/* The code of a function of a file, ready for fixture_call. */
static inline uint32_t fixture_code(recording *made, const char *file, const char *name,
                                    uint32_t line)
{
    uint32_t code = ml_writer_code(made->writer, fixture_string(made, file),
                                   fixture_string(made, name), line, 0, 0);

    ML_CHECK(code != 0);
    return code;
}

static inline uint32_t fixture_node(recording *made, uint32_t parent, uint32_t code, uint32_t line)
{
    uint32_t node = ml_writer_node(made->writer, parent, code, line);

    ML_CHECK(node != 0);
    return node;
}

static inline uint32_t fixture_thread(recording *made, const char *name, uint64_t native_id,
                                      uint64_t first_tick)
{
    uint32_t thread = ml_writer_thread(made->writer, native_id + 1000, native_id,
                                       fixture_string(made, name), 0, first_tick);

    ML_CHECK(thread != 0);
    return thread;
}

/* One tick with one thread that runs. */
static inline void fixture_tick(recording *made, uint64_t tick, uint32_t thread, uint32_t node,
                                uint64_t cpu_ns)
{
    ml_writer_tick(made->writer, tick);
    ml_writer_sample(made->writer, thread, node, cpu_ns, ML_MLOG_STATE_RUNNING);
}

static inline const char *fixture_text(const ml_model *model, uint32_t row)
{
    return row == ML_NONE ? NULL : model->strings->bytes + model->strings->offset[row];
}

static inline uint32_t fixture_function(const ml_model *model, const char *name)
{
    for (uint32_t i = 0; i < model->functions->count; i++) {
        if (strcmp(fixture_text(model, model->functions->name[i]), name) == 0) {
            return i;
        }
    }
    return ML_NONE;
}

#endif
