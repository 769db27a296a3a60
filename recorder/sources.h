/* sources: at the end of a recording, what the source files of the code that was seen are: size, time, SHA-256. So
 * whoever reads the recording later can tell whether a file still is what ran.
 *
 * Files are read by the recorder's own thread, with plain system calls, so that the program's import system, audit hooks
 * and descriptors see nothing of it. It ends after SOURCES_TIME_NS, or SOURCES_BYTES; files that come later are counted as
 * left out. [sampler, when it ends] */
#ifndef RECORDER_SOURCES_H
#define RECORDER_SOURCES_H

#include "core/format/write.h"

enum { SOURCES_FILES = 4096, SOURCES_FILE_BYTES = 4 << 20, SOURCES_BYTES = 32 << 20 };
#define SOURCES_TIME_NS UINT64_C(50000000)

/* Writes sRCe; nothing if no code came from a file. `room` is for SOURCES_FILES; relative names count from `directory`. */
void sources_write(ml_writer *writer, const char *directory, ml_source *room);

#endif
