#include "core/base/text.h"
#include "core/format/dump_parts.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* ---- JSON ---- */

static void put_name(ml_dump_state *dump, const char *name)
{
    uint8_t last = dump->out.length == 0 ? '{' : dump->out.data[dump->out.length - 1];

    ml_buffer_put_format(&dump->out, "%s\"%s\":", last == '{' || last == '[' ? "" : ",", name);
}

/* Valid UTF-8 without NUL as a JSON string. */
static void put_escaped(ml_buffer *out, const uint8_t *text, size_t length)
{
    size_t plain = 0; /* start of what needs no escape */

    ml_buffer_put_u8(out, '"');
    for (size_t i = 0; i < length; i++) {
        if (text[i] >= 0x20 && text[i] != '"' && text[i] != '\\') {
            continue;
        }
        ml_buffer_put(out, text + plain, i - plain);
        plain = i + 1;
        if (text[i] < 0x20) {
            ml_buffer_put_format(out, "\\u%04x", text[i]);
        } else {
            ml_buffer_put_u8(out, '\\');
            ml_buffer_put_u8(out, text[i]);
        }
    }
    ml_buffer_put(out, text + plain, length - plain);
    ml_buffer_put_u8(out, '"');
}

static void put_text_value(ml_dump_state *dump, const void *bytes, size_t length)
{
    ml_buffer repaired;

    if (ml_text_is_valid(bytes, length)) {
        put_escaped(&dump->out, bytes, length);
        return;
    }
    ml_buffer_init(&repaired, 3 * length);
    ml_text_repair(&repaired, bytes, length);
    put_escaped(&dump->out, repaired.data, repaired.length);
    if (repaired.status < 0 && dump->status == ML_OK) {
        dump->status = repaired.status;
    }
    ml_buffer_release(&repaired);
}

static void put_bytes(ml_dump_state *dump, const char *name, const void *bytes, size_t length)
{
    put_name(dump, name);
    put_text_value(dump, bytes, length);
}

static void put_text(ml_dump_state *dump, const char *name, const char *text)
{
    put_bytes(dump, name, text, strlen(text));
}

static void put_string_value(ml_dump_state *dump, uint32_t id)
{
    put_text_value(dump, dump->recording->tables.string[id],
                   dump->recording->tables.string_length[id]);
}

static void put_string(ml_dump_state *dump, const char *name, uint32_t id)
{
    put_name(dump, name);
    put_string_value(dump, id);
}

static void put_thread_name(ml_dump_state *dump, uint32_t thread)
{
    uint8_t room[ML_THREAD_NAME_ROOM];
    uint32_t length;
    const uint8_t *name = ml_thread_name(&dump->recording->tables, thread, room, &length);

    put_name(dump, "name");
    put_text_value(dump, name, length);
}

static void put_number(ml_dump_state *dump, const char *name, uint64_t value)
{
    put_name(dump, name);
    ml_buffer_put_format(&dump->out, "%" PRIu64, value);
}

static void put_signed(ml_dump_state *dump, const char *name, int64_t value)
{
    put_name(dump, name);
    ml_buffer_put_format(&dump->out, "%" PRId64, value);
}

/* Numbers that are names or may pass 2^53 are text: JSON readers round them. */
static void put_id(ml_dump_state *dump, const char *name, uint64_t value)
{
    put_name(dump, name);
    ml_buffer_put_format(&dump->out, "\"%" PRIu64 "\"", value);
}

static void put_uuid(ml_dump_state *dump, const char *name, const uint8_t uuid[16])
{
    put_name(dump, name);
    ml_buffer_put_u8(&dump->out, '"');
    for (unsigned i = 0; i < 16; i++) {
        ml_buffer_put_format(&dump->out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                             uuid[i]);
    }
    ml_buffer_put_u8(&dump->out, '"');
}

static void begin(ml_dump_state *dump, const char *record)
{
    ml_buffer_put_u8(&dump->out, '{');
    put_text(dump, "record", record);
    put_number(dump, "recording", dump->recording_index);
}

static void end(ml_dump_state *dump)
{
    ml_buffer_put_text(&dump->out, "}\n");
    ml_dump_flush(dump);
}

/* ---- head and diagnostics ---- */

