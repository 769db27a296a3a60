/* imports: what was imported, how long that took, and who asked for it.
 *
 * Two sources. Events "py.import" are exact: a module's name, its time with everything it imported itself, and
 * the stack that asked. Samples tell of recordings without them, and of imports that never ended: a frame
 * "<module>" inside of importlib is an import, and the time with it as the innermost such frame is its own. */
#ifndef MICROLOG_ANALYZERS_STARTUP_IMPORTS_H
#define MICROLOG_ANALYZERS_STARTUP_IMPORTS_H

#include <microlog/sdk.h>

typedef struct import {
    const char *name;
    uint32_t module;  /* row of modules; ML_NONE: none of its code was sampled */
    uint32_t stack;   /* that asked for it; 0: not known */
    uint64_t self_ns; /* without what it imported itself */
    uint64_t total_ns;
    uint64_t start_ns, end_ns;
    uint64_t samples; /* with it as the innermost import */
    uint32_t thread;
    int exact; /* from events */
} import;

/* What is judged: a module of the project, or all modules of another package together. */
typedef struct import_unit {
    const char *name; /* of the project's module, or the first part of the names */
    int name_length;
    uint64_t self_ns, samples;
    size_t modules;
    const import *first; /* the one with the largest total: what the program asked for */
    const import *slowest;
    int exact;
    int is_used; /* its code was seen running outside of imports */
} import_unit;

typedef struct imports {
    const ml_host *host;
    const ml_model *model;
    import *all; /* by name */
    size_t count;
    import_unit *units; /* by name */
    size_t unit_count;
    uint64_t top_ns; /* of the imports that lie in no other */
} imports;

/* ML_ERROR_MEMORY with a cause. */
ml_status imports_find(const ml_host *host, imports *out);

/* The part of the import's time, by samples, in which its thread was ready to run and lacked a core. */
double imports_starved_share(const ml_model *model, const import *one);

/* The frame of a stack that is no part of importlib, innermost first; 0: none. */
uint32_t imports_asking_frame(const ml_model *model, uint32_t stack);

/* Is the function a module's body? */
int imports_is_body(const ml_model *model, uint32_t function);

#endif
