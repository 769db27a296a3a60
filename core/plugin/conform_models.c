#include "core/plugin/conform_parts.h"

#include "core/format/write.h"
#include "core/model/image.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MS UINT64_C(1000000)
#define HOSTILE                                                                                    \
    ML_CONFORM_MARKUP ML_CONFORM_ESCAPE "</script>&quot;'\"`|\\\r\n\t%s%n\xff\xc3\x28\xed\xa0\x80" \
                                        "\xe2\x80\xae\xf0\x9f\x92\xa5"

enum { TICKS = 400, THREADS = 2, PERIOD_MS = 10, LONG_TEXT = 5000 };

/* ---- a recording ---- */

/* The words of a recording: plain ones, or the plain ones in hostile company. */
typedef struct author {
    ml_writer *writer;
    int which;
} author;

static uint32_t text(const author *self, const char *words)
{
    static const char hostile[] = HOSTILE;
    char both[LONG_TEXT];
    size_t length = strlen(words);

    if (self->which != ML_CONFORM_HOSTILE) {
        return ml_writer_string(self->writer, words, length);
    }
    memset(both, 'x', sizeof(both));
    memcpy(both, words, length);
    memcpy(both + length, hostile, sizeof(hostile)); /* with its NUL */
    return ml_writer_string(self->writer, both, sizeof(both));
}

static uint32_t function(const author *self, const char *file, const char *name, uint32_t line)
{
    return ml_writer_code(self->writer, text(self, file), text(self, name), line, text(self, "app"),
                          0);
}

static void put_log(const author *self, uint64_t time_ns, uint32_t thread, uint32_t node)
{
    ml_writer_event(self->writer, ML_KIND_LOG, time_ns, thread, node);
    ml_writer_field_number(self->writer, 40);
    ml_writer_field_string(self->writer, text(self, "app.rates"));
    if (self->which == ML_CONFORM_HOSTILE) {
        ml_writer_field_bytes(self->writer, HOSTILE, sizeof(HOSTILE));
    } else {
        ml_writer_field_bytes(self->writer, "a rate is missing", 17);
    }
    ml_writer_field_string(self->writer, text(self, "/srv/app/app.py"));
    ml_writer_field_number(self->writer, 41);
    ml_writer_event_end(self->writer);
}

static void put_descriptor(const author *self, uint64_t time_ns, uint32_t thread, uint32_t node,
                           int64_t number)
{
    ml_writer_event(self->writer, ML_KIND_FD_OPEN, time_ns, thread, node);
    ml_writer_field_number(self->writer, number);
    ml_writer_field_number(self->writer, ML_FD_FILE);
    ml_writer_field_bytes(self->writer, "/tmp/data", 9);
    ml_writer_field_number(self->writer, 0);
    ml_writer_event_end(self->writer);
}

static void put_import(const author *self, uint64_t time_ns, uint32_t thread, uint32_t node)
{
    ml_writer_event(self->writer, ML_KIND_IMPORT, time_ns, thread, node);
    ml_writer_field_string(self->writer, text(self, "json"));
    ml_writer_field_number(self->writer, 25000);
    ml_writer_event_end(self->writer);
}

/* Counters that rise, as those of a process that leaks. */
static void put_status(const author *self, uint64_t time_ns, uint32_t thread, int64_t second)
{
    enum { COUNTERS = 16 };

    ml_writer_event(self->writer, ML_KIND_STATUS, time_ns, thread, 0);
    for (int64_t i = 0; i < COUNTERS; i++) {
        ml_writer_field_number(self->writer, (i + 1) * (second + 1) * 100000);
    }
    ml_writer_event_end(self->writer);
}

