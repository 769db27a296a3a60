/* hooks: where the recorder listens in the program. Each can be put in and taken out any number of times; each
 * calls what it replaced first or last, returns its result and its exception unchanged, and stays silent when
 * nothing is being recorded. All [program], with the GIL held.
 *
 * Hooks are C callables, so no frame of ours appears on the program's stacks or tracebacks.
 */
#ifndef RECORDER_HOOKS_H
#define RECORDER_HOOKS_H

#include "notice.h"

#include "compat.h"

/* Where all hooks report to; NULL silences them. */
void hooks_report_to(notice *target);
notice *hooks_target(void);

/* What is called when the process is about to end without exit handlers (recorder.c). */
void hooks_end_recording(int64_t exit_code);

/* ---- for the hooks themselves ---- */

/* A new reference or NULL, without an exception; 0 for what is no number or below. */
PyObject *hooks_attribute(PyObject *object, const char *name);
int64_t hooks_number_attribute(PyObject *object, const char *name);

/* A tuple or dict of a template's arguments with "<Type>" for what would need code of the program to become text. New
 * reference; NULL, perhaps with an exception, for anything else. */
PyObject *hooks_plain_arguments(PyObject *arguments);

/* An exception's text, as whoever shows it makes it; a new reference or NULL, without an exception. */
PyObject *hooks_exception_text(PyObject *value);

/* While `more` is added: what this thread writes to a stream is being reported in another way. */
void hooks_mute_streams(int more);

/* ---- streams (hook_streams.c) ---- */

/* Puts a `write` of ours on what are sys.stdout and sys.stderr now. */
void hook_streams(void);
void unhook_streams(void);
/* Reports what was written without a newline at its end. */
void hook_streams_flush(void);

/* ---- messages (hook_messages.c) ---- */

/* Replaces logging.Logger.handle, and the function of the module warnings that shows what its filters let pass. New
 * reference or NULL with an exception. */
PyObject *hook_logger(PyObject *logger_class);
PyObject *hook_warnings(PyObject *module);
void unhook_messages(void);

/* ---- exceptions (hook_exceptions.c) ---- */

/* Listens at the types of what threading.excepthook (_thread._ExceptHookArgs) and sys.unraisablehook are given. */
void hook_exceptions(PyObject *of_threads);
void unhook_exceptions(void);
/* Reports one with the stack where it was raised; `how` is ML_EXCEPTION_… of core/format/mlog.h. */
void hook_report_exception(int how, PyObject *type, PyObject *value, PyObject *traceback);

/* ---- exceptions that somebody may catch (hook_raised.c) ---- */

/* Returns the callback for sys.monitoring's RAISE (new reference, or NULL with an exception). `switching` is called with
 * True or False to have it called, or not, and with False at the end. */
PyObject *hook_raised(PyObject *switching);
void unhook_raised(void);
/* To be called once a second: switches off for a while what was called too often. */
void hook_raised_look(void);

/* ---- threads (hook_threads.c) ---- */

/* Replaces two methods of threading.Thread that every thread calls on itself, when it starts and (from 3.11 on) when it
 * ends. New reference or NULL with an exception. */
PyObject *hook_thread(PyObject *thread_class);
void unhook_thread(void);

/* ---- collections (hook_collections.c) ---- */

/* Puts a callback of ours into the list gc.callbacks. */
void hook_collections(PyObject *callbacks);
void unhook_collections(void);
/* To be called once a second: takes the callback out for a while when it was called too often. */
void hook_collections_look(void);

/* ---- imports (hook_imports.c) ---- */

/* Replaces importlib's _find_and_load. `callbacks` maps module names to what is called with the module once it has been
 * imported. Returns None or NULL with an exception. */
PyObject *hook_imports(PyObject *callbacks);
void unhook_imports(void);

/* ---- tasks (hook_tasks.c) ---- */

/* Listens for named tasks of the module _asyncio, once the program has imported it. */
void hook_tasks(PyObject *asyncio_module);
void unhook_tasks(void);

/* ---- descriptors (hook_descriptors.c) ---- */

/* Swaps the method pointers of io.FileIO and of the os functions that make or close descriptors. */
void hook_files(void);
/* The same for the module _socket, once the program has imported it. */
void hook_sockets(PyObject *socket_module);
void hook_select(PyObject *select_module);
void hook_sqlite(PyObject *sqlite_module); /* _sqlite3 */
void unhook_descriptors(void);

#endif
