/* The golden recordings and their journals, cut and with bits wrong, everywhere in steps of a few bytes: what is read then
 * is in the whole recording too. (test_format_damage.c and test_format_journal.c do every byte of smaller ones.) */
#include "core/format/dump.h"
#include "tests/unit/format_fixture.h"

#include <stdio.h>

#define GOLDEN "tests/format/golden/"

enum { LINES = 1 << 12 };

typedef struct golden {
    fixture_file main, journal;
    uint64_t lines[LINES]; /* hashes of the whole's, as an open hash table; 0 is free */
} golden;

/* ---- lines ---- */

static uint64_t hash(const uint8_t *at, size_t length)
{
    uint64_t value = 14695981039346656037u; /* FNV-1a */

    for (size_t i = 0; i < length; i++) {
        value = (value ^ at[i]) * 1099511628211u;
    }
    return value | 1;
}

static int find(const golden *g, uint64_t value, size_t *slot)
{
    for (*slot = value % LINES; g->lines[*slot] != 0; *slot = (*slot + 1) % LINES) {
        if (g->lines[*slot] == value) {
            return 1;
        }
    }
    return 0;
}

typedef struct lines {
    golden *g;
    int collecting;
    uint64_t count, unknown;
} lines;

/* Copies a line without the digits behind `name`: numbers of recordings and chunks differ when one is lost. */
static size_t without(uint8_t *line, size_t length, const char *name)
{
    uint8_t *at = memmem(line, length, name, strlen(name));
    size_t from = at == NULL ? length : (size_t)(at - line) + strlen(name);
    size_t upto = from;

    while (upto < length && line[upto] >= '0' && line[upto] <= '9') {
        upto++;
    }
    memmove(line + from, line + upto, length - upto);
    return length - (upto - from);
}

static uint64_t line_hash(const uint8_t *line, size_t length)
{
    uint8_t copy[4096];

    ML_CHECK(length <= sizeof(copy));
    memcpy(copy, line, length);
    length = without(copy, length, "\"recording\":");
    return hash(copy, without(copy, length, "\"chunk\":"));
}

/* Ticks between two samples of a thread: a journal divides the runs at other places, and does not tell those at the ends
 * of its parts. */
#define NOBODY "\"node\":0,\"state\":0"

static ml_status take_lines(void *context, const void *bytes, size_t length)
{
    lines *self = context;
    const uint8_t *at = bytes;
    const uint8_t *end = at + length;

    while (at < end) {
        const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
        size_t slot;
        uint64_t value;
        ML_CHECK(newline != NULL); /* a sink gets whole lines */
        value = line_hash(at, (size_t)(newline - at));
        if (memmem(at, (size_t)(newline - at), "\"record\":\"error\"", 16) == NULL &&
            memmem(at, (size_t)(newline - at), NOBODY, sizeof(NOBODY) - 1) == NULL &&
            !find(self->g, value, &slot)) {
            self->unknown++;
            if (self->collecting) {
                self->g->lines[slot] = value;
            }
        }
        self->count++;
        at = newline + 1;
    }
    return ML_OK;
}

/* Dumps what can be read of the parts; returns how many lines there were, and how many of them are not the whole's. */
static lines show(golden *g, const uint8_t *bytes, size_t length, const uint8_t *journal,
                  size_t journal_length, int collecting)
{
    static const char *const tables[] = {"strings", "codes", "frames", "nodes", "threads",
                                         "kinds",   "gaps",  "runs",   "events"};
    ml_reader_source source = {bytes, journal, length, journal_length, "golden"};
    lines result = {.g = g, .collecting = collecting};
    ml_dump_sink sink = {take_lines, &result};
    ml_reader *reader = NULL;

    if (ml_reader_open_source(&source, NULL, &reader, NULL) == ML_OK) {
        for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
            ml_dump_options options = {ML_DUMP_NDJSON, tables[i]};
            ml_dump(reader, &options, &sink, NULL);
        }
    }
    ml_reader_close(reader);
    return result;
}

