#include "core/cli/survey.h"

#include "core/document/json.h"
#include "core/document/names.h"
#include "core/plugin/version.h"

static void put_text(ml_buffer *out, const char *key, const char *text)
{
    ml_json_text(out, key);
    ml_buffer_put_u8(out, ':');
    ml_json_text(out, text);
    ml_buffer_put_u8(out, ',');
}

static void put_whole(ml_buffer *out, const char *key, uint64_t value)
{
    ml_buffer_put_format(out, "\"%s\":%llu,", key, (unsigned long long)value);
}

/* null where it is not known */
static void put_known(ml_buffer *out, const char *key, int64_t value, int is_known)
{
    if (is_known) {
        ml_buffer_put_format(out, "\"%s\":%lld,", key, (long long)value);
    } else {
        ml_buffer_put_format(out, "\"%s\":null,", key);
    }
}

static void put_findings(ml_buffer *out, const ml_survey_row *row)
{
    ml_buffer_put_text(out, "\"findings\":{");
    for (uint32_t level = ML_LEVEL_ERROR; level >= ML_LEVEL_NOTE; level--) {
        ml_buffer_put_format(out, "\"%s\":%llu%s", ml_name_level(level),
                             (unsigned long long)row->findings[level],
                             level == ML_LEVEL_NOTE ? "}" : ",");
    }
    ml_buffer_put_text(out, ",\"worst\":");
    if (row->worst == 0) {
        ml_buffer_put_text(out, "null");
        return;
    }
    ml_buffer_put_u8(out, '{');
    put_text(out, "level", ml_name_level(row->worst));
    put_text(out, "rule", row->rule);
    ml_buffer_put_text(out, "\"message\":");
    ml_json_text(out, row->message);
    ml_buffer_put_u8(out, '}');
}

static void put_row(ml_buffer *out, const ml_survey_row *row)
{
    ml_buffer_put_u8(out, '{');
    put_text(out, "path", row->path);
    if (row->error != NULL) {
        ml_buffer_put_text(out, "\"error\":");
        ml_json_text(out, row->error);
        ml_buffer_put_u8(out, '}');
        return;
    }
    put_text(out, "program", row->program);
    put_text(out, "command", row->command);
    put_text(out, "label", row->label);
    put_text(out, "session", row->session);
    /* Wall-clock time is a string, as in a report. */
    ml_buffer_put_format(out, "\"start_wall_ns\":\"%lld\",", (long long)row->start_wall_ns);
    put_whole(out, "duration_ns", row->duration_ns);
    put_whole(out, "cpu_ns", row->cpu_ns);
    put_known(out, "peak_memory_bytes", row->peak_memory, row->peak_memory >= 0);
    put_whole(out, "processes", row->processes);
    put_known(out, "exit_code", row->exit_code, row->exit_code != INT64_MIN);
    put_text(out, "ended", row->ended);
    put_whole(out, "samples", row->samples);
    put_whole(out, "ticks", row->ticks);
    put_whole(out, "ticks_missed", row->ticks_missed);
    put_whole(out, "failed_plugins", (uint64_t)row->failed);
    put_findings(out, row);
    ml_buffer_put_u8(out, '}');
}

void ml_survey_ndjson(ml_buffer *out, const ml_survey *self)
{
    for (size_t i = 0; i < self->count; i++) {
        put_row(out, &self->rows[i]);
        ml_buffer_put_u8(out, '\n');
    }
}

void ml_survey_json(ml_buffer *out, const ml_survey *self)
{
    ml_buffer_put_text(out, "{\"microlog\":{\"version\":\"" ML_TOOL_VERSION "\",\"format\":1},\n");
    ml_buffer_put_format(out, "\"unreadable\":%zu,\n\"recordings\":[", self->unreadable);
    for (size_t i = 0; i < self->count; i++) {
        ml_buffer_put_text(out, i == 0 ? "\n" : ",\n");
        put_row(out, &self->rows[i]);
    }
    ml_buffer_put_text(out, "]}\n");
}
