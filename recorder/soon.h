/* soon: once a second the main thread does, between two of its instructions, what some hooks want done then. While it
 * waits outside of Python nothing is done. */
#ifndef RECORDER_SOON_H
#define RECORDER_SOON_H

/* Asks for it, unless the last time is still to come. [sampler, within a tick] */
void soon_ask(void);

/* At the beginning of a recording: in the child of a fork, what was asked for may never come. [program] */
void soon_reset(void);

#endif
