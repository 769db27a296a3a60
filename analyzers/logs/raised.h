/* raised: a table of the exceptions that were raised, whoever caught them, by type and place. Recordings have them only
 * on request; without any there is no table. */
#ifndef MICROLOG_ANALYZERS_LOGS_RAISED_H
#define MICROLOG_ANALYZERS_LOGS_RAISED_H

#include <microlog/sdk.h>

ml_status put_raised(const ml_host *host);

#endif
