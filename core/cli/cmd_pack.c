#include "core/cli/commands.h"

#include "core/cli/rewriting.h"
#include "core/format/rewrite.h"

int ml_command_pack(const ml_args *args)
{
    const ml_rewriting how = {.level = args->stored ? 0 : ML_REWRITE_LEVEL, .done = "packed"};

    return ml_rewriting_run(args, &how);
}
