/* args: one table of options, from which parsing, help and suggestions come. */
#ifndef ML_CLI_ARGS_H
#define ML_CLI_ARGS_H

#include "core/base/arena.h"
#include "core/base/buffer.h"
#include "core/base/status.h"

/* Commands as bits, so that an option can say where it belongs. */
#define ML_COMMAND_RUN 1u
#define ML_COMMAND_LIST 2u
#define ML_COMMAND_INFO 4u
#define ML_COMMAND_DUMP 8u
#define ML_COMMAND_HELP 16u
#define ML_COMMAND_NEW 32u
#define ML_COMMAND_CHECK 64u
#define ML_COMMAND_VERIFY 128u
#define ML_COMMAND_REPAIR 256u
#define ML_COMMAND_PACK 512u
#define ML_COMMAND_DIFF 1024u
#define ML_COMMAND_INDEX 2048u
#define ML_COMMAND_SERVE 4096u
#define ML_COMMAND_ANY 8191u

typedef struct ml_words {
    const char **items;
    size_t count;
} ml_words;

typedef struct ml_args {
    uint32_t command;
    const char *plugins, *format, *output, *plugin_path, *fail_on, *table; /* NULL: not given */
    const char *files_from, *llm, *allow;                                  /* likewise */
    const char *jobs, *isolate, *timeout, *memory, *source, *per;          /* likewise */
    const char *sort, *level, *port;                                       /* likewise */
    int quiet, verbose, help, version, renderer, stored, merge, bare;
    ml_words options;  /* PLUGIN.NAME=VALUE */
    ml_words operands; /* without the command */
} ml_args;

typedef struct ml_command_entry {
    const char *name;
    uint32_t command;
    const char *operands, *summary;
} ml_command_entry;

/* Every command, ending with a NULL name. */
extern const ml_command_entry ml_command_entries[];

/* Parses the words behind the program's name. The first operand that names a command is that; `--`
 * ends options. Borrows the words. Misspelt options get a suggestion. */
ml_status ml_args_parse(ml_arena *arena, int count, char *const *words, ml_args *out,
                        ml_error *error);

/* The help of one command, or with 0 of the tool. */
void ml_args_help(ml_buffer *out, uint32_t command);

#endif
