/* fdleak: descriptors (files, sockets, pipes) that are opened again and again and never closed.
 *
 * fdleak/never-closed: descriptors of one kind, opened by one line, were open when the run ended. Threshold: at
 *   least `min-count` (5) of them, opened in at least three different tenths of the run. An error from 100 on,
 *   else a warning. The line is that of the innermost frame of the project, else of a library.
 * fdleak/kept-to-the-end: descriptors of one kind, opened by one line, were closed only when the process was about to end
 *   (its last hundredth, or 100 ms): a list or a cache kept them, and what ends with the process a longer run would
 *   have more of. Threshold: at least 20 (or `min-count`) that stayed open to the end, a ninth of them at most closed
 *   earlier, and, as above, opened in three tenths of the run. A warning.
 * fdleak/unknown-opener: what was never closed, by kind, of descriptors that were only seen in the process's table, for
 *   example opened by a C library. Always of low confidence, a note.
 *   Guards: what was open before and the standard streams are left out;
 *   what is opened all at once at the start (a pool, log files) does not rise, so it is no leak. Confidence is
 *   high if at least nine tenths of what the line opened, and 20, stayed open; low if less than half did.
 *   What it cannot know: who should have closed it; a descriptor opened and closed between two looks of the
 *   recorder outside of Python; a cache that grows on purpose.
 */
#include "common/counters.h"
#include "sites.h"

enum { TENTHS_LEAST = 3, ERROR_COUNT = 100, SURE_COUNT = 20 };

/* ---------------------------------------------------------------- words */

static const char *word_of(uint32_t what)
{
    switch (what) {
    case ML_DESCRIPTOR_FILE: return "file";
    case ML_DESCRIPTOR_DIRECTORY: return "directory";
    case ML_DESCRIPTOR_PIPE: return "pipe";
    case ML_DESCRIPTOR_SOCKET: return "socket";
    case ML_DESCRIPTOR_DEVICE: return "device";
    default: return "descriptor";
    }
}

static const char *words_of(uint32_t what)
{
    switch (what) {
    case ML_DESCRIPTOR_FILE: return "files";
    case ML_DESCRIPTOR_DIRECTORY: return "directories";
    case ML_DESCRIPTOR_PIPE: return "pipes";
    case ML_DESCRIPTOR_SOCKET: return "sockets";
    case ML_DESCRIPTOR_DEVICE: return "devices";
    default: return "descriptors";
    }
}

/* ---------------------------------------------------------------- the rule */

static int is_never_closed(const ml_host *host, const open_site *site)
{
    return site->open.count >= (uint64_t)ml_option_as_int(host, "min-count") &&
           open_ones_tenths(&site->open) >= TENTHS_LEAST;
}

static int is_kept_to_the_end(const ml_host *host, const open_site *site)
{
    uint64_t least = (uint64_t)ml_option_as_int(host, "min-count"),
             count = site->open.count + site->kept.count;
    return site->function != ML_NONE && count >= (least > SURE_COUNT ? least : SURE_COUNT) &&
           count * 10 >= (count + site->early) * 9 && open_ones_tenths(&site->kept) >= TENTHS_LEAST;
}

static uint32_t confidence_of(const open_site *site)
{
    if (site->function == ML_NONE || site->open.count * 2 < site->opened)
        return ML_CONFIDENCE_LOW;
    return site->open.count >= SURE_COUNT && site->open.count * 10 >= site->opened * 9
               ? ML_CONFIDENCE_HIGH
               : ML_CONFIDENCE_MEDIUM;
}

/* ---------------------------------------------------------------- the finding */

static uint64_t age_of_oldest(const ml_model *model, const open_ones *ones)
{
    return ones->first_ns < model->duration_ns ? model->duration_ns - ones->first_ns : 0;
}

/* `when`: "at the end", or what else they stayed open to. */
static void put_counts(ml_draft finding, const ml_model *model, const open_site *site,
                       const open_ones *ones, const char *when)
{
    char open[ML_NUMBER_MAX], opened[ML_NUMBER_MAX], age[ML_NUMBER_MAX], first[ML_NUMBER_MAX],
        last[ML_NUMBER_MAX];
    ml_evidence(finding, "%s of the %s %s that were opened there were open %s, the oldest for %s.",
                ml_format_count(open, ones->count), ml_format_count(opened, site->opened),
                words_of(site->what), when, ml_format_duration(age, age_of_oldest(model, ones)));
    ml_evidence(finding, "They were opened from %s to %s, in %u of 10 equal parts of the run.",
                ml_format_time(first, ones->first_ns), ml_format_time(last, ones->last_ns),
                open_ones_tenths(ones));
}

