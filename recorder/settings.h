/* settings: what a recording was started with, kept for the processes that are forked from this one. */
#ifndef RECORDER_SETTINGS_H
#define RECORDER_SETTINGS_H

#include "core/base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct _object;

typedef struct recorder_options {
    const char *path; /* the recording's; with `is_child` that of the tree's first process */
    bool
        is_child; /* of a recorded process: named after `path` and its own pid, begins after a while */
    uint8_t session[16]; /* of the process tree; zeros: this recording begins one */
    uint8_t parent[16];  /* the parent's recording, or zeros */
    double rate;         /* samples a second */
    bool lines;          /* positions are lines, else functions */
    bool children;       /* processes that are forked from this one are recorded, too */
    const char *label;
    const char *on_close; /* shell command for a closed recording, or NULL */
    const char *executable, *directory, *python;
    const char *own;          /* folder of the recorder's Python files */
    struct _object *exercise; /* what method_choose calls; borrowed, not kept */
    const char *const *argv;
    uint32_t argc;
} recorder_options;

typedef struct settings {
    recorder_options options;
    void *room; /* behind all texts */
} settings;

/* Copies `options` with all its texts. What was kept before is given back. */
ml_status settings_keep(settings *kept, const recorder_options *options, ml_error *error);

#endif
