/* make_sample: writes the recordings that golden/ keeps. Run by update_golden.sh only: a golden
 * file, once kept, is replaced when the draft number changes and at no other time.
 *
 *     make_sample tiny|small FILE     ended
 *     make_sample sources FILE        the same as small, with what was known of source files
 *     make_sample crashed FILE        killed: FILE, with a gap, and FILE-journal
 *     make_sample torn FILE           killed within a seal: FILE ends in the middle of what FILE-journal has
 */
#include "core/format/write.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static ml_head sample_head(void)
{
    static const char *const arguments[] = {"app.py", "--fast", "gr\xc3\xbc\xc3\x9f \xff"};
    ml_head head = {.anchor_ns = UINT64_C(123456789012345),
                    .wall_ns = INT64_C(1700000000123456789),
                    .uncertainty_ns = 120,
                    .period_ns = 10000000,
                    .cpu_unit_ns = 1000000,
                    .event_unit_ns = 1000,
                    .seed = UINT64_C(0xfedcba9876543210),
                    .pid = 4242,
                    .ppid = 1,
                    .host = "example",
                    .system = "Linux x86_64",
                    .executable = "/usr/bin/python3",
                    .argv = arguments,
                    .argc = 3,
                    .directory = "/srv/app",
                    .python = "3.11.2 (main)",
                    .hexversion = 0x030b02f0,
                    .recorder = "microlog sample",
                    .method = ML_MLOG_METHOD_DIRECT,
                    .method_reason = "self-check passed",
                    .detail = 1,
                    .depth = 1024,
                    .utc_offset_s = 7200,
                    .label = "golden"};

    for (unsigned i = 0; i < 16; i++) {
        head.uuid[i] = (uint8_t)(0x10 + i);
        head.session[i] = (uint8_t)(0xa0 + i);
        head.boot[i] = (uint8_t)(0xb0 + i);
    }
    return head;
}

static uint32_t text(ml_writer *writer, const char *words)
{
    return ml_writer_string(writer, words, strlen(words));
}

static uint32_t code(ml_writer *writer, const char *file, const char *name, uint32_t line,
                     uint32_t flags)
{
    uint32_t file_text = text(writer, file); /* one after another: ids follow the order of calls */
    uint32_t name_text = text(writer, name);

    return ml_writer_code(writer, file_text, name_text, line, text(writer, "app"), flags);
}

static void print_event(ml_writer *writer, uint64_t time_ns, uint32_t thread, uint32_t node,
                        const char *words, size_t length)
{
    ml_writer_event(writer, ML_KIND_PRINT, time_ns, thread, node);
    ml_writer_field_number(writer, 1);
    ml_writer_field_bytes(writer, words, length);
    ml_writer_event_end(writer);
}

/* Three ticks, one of them late, and one event: the example of FORMAT.md. */
static void fill_tiny(ml_writer *writer)
{
    uint32_t thread = ml_writer_thread(writer, 7, 8, text(writer, "main"), 0, 0);
    uint32_t name = text(writer, "f");
    uint32_t function = ml_writer_code(writer, text(writer, "a.py"), name, 1, 0, 0);
    uint32_t outer = ml_writer_node(writer, 0, function, 3);
    uint32_t inner = ml_writer_node(writer, outer, function, 2);

    ml_writer_tick(writer, 0);
    ml_writer_sample(writer, thread, outer, 4000000, ML_MLOG_STATE_RUNNING);
    ml_writer_tick(writer, 1);
    ml_writer_sample(writer, thread, outer, 6500000, ML_MLOG_STATE_RUNNING);
    ml_writer_tick(writer, 4);
    ml_writer_sample(writer, thread, inner, 1500000, ML_MLOG_STATE_SLEEP);
    ml_writer_event(writer, ML_KIND_FD_CLOSE, 12345678, thread, inner);
    ml_writer_field_number(writer, 5);
    ml_writer_event_end(writer);
    ml_writer_seal(writer, 50000000, INT64_C(1700000000173456789));
}

static void status_event(ml_writer *writer, uint64_t time_ns, int64_t step)
{
    ml_writer_event(writer, ML_KIND_STATUS, time_ns, 0, 0);
    for (int64_t field = 0; field < 16; field++) {
        ml_writer_field_number(writer, 1000000 * field + step * (field % 3 - 1) * 777);
    }
    ml_writer_event_end(writer);
}

