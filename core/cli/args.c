#include "core/cli/args.h"

#include "core/base/text.h"

#include <string.h>

enum { HELP_COLUMN = 24 };

const ml_command_entry ml_command_entries[] = {
    {"run", ML_COMMAND_RUN, "RUN.mlog|DIR...",
     "analyse recordings and write reports (when no command is named)"},
    {"list", ML_COMMAND_LIST, "", "list the plugins there are"},
    {"info", ML_COMMAND_INFO, "PLUGIN", "describe a plugin and its options"},
    {"dump", ML_COMMAND_DUMP, "RUN.mlog|DIR...", "print what is in recordings"},
    {"verify", ML_COMMAND_VERIFY, "RUN.mlog|DIR...", "say whether recordings are sound and whole"},
    {"repair", ML_COMMAND_REPAIR, "RUN.mlog|DIR...",
     "write what is sound again, without damage and journal"},
    {"pack", ML_COMMAND_PACK, "RUN.mlog|DIR...",
     "make recordings smaller by joining blocks, or one of several"},
    {"diff", ML_COMMAND_DIFF, "BEFORE.mlog AFTER.mlog",
     "say what changed between two runs of a program"},
    {"index", ML_COMMAND_INDEX, "RUN.mlog|DIR...", "list many recordings, with the worst of each"},
    {"serve", ML_COMMAND_SERVE, "RUN.mlog|DIR...",
     "show recordings in a browser on this machine, also while they grow"},
    {"new", ML_COMMAND_NEW, "NAME [DIR]", "begin a plugin of your own from the template"},
    {"check", ML_COMMAND_CHECK, "PLUGIN.so...", "try whether a plugin keeps the contract"},
    {"help", ML_COMMAND_HELP, "[COMMAND]", "explain a command"},
    {NULL, 0, NULL, NULL},
};

enum { AS_FLAG, AS_TEXT, AS_WORDS };

typedef struct option_entry {
    const char *name;
    char letter; /* 0: none */
    uint32_t commands;
    int storage;
    size_t offset;
    const char *value, *help;
} option_entry;

/* The commands that run plugins over recordings. */
#define ANALYSES (ML_COMMAND_RUN | ML_COMMAND_DIFF | ML_COMMAND_INDEX | ML_COMMAND_SERVE)

