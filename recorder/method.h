/* method: chooses how stacks are read, and proves that it works here before anything relies on it. */
#ifndef RECORDER_METHOD_H
#define RECORDER_METHOD_H

#include "layout.h"

#include <stddef.h>
#include <stdint.h>

enum { METHOD_REASON = 320 };

struct _object;

/* What was chosen. */
typedef struct method_choice {
    uint64_t kind; /* ML_MLOG_METHOD_… */
    char reason[METHOD_REASON];
    layout layout;           /* all zero with ML_MLOG_METHOD_GIL */
    size_t native_id_offset; /* frames_find_native_id, where a thread's state lacks it; else 0 */
} method_choice;

/* Tries the methods from the best to the last resort. `exercise` is called with a function that it must call from under
 * Python frames of every sort; there the thread's stack is read and compared with what the public API says.
 * MICROLOG_METHOD=direct|syscall|gil in the environment asks for one of them, to tell a fault of it from a fault of
 * the program; one that does not pass is not taken all the same. [program] */
void method_choose(struct _object *exercise, method_choice *out);

/* What a method is called: "direct", "syscall" or "gil". */
const char *method_name(uint64_t kind);

#endif
