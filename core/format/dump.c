#include "core/format/dump.h"

#include "core/format/dump_parts.h"

#include <string.h>

enum { OUTPUT_MAX = 64 << 20, OUTPUT_STEP = 64 * 1024 };

const char *const ml_dump_tables[] = {"head",    "diagnostics", "strings", "codes",  "frames",
                                      "nodes",   "threads",     "kinds",   "chunks", "gaps",
                                      "sources", "runs",        "events",  NULL};

static void hand_over(ml_dump_state *dump)
{
    if (dump->status == ML_OK) {
        dump->status = dump->out.status;
    }
    if (dump->status == ML_OK && dump->out.length != 0) {
        dump->status = dump->sink->write(dump->sink->context, dump->out.data, dump->out.length);
    }
    ml_buffer_clear(&dump->out);
}

void ml_dump_flush(ml_dump_state *dump)
{
    if (dump->out.length >= OUTPUT_STEP) {
        hand_over(dump);
    }
}

static int is_wanted(const char *table, const char *wanted)
{
    return wanted == NULL || strcmp(wanted, table) == 0;
}

static void show_tables(ml_dump_state *dump, const ml_dump_form *form, const char *wanted)
{
    const struct {
        const char *name;
        void (*show)(ml_dump_state *dump);
    } parts[] = {{"head", form->head},       {"diagnostics", form->diagnostics},
                 {"strings", form->strings}, {"codes", form->codes},
                 {"frames", form->frames},   {"nodes", form->nodes},
                 {"threads", form->threads}, {"kinds", form->kinds},
                 {"chunks", form->chunks},   {"gaps", form->gaps},
                 {"sources", form->sources}};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (is_wanted(parts[i].name, wanted)) {
            parts[i].show(dump);
            hand_over(dump);
        }
    }
}

static void show_chunk(ml_dump_state *dump, const ml_dump_form *form, size_t chunk,
                       const char *wanted)
{
    const char *type = dump->recording->chunks[chunk].type;
    int is_samples = strcmp(type, "SAMP") == 0;
    ml_status status = ML_OK;
    ml_error error = {0};
    ml_arena arena;
    ml_runs runs;
    ml_events events;

    if (!is_wanted(is_samples ? "runs" : "events", wanted)) {
        return;
    }
    ml_arena_init(&arena, 0);
    if (is_samples) {
        status = ml_read_runs(dump->reader, dump->recording, chunk, &arena, &runs, &error);
    } else {
        status = ml_read_events(dump->reader, dump->recording, chunk, &arena, &events, &error);
    }
    if (status < 0) {
        dump->unreadable++;
        form->unreadable(dump, chunk, &error);
    } else if (is_samples) {
        form->runs(dump, chunk, &runs);
    } else {
        form->events(dump, chunk, &events);
    }
    ml_arena_release(&arena);
    hand_over(dump);
}

static ml_status check_options(const ml_dump_options *options, ml_error *error)
{
    if (options->format != ML_DUMP_TEXT && options->format != ML_DUMP_NDJSON) {
        return ml_error_set(error, ML_ERROR_ARGUMENT, "a dump is text or ndjson");
    }
    for (size_t i = 0; options->table != NULL; i++) {
        if (ml_dump_tables[i] == NULL) {
            return ml_error_set(error, ML_ERROR_ARGUMENT, "there is no table '%s' in a recording",
                                options->table);
        }
        if (strcmp(ml_dump_tables[i], options->table) == 0) {
            break;
        }
    }
    return ML_OK;
}

ml_status ml_dump(const ml_reader *reader, const ml_dump_options *options, const ml_dump_sink *sink,
                  ml_error *error)
{
    const ml_dump_form *form =
        options->format == ML_DUMP_TEXT ? &ml_dump_text_form : &ml_dump_json_form;
    ml_dump_state dump = {.reader = reader, .sink = sink};

    ML_TRY(check_options(options, error));
    ml_buffer_init(&dump.out, OUTPUT_MAX);
    for (size_t i = 0; i < ml_reader_count(reader) && dump.status == ML_OK; i++) {
        dump.recording = ml_reader_recording(reader, i);
        dump.recording_index = i;
        show_tables(&dump, form, options->table);
        for (size_t chunk = 0; chunk < dump.recording->chunk_count && dump.status == ML_OK;
             chunk++) {
            show_chunk(&dump, form, chunk, options->table);
        }
    }
    ml_buffer_release(&dump.out);
    if (dump.status < 0) {
        return ml_error_set(error, dump.status, "the dump was not finished");
    }
    return dump.unreadable == 0 ? ML_OK
                                : ml_error_set(error, ML_ERROR_FORMAT,
                                               "%u chunks could not be read", dump.unreadable);
}
