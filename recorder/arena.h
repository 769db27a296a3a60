/* arena: keeps memory that the sampler is reading from being unmapped under it.
 *
 * CPython maps and unmaps the memory of frames through its arena allocator, which may be wrapped. Between arena_enter
 * and arena_leave what would be unmapped is put aside, and unmapped by arena_leave. This is what allows the sampler to
 * read frames in place, without a system call and without a signal handler. It says nothing of whether what is
 * read is still a frame: two walks must agree on that. Memory that was unmapped before arena_enter stays dangerous, so a
 * reader must get at addresses only through what the program publishes while it lives.
 *
 * Here also is where it can be seen that the heap of objects grows.
 *
 * One reader at a time. The allocator belongs to the process, and so does this. */
#ifndef RECORDER_ARENA_H
#define RECORDER_ARENA_H

#include <stdbool.h>
#include <stddef.h>

/* Wraps the allocator, once; nothing to do when it is wrapped already. [program] */
void arena_install(void);

/* Has `grown` called whenever more memory is mapped than ever before since this was asked for, with the bytes by which it is
 * more, in the thread that made it so and in the middle of making an object: no function of the interpreter that makes
 * another may be called. NULL: nobody. [program] */
void arena_watch(void (*grown)(size_t bytes));

/* Gives the allocator back, unless somebody has wrapped ours. What is put aside is unmapped. [program] */
void arena_restore(void);

/* False when somebody else's allocator has been set since: nothing may be read in place any more. [any thread] */
bool arena_is_ours(void);

/* [sampler] */
void arena_enter(void);
void arena_leave(void);

#endif
