/* on_close: the user's command for a recording that has just been closed: rsync, scp, a copy to an object store. */
#ifndef RECORDER_ON_CLOSE_H
#define RECORDER_ON_CLOSE_H

enum { ON_CLOSE_SECONDS = 60 /* that the program waits for it */ };

/* Runs `command` by /bin/sh, with the recording's path as $1. It reads nothing, and what it writes is shown only if it
 * fails: then one line on standard error says so, and the program goes on. One that takes longer is left to itself. The
 * program sees no child process and no SIGCHLD. [any thread] */
void on_close_run(const char *command, const char *path);

#endif