static void put_trend(ml_draft finding, const ml_model *model, const open_ones *ones)
{
    const ml_counters *counters = model->counters;
    uint32_t counter = counter_find(model, "descriptors", ones->process);
    char begin[ML_NUMBER_MAX], end[ML_NUMBER_MAX];
    uint64_t first, last;
    if (counter == ML_NONE || counters->points[counter] < 2)
        return;
    first = counters->first[counter];
    last = first + counters->points[counter] - 1;
    ml_evidence(finding, "The whole process held %lld descriptors at %s and %lld at %s.",
                (long long)counters->value[first], ml_format_time(begin, counters->time_ns[first]),
                (long long)counters->value[last], ml_format_time(end, counters->time_ns[last]));
}

static void put_examples(ml_draft finding, const ml_model *model, const open_ones *ones)
{
    char text[ML_SENTENCE_MAX];
    size_t used = 0;
    for (uint32_t i = 0; i < ones->example_count; i++) {
        ml_format(text + used, 400, "%s%.300s", i ? ", " : "",
                  ml_text_of(model, ones->examples[i]));
        used += strlen(text + used);
    }
    if (used)
        ml_evidence(finding, "For example %s.", text);
}

static void put_place_and_next(ml_draft finding, const ml_model *model, const open_site *site,
                               const open_ones *ones)
{
    const char *name = ml_function_name(model, site->function);
    const char *file = ml_base_name(ml_function_file(model, site->function));
    ml_location_of_function(finding, site->function, site->line);
    ml_set_number(finding, ML_FIELD_START, ones->first_ns);
    ml_set_number(finding, ML_FIELD_END, ones->last_ns);
    if (site->what == ML_DESCRIPTOR_SOCKET)
        ml_next(finding,
                "Close the socket that is opened in %s (%s:%u), or keep one and use it again.",
                name, file, (unsigned)site->line);
    else if (site->what == ML_DESCRIPTOR_FILE)
        ml_next(finding,
                "Close the file that is opened in %s (%s:%u), for example by a with statement.",
                name, file, (unsigned)site->line);
    else
        ml_next(finding, "Close the %s that is opened in %s (%s:%u).", word_of(site->what), name,
                file, (unsigned)site->line);
}

/* What both rules on a line's descriptors begin with. */
static ml_draft begin(const ml_host *host, const open_site *site, uint32_t level, const char *rule)
{
    const ml_model *model = ml_get_model(host);
    const char *name = ml_function_name(model, site->function);
    const char *module = ml_module_name(model, ml_function_module(model, site->function));
    char function[ML_FUNCTION_KEY_MAX], key[300], title[512];
    ml_format(key, sizeof key, "%s:%s:%s", rule, word_of(site->what),
              ml_function_key(function, model, site->function, site->line));
    ml_format(title, sizeof title, "%s leaks %s", name, words_of(site->what));
    ml_draft finding = ml_finding_begin(host, level, rule, key, title);
    ml_set_number(finding, ML_FIELD_IMPORTANCE, 85);
    ml_fingerprint(finding, module);
    ml_fingerprint(finding, name);
    ml_fingerprint(finding, word_of(site->what));
    return finding;
}

static ml_status end(ml_draft finding, const ml_model *model, const open_site *site,
                     const open_ones *ones)
{
    ml_set_number(finding, ML_FIELD_IMPACT_COUNT, ones->count);
    put_trend(finding, model, ones);
    put_examples(finding, model, ones);
    ml_why(
        finding,
        "A process may hold only so many descriptors (often 1,024): when they are used up, opening "
        "files and accepting connections fail.");
    put_place_and_next(finding, model, site, ones);
    ml_limits(
        finding,
        "It is no leak if these are kept open on purpose, as in a cache or a pool that grows.");
    return ml_end(finding, "Descriptors that are opened again and again and never closed.");
}

/* `ones` of the site were `what`, and stayed open `when`. */
static ml_status put_leak(ml_draft finding, const open_site *site, const open_ones *ones,
                          const char *what, const char *when)
{
    const ml_model *model = ml_get_model(finding.host);
    char count[ML_NUMBER_MAX];
    ml_message(finding, "%s %s opened at %s:%u in %s were %s", ml_format_count(count, ones->count),
               words_of(site->what), ml_base_name(ml_function_file(model, site->function)),
               (unsigned)site->line, ml_function_name(model, site->function), what);
    put_counts(finding, model, site, ones, when);
    return end(finding, model, site, ones);
}

static ml_status put_never_closed(const ml_host *host, const open_site *site)
{
    uint32_t level = site->open.count >= ERROR_COUNT ? ML_LEVEL_ERROR : ML_LEVEL_WARNING;
    ml_draft finding = begin(host, site, level, "never-closed");
    ml_confidence(finding, confidence_of(site));
    return put_leak(finding, site, &site->open, "never closed", "at the end");
}

static ml_status put_kept_to_the_end(const ml_host *host, const open_site *site)
{
    ml_draft finding = begin(host, site, ML_LEVEL_WARNING, "kept-to-the-end");
    ml_confidence(finding, ML_CONFIDENCE_MEDIUM);
    return put_leak(finding, site, &site->kept, "closed only when the process ended",
                    "until the process was about to end");
}

