#include "core/cli/commands.h"

#include "core/base/text.h"
#include "core/cli/console.h"
#include "core/plugin/conform.h"

#include <string.h>

/* How many tests ended how, of one plugin. */
typedef struct tally {
    unsigned outcomes[ML_CONFORM_NOT_TRIED + 1];
    ml_status written; /* a failure to write to stdout */
    ml_error *error;
} tally;

static void put(tally *self, ml_buffer *line)
{
    if (self->written == ML_OK) {
        self->written = ml_console_write(stdout, line->data, line->length, self->error);
    }
    ml_buffer_release(line);
}

/* "ok   load/one-symbol", "FAIL load/one-symbol: reason; remedy" */
static void tell(void *context, const char *id, int outcome, const char *why)
{
    static const char *const words[] = {"ok  ", "FAIL", "--  "};
    tally *self = context;
    ml_buffer line;

    self->outcomes[outcome]++;
    ml_buffer_init(&line, 1 << 16);
    ml_buffer_put_format(&line, "%s %s", words[outcome], id);
    if (outcome != ML_CONFORM_OK) {
        ml_buffer_put_text(&line, outcome == ML_CONFORM_FAIL ? ": " : ": not tried: ");
        ml_text_escape(&line, why, strlen(why));
    }
    ml_buffer_put_u8(&line, '\n');
    put(self, &line);
}

static void put_sum(tally *self, const char *path)
{
    unsigned passed = self->outcomes[ML_CONFORM_OK];
    unsigned failed = self->outcomes[ML_CONFORM_FAIL];
    unsigned skipped = self->outcomes[ML_CONFORM_NOT_TRIED];
    ml_buffer line;

    ml_buffer_init(&line, 1 << 16);
    ml_text_escape(&line, path, strlen(path));
    ml_buffer_put_format(&line, ": %u passed, %u failed, %u not tried\n", passed, failed, skipped);
    put(self, &line);
}

int ml_command_check(const ml_args *args)
{
    int code = ML_EXIT_OK;

    if (args->operands.count == 0) {
        ml_console_say("check needs a plugin's file: microlog-analyze check ./hello.so");
        return ML_EXIT_INPUT;
    }
    for (size_t i = 0; i < args->operands.count; i++) {
        const char *path = args->operands.items[i];
        ml_error error = {0};
        tally self = {.error = &error};
        if (ml_conform(path, tell, &self, &error) < 0) {
            code = ml_exit_worse(code, ml_console_fail(&error));
            continue;
        }
        put_sum(&self, path);
        if (self.outcomes[ML_CONFORM_FAIL] != 0) {
            code = ml_exit_worse(code, ML_EXIT_GATE);
        }
        if (self.written < 0) {
            code = ml_exit_worse(code, ml_console_fail(&error));
        }
    }
    return code;
}
