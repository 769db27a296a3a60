#include "peers.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LISTENING = 10 /* of a TCP socket's state */, LIST_MOST = 1 << 18, PIECE = 1 << 14 };

/* "socket:[12345]" */
static uint64_t inode_of(int number)
{
    char path[64], target[64] = "";
    unsigned long long inode = 0;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", number);
    if (readlink(path, target, sizeof(target) - 1) <= 0 ||
        sscanf(target, "socket:[%llu]", &inode) != 1) {
        return 0;
    }
    return inode;
}

static peer *peer_of(peer *peers, size_t count, uint64_t inode)
{
    for (size_t i = 0; inode != 0 && i < count; i++) {
        if (peers[i].inode == inode) {
            return &peers[i];
        }
    }
    return NULL;
}

/* The list has an address as words in the machine's order, each of eight hexadecimal digits. */
static void put_address(char *out, size_t size, const char *digits, unsigned port)
{
    size_t words = strlen(digits) / 8;
    unsigned char bytes[16];
    char text[INET6_ADDRSTRLEN] = "?";

    for (size_t i = 0; i < words && i < 4; i++) {
        char word[9] = "";
        uint32_t value;
        memcpy(word, digits + 8 * i, 8);
        value = (uint32_t)strtoul(word, NULL, 16);
        memcpy(bytes + 4 * i, &value, sizeof(value));
    }
    inet_ntop(words == 4 ? AF_INET6 : AF_INET, bytes, text, sizeof(text));
    snprintf(out, size, words == 4 ? "[%s]:%u" : "%s:%u", text, port);
}

/* A line of tcp, tcp6, udp and udp6. */
static void take_internet(const char *line, peer *peers, size_t count)
{
    char local[33], remote[33], from[64], to[64];
    unsigned local_port, remote_port, state;
    unsigned long long inode;
    peer *found;

    if (sscanf(line, " %*d: %32[0-9A-F]:%x %32[0-9A-F]:%x %x %*s %*s %*s %*s %*s %llu", local,
               &local_port, remote, &remote_port, &state, &inode) != 6) {
        return;
    }
    found = peer_of(peers, count, inode);
    if (found == NULL) {
        return;
    }
    put_address(from, sizeof(from), local, local_port);
    put_address(to, sizeof(to), remote, remote_port);
    if (remote_port != 0) {
        snprintf(found->label, PEERS_LABEL, "%.55s to %.55s", from, to);
    } else {
        snprintf(found->label, PEERS_LABEL, "%s %s", state == LISTENING ? "listening on" : "at",
                 from);
    }
}

static void take_unix(const char *line, peer *peers, size_t count)
{
    unsigned long long inode;
    char path[100] = "";
    peer *found;

    if (sscanf(line, " %*x: %*x %*x %*x %*x %*x %llu %99[^\n]", &inode, path) >= 1) {
        found = peer_of(peers, count, inode);
        if (found != NULL) {
            snprintf(found->label, PEERS_LABEL, "unix%s%s", path[0] == '\0' ? "" : " ", path);
        }
    }
}

typedef void (*line_taker)(const char *line, peer *peers, size_t count);

/* Calls `take` for each whole line of a list. */
static void read_list(const char *path, line_taker take, peer *peers, size_t count)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    char text[PIECE + 1];
    size_t kept = 0, all = 0;
    ssize_t got;

    while (file >= 0 && all < LIST_MOST && (got = read(file, text + kept, PIECE - kept)) > 0) {
        char *line = text, *end;
        text[kept + (size_t)got] = '\0';
        all += (size_t)got;
        while ((end = strchr(line, '\n')) != NULL) {
            *end = '\0';
            take(line, peers, count);
            line = end + 1;
        }
        kept = strlen(line);
        kept = kept == PIECE ? 0 : kept;
        memmove(text, line, kept);
    }
    if (file >= 0) {
        close(file);
    }
}

void peers_find(peer *peers, size_t count)
{
    static const struct {
        const char *path;
        line_taker take;
    } lists[] = {{"/proc/self/net/tcp", take_internet},
                 {"/proc/self/net/tcp6", take_internet},
                 {"/proc/self/net/udp", take_internet},
                 {"/proc/self/net/udp6", take_internet},
                 {"/proc/self/net/unix", take_unix}};

    for (size_t i = 0; i < count; i++) {
        peers[i].inode = inode_of(peers[i].number);
        peers[i].label[0] = '\0';
    }
    for (size_t i = 0; count != 0 && i < sizeof(lists) / sizeof(lists[0]); i++) {
        read_list(lists[i].path, lists[i].take, peers, count);
    }
}
