/* foreign: says more of a file that is no recording, if it is a report that microlog made of one.
 *
 * A report cannot stand in for its recording. The columns of run.html hold samples, counters, log and descriptors as
 * far as the page shows them; what analyses need besides (events such as imports, collections of garbage and the census
 * of the heap, gaps, processes, whole messages) is not in it, so other findings would come out, or none.
 */
#ifndef ML_CLI_FOREIGN_H
#define ML_CLI_FOREIGN_H

#include "core/base/status.h"

/* Replaces the cause in `error`, with which `path` could not be read, if the file is a report: names what it was made
 * from where it tells that. */
void ml_foreign_explain(const char *path, ml_error *error);

#endif
