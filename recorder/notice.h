/* notice: how a hook in a program thread reports something, with the stack that did it.
 *
 * All of it runs in Python threads that hold the GIL, which is what makes the one scratch record and the ring's
 * single writer right. Nothing here runs Python code, raises, waits or allocates (but for the rare name that is
 * no UTF-8). A record: begin, its fields in the kind's order, end. [program]
 */
#ifndef RECORDER_NOTICE_H
#define RECORDER_NOTICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct _object;
struct layout;
struct ring;
typedef struct notice notice;

enum { NOTICE_TEXT = 8192 /* bytes of a text that are kept */ };

/* Starts reporting into `ring`. `layout`: how to read stacks from
 * the interpreter's structures; NULL: only through the public API. `deaths_lost` is set
 * when a death did not fit. NULL without memory. */
notice *notice_open(struct ring *ring, const struct layout *layout, _Atomic bool *deaths_lost);
void notice_close(notice *notice);

/* In the child of a fork: nothing listens any more; nothing is freed. notice_close gives the memory back later. */
void notice_silence(void);

/* Opens an event of a kind of core/format/mlog.h; with or without the caller's stack. */
void notice_begin(notice *notice, uint16_t kind, bool stack);
/* With the stack of the caller at a moment that has passed, by ml_clock_monotonic. */
void notice_begin_at(notice *notice, uint16_t kind, uint64_t time_ns);
/* With the stack where an exception was raised, from its traceback (None or NULL: no stack). */
void notice_begin_traceback(notice *notice, uint16_t kind, struct _object *traceback);
void notice_number(notice *notice, int64_t value);
void notice_bytes(notice *notice, const char *bytes, size_t length);
void notice_name(notice *notice, const char *bytes,
                 size_t length); /* kept once in the file's strings */
/* A str object, or anything else as "": lone surrogates pass. */
void notice_text(notice *notice, struct _object *text);
void notice_text_name(notice *notice, struct _object *text);
void notice_end(notice *notice);

/* Announces a code object, if that has not been done (for the last-resort method, which has the GIL). */
void notice_code(notice *notice, struct _object *code);

/* The name of the task whose coroutine has its frame at `frame`; NULL: it has none. */
void notice_task(notice *notice, uintptr_t frame, struct _object *name);

/* The name of the calling thread, or of another one. */
void notice_thread(notice *notice, uint64_t id, uint64_t ident, uint32_t native_id,
                   const char *name, size_t length);
void notice_own_thread(notice *notice, const char *name, size_t length);

#endif