/* Two threads over four seconds: calls that repeat, waiting, descriptors that stay open. */
static void put_run(const author *self)
{
    ml_writer *writer = self->writer;
    uint32_t file[3];
    uint32_t thread[THREADS];

    file[0] = ml_writer_node(writer, 0, function(self, "/srv/app/app.py", "main", 1), 20);
    file[1] =
        ml_writer_node(writer, file[0], function(self, "/srv/app/app.py", "load_rates", 38), 41);
    file[2] = ml_writer_node(
        writer, file[0], function(self, "/usr/lib/python3.11/json/__init__.py", "loads", 299), 346);
    for (uint32_t i = 0; i < THREADS; i++) {
        thread[i] = ml_writer_thread(writer, i + 1, 100 + i,
                                     text(self, i == 0 ? "MainThread" : "worker"), 0, 0);
    }
    put_import(self, 10 * MS, thread[0], file[0]);
    for (uint64_t tick = 0; tick < TICKS; tick++) {
        ml_writer_tick(writer, tick);
        ml_writer_sample(writer, thread[0], file[1 + tick / 7 % 2], PERIOD_MS * MS,
                         ML_STATE_RUNNING | ML_STATE_HOLDS_GIL);
        ml_writer_sample(writer, thread[1], file[tick / 50 % 2], 0,
                         tick % 3 == 0 ? ML_STATE_GIL_WAIT : ML_STATE_IO);
        if (tick % 10 == 0) {
            uint64_t now = tick * PERIOD_MS * MS;
            put_status(self, now, thread[0], (int64_t)tick / 10);
            put_descriptor(self, now, thread[0], file[2], (int64_t)(10 + tick / 10));
            put_log(self, now, thread[1], file[1]);
        }
    }
}

static ml_status write_recording(int descriptor, int which, ml_error *error)
{
    static const char *const arguments[] = {"app.py"};
    const ml_head head = {.uuid = {7},
                          .session = {1},
                          .wall_ns = INT64_C(1700000000000000001),
                          .period_ns = PERIOD_MS * MS,
                          .cpu_unit_ns = 1000,
                          .event_unit_ns = 1000,
                          .pid = 100,
                          .ppid = 1,
                          .host = which == ML_CONFORM_HOSTILE ? HOSTILE : "box",
                          .system = "Linux",
                          .executable = "/usr/bin/python3",
                          .argv = arguments,
                          .argc = 1,
                          .directory = "/srv/app",
                          .python = "3.11.2",
                          .recorder = "microlog 0",
                          .method = ML_MLOG_METHOD_DIRECT,
                          .method_reason = "",
                          .detail = 1,
                          .depth = 1024,
                          .label = which == ML_CONFORM_HOSTILE ? HOSTILE : ""};
    const uint64_t end_ns = which == ML_CONFORM_EMPTY ? 0 : TICKS * PERIOD_MS * MS;
    author self = {.which = which};
    ml_writer_options options;

    ml_writer_options_default(&options);
    ML_TRY(ml_writer_open(descriptor, 0, &head, &options, &self.writer, error));
    if (which != ML_CONFORM_EMPTY) {
        put_run(&self);
    }
    if (ml_writer_close(self.writer, end_ns, INT64_C(1700000000000000001) + (int64_t)end_ns) < 0) {
        return ml_error_set(error, ML_ERROR_IO, "cannot write a recording into memory");
    }
    return ML_OK;
}

static ml_status read_recording(const char *path, ml_image **out, ml_error *error)
{
    ml_image_source source;
    ml_reader *reader;
    ml_status status;

    ML_TRY(ml_reader_open(path, NULL, &reader, error));
    source = (ml_image_source){reader, ml_reader_recording(reader, 0)};
    status = ml_image_build(&source, 1, ML_SOURCES_NONE, out, error);
    ml_reader_close(reader);
    return status;
}

/* Through the format's own writer and reader, so that a model is what a recording gives. */
static ml_status make_image(int which, ml_image **out, ml_error *error)
{
    int memory = memfd_create("microlog-conform", MFD_CLOEXEC);
    int copy = memory < 0 ? -1 : dup(memory);
    char path[64];
    ml_status status;

    if (copy < 0) {
        if (memory >= 0) {
            close(memory);
        }
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for a recording: %s",
                            strerror(errno));
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
    status = write_recording(copy, which, error); /* owns the copy */
    if (status == ML_OK) {
        status = read_recording(path, out, error);
    }
    close(memory);
    return status;
}

ml_status ml_conform_models_open(ml_conform_models *out, ml_error *error)
{
    *out = (ml_conform_models){0};
    for (int i = 0; i < ML_CONFORM_MODELS; i++) {
        if (make_image(i, &out->images[i], error) < 0) {
            ml_conform_models_close(out);
            return error->status;
        }
        out->models[i] = ml_image_model(out->images[i]);
    }
    return ML_OK;
}

void ml_conform_models_close(ml_conform_models *models)
{
    for (int i = 0; i < ML_CONFORM_MODELS; i++) {
        if (models->images[i] != NULL) {
            ml_image_close(models->images[i]);
        }
        models->images[i] = NULL;
    }
}
