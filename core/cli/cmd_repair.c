#include "core/cli/commands.h"

#include "core/cli/rewriting.h"

int ml_command_repair(const ml_args *args)
{
    const ml_rewriting how = {.level = 3, .only_if_needed = 1, .done = "repaired"};

    return ml_rewriting_run(args, &how);
}
