#include "core/cli/commands.h"

#include "core/cli/console.h"
#include "core/cli/diff.h"
#include "core/cli/recording.h"
#include "core/cli/report.h"
#include "core/document/names.h"

#include <stdio.h>
#include <string.h>

/* One of the two runs. */
typedef struct side {
    ml_image *image;
    ml_documents documents;
} side;

typedef struct diff {
    const ml_args *args;
    ml_arena arena;
    ml_pool *pool;
    ml_choice plugins;
    uint32_t gate; /* level of --fail-on, or 0 */
    int as_json, per_second;
    side sides[ML_SIDES];
    int code;
} diff;

/* ---- the command line ---- */

/* Is an option's word the second of two? Without one it is the first. */
static ml_status read_word(const char *option, const char *word, const char *first,
                           const char *second, int *is_second, ml_error *error)
{
    *is_second = word != NULL && strcmp(word, second) == 0;
    if (word == NULL || *is_second || strcmp(word, first) == 0) {
        return ML_OK;
    }
    return ml_error_set(error, ML_ERROR_ARGUMENT, "--%s cannot be \"%s\"; it is %s or %s", option,
                        word, first, second);
}

static ml_status check(diff *self, ml_error *error)
{
    const ml_args *args = self->args;

    if (args->operands.count != ML_SIDES) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "diff needs two recordings, and %zu %s named: microlog-analyze diff "
                            "before.mlog after.mlog",
                            args->operands.count, args->operands.count == 1 ? "was" : "were");
    }
    ML_TRY(read_word("format", args->format, "text", "json", &self->as_json, error));
    ML_TRY(read_word("per", args->per, "run", "second", &self->per_second, error));
    return ml_report_gate_level(args->fail_on, &self->gate, error);
}

/* ---- the runs ---- */

static ml_status build(diff *self, const char *path, side *out, ml_error *error)
{
    const ml_words operand = {.items = &path, .count = 1};
    ml_recordings recordings;
    ml_inputs inputs;
    ml_status status;

    ML_TRY(ml_inputs_gather(&self->arena, &operand, NULL, &inputs, error));
    ML_TRY(ml_recordings_open(&self->arena, &inputs, ML_RECORDINGS_KEPT_OPEN, &recordings, error));
    self->code = ml_exit_worse(self->code, recordings.code);
    if (recordings.session_count == 1) {
        status = ml_recordings_build(&recordings, &recordings.sessions[0], ML_SOURCES_HOT,
                                     &self->arena, &out->image, error);
    } else if (recordings.session_count == 0) {
        status = ml_error_set(error, ML_ERROR_NOT_FOUND,
                              "there is nothing to compare: %s could not be read", path);
    } else {
        status = ml_error_set(error, ML_ERROR_ARGUMENT,
                              "%s holds %zu runs, and diff compares one with one; name the file "
                              "of one run",
                              path, recordings.session_count);
    }
    ml_recordings_close(&recordings);
    return status;
}

static ml_status analyze(diff *self, int which, ml_error *error)
{
    side *one = &self->sides[which];

    ML_TRY(build(self, self->args->operands.items[which], one, error));
    ML_TRY(ml_report_analyze(self->pool, &self->arena, &self->plugins, one->image, &one->documents,
                             error));
    self->code = ml_exit_worse(self->code, ml_report_failures(&one->documents));
    return ML_OK;
}

/* ---- the difference ---- */

static ml_status print(const diff *self, const ml_comparison *comparison, ml_error *error)
{
    const char *const *names = self->args->operands.items;
    ml_buffer out;
    ml_status status;

    ml_buffer_init(&out, (size_t)1 << 32);
    if (self->as_json) {
        ml_diff_json(&out, comparison, names);
    } else {
        ml_diff_text(&out, comparison, names, ml_console_width(stdout), ml_console_color(stdout));
    }
    status = out.status < 0 ? ml_error_set(error, out.status, "no memory for the comparison")
                            : ml_console_write(stdout, out.data, out.length, error);
    ml_buffer_release(&out);
    return status;
}

static ml_status compare(diff *self, ml_error *error)
{
    ml_compare_side sides[ML_SIDES];
    ml_comparison comparison;

    for (int which = 0; which < ML_SIDES; which++) {
        sides[which] = (ml_compare_side){ml_image_model(self->sides[which].image),
                                         &self->sides[which].documents};
    }
    if (ml_compare(&self->arena, &sides[ML_BEFORE], &sides[ML_AFTER], self->per_second,
                   &comparison) < 0) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for the comparison");
    }
    ML_TRY(print(self, &comparison, error));
    if (self->gate != 0 && ml_compare_worst_new(&comparison) >= self->gate) {
        self->code = ml_exit_worse(self->code, ML_EXIT_GATE);
    }
    return ML_OK;
}

static ml_status run(diff *self, ml_error *error)
{
    ML_TRY(check(self, error));
    ML_TRY(ml_report_pool(&self->arena, self->args, &self->pool, error));
    ML_TRY(ml_report_choose(self->pool, &self->arena, self->args, &self->plugins, error));
    for (int which = 0; which < ML_SIDES; which++) {
        ML_TRY(analyze(self, which, error));
    }
    return compare(self, error);
}

int ml_command_diff(const ml_args *args)
{
    diff self = {.args = args};
    ml_error error = {0};

    ml_arena_init(&self.arena, 0);
    if (run(&self, &error) < 0) {
        self.code = ml_exit_worse(self.code, ml_console_fail(&error));
    }
    for (int which = 0; which < ML_SIDES; which++) {
        if (self.sides[which].image != NULL) {
            ml_image_close(self.sides[which].image);
        }
    }
    ml_pool_close(self.pool);
    ml_arena_release(&self.arena);
    return self.code;
}
