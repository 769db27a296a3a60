/* module_names: what source files and programs are called, judged from their paths alone. Nothing is looked up on
 * the disk: a recording is often read on another machine.
 */
#ifndef ML_MODEL_MODULE_NAMES_H
#define ML_MODEL_MODULE_NAMES_H

#include "core/base/buffer.h"

#include <microlog/plugin.h>

/* Appends the dotted name of the module that was loaded from `file` and returns its ML_MODULE_… flag.
 * "/usr/lib/python3.11/json/decoder.py" is json.decoder of the standard library, ".../site-packages/a/b.py"
 * is a.b of a third party, "<frozen os>" is os, the empty name is the recorder's. Anything else belongs to
 * the project, "<string>" and what else has no file (-c, exec, templates), too; paths are named from the longest of `roots` (folders without
 * a final slash, NULL for none) that it lies in, or from its last part. */
uint32_t ml_name_module(ml_buffer *name, const char *file, const char *const *roots,
                        size_t root_count);

/* Appends what a program is called for short: the last part of the script's path, the module behind -m, or
 * "-c". `argv` may start with the interpreter and with `-m microlog` and its options. */
void ml_name_program(ml_buffer *name, const char *const *argv, uint32_t argc);

/* The index of the script in `argv`, or argc when none is seen (-m, -c, an interactive session). */
uint32_t ml_name_script(const char *const *argv, uint32_t argc);

#endif
