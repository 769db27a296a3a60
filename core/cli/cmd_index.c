#include "core/cli/commands.h"

#include "core/cli/console.h"
#include "core/cli/inputs.h"
#include "core/cli/report.h"
#include "core/cli/survey.h"
#include "core/document/names.h"

#include <stdio.h>
#include <string.h>

typedef struct indexing {
    const ml_args *args;
    ml_arena arena;
    ml_pool *pool;
    ml_choice plugins;
    uint32_t gate, level; /* ML_LEVEL_… of --fail-on and --level, or 0 */
    ml_survey index;
    int code;
} indexing;

static ml_status check(indexing *self, ml_error *error)
{
    const char *format = self->args->format;
    const char *level = self->args->level;

    if (format != NULL && strcmp(format, "text") != 0 && strcmp(format, "json") != 0 &&
        strcmp(format, "ndjson") != 0) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "--format cannot be \"%s\"; it is text, json or ndjson", format);
    }
    self->level = level == NULL ? 0 : ml_level_named(level);
    if (level != NULL && self->level == 0) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "--level cannot be \"%s\"; it is note, warning or error", level);
    }
    ML_TRY(ml_report_gate_level(self->args->fail_on, &self->gate, error));
    /* Of nothing yet, so that a wrong word costs no time. */
    return ml_survey_sort(&self->index, self->args->sort, error);
}

static ml_status read_all(indexing *self, ml_error *error)
{
    ml_inputs inputs;

    ML_TRY(ml_inputs_gather(&self->arena, &self->args->operands, self->args->files_from, &inputs,
                            error));
    self->code = ml_exit_worse(self->code, inputs.code);
    for (size_t i = 0; i < inputs.count; i++) {
        ML_TRY(ml_survey_add(&self->arena, &self->index, self->pool, &self->plugins,
                             inputs.paths[i], error));
    }
    return ML_OK;
}

static ml_status print(const indexing *self, ml_error *error)
{
    const char *format = self->args->format == NULL ? "text" : self->args->format;
    ml_buffer out;
    ml_status status;

    ml_buffer_init(&out, (size_t)1 << 32);
    if (strcmp(format, "json") == 0) {
        ml_survey_json(&out, &self->index);
    } else if (strcmp(format, "ndjson") == 0) {
        ml_survey_ndjson(&out, &self->index);
    } else {
        ml_survey_text(&out, &self->index, ml_console_width(stdout), ml_console_color(stdout));
    }
    status = out.status < 0 ? ml_error_set(error, out.status, "no memory for the index")
                            : ml_console_write(stdout, out.data, out.length, error);
    ml_buffer_release(&out);
    return status;
}

/* The rows say which; these say that there are some, also where only the exit code and stderr are looked at. */
static void sum_up(indexing *self)
{
    size_t failed = 0;

    for (size_t i = 0; i < self->index.count; i++) {
        const ml_survey_row *row = &self->index.rows[i];
        failed += row->failed != 0;
        if (self->gate != 0 && row->worst >= self->gate) {
            self->code = ml_exit_worse(self->code, ML_EXIT_GATE);
        }
    }
    if (failed != 0) {
        ml_console_say("plugins failed in %zu of %zu recordings; analyse one of them to see why",
                       failed, self->index.count);
        self->code = ml_exit_worse(self->code, ML_EXIT_PLUGIN);
    }
    if (self->index.unreadable != 0) {
        ml_console_say("%zu of %zu recordings could not be read; their rows say why",
                       self->index.unreadable, self->index.count);
        self->code = ml_exit_worse(self->code, ML_EXIT_INPUT);
    }
}

static ml_status run(indexing *self, ml_error *error)
{
    ML_TRY(check(self, error));
    ML_TRY(ml_report_pool(&self->arena, self->args, &self->pool, error));
    ML_TRY(ml_report_choose(self->pool, &self->arena, self->args, &self->plugins, error));
    ML_TRY(read_all(self, error));
    sum_up(self);
    ML_TRY(ml_survey_sort(&self->index, self->args->sort, error));
    ml_survey_filter(&self->index, self->level);
    return print(self, error);
}

int ml_command_index(const ml_args *args)
{
    indexing self = {.args = args};
    ml_error error = {0};

    ml_arena_init(&self.arena, 0);
    if (run(&self, &error) < 0) {
        self.code = ml_exit_worse(self.code, ml_console_fail(&error));
    }
    ml_pool_close(self.pool);
    ml_arena_release(&self.arena);
    return self.code;
}