static void log_event(ml_writer *writer, uint64_t time_ns, uint32_t thread, uint32_t node,
                      uint64_t line)
{
    static const char words[] = "a \"quoted\" record\n# with **Markdown**";

    ml_writer_event(writer, ML_KIND_LOG, time_ns, thread, node);
    ml_writer_field_number(writer, 30);
    ml_writer_field_string(writer, text(writer, "app.db"));
    ml_writer_field_bytes(writer, words, sizeof(words) - 1);
    ml_writer_field_string(writer, text(writer, "app.py"));
    ml_writer_field_number(writer, (int64_t)line);
    ml_writer_event_end(writer);
}

/* The stacks of a block: new functions in each. */
static void make_nodes(ml_writer *writer, uint32_t block, uint32_t nodes[4])
{
    char name[32];

    snprintf(name, sizeof(name), "Class%u.m\xc3\xa9thode", block);
    nodes[0] = ml_writer_node(writer, 0, code(writer, "app.py", "<module>", 1, 0), 40);
    nodes[1] = ml_writer_node(writer, nodes[0], code(writer, "app.py", "main", 30, 0), 33 + block);
    nodes[2] = ml_writer_node(writer, nodes[1],
                              code(writer, "lib/d\xff.py", name, 7, ML_MLOG_CODE_GENERATOR), 9);
    nodes[3] = ml_writer_node(writer, nodes[2],
                              code(writer, "", "<native>", 0, ML_MLOG_CODE_SYNTHETIC), 0);
}

static void fill_block(ml_writer *writer, uint32_t block, const uint32_t threads[3], uint64_t *tick)
{
    static const uint32_t states[] = {ML_MLOG_STATE_RUNNING | ML_MLOG_STATE_HOLDS_GIL,
                                      ML_MLOG_STATE_GIL_WAIT, ML_MLOG_STATE_IO,
                                      ML_MLOG_STATE_RUNNING | ML_MLOG_STATE_GC};
    uint32_t nodes[4];

    make_nodes(writer, block, nodes);
    for (uint32_t i = 0; i < 60; i++) {
        *tick += i % 23 == 7 ? 3 : 1;
        ml_writer_tick(writer, *tick);
        ml_writer_sample(writer, threads[0], nodes[i / 3 % 4], 2345678, states[i / 7 % 4]);
        ml_writer_sample(writer, threads[1], nodes[1], 0, ML_MLOG_STATE_LOCK);
        if (block == 1 && i > 20 && i < 50) {
            ml_writer_sample(writer, threads[2], i == 30 ? 0 : nodes[2], 999999,
                             ML_MLOG_STATE_SLEEP);
        }
    }
    status_event(writer, *tick * 10000000 - 300000000, block + 1);
    log_event(writer, *tick * 10000000 - 200000000, threads[0], nodes[2], block);
    status_event(writer, *tick * 10000000 - 250000000,
                 -(int64_t)block); /* an earlier time, written later */
    print_event(writer, *tick * 10000000, threads[1], nodes[1], "tab\tnul\0bad\xc3", 12);
}

static void fill_small(ml_writer *writer)
{
    uint64_t tick = 1;
    uint32_t threads[3];

    threads[0] =
        ml_writer_thread(writer, UINT64_C(140737353865024), 4242, text(writer, "MainThread"), 0, 0);
    threads[1] = ml_writer_thread(writer, UINT64_C(140737345472256), 4243, 0, 0, 2);
    ml_writer_thread_name(writer, threads[1], "Thread-1 (work)", 15);
    threads[2] = ml_writer_thread(writer, UINT64_MAX, 4244, text(writer, "late"), 1, 90);
    for (uint32_t block = 0; block < 3; block++) {
        fill_block(writer, block, threads, &tick);
        ml_writer_seal(writer, tick * 10000000,
                       INT64_C(1700000000123456789) + (int64_t)(tick * 10000000) - 555);
    }
    ml_writer_event(writer, ML_KIND_EXIT, tick * 10000000, 0, 0);
    ml_writer_field_number(writer, -15);
    ml_writer_event_end(writer);
}

/* The second of three files was not there any more. */
static void tell_sources(ml_writer *writer)
{
    ml_source sources[2] = {{.size = 1234, .mtime_ns = INT64_C(1600000000987654321)},
                            {.size = 70000, .mtime_ns = -1}};
    const char *name;
    size_t length;
    uint32_t first;

    ml_writer_seal(writer, 2000000000, INT64_C(1700000002123456789));
    first = ml_writer_next_file(writer, 0, &name, &length);
    sources[0].file = first;
    sources[1].file = ml_writer_next_file(writer, first, &name, &length);
    for (unsigned i = 0; i < 32; i++) {
        sources[0].sha256[i] = (uint8_t)(0xe0 + i);
        sources[1].sha256[i] = (uint8_t)(7 * i);
    }
    ml_writer_sources(writer, sources, 2, 1, 0);
}

