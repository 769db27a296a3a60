#include "core/cli/commands.h"

#include "core/base/text.h"
#include "core/cli/console.h"
#include "core/format/mlog.h"
#include "core/plugin/version.h"

#include <microlog/plugin.h>

#include <string.h>

static int print(ml_buffer *text)
{
    ml_error error = {0};
    ml_status status = text->status < 0
                           ? ml_error_set(&error, text->status, "no memory for the text")
                           : ml_console_write(stdout, text->data, text->length, &error);

    ml_buffer_release(text);
    return status < 0 ? ml_console_fail(&error) : ML_EXIT_OK;
}

static int fail_unknown(const char *name)
{
    const char *names[16];
    const char *nearest;
    size_t count = 0;

    for (; count < 16 && ml_command_entries[count].name != NULL; count++) {
        names[count] = ml_command_entries[count].name;
    }
    nearest = ml_text_nearest(name, names, count);
    ml_console_say(
        "there is no command \"%s\"; %s%s%s", name, nearest == NULL ? "" : "did you mean ",
        nearest == NULL ? "--help lists the commands" : nearest, nearest == NULL ? "" : "?");
    return ML_EXIT_INPUT;
}

/* `help`, `help COMMAND`, and --help with any command. */
int ml_command_help(const ml_args *args)
{
    const char *name = args->operands.count == 0 ? NULL : args->operands.items[0];
    uint32_t command =
        args->command == ML_COMMAND_HELP || args->command == ML_COMMAND_RUN ? 0 : args->command;
    ml_buffer text;

    if (args->command == ML_COMMAND_HELP && name != NULL) {
        const ml_command_entry *entry = ml_command_entries;
        while (entry->name != NULL && strcmp(entry->name, name) != 0) {
            entry++;
        }
        if (entry->name == NULL) {
            return fail_unknown(name);
        }
        command = entry->command;
    }
    ml_buffer_init(&text, 1 << 16);
    ml_args_help(&text, command);
    return print(&text);
}

int ml_command_version(void)
{
    ml_buffer text;

    ml_buffer_init(&text, 1 << 12);
    ml_buffer_put_format(&text, "%s %s\nplugin ABI %d.%d draft %d\n.mlog %d.%d draft %d\n",
                         ML_TOOL_NAME, ML_TOOL_VERSION, ML_ABI_MAJOR, ML_ABI_MINOR, ML_ABI_DRAFT,
                         ML_MLOG_MAJOR, ML_MLOG_MINOR, ML_MLOG_DRAFT);
    return print(&text);
}