static const option_entry table[] = {
    {"plugins", 0, ANALYSES, AS_TEXT, offsetof(ml_args, plugins), "LIST",
     "analyses to run: all, none, a,b, all,-tips, ./my.so (default: all)"},
    {"format", 0, ML_COMMAND_RUN, AS_TEXT, offsetof(ml_args, format), "LIST",
     "reports to write: html, json, ./my.so, none (default: html)"},
    {"format", 0, ML_COMMAND_DUMP, AS_TEXT, offsetof(ml_args, format), "text|ndjson",
     "how to print it (default: text)"},
    {"format", 0, ML_COMMAND_DIFF, AS_TEXT, offsetof(ml_args, format), "text|json",
     "how to print it (default: text)"},
    {"format", 0, ML_COMMAND_INDEX, AS_TEXT, offsetof(ml_args, format), "text|json|ndjson",
     "how to print it (default: text)"},
    {"sort", 0, ML_COMMAND_INDEX, AS_TEXT, offsetof(ml_args, sort), "BY",
     "findings, file, time, length, cpu or memory (default: findings)"},
    {"level", 0, ML_COMMAND_INDEX, AS_TEXT, offsetof(ml_args, level), "LEVEL",
     "only recordings with a note, warning or error, or worse"},
    {"port", 0, ML_COMMAND_SERVE, AS_TEXT, offsetof(ml_args, port), "N",
     "listen there (default: a port that is free)"},
    {"per", 0, ML_COMMAND_DIFF, AS_TEXT, offsetof(ml_args, per), "run|second",
     "compare times as they are, or by the length of the run (default: run)"},
    {"table", 0, ML_COMMAND_DUMP, AS_TEXT, offsetof(ml_args, table), "NAME",
     "print one table only"},
    {"output", 'o', ML_COMMAND_RUN, AS_TEXT, offsetof(ml_args, output), "NAME",
     "the report's file; of several NAME.SUFFIX; DIR/ is a folder, - is stdout"},
    {"output", 'o', ML_COMMAND_REPAIR | ML_COMMAND_PACK, AS_TEXT, offsetof(ml_args, output), "FILE",
     "write there (- is stdout) and leave the recording as it is"},
    {"stored", 0, ML_COMMAND_PACK, AS_FLAG, offsetof(ml_args, stored), NULL,
     "without compression, to be read without Zstandard"},
    {"merge", 0, ML_COMMAND_PACK, AS_FLAG, offsetof(ml_args, merge), NULL,
     "all recordings into the one file of -o"},
    {"files-from", 0, ML_COMMAND_DUMP | ML_COMMAND_VERIFY | ML_COMMAND_REPAIR | ML_COMMAND_PACK,
     AS_TEXT, offsetof(ml_args, files_from), "FILE",
     "read paths of recordings from a file, one a line or each with a NUL"},
    {"files-from", 0, ML_COMMAND_RUN | ML_COMMAND_INDEX, AS_TEXT, offsetof(ml_args, files_from),
     "FILE", "read paths of recordings from a file, one a line or each with a NUL"},
    {"option", 0, ANALYSES, AS_WORDS, offsetof(ml_args, options), "P.NAME=VALUE",
     "set an option of plugin P, as in fdleak.min-age=5s"},
    {"fail-on", 0, ML_COMMAND_RUN | ML_COMMAND_INDEX, AS_TEXT, offsetof(ml_args, fail_on), "LEVEL",
     "exit with 1 if there is a note, warning or error, or worse"},
    {"fail-on", 0, ML_COMMAND_DIFF, AS_TEXT, offsetof(ml_args, fail_on), "LEVEL",
     "exit with 1 if a note, warning or error, or worse, is new"},
    {"llm", 0, ANALYSES, AS_TEXT, offsetof(ml_args, llm), "URL|auto",
     "let the plugin llm ask a language model there, or the one it finds"},
    {"allow", 0, ANALYSES, AS_TEXT, offsetof(ml_args, allow), "network",
     "let plugins that say so use the network"},
    {"jobs", 0, ANALYSES, AS_TEXT, offsetof(ml_args, jobs), "N",
     "run at most N plugins at once (default: one for each processor)"},
    {"timeout", 0, ANALYSES, AS_TEXT, offsetof(ml_args, timeout), "SECONDS",
     "end a plugin that takes longer (default: 60)"},
    {"memory", 0, ANALYSES, AS_TEXT, offsetof(ml_args, memory), "MIB",
     "memory that a plugin may use (default: 4096)"},
    {"isolate", 0, ANALYSES, AS_TEXT, offsetof(ml_args, isolate), "fork|none",
     "a process for each plugin, or none for all, to debug one (default: fork)"},
    {"source", 0, ML_COMMAND_RUN, AS_TEXT, offsetof(ml_args, source), "none|hot|full",
     "lines of unchanged source files in reports (default: hot)"},
    {"bare", 0, ML_COMMAND_RUN, AS_FLAG, offsetof(ml_args, bare), NULL,
     "pages do not carry the recording, so they hold what they show and no more"},
    {"plugin-path", 0, ANALYSES | ML_COMMAND_LIST | ML_COMMAND_INFO | ML_COMMAND_NEW, AS_TEXT,
     offsetof(ml_args, plugin_path), "DIR[:DIR]", "look for plugins here first"},
    {"quiet", 'q', ML_COMMAND_RUN, AS_FLAG, offsetof(ml_args, quiet), NULL,
     "do not print the verdict"},
    {"verbose", 'v', ML_COMMAND_LIST, AS_FLAG, offsetof(ml_args, verbose), NULL,
     "say where each plugin lies"},
    {"verbose", 'v', ANALYSES, AS_FLAG, offsetof(ml_args, verbose), NULL,
     "show what plugins print"},
    {"renderer", 0, ML_COMMAND_NEW, AS_FLAG, offsetof(ml_args, renderer), NULL,
     "begin a renderer, not an analyzer"},
    {"help", 'h', ML_COMMAND_ANY, AS_FLAG, offsetof(ml_args, help), NULL, "print this and exit"},
    {"version", 0, ML_COMMAND_ANY, AS_FLAG, offsetof(ml_args, version), NULL,
     "print versions and exit"},
};

enum { OPTION_COUNT = sizeof(table) / sizeof(table[0]) };

/* Words being read. An option seen before its command is known is checked at the end. */
typedef struct reader {
    char *const *words;
    int count, at;
    ml_args *args;
    const option_entry *seen[OPTION_COUNT];
    size_t seen_count;
    ml_error *error;
} reader;

static const option_entry *find_long(const char *name, size_t length)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strlen(table[i].name) == length && memcmp(table[i].name, name, length) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

