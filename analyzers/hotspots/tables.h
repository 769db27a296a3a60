/* tables: the sums of a run as blocks: functions, lines, packages, threads, key numbers. */
#ifndef MICROLOG_ANALYZERS_HOTSPOTS_TABLES_H
#define MICROLOG_ANALYZERS_HOTSPOTS_TABLES_H

#include "tally.h"

ml_status put_metrics(const tally *from);
ml_status put_functions(const tally *from);
ml_status put_lines(const tally *from);
ml_status put_packages(const tally *from);
ml_status put_threads(const tally *from);

#endif
