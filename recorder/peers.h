/* peers: what sockets are connected to, as the system lists them in /proc/self/net. Asking costs the program nothing, but
 * the system a look at every socket there is: it is for few, that live long. [sampler] */
#ifndef RECORDER_PEERS_H
#define RECORDER_PEERS_H

#include <stddef.h>
#include <stdint.h>

enum { PEERS_MAX = 32, PEERS_LABEL = 120 /* bytes with the final NUL */ };

typedef struct peer {
    int number; /* the descriptor */
    uint64_t inode;
    char label
        [PEERS_LABEL]; /* "127.0.0.1:80 to 10.0.0.7:4711", "listening on [::]:80", "unix /run/x"; "": not found */
} peer;

/* Fills the labels of up to PEERS_MAX sockets. Lists beyond the first 256 KiB are not read. */
void peers_find(peer *peers, size_t count);

#endif