static const option_entry *find_letter(char letter)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (letter != 0 && table[i].letter == letter) {
            return &table[i];
        }
    }
    return NULL;
}

static ml_status fail_unknown(reader *self, const char *name, size_t length)
{
    const char *names[OPTION_COUNT];
    char word[64];
    const char *nearest;

    for (size_t i = 0; i < OPTION_COUNT; i++) {
        names[i] = table[i].name;
    }
    length = length < sizeof(word) ? length : sizeof(word) - 1;
    memcpy(word, name, length);
    word[length] = '\0';
    nearest = ml_text_nearest(word, names, OPTION_COUNT);
    if (nearest != NULL) {
        return ml_error_set(self->error, ML_ERROR_ARGUMENT,
                            "there is no option --%s; did you mean --%s?", word, nearest);
    }
    return ml_error_set(self->error, ML_ERROR_ARGUMENT,
                        "there is no option --%s; --help lists the options", word);
}

static void remember(reader *self, const option_entry *option)
{
    for (size_t i = 0; i < self->seen_count; i++) {
        if (self->seen[i] == option) {
            return;
        }
    }
    self->seen[self->seen_count++] = option;
}

/* Stores an option; `attached` is the value in the same word, or NULL. */
static ml_status store(reader *self, const option_entry *option, const char *attached)
{
    char *place = (char *)self->args + option->offset;
    const char *value = attached;

    remember(self, option);
    if (option->storage == AS_FLAG) {
        if (attached != NULL) {
            return ml_error_set(self->error, ML_ERROR_ARGUMENT, "option --%s takes no value",
                                option->name);
        }
        memcpy(place, &(int){1}, sizeof(int));
        return ML_OK;
    }
    if (value == NULL && self->at < self->count) {
        value = self->words[self->at++];
    }
    if (value == NULL) {
        return ml_error_set(self->error, ML_ERROR_ARGUMENT, "option --%s needs a value: --%s %s",
                            option->name, option->name, option->value);
    }
    if (option->storage == AS_WORDS) {
        ml_words *words = (ml_words *)(void *)place;
        words->items[words->count++] = value;
    } else {
        memcpy(place, &value, sizeof(value));
    }
    return ML_OK;
}

static ml_status read_long(reader *self, const char *name)
{
    size_t length = strcspn(name, "=");
    const option_entry *option = find_long(name, length);

    if (option == NULL) {
        return fail_unknown(self, name, length);
    }
    return store(self, option, name[length] == '=' ? name + length + 1 : NULL);
}

/* "-qv", "-o FILE", "-oFILE" */
static ml_status read_letters(reader *self, const char *letters)
{
    for (; *letters != '\0'; letters++) {
        const option_entry *option = find_letter(*letters);
        if (option == NULL) {
            return ml_error_set(self->error, ML_ERROR_ARGUMENT,
                                "there is no option -%c; --help lists the options", *letters);
        }
        if (option->storage != AS_FLAG) {
            return store(self, option, letters[1] == '\0' ? NULL : letters + 1);
        }
        ML_TRY(store(self, option, NULL));
    }
    return ML_OK;
}

static const ml_command_entry *find_command(const char *name)
{
    const ml_command_entry *entry = ml_command_entries;

    while (entry->name != NULL && strcmp(entry->name, name) != 0) {
        entry++;
    }
    return entry->name == NULL ? NULL : entry;
}

/* The first operand may be the command, unless `--` came before it. */
static void read_operand(reader *self, const char *word, int may_be_command)
{
    const ml_command_entry *entry = find_command(word);

    if (may_be_command && self->args->command == 0 && entry != NULL) {
        self->args->command = entry->command;
        return;
    }
    if (self->args->command == 0) {
        self->args->command = ML_COMMAND_RUN;
    }
    self->args->operands.items[self->args->operands.count++] = word;
}

static const char *command_name(uint32_t command)
{
    const ml_command_entry *entry = ml_command_entries;

    while (entry->command != command) {
        entry++;
    }
    return entry->name;
}

/* An option of one name may belong to several commands by several entries. */
static ml_status check_commands(const reader *self)
{
    for (size_t i = 0; i < self->seen_count; i++) {
        uint32_t commands = 0;
        for (size_t j = 0; j < OPTION_COUNT; j++) {
            commands |= strcmp(table[j].name, self->seen[i]->name) == 0 ? table[j].commands : 0;
        }
        if ((commands & self->args->command) == 0) {
            const char *name = command_name(self->args->command);
            return ml_error_set(
                self->error, ML_ERROR_ARGUMENT,
                "option --%s is not for %s; `microlog-analyze help %s` lists its options",
                self->seen[i]->name, name, name);
        }
    }
    return ML_OK;
}

