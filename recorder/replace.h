/* replace: puts a C function in the place of an attribute of a class or a module, and what was there back. Not for
 * methods of built-in types, whose pointers are swapped (hook_descriptors.c). All [program], with the GIL held.
 *
 * What stands there then knows what it stands for: it calls that however late a program, which may have kept it, calls
 * it; binds like a function of Python's; and looks like the original to whoever asks (name, signature, source, repr).
 * Who has wrapped it in the meantime goes on calling it: then it stays, and its function has to know itself that nobody
 * listens.
 */
#ifndef RECORDER_REPLACE_H
#define RECORDER_REPLACE_H

#include "compat.h"

/* Is called in the place of `original`, by the vectorcall protocol. */
typedef PyObject *(*replace_function)(PyObject *original, PyObject *const *arguments,
                                      Py_ssize_t count, PyObject *names);

typedef struct replaced {
    PyObject *owner, *original, *ours; /* NULL: nothing is replaced */
    const char *name;
} replaced;

/* Returns None, also when it was there already, or NULL with an exception. */
PyObject *replace_attribute(replaced *slot, PyObject *owner, const char *name,
                            replace_function function);

void replace_undo(replaced *slot);

#endif