static ml_status put_unknown_opener(const ml_host *host, const open_site *site)
{
    const ml_model *model = ml_get_model(host);
    char key[64], title[64], count[ML_NUMBER_MAX];
    ml_format(key, sizeof key, "unknown-opener:%s", word_of(site->what));
    ml_format(title, sizeof title, "Somebody leaks %s", words_of(site->what));
    ml_draft finding = ml_finding_begin(host, ML_LEVEL_NOTE, "unknown-opener", key, title);
    ml_set_number(finding, ML_FIELD_IMPORTANCE, 60);
    ml_confidence(finding, ML_CONFIDENCE_LOW);
    ml_set_number(finding, ML_FIELD_IMPACT_COUNT, site->open.count);
    ml_fingerprint(finding, word_of(site->what));
    ml_message(finding, "%s %s were opened and never closed; what opened them was not seen",
               ml_format_count(count, site->open.count), words_of(site->what));
    put_counts(finding, model, site, &site->open, "at the end");
    put_trend(finding, model, &site->open);
    put_examples(finding, model, &site->open);
    ml_next(
        finding,
        "Look at the names above for the library that opens them: it does so outside of Python's "
        "own functions.");
    ml_limits(
        finding,
        "The recorder looks at the table of descriptors once a second, so it does not see where "
        "these were opened, and none that lived shorter.");
    return ml_end(finding, "Descriptors of an unknown opener that were never closed.");
}

/* ---------------------------------------------------------------- the rest of the document */

static ml_status put_table(const ml_host *host, const open_sites *found)
{
    const ml_model *model = ml_get_model(host);
    ml_draft table = ml_table_begin(host, "sites", "Where descriptors were opened");
    ml_set_number(table, ML_FIELD_IMPORTANCE, 50);
    ml_table_column(table, "opened in", ML_TYPE_FUNCTION, ML_REDUCE_KEY);
    ml_table_column(table, "line", ML_TYPE_INT, ML_REDUCE_KEY);
    ml_table_column(table, "kind", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_column(table, "opened", ML_TYPE_INT, ML_REDUCE_SUM);
    ml_table_column(table, "closed", ML_TYPE_INT, ML_REDUCE_SUM);
    ml_table_column(table, "still open", ML_TYPE_INT, ML_REDUCE_SUM);
    ml_table_column(table, "oldest open", ML_TYPE_DURATION, ML_REDUCE_MAX);
    ml_table_show(table, 5, 10);
    for (size_t i = 0; i < found->count; i++) {
        const open_site *site = &found->sites[i];
        if (site->function == ML_NONE)
            ml_cell_null(table);
        else
            ml_cell_function(table, site->function);
        ml_cell_int(table, (int64_t)site->line);
        ml_cell_text(table, word_of(site->what));
        ml_cell_int(table, (int64_t)site->opened);
        ml_cell_int(table, (int64_t)site->closed);
        ml_cell_int(table, (int64_t)site->open.count);
        if (site->open.count)
            ml_cell_number(table, age_of_oldest(model, &site->open));
        else
            ml_cell_null(table);
    }
    return ml_end(
        table, "The lines that opened descriptors; without a function: the opener was not seen.");
}

static ml_status put_clean(const ml_host *host, const open_sites *found)
{
    char text[512], checked[ML_NUMBER_MAX], sites[ML_NUMBER_MAX];
    ml_format(
        text, sizeof text,
        "Checked %s descriptors from %s places: none leaks. A leak would be at least %lld left open by "
        "one line, opened in at least %d different tenths of the run.",
        ml_format_count(checked, found->checked), ml_format_count(sites, found->count),
        (long long)ml_option_as_int(host, "min-count"), TENTHS_LEAST);
    return ml_put_text(host, "clean", "Descriptors", text);
}

static ml_status run(const ml_host *host, void *self)
{
    open_sites found;
    size_t leaks = 0;
    double open = 0;
    ml_status status = open_sites_find(host, &found);
    (void)self;
    for (size_t i = 0; status == ML_OK && i < found.count; i++) {
        const open_site *site = &found.sites[i];
        open += (double)site->open.count;
        if (!is_never_closed(host, site) && !is_kept_to_the_end(host, site))
            continue;
        leaks++;
        if (!is_never_closed(host, site))
            status = put_kept_to_the_end(host, site);
        else if (site->function == ML_NONE)
            status = put_unknown_opener(host, site);
        else
            status = put_never_closed(host, site);
    }
    if (status == ML_OK && leaks == 0)
        status = put_clean(host, &found);
    if (status == ML_OK)
        status = ml_put_metric(host, 40, "left-open", "descriptors left open", ML_TYPE_INT, open, 1,
                               ML_REDUCE_SUM);
    return status == ML_OK && found.count ? put_table(host, &found) : status;
}

static const ml_option options[] = {
    ML_OPTION("min-count", ML_OPTION_INT, "5", 2, 1000000,
              "fewest descriptors that one line must leave open to be a leak"),
};

ML_DEFINE_ANALYZER_WITH_OPTIONS("fdleak", "1.0", "Descriptor leaks",
                                "files, sockets and pipes opened and never closed", options, run)