/* ---- recordings that did not end ---- */

static void seal(ml_writer *writer, uint64_t tick)
{
    ml_writer_seal(writer, tick * 10000000,
                   INT64_C(1700000000123456789) + (int64_t)(tick * 10000000) - 555);
}

static void flush(ml_writer *writer, uint64_t tick)
{
    ml_writer_flush(writer, tick * 10000000,
                    INT64_C(1700000000123456789) + (int64_t)(tick * 10000000) + 777);
}

/* A sealed block, one that was too long for its room of 70 ticks, and a journal of two parts. */
static void fill_crashed(ml_writer *writer)
{
    uint64_t tick = 1;
    uint32_t threads[3];

    for (uint32_t i = 0; i < 3; i++) {
        threads[i] = ml_writer_thread(writer, i + 1, 4242 + i, text(writer, "MainThread"), 0, 0);
    }
    fill_block(writer, 0, threads, &tick);
    seal(writer, tick);
    fill_block(writer, 1, threads, &tick);
    fill_block(writer, 2, threads, &tick);
    seal(writer, tick);
    fill_block(writer, 3, threads, &tick);
    flush(writer, tick);
    for (uint32_t i = 0; i < 5; i++) {
        ml_writer_tick(writer, ++tick);
        ml_writer_sample(writer, threads[i % 2], 1, 10, ML_MLOG_STATE_RUNNING);
    }
    flush(writer, tick);
}

static int copy_file(const char *from, const char *to)
{
    static char bytes[1 << 16];
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    size_t length = in == NULL ? 0 : fread(bytes, 1, sizeof(bytes), in);
    int done = out != NULL && length != 0 && fwrite(bytes, 1, length, out) == length;

    return (in == NULL || fclose(in) == 0) && (out == NULL || fclose(out) == 0) && done;
}

/* The recording is sealed once more, but for the last bytes; the journal is as it was before. */
static int tear(ml_writer *writer, const char *path, const char *journal)
{
    char copy[512];
    off_t end;
    FILE *file;

    snprintf(copy, sizeof(copy), "%s.copy", journal);
    if (!copy_file(journal, copy)) {
        return 0;
    }
    seal(writer, 1000);
    file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        return 0;
    }
    end = ftell(file);
    fclose(file);
    return truncate(path, end - 100) == 0 && rename(copy, journal) == 0;
}

static int make_crashed(ml_writer *writer, const char *path, int is_torn)
{
    char journal[512];
    int made = 1;

    snprintf(journal, sizeof(journal), "%s" ML_MLOG_JOURNAL_SUFFIX, path);
    ml_writer_journal(writer, open(journal, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666),
                      journal);
    fill_crashed(writer);
    if (is_torn) {
        made = tear(writer, path, journal);
    }
    ml_writer_abandon(writer);
    return made ? 0 : 1;
}

int main(int count, char **arguments)
{
    ml_head head = sample_head();
    ml_writer_options options;
    ml_writer *writer;
    ml_error error = {0};
    const char *kind = count == 3 ? arguments[1] : "";
    int is_tiny = strcmp(kind, "tiny") == 0;
    int is_torn = strcmp(kind, "torn") == 0;
    int is_crashed = is_torn || strcmp(kind, "crashed") == 0;
    int has_sources = strcmp(kind, "sources") == 0;

    if (!is_tiny && !is_crashed && !has_sources && strcmp(kind, "small") != 0) {
        fputs("usage: make_sample tiny|small|sources|crashed|torn FILE\n", stderr);
        return 2;
    }
    if (is_tiny) {
        uint8_t uuid[16];
        memcpy(uuid, head.uuid, sizeof(uuid));
        head = (ml_head){.anchor_ns = head.anchor_ns,
                         .wall_ns = head.wall_ns,
                         .period_ns = head.period_ns,
                         .cpu_unit_ns = head.cpu_unit_ns,
                         .event_unit_ns = head.event_unit_ns};
        memcpy(head.uuid, uuid, sizeof(uuid));
    }
    ml_writer_options_default(&options);
    options.ticks = is_crashed ? 70 : options.ticks;
    if (ml_writer_open(open(arguments[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), 0, &head,
                       &options, &writer, &error) < 0) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    if (is_crashed) {
        return make_crashed(writer, arguments[2], is_torn);
    }
    (is_tiny ? fill_tiny : fill_small)(writer);
    if (has_sources) {
        tell_sources(writer);
    }
    return ml_writer_close(writer, 2000000000, INT64_C(1700000002123456789)) == ML_OK ? 0 : 1;
}
