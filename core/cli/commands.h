/* commands: what each word after `microlog-analyze` does, one file a command. Each returns the exit
 * code. */
#ifndef ML_CLI_COMMANDS_H
#define ML_CLI_COMMANDS_H

#include "core/cli/args.h"

int ml_command_run(const ml_args *args);
int ml_command_list(const ml_args *args);
int ml_command_info(const ml_args *args);
int ml_command_dump(const ml_args *args);
int ml_command_verify(const ml_args *args);
int ml_command_repair(const ml_args *args);
int ml_command_pack(const ml_args *args);
int ml_command_diff(const ml_args *args);
int ml_command_index(const ml_args *args);
int ml_command_serve(const ml_args *args);
int ml_command_new(const ml_args *args);
int ml_command_check(const ml_args *args);
int ml_command_help(const ml_args *args);

/* The versions of the tool, of the plugin ABI and of the format that it reads. */
int ml_command_version(void);

#endif
