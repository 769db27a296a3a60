/* Writes a small recording for the tests of the command line.
 *
 *   make_recording OUT [SESSION [NUMBER]]
 *
 * appends to OUT one second of one thread at 100 Hz in app.py, with a log line and descriptors that
 * stay open. SESSION (default 1) tells runs apart, NUMBER (default 7) recordings; session 0 is none.
 */
#include "core/format/write.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS UINT64_C(1000000)

static uint32_t text(ml_writer *writer, const char *bytes)
{
    return ml_writer_string(writer, bytes, strlen(bytes));
}

static uint32_t function(ml_writer *writer, const char *name, uint32_t line)
{
    return ml_writer_code(writer, text(writer, "/srv/app/app.py"), text(writer, name), line,
                          text(writer, "app"), 0);
}

static void log_line(ml_writer *writer, uint64_t time_ns, uint32_t thread, uint32_t node,
                     const char *words)
{
    ml_writer_event(writer, ML_KIND_LOG, time_ns, thread, node);
    ml_writer_field_number(writer, 30);
    ml_writer_field_string(writer, text(writer, "app"));
    ml_writer_field_bytes(writer, words, strlen(words));
    ml_writer_field_string(writer, text(writer, "/srv/app/app.py"));
    ml_writer_field_number(writer, 7);
    ml_writer_event_end(writer);
}

static void open_descriptor(ml_writer *writer, uint64_t time_ns, uint32_t thread, uint32_t node,
                            int64_t number)
{
    ml_writer_event(writer, ML_KIND_FD_OPEN, time_ns, thread, node);
    ml_writer_field_number(writer, number);
    ml_writer_field_number(writer, ML_FD_FILE);
    ml_writer_field_bytes(writer, "/tmp/data", 9);
    ml_writer_field_number(writer, 0);
    ml_writer_event_end(writer);
}

static void fill(ml_writer *writer)
{
    uint32_t top = ml_writer_node(writer, 0, function(writer, "main", 1), 20);
    uint32_t work = ml_writer_node(writer, top, function(writer, "load_rates", 38), 41);
    uint32_t read = ml_writer_node(writer, top, function(writer, "read_all", 50), 52);
    uint32_t thread = ml_writer_thread(writer, 1, 100, text(writer, "MainThread"), 0, 0);

    for (uint64_t tick = 0; tick < 100; tick++) {
        ml_writer_tick(writer, tick);
        ml_writer_sample(writer, thread, tick % 10 < 7 ? work : read, 10 * MS, 1);
        if (tick % 5 == 0) {
            open_descriptor(writer, tick * 10 * MS, thread, read, (int64_t)(tick / 5 + 10));
        }
    }
    log_line(writer, 500 * MS, thread, work, "rate <b>EURUSD</b> is missing</script>\x1b[31m\xff");
}

int main(int argc, char **argv)
{
    static const char *const arguments[] = {"app.py"};
    ml_head head = {.anchor_ns = MS,
                    .wall_ns = INT64_C(1700000000000000001),
                    .period_ns = 10 * MS,
                    .cpu_unit_ns = 1000,
                    .event_unit_ns = 1000,
                    .pid = 100,
                    .ppid = 1,
                    .host = "box",
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
                    .label = ""};
    ml_writer_options options;
    ml_writer *writer;
    ml_error error = {0};
    int file = argc < 2 ? -1 : open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    memset(head.session, argc > 2 ? (int)strtol(argv[2], NULL, 10) : 1, sizeof(head.session));
    memset(head.uuid, 7, sizeof(head.uuid));
    if (argc > 3) {
        const long number = strtol(argv[3], NULL, 10);
        memcpy(head.uuid, &number, sizeof(number));
    }
    ml_writer_options_default(&options);
    if (file < 0 || ml_writer_open(file, 0, &head, &options, &writer, &error) < 0) {
        fprintf(stderr, "make_recording: %s\n", error.text);
        return 1;
    }
    fill(writer);
    return ml_writer_close(writer, 1000 * MS, INT64_C(1700000001000000001)) < 0;
}