static void put_description(ml_dump_state *dump, const ml_head *head)
{
    put_text(dump, "host", head->host);
    put_text(dump, "system", head->system);
    put_text(dump, "executable", head->executable);
    put_name(dump, "argv");
    ml_buffer_put_u8(&dump->out, '[');
    for (uint32_t i = 0; i < head->argc; i++) {
        ml_buffer_put_text(&dump->out, i == 0 ? "" : ",");
        put_text_value(dump, head->argv[i], strlen(head->argv[i]));
    }
    ml_buffer_put_u8(&dump->out, ']');
    put_text(dump, "directory", head->directory);
    put_text(dump, "python", head->python);
    put_number(dump, "hexversion", head->hexversion);
    put_number(dump, "build_flags", head->build_flags);
    put_text(dump, "recorder", head->recorder);
    put_number(dump, "method", head->method);
    put_text(dump, "method_reason", head->method_reason);
    put_number(dump, "detail", head->detail);
    put_number(dump, "depth", head->depth);
    put_signed(dump, "utc_offset_s", head->utc_offset_s);
    put_text(dump, "label", head->label);
}

static void show_head(ml_dump_state *dump)
{
    const ml_recording *recording = dump->recording;
    const ml_head *head = &recording->head;

    begin(dump, "header");
    put_uuid(dump, "uuid", head->uuid);
    put_number(dump, "major", ML_MLOG_MAJOR);
    put_number(dump, "minor", recording->minor);
    put_number(dump, "draft", ML_MLOG_DRAFT);
    put_number(dump, "flags", recording->flags);
    put_number(dump, "offset", recording->file_offset);
    put_number(dump, "bytes", recording->bytes);
    end(dump);
    begin(dump, "head");
    put_uuid(dump, "session", head->session);
    put_uuid(dump, "parent", head->parent);
    put_uuid(dump, "boot", head->boot);
    put_id(dump, "anchor_ns", head->anchor_ns);
    put_name(dump, "wall_ns");
    ml_buffer_put_format(&dump->out, "\"%" PRId64 "\"", head->wall_ns);
    put_number(dump, "uncertainty_ns", head->uncertainty_ns);
    put_number(dump, "period_ns", head->period_ns);
    put_number(dump, "cpu_unit_ns", head->cpu_unit_ns);
    put_number(dump, "event_unit_ns", head->event_unit_ns);
    put_id(dump, "seed", head->seed);
    put_number(dump, "pid", head->pid);
    put_number(dump, "ppid", head->ppid);
    put_description(dump, head);
    end(dump);
}

static void show_diagnostics(ml_dump_state *dump)
{
    const ml_diagnostics *diagnostics = &dump->recording->diagnostics;

    begin(dump, "diagnostics");
    put_number(dump, "clean_end", (uint64_t)diagnostics->clean_end);
    put_number(dump, "damaged_header", (uint64_t)diagnostics->damaged_header);
    put_number(dump, "torn_bytes", diagnostics->torn_bytes);
    put_number(dump, "damaged_chunks", diagnostics->damaged_chunks);
    put_number(dump, "missing_chunks", diagnostics->missing_chunks);
    put_number(dump, "unusable_definitions", diagnostics->unusable_definitions);
    put_number(dump, "unknown_critical", diagnostics->unknown_critical);
    put_number(dump, "unknown_ancillary", diagnostics->unknown_ancillary);
    put_number(dump, "journal_chunks", diagnostics->journal_chunks);
    put_number(dump, "end_ns", dump->recording->end_ns);
    put_number(dump, "dropped", dump->recording->dropped);
    put_text(dump, "first", diagnostics->first);
    end(dump);
}

/* ---- tables ---- */

static void show_strings(ml_dump_state *dump)
{
    for (uint32_t i = 0; i < dump->recording->tables.string_count; i++) {
        begin(dump, "string");
        put_number(dump, "id", i);
        put_string(dump, "text", i);
        end(dump);
    }
}

static void show_codes(ml_dump_state *dump)
{
    const ml_tables *tables = &dump->recording->tables;

    for (uint32_t i = 0; i < tables->code_count; i++) {
        begin(dump, "code");
        put_number(dump, "id", i);
        put_string(dump, "file", tables->code_file[i]);
        put_string(dump, "name", tables->code_name[i]);
        put_string(dump, "module", tables->code_module[i]);
        put_number(dump, "line", tables->code_line[i]);
        put_number(dump, "flags", tables->code_flags[i]);
        end(dump);
    }
}

static void show_frames(ml_dump_state *dump)
{
    const ml_tables *tables = &dump->recording->tables;

    for (uint32_t i = 0; i < tables->frame_count; i++) {
        begin(dump, "frame");
        put_number(dump, "id", i);
        put_number(dump, "code", tables->frame_code[i]);
        put_number(dump, "line", tables->frame_line[i]);
        end(dump);
    }
}

