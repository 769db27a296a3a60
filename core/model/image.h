/* image: one run of one program as a read-only column image, ready for plugins.
 *
 * Built once from the recordings of a session (usually one; a process tree has several). All columns live in
 * one sealed memory file: no plugin can change them, and forked workers share them without copying. Inside
 * the image there are offsets only; ml_image_model gives the pointers.
 *
 * It interprets what core/format only reads: kinds of events become messages, counters and resources, code
 * objects become functions and modules, runs become samples and calls. Text is made valid UTF-8 here and stays so.
 */
#ifndef ML_MODEL_IMAGE_H
#define ML_MODEL_IMAGE_H

#include "core/base/status.h"
#include "core/format/read.h"

#include <microlog/plugin.h>

typedef struct ml_image ml_image;

/* One process of the session: a recording and the reader it belongs to. */
typedef struct ml_image_source {
    const ml_reader *reader;
    const ml_recording *recording;
} ml_image_source;

/* Which lines of source files an image holds: none, those around hot ones, all. A file is read only if its size, time and
 * hash are those that the recording tells. */
enum { ML_SOURCES_NONE, ML_SOURCES_HOT, ML_SOURCES_FULL };

/* Builds and seals the image of `count` (at least one) recordings of one session, in whatever order they come;
 * the result does not depend on it. Sources may be closed afterwards. Damaged chunks are left out and said in
 * ml_model.problem, as are times beyond 146 years and calls beyond 2^24. ML_ERROR_ARGUMENT for recordings of
 * different sessions, ML_ERROR_TOO_LARGE when a table passes 2^32 - 2 rows, ML_ERROR_MEMORY also when the
 * tables would need more than 8 GiB. */
ml_status ml_image_build(const ml_image_source *sources, size_t count, int use_sources,
                         ml_image **out, ml_error *error);

/* The image that another process of this build sealed, mapped here; takes both over. NULL without memory:
 * they stay the caller's. */
ml_image *ml_image_adopt(const void *mapping, size_t length, int descriptor);

/* Borrowed, valid until close. */
const ml_model *ml_image_model(const ml_image *image);

/* The sealed file, for handing to a worker, and its length. */
int ml_image_descriptor(const ml_image *image, size_t *length);

void ml_image_close(ml_image *image);

#endif
