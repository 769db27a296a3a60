#include "core/base/text.h"
#include "core/format/dump_parts.h"

#include <inttypes.h>
#include <string.h>

enum { FRAMES_SHOWN = 8, BYTES_SHOWN = 400, NAME_WIDTH = 20 };

/* ---- pieces ---- */

#define PUT(dump, ...) ml_buffer_put_format(&(dump)->out, __VA_ARGS__)

static void put_bytes(ml_dump_state *dump, const void *bytes, size_t length)
{
    size_t shown = length < BYTES_SHOWN ? length : BYTES_SHOWN;

    ml_text_escape(&dump->out, bytes, shown);
    if (shown < length) {
        PUT(dump, "… (%zu bytes)", length);
    }
}

static void put_string(ml_dump_state *dump, uint32_t id)
{
    put_bytes(dump, dump->recording->tables.string[id], dump->recording->tables.string_length[id]);
}

static void put_thread_name(ml_dump_state *dump, uint32_t thread)
{
    uint8_t room[ML_THREAD_NAME_ROOM];
    uint32_t length;
    const uint8_t *name = ml_thread_name(&dump->recording->tables, thread, room, &length);

    put_bytes(dump, name, length);
}

static void end_line(ml_dump_state *dump)
{
    ml_buffer_put_u8(&dump->out, '\n');
    ml_dump_flush(dump);
}

static void title(ml_dump_state *dump, const char *name, uint64_t count)
{
    PUT(dump, "\n%s (%" PRIu64 ")\n", name, count);
}

static void line_text(ml_dump_state *dump, const char *name, const char *text)
{
    if (text[0] != '\0') {
        PUT(dump, "  %-*s", NAME_WIDTH, name);
        put_bytes(dump, text, strlen(text));
        end_line(dump);
    }
}

static void line_number(ml_dump_state *dump, const char *name, uint64_t value, const char *unit)
{
    PUT(dump, "  %-*s%" PRIu64 "%s", NAME_WIDTH, name, value, unit);
    end_line(dump);
}

