#include "settings.h"

#include <stdlib.h>
#include <string.h>

enum { TEXTS = 7 };

static size_t size_of(const char *text)
{
    return text == NULL ? 0 : strlen(text) + 1;
}

/* Moves one text into the room. */
static void take(char **room, const char **text)
{
    size_t size = size_of(*text);

    if (size != 0) {
        memcpy(*room, *text, size);
        *text = *room;
        *room += size;
    }
}

ml_status settings_keep(settings *kept, const recorder_options *options, ml_error *error)
{
    settings made = {.options = *options};
    const char **texts[TEXTS] = {&made.options.path,      &made.options.label,
                                 &made.options.on_close,  &made.options.executable,
                                 &made.options.directory, &made.options.python,
                                 &made.options.own};
    size_t size = options->argc * sizeof(char *);
    const char **argv;
    char *at;

    made.options.exercise = NULL;
    for (int i = 0; i < TEXTS; i++) {
        size += size_of(*texts[i]);
    }
    for (uint32_t i = 0; i < options->argc; i++) {
        size += size_of(options->argv[i]);
    }
    made.room = malloc(size + 1);
    if (made.room == NULL) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for the recorder's settings");
    }
    argv = made.room;
    at = (char *)(argv + options->argc);
    for (int i = 0; i < TEXTS; i++) {
        take(&at, texts[i]);
    }
    for (uint32_t i = 0; i < options->argc; i++) {
        argv[i] = options->argv[i];
        take(&at, &argv[i]);
    }
    made.options.argv = argv;
    free(kept->room);
    *kept = made;
    return ML_OK;
}
