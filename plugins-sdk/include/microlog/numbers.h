/* microlog/numbers.h: numbers for people. Part of sdk.h, which includes it.
 *
 * Three significant digits, the unit always shown, SI prefixes, no locale. The buffer has ML_NUMBER_MAX bytes and is
 * returned.
 */
#ifndef MICROLOG_NUMBERS_H
#define MICROLOG_NUMBERS_H

#include <microlog/plugin.h>

#include <stdio.h>
#include <string.h>

#define ML_NUMBER_MAX 40

typedef struct ml_unit {
    uint64_t size; /* how many of the smallest unit it holds, at most 1e15 */
    const char *name;
} ml_unit;

/* `value` in the largest unit in which it is at least one; `units` rise and end with a size of 0. */
static inline const char *ml_format_scaled(char *buffer, uint64_t value, const ml_unit *units)
{
    static const uint64_t power[3] = {1, 10, 100};
    unsigned decimals;
    uint64_t scaled;
    while (units[1].size && value / units[0].size + (value % units[0].size * 2 >= units[0].size) >=
                                units[1].size / units[0].size)
        units++;
    for (decimals = units[0].size == 1 ? 0 : 2;; decimals--) {
        scaled = value / units[0].size * power[decimals] +
                 (value % units[0].size * power[decimals] + units[0].size / 2) / units[0].size;
        if (decimals == 0 || scaled < 1000)
            break;
    }
    if (decimals == 0)
        snprintf(buffer, ML_NUMBER_MAX, "%llu %s", (unsigned long long)scaled, units[0].name);
    else
        snprintf(buffer, ML_NUMBER_MAX, "%llu.%0*llu %s",
                 (unsigned long long)(scaled / power[decimals]), (int)decimals,
                 (unsigned long long)(scaled % power[decimals]), units[0].name);
    return buffer;
}

/* "37.9 s", "412 ms", "20 min 34 s" from 1,000 s on. */
static inline const char *ml_format_duration(char *buffer, uint64_t ns)
{
    static const ml_unit units[] = {
        {1, "ns"}, {1000, "\xC2\xB5s"}, {1000000, "ms"}, {1000000000, "s"}, {0, NULL}};
    uint64_t seconds = ns / 1000000000u + (ns % 1000000000u >= 500000000u);
    if (seconds < 1000)
        return ml_format_scaled(buffer, ns, units);
    if (seconds < 6000)
        snprintf(buffer, ML_NUMBER_MAX, "%u min %02u s", (unsigned)(seconds / 60),
                 (unsigned)(seconds % 60));
    else
        snprintf(buffer, ML_NUMBER_MAX, "%llu h %02u min", (unsigned long long)(seconds / 3600),
                 (unsigned)(seconds % 3600 / 60));
    return buffer;
}

/* "812 MB": SI, a megabyte is a million bytes. */
static inline const char *ml_format_bytes(char *buffer, uint64_t bytes)
{
    static const ml_unit units[] = {
        {1, "B"},           {1000, "kB"},          {1000000, "MB"},
        {1000000000, "GB"}, {1000000000000, "TB"}, {1000000000000000, "PB"},
        {0, NULL}};
    return ml_format_scaled(buffer, bytes, units);
}

/* "1,180" */
static inline const char *ml_format_count(char *buffer, uint64_t count)
{
    char digits[24];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    size_t i, used = 0;
    for (i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            buffer[used++] = ',';
        buffer[used++] = digits[i];
    }
    buffer[used] = '\0';
    return buffer;
}

/* 0.352 is "35 %", 0.0352 "3.5 %"; what is no number or beyond reason is said so. */
static inline const char *ml_format_ratio(char *buffer, double ratio)
{
    double percent = ratio * 100;
    long long tenths;
    if (!(percent > -1e9 && percent < 1e9)) {
        snprintf(buffer, ML_NUMBER_MAX, percent != percent ? "not a number" : "out of range");
        return buffer;
    }
    tenths = (long long)(percent * 10 + (percent < 0 ? -0.5 : 0.5));
    if (tenths == 0 || tenths >= 100 || tenths <= -100)
        snprintf(buffer, ML_NUMBER_MAX, "%lld %%", (tenths + (tenths < 0 ? -5 : 5)) / 10);
    else
        snprintf(buffer, ML_NUMBER_MAX, "%s%lld.%lld %%", tenths < 0 ? "-" : "",
                 (tenths < 0 ? -tenths : tenths) / 10, (tenths < 0 ? -tenths : tenths) % 10);
    return buffer;
}

/* Moments are shown to the hundredth of a second of the run: "12.40 s". */
static inline const char *ml_format_time(char *buffer, uint64_t ns)
{
    uint64_t hundredths = ns / 10000000u + (ns % 10000000u >= 5000000u);
    snprintf(buffer, ML_NUMBER_MAX, "%llu.%02u s", (unsigned long long)(hundredths / 100),
             (unsigned)(hundredths % 100));
    return buffer;
}

#endif