static void line_uuid(ml_dump_state *dump, const char *name, const uint8_t uuid[16])
{
    PUT(dump, "  %-*s", NAME_WIDTH, name);
    for (unsigned i = 0; i < 16; i++) {
        PUT(dump, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
    }
    end_line(dump);
}

/* Nanoseconds after the anchor as seconds. */
static void put_time(ml_dump_state *dump, uint64_t time_ns)
{
    PUT(dump, "%6" PRIu64 ".%06" PRIu64, time_ns / 1000000000, time_ns / 1000 % 1000000);
}

/* ---- head and diagnostics ---- */

static void show_argv(ml_dump_state *dump, const ml_head *head)
{
    for (uint32_t i = 0; i < head->argc; i++) {
        PUT(dump, "  argv[%u]%*s", i, i < 10 ? NAME_WIDTH - 7 : NAME_WIDTH - 8, "");
        put_bytes(dump, head->argv[i], strlen(head->argv[i]));
        end_line(dump);
    }
}

static void show_process(ml_dump_state *dump, const ml_head *head)
{
    PUT(dump, "  %-*s%u, parent %u\n", NAME_WIDTH, "process", head->pid, head->ppid);
    line_text(dump, "host", head->host);
    line_text(dump, "system", head->system);
    line_text(dump, "executable", head->executable);
    show_argv(dump, head);
    line_text(dump, "directory", head->directory);
    line_text(dump, "python", head->python);
    PUT(dump, "  %-*s%#" PRIx64 ", build flags %" PRIu64 "\n", NAME_WIDTH, "hexversion",
        head->hexversion, head->build_flags);
}

static void show_recorder(ml_dump_state *dump, const ml_head *head)
{
    static const char *const methods[] = {"unknown", "direct", "syscall", "GIL"};

    line_text(dump, "recorder", head->recorder);
    PUT(dump, "  %-*s%s%s", NAME_WIDTH, "method",
        methods[head->method <= ML_MLOG_METHOD_GIL ? head->method : 0],
        head->method_reason[0] == '\0' ? "" : ", ");
    put_bytes(dump, head->method_reason, strlen(head->method_reason));
    end_line(dump);
    line_text(dump, "detail", head->detail == 0 ? "function" : "line");
    line_number(dump, "depth", head->depth, "");
    line_text(dump, "label", head->label);
}

static void show_head(ml_dump_state *dump)
{
    const ml_recording *recording = dump->recording;
    const ml_head *head = &recording->head;

    PUT(dump,
        "%srecording %zu: %" PRIu64 " bytes from byte %" PRIu64
        ", format %d.%u draft %d, flags %u\n",
        dump->recording_index == 0 ? "" : "\n", dump->recording_index, recording->bytes,
        recording->file_offset, ML_MLOG_MAJOR, recording->minor, ML_MLOG_DRAFT, recording->flags);
    line_uuid(dump, "uuid", head->uuid);
    line_uuid(dump, "session", head->session);
    line_uuid(dump, "parent", head->parent);
    line_uuid(dump, "boot", head->boot);
    line_number(dump, "anchor", head->anchor_ns, " ns (monotonic)");
    PUT(dump, "  %-*s%" PRId64 " ns since 1970 UTC ± %" PRIu64 " ns, local time %+" PRId64 " s\n",
        NAME_WIDTH, "wall clock", head->wall_ns, head->uncertainty_ns, head->utc_offset_s);
    line_number(dump, "tick period", head->period_ns, " ns");
    line_number(dump, "CPU unit", head->cpu_unit_ns, " ns");
    line_number(dump, "event unit", head->event_unit_ns, " ns");
    line_number(dump, "schedule seed", head->seed, "");
    show_process(dump, head);
    show_recorder(dump, head);
}

static void line_count(ml_dump_state *dump, const char *name, uint64_t count)
{
    if (count != 0) {
        line_number(dump, name, count, "");
    }
}

static void show_diagnostics(ml_dump_state *dump)
{
    const ml_diagnostics *diagnostics = &dump->recording->diagnostics;

    PUT(dump, "\ndiagnostics\n");
    line_text(dump, "clean end", diagnostics->clean_end ? "yes" : "no");
    if (diagnostics->damaged_header) {
        line_text(dump, "file header", "damaged");
    }
    line_count(dump, "torn bytes", diagnostics->torn_bytes);
    line_count(dump, "damaged chunks", diagnostics->damaged_chunks);
    line_count(dump, "missing chunks", diagnostics->missing_chunks);
    line_count(dump, "unusable DEFS", diagnostics->unusable_definitions);
    line_count(dump, "unknown critical", diagnostics->unknown_critical);
    line_count(dump, "unknown ancillary", diagnostics->unknown_ancillary);
    line_count(dump, "from the journal", diagnostics->journal_chunks);
    line_count(dump, "dropped by writer", dump->recording->dropped);
    line_text(dump, "first problem", diagnostics->first);
}

/* ---- tables ---- */

static void show_strings(ml_dump_state *dump)
{
    uint32_t count = dump->recording->tables.string_count;

    title(dump, "strings", count);
    for (uint32_t i = 0; i < count; i++) {
        PUT(dump, "  %6u  ", i);
        put_string(dump, i);
        end_line(dump);
    }
}

static void show_codes(ml_dump_state *dump)
{
    const ml_tables *tables = &dump->recording->tables;

    title(dump, "codes", tables->code_count);
    for (uint32_t i = 0; i < tables->code_count; i++) {
        PUT(dump, "  %6u  ", i);
        put_string(dump, tables->code_file[i]);
        PUT(dump, ":%u  ", tables->code_line[i]);
        put_string(dump, tables->code_name[i]);
        PUT(dump, "  flags %u, module ", tables->code_flags[i]);
        put_string(dump, tables->code_module[i]);
        end_line(dump);
    }
}

static void put_frame(ml_dump_state *dump, uint32_t frame)
{
    const ml_tables *tables = &dump->recording->tables;
    uint32_t code = tables->frame_code[frame];

    put_string(dump, tables->code_file[code]);
    ml_buffer_put_u8(&dump->out, ':');
    put_string(dump, tables->code_name[code]);
    PUT(dump, ":%u", tables->frame_line[frame]);
}

static void show_frames(ml_dump_state *dump)
{
    const ml_tables *tables = &dump->recording->tables;

    title(dump, "frames", tables->frame_count);
    for (uint32_t i = 0; i < tables->frame_count; i++) {
        PUT(dump, "  %6u  code %u  ", i, tables->frame_code[i]);
        put_frame(dump, i);
        end_line(dump);
    }
}

static void show_nodes(ml_dump_state *dump)
{
    const ml_tables *tables = &dump->recording->tables;

    title(dump, "nodes", tables->node_count - 1);
    for (uint32_t i = 1; i < tables->node_count; i++) {
        PUT(dump, "  %6u  parent %-6u depth %-4u ", i, tables->node_parent[i],
            tables->node_depth[i]);
        put_frame(dump, tables->node_frame[i]);
        end_line(dump);
    }
}

static void show_threads(ml_dump_state *dump)
{
    const ml_tables *tables = &dump->recording->tables;

    title(dump, "threads", tables->thread_count);
    for (uint32_t i = 0; i < tables->thread_count; i++) {
        PUT(dump, "  %6u  ", i);
        put_thread_name(dump, i);
        PUT(dump,
            "  ident %" PRIu64 ", native %" PRIu64 ", interpreter %" PRIu64 ", from tick %" PRIu64,
            tables->thread_ident[i], tables->thread_native_id[i], tables->thread_interpreter[i],
            tables->thread_first_tick[i]);
        end_line(dump);
    }
}

static void show_kinds(ml_dump_state *dump)
{
    static const char *const types[] = {"uint",   "int",   "delta", "f32",    "f64",
                                        "string", "bytes", "enum",  "strings"};
    const ml_tables *tables = &dump->recording->tables;

    title(dump, "kinds", tables->kind_count);
    for (uint32_t i = 0; i < tables->kind_count; i++) {
        const ml_kind *kind = &tables->kind[i];
        PUT(dump, "  %6u  ", i);
        put_string(dump, kind->name);
        for (uint32_t f = 0; f < kind->field_count; f++) {
            const ml_kind_field *field = &kind->fields[f];
            ml_buffer_put_u8(&dump->out, ' ');
            put_string(dump, field->name);
            PUT(dump, ":%s%s",
                field->type <= ML_MLOG_FIELD_STRINGS ? types[field->type] : "unknown",
                field->unit == 0 ? "" : ":");
            put_string(dump, field->unit);
        }
        end_line(dump);
    }
}

static void show_chunks(ml_dump_state *dump)
{
    title(dump, "chunks", dump->recording->chunk_count);
    for (size_t i = 0; i < dump->recording->chunk_count; i++) {
        const ml_chunk_info *info = &dump->recording->chunks[i];
        PUT(dump, "  %6zu  %s  sequence %-6u %8" PRIu64 " bytes at %-10" PRIu64 "%s", i, info->type,
            info->sequence, info->stored_bytes, info->offset,
            info->in_journal ? "of the journal " : "");
        put_time(dump, info->start_ns);
        PUT(dump, " s +");
        put_time(dump, info->span_ns);
        if (info->ticks != 0) {
            PUT(dump,
                " s, slots %" PRIu64 " to %" PRIu64 ", %" PRIu64 " ticks, %" PRIu64
                " samples, %" PRIu64 " runs",
                info->first_tick, info->first_tick + info->slots - 1, info->ticks, info->samples,
                info->runs);
        } else {
            PUT(dump, " s, %" PRIu64 " events", info->events);
        }
        end_line(dump);
    }
}

static const char *cause_name(uint64_t cause)
{
    return cause == ML_MLOG_GAP_UNWRITTEN ? "could not be written"
           : cause == ML_MLOG_GAP_NO_ROOM ? "no room"
                                          : "unknown cause";
}

static void show_gaps(ml_dump_state *dump)
{
    title(dump, "gaps", dump->recording->gap_count);
    for (size_t i = 0; i < dump->recording->gap_count; i++) {
        const ml_gap *gap = &dump->recording->gaps[i];
        put_time(dump, gap->start_ns);
        PUT(dump, " +");
        put_time(dump, gap->span_ns);
        PUT(dump,
            "  %s (error %" PRIu64 "): %" PRIu64 " ticks, %" PRIu64 " samples, %" PRIu64
            " events\n",
            cause_name(gap->cause), gap->system_error, gap->ticks, gap->samples, gap->events);
        ml_dump_flush(dump);
    }
}

static void show_sources(ml_dump_state *dump)
{
    const ml_sources_told *told = &dump->recording->sources;

    if (!told->is_told) {
        return;
    }
    title(dump, "sources", told->count);
    for (uint32_t i = 0; i < told->count; i++) {
        const ml_source *source = &told->source[i];
        PUT(dump, "  ");
        put_string(dump, source->file);
        PUT(dump, "  %" PRIu64 " bytes, changed %" PRId64 " ns since 1970, sha-256 ", source->size,
            source->mtime_ns);
        for (size_t k = 0; k < sizeof(source->sha256); k++) {
            PUT(dump, "%02x", source->sha256[k]);
        }
        end_line(dump);
    }
    line_number(dump, "could not be read", told->unreadable, "");
    line_number(dump, "left out", told->left_out, "");
}

/* ---- runs and events ---- */

/* The innermost frame first, its callers behind it. */
static void put_stack(ml_dump_state *dump, uint32_t node)
{
    const ml_tables *tables = &dump->recording->tables;
    unsigned shown = 0;

    if (node == ML_MLOG_NO_NODE) {
        PUT(dump, "-");
    }
    for (; node != ML_MLOG_NO_NODE && shown < FRAMES_SHOWN;
         node = tables->node_parent[node], shown++) {
        PUT(dump, "%s", shown == 0 ? "" : " < ");
        put_frame(dump, tables->node_frame[node]);
    }
    if (node != ML_MLOG_NO_NODE) {
        PUT(dump, " < … (%u more)", tables->node_depth[node]);
    }
}

static void put_state(ml_dump_state *dump, uint32_t state)
{
    static const char *const names[] = {"unknown", "running", "gil-wait", "lock",
                                        "io",      "sleep",   "other"};
    uint32_t value = state & ML_MLOG_STATE_MASK;
    size_t start = dump->out.length;

    if (value <= ML_MLOG_STATE_OTHER) {
        PUT(dump, "%s", names[value]);
    } else {
        PUT(dump, "state-%u", value);
    }
    PUT(dump, "%s%s", state & ML_MLOG_STATE_HOLDS_GIL ? "+gil" : "",
        state & ML_MLOG_STATE_GC ? "+gc" : "");
    while (dump->out.status == ML_OK && dump->out.length < start + 14) {
        ml_buffer_put_u8(&dump->out, ' ');
    }
}

static void put_thread(ml_dump_state *dump, uint32_t thread)
{
    PUT(dump, "%u:", thread);
    put_thread_name(dump, thread);
}

static void show_runs(ml_dump_state *dump, size_t chunk, const ml_runs *runs)
{
    uint64_t period_ns = dump->recording->head.period_ns;

    PUT(dump, "\nruns of chunk %zu (%zu): from, for (s), samples, CPU (ms), state, thread, stack\n",
        chunk, runs->count);
    for (size_t i = 0; i < runs->count && dump->status == ML_OK; i++) {
        put_time(dump, runs->first_tick[i] * period_ns);
        put_time(dump, runs->ticks[i] * period_ns);
        PUT(dump, " %6u %8" PRIu64 ".%03" PRIu64 "  ", runs->samples[i], runs->cpu[i] / 1000000,
            runs->cpu[i] / 1000 % 1000);
        put_state(dump, runs->state[i]);
        PUT(dump, "  ");
        put_thread(dump, runs->thread[i]);
        PUT(dump, "  ");
        put_stack(dump, runs->node[i]);
        end_line(dump);
    }
}

static void put_string_list(ml_dump_state *dump, const ml_value *value)
{
    const uint32_t *ids = value->bytes;

    for (size_t i = 0; i < value->length; i++) {
        PUT(dump, "%s", i == 0 ? "" : ",");
        put_string(dump, ids[i]);
    }
}

static void put_value(ml_dump_state *dump, uint32_t type, const ml_value *value)
{
    switch (type) {
    case ML_MLOG_FIELD_INT:
    case ML_MLOG_FIELD_DELTA: PUT(dump, "%" PRId64, (int64_t)value->number); break;
    case ML_MLOG_FIELD_F32:
    case ML_MLOG_FIELD_F64: PUT(dump, "%.9g", value->real); break;
    case ML_MLOG_FIELD_BYTES: put_bytes(dump, value->bytes, value->length); break;
    case ML_MLOG_FIELD_STRINGS: put_string_list(dump, value); break;
    case ML_MLOG_FIELD_STRING:
        if (value->number == UINT32_MAX) {
            PUT(dump, "none");
        } else {
            put_string(dump, (uint32_t)value->number);
        }
        break;
    default: PUT(dump, "%" PRIu64, value->number); break;
    }
}

static void show_events(ml_dump_state *dump, size_t chunk, const ml_events *events)
{
    PUT(dump, "\nevents of chunk %zu (%zu): at (s), kind, thread, fields, stack\n", chunk,
        events->count);
    for (size_t i = 0; i < events->count && dump->status == ML_OK; i++) {
        const ml_kind *kind = &dump->recording->tables.kind[events->kind[i]];
        const ml_value *values = events->values + events->value_start[i];
        put_time(dump, events->time_ns[i]);
        PUT(dump, "  ");
        put_string(dump, kind->name);
        PUT(dump, "  ");
        if (events->thread[i] == UINT32_MAX) {
            PUT(dump, "-");
        } else {
            put_thread(dump, events->thread[i]);
        }
        for (uint32_t f = 0; f < kind->field_count; f++) {
            PUT(dump, "%s", f == 0 ? "  " : " ");
            put_string(dump, kind->fields[f].name);
            PUT(dump, "=");
            put_value(dump, kind->fields[f].type, &values[f]);
        }
        PUT(dump, "  ");
        put_stack(dump, events->node[i]);
        end_line(dump);
    }
}

static void show_unreadable(ml_dump_state *dump, size_t chunk, const ml_error *error)
{
    PUT(dump, "\nchunk %zu cannot be read: ", chunk);
    put_bytes(dump, error->text, strlen(error->text));
    end_line(dump);
}

const ml_dump_form ml_dump_text_form = {
    .head = show_head,
    .diagnostics = show_diagnostics,
    .strings = show_strings,
    .codes = show_codes,
    .frames = show_frames,
    .nodes = show_nodes,
    .threads = show_threads,
    .kinds = show_kinds,
    .chunks = show_chunks,
    .gaps = show_gaps,
    .sources = show_sources,
    .runs = show_runs,
    .events = show_events,
    .unreadable = show_unreadable,
};
