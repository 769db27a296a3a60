/* Runs inputs through a target without a fuzzer:
 *
 *     replay file|payload|journal FILE...      each as it is, and with its checksums made right
 *     replay file|payload|journal              one from stdin, for AFL++
 *     replay seed FILE                         writes a journal to begin with
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 1 << 20 };

static void (*choose(const char *name))(const uint8_t *, size_t)
{
    return strcmp(name, "file") == 0      ? fuzz_file
           : strcmp(name, "payload") == 0 ? fuzz_payload
           : strcmp(name, "journal") == 0 ? fuzz_journal
                                          : NULL;
}

static void replay(const char *name, FILE *input)
{
    uint8_t *room = malloc(INPUT_MAX);
    size_t size = room == NULL ? 0 : fread(room, 1, INPUT_MAX, input);
    uint8_t *exact = malloc(size + 1); /* so that a sanitizer sees the end */

    if (room == NULL || exact == NULL) {
        exit(2);
    }
    memcpy(exact, room, size);
    choose(name)(exact, size);
    if (strcmp(name, "payload") != 0) {
        fuzz_repair(exact, size, strcmp(name, "journal") == 0);
        choose(name)(exact, size);
    }
    free(exact);
    free(room);
}

int main(int count, char **arguments)
{
    if (count == 3 && strcmp(arguments[1], "seed") == 0) {
        fuzz_seed_journal(arguments[2]);
        return 0;
    }
    if (count < 2 || choose(arguments[1]) == NULL) {
        fputs("usage: replay file|payload|journal [FILE...]\n", stderr);
        return 2;
    }
    if (count == 2) {
        replay(arguments[1], stdin);
    }
    for (int i = 2; i < count; i++) {
        FILE *input = fopen(arguments[i], "rb");
        if (input == NULL) {
            perror(arguments[i]);
            return 2;
        }
        replay(arguments[1], input);
        fclose(input);
    }
    printf("%d\n", count - 2);
    return 0;
}
