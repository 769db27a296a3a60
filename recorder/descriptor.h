/* descriptor: keeps the recorder's own descriptors out of the program's way. */
#ifndef RECORDER_DESCRIPTOR_H
#define RECORDER_DESCRIPTOR_H

/* Moves a descriptor above 200, close-on-exec, so that programs which count on low numbers are untouched.
 * Where the limit is too low for that, it stays where it is. -1 stays -1. */
int descriptor_raise(int descriptor);

#endif
