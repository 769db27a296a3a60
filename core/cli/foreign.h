/* foreign: says more of a file that is no recording, if it is a report that microlog made of one.
 *
 * A page is read for the recording that it carries (core/format/page.h). One that carries none, and JSON, hold what they show: not
 * the events, gaps and whole messages that analyses need, so other findings would come out, or none.
 */
#ifndef ML_CLI_FOREIGN_H
#define ML_CLI_FOREIGN_H

#include "core/base/status.h"

/* Replaces the cause in `error`, with which `path` could not be read, if the file is a report without its recording. */
void ml_foreign_explain(const char *path, ml_error *error);

#endif