static void show_nodes(ml_dump_state *dump)
{
    const ml_tables *tables = &dump->recording->tables;

    for (uint32_t i = 1; i < tables->node_count; i++) {
        begin(dump, "node");
        put_number(dump, "id", i);
        put_number(dump, "parent", tables->node_parent[i]);
        put_number(dump, "frame", tables->node_frame[i]);
        put_number(dump, "depth", tables->node_depth[i]);
        end(dump);
    }
}

static void show_threads(ml_dump_state *dump)
{
    const ml_tables *tables = &dump->recording->tables;

    for (uint32_t i = 0; i < tables->thread_count; i++) {
        begin(dump, "thread");
        put_number(dump, "id", i);
        put_thread_name(dump, i);
        put_id(dump, "ident", tables->thread_ident[i]);
        put_id(dump, "native_id", tables->thread_native_id[i]);
        put_id(dump, "interpreter", tables->thread_interpreter[i]);
        put_number(dump, "first_tick", tables->thread_first_tick[i]);
        end(dump);
    }
}

static void show_kinds(ml_dump_state *dump)
{
    const ml_tables *tables = &dump->recording->tables;

    for (uint32_t i = 0; i < tables->kind_count; i++) {
        const ml_kind *kind = &tables->kind[i];
        begin(dump, "kind");
        put_number(dump, "id", i);
        put_string(dump, "name", kind->name);
        put_number(dump, "flags", kind->flags);
        put_name(dump, "fields");
        ml_buffer_put_u8(&dump->out, '[');
        for (uint32_t f = 0; f < kind->field_count; f++) {
            ml_buffer_put_text(&dump->out, f == 0 ? "{" : ",{");
            put_string(dump, "name", kind->fields[f].name);
            put_number(dump, "type", kind->fields[f].type);
            put_string(dump, "unit", kind->fields[f].unit);
            ml_buffer_put_u8(&dump->out, '}');
        }
        ml_buffer_put_u8(&dump->out, ']');
        end(dump);
    }
}

static void show_chunks(ml_dump_state *dump)
{
    for (size_t i = 0; i < dump->recording->chunk_count; i++) {
        const ml_chunk_info *info = &dump->recording->chunks[i];
        begin(dump, "chunk");
        put_number(dump, "index", i);
        put_text(dump, "type", info->type);
        put_number(dump, "sequence", info->sequence);
        put_number(dump, "in_journal", (uint64_t)info->in_journal);
        put_number(dump, "offset", info->offset);
        put_number(dump, "stored_bytes", info->stored_bytes);
        put_number(dump, "start_ns", info->start_ns);
        put_number(dump, "span_ns", info->span_ns);
        put_signed(dump, "drift_ns", info->drift_ns);
        if (info->ticks != 0) {
            put_number(dump, "first_tick", info->first_tick);
            put_number(dump, "slots", info->slots);
            put_number(dump, "ticks", info->ticks);
            put_number(dump, "samples", info->samples);
            put_number(dump, "runs", info->runs);
        } else {
            put_number(dump, "events", info->events);
        }
        end(dump);
    }
}

static void show_gaps(ml_dump_state *dump)
{
    for (size_t i = 0; i < dump->recording->gap_count; i++) {
        const ml_gap *gap = &dump->recording->gaps[i];
        begin(dump, "gap");
        put_number(dump, "start_ns", gap->start_ns);
        put_number(dump, "span_ns", gap->span_ns);
        put_number(dump, "cause", gap->cause);
        put_number(dump, "error", gap->system_error);
        put_number(dump, "ticks", gap->ticks);
        put_number(dump, "samples", gap->samples);
        put_number(dump, "events", gap->events);
        end(dump);
    }
}

static void show_source(ml_dump_state *dump, const ml_source *source)
{
    begin(dump, "source");
    put_string(dump, "file", source->file);
    put_number(dump, "size", source->size);
    put_name(dump, "mtime_ns");
    ml_buffer_put_format(&dump->out, "\"%" PRId64 "\"", source->mtime_ns);
    put_name(dump, "sha256");
    ml_buffer_put_u8(&dump->out, '"');
    for (size_t i = 0; i < sizeof(source->sha256); i++) {
        ml_buffer_put_format(&dump->out, "%02x", source->sha256[i]);
    }
    ml_buffer_put_u8(&dump->out, '"');
    end(dump);
}

