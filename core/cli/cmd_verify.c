#include "core/cli/commands.h"

#include "core/cli/console.h"
#include "core/cli/inputs.h"
#include "core/format/read.h"

#include <inttypes.h>
#include <string.h>

/* What all chunks of a recording come to when they are really decoded. */
typedef struct tally {
    uint64_t samples, events, end_ns;
    uint32_t unreadable;
    ml_error first; /* why the first of those cannot be read */
} tally;

static void decode(const ml_reader *reader, const ml_recording *recording, size_t chunk, tally *sum)
{
    const ml_chunk_info *info = &recording->chunks[chunk];
    uint64_t end_ns = info->start_ns + info->span_ns;
    ml_error error = {0};
    ml_arena arena;
    ml_runs runs;
    ml_events events;
    ml_status status;

    ml_arena_init(&arena, 0);
    status = info->ticks != 0 ? ml_read_runs(reader, recording, chunk, &arena, &runs, &error)
                              : ml_read_events(reader, recording, chunk, &arena, &events, &error);
    ml_arena_release(&arena);
    sum->end_ns = end_ns > sum->end_ns ? end_ns : sum->end_ns;
    sum->samples += info->samples;
    sum->events += info->events;
    if (status < 0 && sum->unreadable++ == 0) {
        sum->first = error;
    }
}

static int is_sound(const ml_diagnostics *d, const tally *sum)
{
    return !d->damaged_header && d->damaged_chunks == 0 && d->missing_chunks == 0 &&
           d->unusable_definitions == 0 && d->unknown_critical == 0 && sum->unreadable == 0 &&
           (d->torn_bytes == 0 || d->journal_chunks != 0);
}

static void say_count(uint64_t count, const char *what)
{
    if (count != 0) {
        printf("  %" PRIu64 " %s\n", count, what);
    }
}

static void say_gaps(const ml_recording *recording)
{
    for (size_t i = 0; i < recording->gap_count; i++) {
        const ml_gap *gap = &recording->gaps[i];
        printf("  not recorded from %.3f to %.3f s (%s): %" PRIu64 " ticks, %" PRIu64
               " samples, %" PRIu64 " events\n",
               (double)gap->start_ns / 1e9, (double)(gap->start_ns + gap->span_ns) / 1e9,
               gap->cause == ML_MLOG_GAP_UNWRITTEN ? strerror((int)gap->system_error)
                                                   : "it came too fast",
               gap->ticks, gap->samples, gap->events);
    }
}

static void say_end(const ml_diagnostics *d)
{
    if (!d->clean_end) {
        printf("  not ended: the program was killed, or is still running\n");
    }
    say_count(d->journal_chunks, "chunks are in its journal; repair takes them in");
}

static int say(const ml_recording *recording, const tally *sum)
{
    const ml_diagnostics *d = &recording->diagnostics;
    int sound = is_sound(d, sum);

    printf(": %s, %.2f s, %" PRIu64 " samples, %" PRIu64 " events, %" PRIu64 " bytes\n",
           sound ? "sound" : "DAMAGED", (double)sum->end_ns / 1e9, sum->samples, sum->events,
           recording->bytes);
    say_end(d);
    say_count((uint64_t)d->damaged_header, "file header is damaged");
    say_count(d->damaged_chunks, "chunks or stretches are damaged");
    say_count(d->missing_chunks, "chunks are missing");
    say_count(d->unusable_definitions,
              "chunks of definitions are of no use without an earlier one");
    say_count(sum->unreadable, "chunks cannot be decoded");
    say_count(d->unknown_critical, "chunks need a newer program");
    say_count(d->unknown_ancillary, "chunks of unknown types may be left aside");
    say_count(d->torn_bytes, "bytes at the end are torn");
    say_count(recording->dropped, "items found no room while recording");
    say_gaps(recording);
    if (!sound && d->first[0] != '\0') {
        printf("  first: %s\n", d->first);
    }
    if (sum->unreadable != 0) {
        printf("  first: %s\n", sum->first.text);
    }
    return sound ? ML_EXIT_OK : ML_EXIT_GATE;
}

static int verify_file(const char *path, int *code)
{
    ml_reader *reader;
    ml_error error = {0};

    if (ml_reader_open(path, NULL, &reader, &error) < 0) {
        return ml_console_fail(&error);
    }
    for (size_t i = 0; i < ml_reader_count(reader); i++) {
        const ml_recording *recording = ml_reader_recording(reader, i);
        tally sum = {0};
        for (size_t chunk = 0; chunk < recording->chunk_count; chunk++) {
            decode(reader, recording, chunk, &sum);
        }
        ml_console_path(stdout, path);
        if (ml_reader_count(reader) > 1) {
            printf(" (%zu of %zu)", i + 1, ml_reader_count(reader));
        }
        *code = ml_exit_worse(*code, say(recording, &sum));
    }
    ml_reader_close(reader);
    return ML_EXIT_OK;
}

int ml_command_verify(const ml_args *args)
{
    ml_error error = {0};
    ml_inputs inputs;
    ml_arena arena;
    int code;

    ml_arena_init(&arena, 0);
    if (ml_inputs_gather(&arena, &args->operands, args->files_from, &inputs, &error) < 0) {
        code = ml_console_fail(&error);
    } else {
        code = inputs.code;
        for (size_t i = 0; i < inputs.count; i++) {
            code = ml_exit_worse(code, verify_file(inputs.paths[i], &code));
        }
        if (ml_console_write(stdout, NULL, 0, &error) < 0) {
            code = ml_exit_worse(code, ml_console_fail(&error));
        }
    }
    ml_arena_release(&arena);
    return code;
}