/* ---- files ---- */

static fixture_file load(const char *name, const char *suffix, int must_be_there)
{
    fixture_file file = {.descriptor = -1, .bytes = malloc(1 << 16)};
    char path[256];
    FILE *in;

    snprintf(path, sizeof(path), GOLDEN "%s%s", name, suffix);
    in = fopen(path, "rb");
    ML_CHECK(in != NULL || !must_be_there);
    if (in != NULL) {
        file.length = fread(file.bytes, 1, 1 << 16, in);
        fclose(in);
    }
    return file;
}

static golden *open_golden(const char *name, uint64_t *whole)
{
    golden *g = calloc(1, sizeof(*g));

    ML_CHECK(g != NULL);
    g->main = load(name, ".mlog", 1);
    g->journal = load(name, ".mlog-journal", 0);
    *whole = show(g, g->main.bytes, g->main.length, g->journal.bytes, g->journal.length, 1).count;
    ML_CHECK(*whole > 20 && *whole < LINES / 2);
    return g;
}

/* A copy of exact size, so that a sanitizer sees what is read beyond it. */
static uint8_t *exact(const uint8_t *bytes, size_t length)
{
    uint8_t *copy = malloc(length == 0 ? 1 : length);

    ML_CHECK(copy != NULL);
    memcpy(copy, bytes, length);
    return copy;
}

static void cut(golden *g, fixture_file *file, size_t step, uint64_t whole)
{
    int is_journal = file == &g->journal;
    uint64_t most = 0;

    for (size_t length = file->length % step; length <= file->length; length += step) {
        uint8_t *part = exact(file->bytes, length);
        lines seen = is_journal ? show(g, g->main.bytes, g->main.length, part, length, 0)
                                : show(g, part, length, g->journal.bytes, g->journal.length, 0);
        ML_CHECK_EQUAL(seen.unknown, 0);
        most = seen.count > most ? seen.count : most;
        free(part);
    }
    ML_CHECK_EQUAL(most, whole);
}

static void flip(golden *g, fixture_file *file, size_t step)
{
    for (size_t byte = 0; byte < file->length; byte += step) {
        uint8_t bit = (uint8_t)(1u << (byte * 5 % 8));
        file->bytes[byte] ^= bit;
        ML_CHECK_EQUAL(
            show(g, g->main.bytes, g->main.length, g->journal.bytes, g->journal.length, 0).unknown,
            0);
        file->bytes[byte] ^= bit;
    }
}

static void damage(const char *name, int flipping, size_t step)
{
    uint64_t whole;
    golden *g = open_golden(name, &whole);

    /* Valgrind takes ten times as long for each; the sanitized run has all of them. */
    step = ml_test_in_valgrind() ? step * 13 : step;
    if (flipping) {
        flip(g, &g->main, step);
        flip(g, &g->journal, step);
    } else {
        cut(g, &g->main, step, whole);
        cut(g, &g->journal, step, whole);
    }
    free(g->main.bytes);
    free(g->journal.bytes);
    free(g);
}

ML_TEST(small_cut)
{
    damage("small", 0, 5);
}
ML_TEST(small_flipped)
{
    damage("small", 1, 5);
}
ML_TEST(crashed_cut)
{
    damage("crashed", 0, 5);
}
ML_TEST(crashed_flipped)
{
    damage("crashed", 1, 5);
}
ML_TEST(torn_cut)
{
    damage("torn", 0, 5);
}
ML_TEST(torn_flipped)
{
    damage("torn", 1, 5);
}
ML_TEST(future_cut)
{
    damage("future", 0, 11);
}
ML_TEST(future_flipped)
{
    damage("future", 1, 11);
}
ML_TEST(several_cut)
{
    damage("several", 0, 11);
}
ML_TEST(several_flipped)
{
    damage("several", 1, 11);
}
