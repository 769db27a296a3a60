/* conform_parts: what the files of conform share. Nobody else includes this. */
#ifndef ML_PLUGIN_CONFORM_PARTS_H
#define ML_PLUGIN_CONFORM_PARTS_H

#include "core/base/arena.h"
#include "core/base/buffer.h"
#include "core/plugin/discover.h"

/* ---- conform_models.c: something to work on ---- */

/* Text as bad as a recorded program can make it; a renderer's output is searched for its parts. */
#define ML_CONFORM_MARKUP "<hostile-markup onload=x>"
#define ML_CONFORM_ESCAPE "\x1b]0;hostile\a"

enum { ML_CONFORM_EMPTY, ML_CONFORM_NORMAL, ML_CONFORM_HOSTILE, ML_CONFORM_MODELS };

typedef struct ml_conform_models {
    struct ml_image *images[ML_CONFORM_MODELS];
    const ml_model *models[ML_CONFORM_MODELS];
} ml_conform_models;

/* An empty run, a plain one, and one whose names and messages are hostile. */
ml_status ml_conform_models_open(ml_conform_models *out, ml_error *error);
void ml_conform_models_close(ml_conform_models *models);

/* Documents with all kinds of block, their text plain or hostile, or with none at all; one block
 * is of a kind that does not exist if `unknown`. */
ml_status ml_conform_documents(ml_arena *arena, int which, int unknown, const ml_model *model,
                               ml_documents *out, ml_error *error);

/* ---- tests ---- */

/* What a test is given in its process, and what it leaves. */
typedef struct ml_trial {
    ml_plugin_file file; /* kind and id are what the name says, or 0 and NULL */
    const ml_conform_models *models;
    ml_arena arena;
    ml_error error;  /* why it failed; ML_ERROR_UNSUPPORTED: why it could not be tried */
    uint32_t kind;   /* descriptor/kind leaves it */
    uint32_t crc;    /* of the result, where it is compared */
    uint64_t length; /* likewise */
} ml_trial;

#define ML_CONFORM_ANALYZERS (1u << ML_ANALYZER | 1u << ML_EXPLAINER)
#define ML_CONFORM_RENDERERS (1u << ML_RENDERER)

typedef struct ml_test {
    const char *id;
    ml_status (*run)(ml_trial *trial);
    uint32_t kinds; /* bits of the kinds that it is for; 0: no kind is known yet */
    int decides;    /* tests behind it make no sense when it fails */
    int twice;      /* runs two times under other addresses and compares crc and length */
} ml_test;

/* Ending with a NULL id: conform_load.c, conform_run.c. */
extern const ml_test ml_conform_load_tests[];
extern const ml_test ml_conform_run_tests[];

/* How many entries a folder of /proc has, without the reading itself. */
size_t ml_conform_count(const char *folder);

#endif
