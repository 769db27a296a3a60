#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "head.h"

#include "frames.h"

#include "core/base/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static void random_bytes(void *out, size_t size)
{
    if (getrandom(out, size, 0) != (ssize_t)size) {
        uint64_t now = ml_clock_monotonic();
        memcpy(out, &now, size < sizeof(now) ? size : sizeof(now));
    }
}

static int hex_digit(int character)
{
    return character >= '0' && character <= '9'   ? character - '0'
           : character >= 'a' && character <= 'f' ? character - 'a' + 10
                                                  : -1;
}

static bool is_zero(const uint8_t uuid[16])
{
    static const uint8_t zeros[16];

    return memcmp(uuid, zeros, sizeof(zeros)) == 0;
}

void head_hex(const uint8_t uuid[16], char out[HEAD_HEX])
{
    for (int i = 0; i < 16; i++) {
        snprintf(out + 2 * i, 3, "%02x", uuid[i]);
    }
}

bool head_read_hex(const char *text, uint8_t uuid[16])
{
    for (int i = 0; i < 16; i++) {
        int high = hex_digit(text[2 * i]);
        int low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);
        if (low < 0) {
            return false;
        }
        uuid[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static void begin_now(head_identity *out)
{
    uint64_t before = ml_clock_monotonic();

    out->wall_ns = ml_clock_wall();
    out->anchor_ns = ml_clock_monotonic();
    out->uncertainty_ns = (out->anchor_ns - before) / 2;
    random_bytes(out->uuid, sizeof(out->uuid));
    random_bytes(&out->seed, sizeof(out->seed));
}

void head_identify(const recorder_options *options, head_identity *out)
{
    time_t now = time(NULL);
    struct tm local;

    *out = (head_identity){0};
    begin_now(out);
    memcpy(out->session, is_zero(options->session) ? out->uuid : options->session,
           sizeof(out->session));
    memcpy(out->parent, options->parent, sizeof(out->parent));
    if (localtime_r(&now, &local) != NULL) {
        out->utc_offset_s = local.tm_gmtoff;
    }
}

void head_identify_child(head_identity *identity)
{
    memcpy(identity->parent, identity->uuid, sizeof(identity->parent));
    begin_now(identity);
}

static void read_boot(uint8_t boot[16])
{
    char text[64] = "";
    int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    int nibbles = 0;

    if (file < 0 || read(file, text, sizeof(text) - 1) < 36) {
        text[0] = '\0';
    }
    if (file >= 0) {
        close(file);
    }
    for (const char *at = text; *at != '\0' && nibbles < 32; at++) {
        int digit = hex_digit(*at);
        if (digit >= 0) {
            boot[nibbles / 2] = (uint8_t)(boot[nibbles / 2] << 4 | digit);
            nibbles++;
        }
    }
}

/* A tenth of a tick, at most 1 ms. What does not fill a unit is carried over, so sums stay right; what is finer is noise,
 * and would be half the recording of a busy thread. */
static uint64_t cpu_unit_of(uint64_t period_ns)
{
    enum { MOST_NS = 1000000 };
    uint64_t unit = period_ns / 10;

    return unit > MOST_NS ? MOST_NS : unit;
}

void head_fill(const head_identity *identity, const recorder_options *options, head_texts *texts,
               ml_head *out)
{
    struct utsname system;

    *out = (ml_head){
        .anchor_ns = identity->anchor_ns,
        .wall_ns = identity->wall_ns,
        .uncertainty_ns = identity->uncertainty_ns,
        .period_ns = (uint64_t)(1e9 / options->rate),
        .cpu_unit_ns = cpu_unit_of((uint64_t)(1e9 / options->rate)),
        .event_unit_ns = 10000,
        .seed = identity->seed,
        .pid = (uint32_t)getpid(),
        .ppid = (uint32_t)getppid(),
        .executable = options->executable,
        .argv = options->argv,
        .argc = options->argc,
        .directory = options->directory,
        .python = options->python,
        .hexversion = PY_VERSION_HEX,
        .recorder = "microlog 0.1",
        .detail = options->lines,
        .depth = FRAMES_DEPTH,
        .label = options->label,
        .utc_offset_s = identity->utc_offset_s,
    };
    memcpy(out->uuid, identity->uuid, sizeof(out->uuid));
    memcpy(out->session, identity->session, sizeof(out->session));
    memcpy(out->parent, identity->parent, sizeof(out->parent));
    read_boot(out->boot);
    *texts = (head_texts){0};
    if (uname(&system) == 0) {
        snprintf(texts->system, sizeof(texts->system), "%s %s %s", system.sysname, system.release,
                 system.machine);
        out->system = texts->system;
    }
    if (gethostname(texts->host, sizeof(texts->host) - 1) == 0) {
        out->host = texts->host;
    }
}
