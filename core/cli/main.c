/* microlog-analyze: turns recordings of Python runs into answers. */
#include "core/cli/commands.h"
#include "core/cli/console.h"

static int dispatch(const ml_args *args)
{
    switch (args->command) {
    case ML_COMMAND_LIST: return ml_command_list(args);
    case ML_COMMAND_INFO: return ml_command_info(args);
    case ML_COMMAND_DUMP: return ml_command_dump(args);
    case ML_COMMAND_VERIFY: return ml_command_verify(args);
    case ML_COMMAND_REPAIR: return ml_command_repair(args);
    case ML_COMMAND_PACK: return ml_command_pack(args);
    case ML_COMMAND_DIFF: return ml_command_diff(args);
    case ML_COMMAND_INDEX: return ml_command_index(args);
    case ML_COMMAND_SERVE: return ml_command_serve(args);
    case ML_COMMAND_NEW: return ml_command_new(args);
    case ML_COMMAND_CHECK: return ml_command_check(args);
    case ML_COMMAND_HELP: return ml_command_help(args);
    default: return ml_command_run(args);
    }
}

int main(int argc, char **argv)
{
    ml_arena arena;
    ml_args args;
    ml_error error = {0};
    int code;

    ml_arena_init(&arena, 0);
    if (ml_args_parse(&arena, argc - 1, argv + 1, &args, &error) < 0) {
        code = ml_console_fail(&error);
    } else if (args.help) {
        code = ml_command_help(&args);
    } else if (args.version) {
        code = ml_command_version();
    } else {
        code = dispatch(&args);
    }
    ml_arena_release(&arena);
    return code;
}