static ml_status read_words(reader *self)
{
    int options_ended = 0;

    while (self->at < self->count) {
        const char *word = self->words[self->at++];
        if (!options_ended && strcmp(word, "--") == 0) {
            options_ended = 1;
        } else if (!options_ended && strncmp(word, "--", 2) == 0) {
            ML_TRY(read_long(self, word + 2));
        } else if (!options_ended && word[0] == '-' && word[1] != '\0') {
            ML_TRY(read_letters(self, word + 1));
        } else {
            read_operand(self, word, !options_ended);
        }
    }
    if (self->args->command == 0) {
        self->args->command = ML_COMMAND_RUN;
    }
    return check_commands(self);
}

ml_status ml_args_parse(ml_arena *arena, int count, char *const *words, ml_args *out,
                        ml_error *error)
{
    size_t room = count > 0 ? (size_t)count : 1;
    reader self = {.words = words, .count = count, .args = out, .error = error};

    *out = (ml_args){0};
    out->options.items = ml_arena_array(arena, room, sizeof(*out->options.items));
    out->operands.items = ml_arena_array(arena, room, sizeof(*out->operands.items));
    if (out->options.items == NULL || out->operands.items == NULL) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for the command line");
    }
    return read_words(&self);
}

/* ---- help ---- */

static void put_padded(ml_buffer *out, const char *left, const char *right)
{
    ml_buffer_put_format(out, "  %-*s %s\n", HELP_COLUMN, left, right);
}

static void put_options(ml_buffer *out, uint32_t command)
{
    char left[64];

    for (size_t i = 0; i < OPTION_COUNT; i++) {
        ml_buffer name;
        if ((table[i].commands & command) == 0) {
            continue;
        }
        ml_buffer_init(&name, sizeof(left));
        if (table[i].letter != 0) {
            ml_buffer_put_format(&name, "-%c, ", table[i].letter);
        }
        ml_buffer_put_format(&name, "--%s%s%s", table[i].name, table[i].value == NULL ? "" : " ",
                             table[i].value == NULL ? "" : table[i].value);
        memcpy(left, name.data, name.length);
        left[name.length] = '\0';
        ml_buffer_release(&name);
        put_padded(out, left, table[i].help);
    }
}

static void put_usage(ml_buffer *out, const ml_command_entry *entry, int implied)
{
    ml_buffer_put_format(out, "usage: microlog-analyze %s%s[options]%s%s\n",
                         implied ? "" : entry->name, implied ? "" : " ",
                         entry->operands[0] == '\0' ? "" : " ", entry->operands);
}

static void put_commands(ml_buffer *out)
{
    ml_buffer_put_text(out,
                       "       microlog-analyze COMMAND ...\n\n"
                       "Finds out where a recorded Python run spent its time, what leaks and what\n"
                       "fails: prints a verdict and writes a report beside you.\n\ncommands:\n");
    for (const ml_command_entry *entry = ml_command_entries; entry->name != NULL; entry++) {
        put_padded(out, entry->name, entry->summary);
    }
}

void ml_args_help(ml_buffer *out, uint32_t command)
{
    const ml_command_entry *entry = ml_command_entries;

    if (command == 0) {
        put_usage(out, entry, 1);
        put_commands(out);
    } else {
        while (entry->command != command) {
            entry++;
        }
        put_usage(out, entry, 0);
        ml_buffer_put_format(out, "\n%s: %s\n", entry->name, entry->summary);
    }
    ml_buffer_put_text(out, "\noptions:\n");
    put_options(out, command == 0 ? ML_COMMAND_RUN : command);
    if (command == 0 || (command & ANALYSES) != 0) {
        ml_buffer_put_text(out,
                           "\nexit codes: 0 done, 1 --fail-on was met, 2 wrong usage or input, "
                           "3 a plugin failed,\n            70 an internal error\n");
    }
    if (command == ML_COMMAND_VERIFY) {
        ml_buffer_put_text(out,
                           "\nexit codes: 0 all sound, 1 something is damaged or lost, 2 wrong "
                           "usage or not\n            readable at all, 70 an internal error\n");
    }
    if (command == ML_COMMAND_CHECK) {
        ml_buffer_put_text(out, "\nexit codes: 0 it passed, 1 a test failed, 2 wrong usage or "
                                "input, 70 an internal error\n");
    }
}