static void show_sources(ml_dump_state *dump)
{
    const ml_sources_told *told = &dump->recording->sources;

    if (!told->is_told) {
        return;
    }
    begin(dump, "sources");
    put_number(dump, "count", told->count);
    put_number(dump, "unreadable", told->unreadable);
    put_number(dump, "left_out", told->left_out);
    end(dump);
    for (uint32_t i = 0; i < told->count; i++) {
        show_source(dump, &told->source[i]);
    }
}

/* ---- runs and events ---- */

static void show_runs(ml_dump_state *dump, size_t chunk, const ml_runs *runs)
{
    for (size_t i = 0; i < runs->count && dump->status == ML_OK; i++) {
        begin(dump, "run");
        put_number(dump, "chunk", chunk);
        put_number(dump, "thread", runs->thread[i]);
        put_number(dump, "first_tick", runs->first_tick[i]);
        put_number(dump, "ticks", runs->ticks[i]);
        put_number(dump, "samples", runs->samples[i]);
        put_number(dump, "node", runs->node[i]);
        put_number(dump, "state", runs->state[i]);
        put_number(dump, "cpu_ns", runs->cpu[i]);
        end(dump);
    }
}

static void put_real(ml_dump_state *dump, double value)
{
    if (isfinite(value)) {
        ml_buffer_put_format(&dump->out, "%.17g", value);
    } else {
        ml_buffer_put_text(&dump->out, "null");
    }
}

static void put_string_list(ml_dump_state *dump, const ml_value *value)
{
    const uint32_t *ids = value->bytes;

    ml_buffer_put_u8(&dump->out, '[');
    for (size_t i = 0; i < value->length; i++) {
        ml_buffer_put_text(&dump->out, i == 0 ? "" : ",");
        put_string_value(dump, ids[i]);
    }
    ml_buffer_put_u8(&dump->out, ']');
}

static void put_value(ml_dump_state *dump, uint32_t type, const ml_value *value)
{
    switch (type) {
    case ML_MLOG_FIELD_INT:
    case ML_MLOG_FIELD_DELTA:
        ml_buffer_put_format(&dump->out, "%" PRId64, (int64_t)value->number);
        break;
    case ML_MLOG_FIELD_F32:
    case ML_MLOG_FIELD_F64: put_real(dump, value->real); break;
    case ML_MLOG_FIELD_BYTES: put_text_value(dump, value->bytes, value->length); break;
    case ML_MLOG_FIELD_STRINGS: put_string_list(dump, value); break;
    case ML_MLOG_FIELD_STRING:
        if (value->number == UINT32_MAX) {
            ml_buffer_put_text(&dump->out, "null");
        } else {
            put_string_value(dump, (uint32_t)value->number);
        }
        break;
    default: ml_buffer_put_format(&dump->out, "%" PRIu64, value->number); break;
    }
}

static void put_fields(ml_dump_state *dump, const ml_kind *kind, const ml_value *values)
{
    put_name(dump, "fields");
    ml_buffer_put_u8(&dump->out, '{');
    for (uint32_t f = 0; f < kind->field_count; f++) {
        ml_buffer_put_text(&dump->out, f == 0 ? "" : ",");
        put_string_value(dump, kind->fields[f].name);
        ml_buffer_put_u8(&dump->out, ':');
        put_value(dump, kind->fields[f].type, &values[f]);
    }
    ml_buffer_put_u8(&dump->out, '}');
}

static void show_events(ml_dump_state *dump, size_t chunk, const ml_events *events)
{
    for (size_t i = 0; i < events->count && dump->status == ML_OK; i++) {
        const ml_kind *kind = &dump->recording->tables.kind[events->kind[i]];
        begin(dump, "event");
        put_number(dump, "chunk", chunk);
        put_number(dump, "time_ns", events->time_ns[i]);
        put_string(dump, "kind", kind->name);
        if (events->thread[i] == UINT32_MAX) {
            put_name(dump, "thread");
            ml_buffer_put_text(&dump->out, "null");
        } else {
            put_number(dump, "thread", events->thread[i]);
        }
        put_number(dump, "node", events->node[i]);
        put_fields(dump, kind, events->values + events->value_start[i]);
        end(dump);
    }
}

static void show_unreadable(ml_dump_state *dump, size_t chunk, const ml_error *error)
{
    begin(dump, "error");
    put_number(dump, "chunk", chunk);
    put_text(dump, "status", ml_status_text(error->status));
    put_text(dump, "message", error->text);
    end(dump);
}

const ml_dump_form ml_dump_json_form = {
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
