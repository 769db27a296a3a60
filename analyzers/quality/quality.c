/* quality: can this recording be trusted? A verdict (good, fair, poor: that of the worst check), its reasons,
 * a table of what was checked, key numbers, and a finding where a reader would otherwise be misled:
 *
 * quality/damaged: parts of the recording could not be read. Warning.
 * quality/missed-ticks: more than 5 % of the planned ticks were missed, or ran a whole period late. Warning.
 * quality/biased: stacks were read under the interpreter's lock, so only where the program gives it up. Warning.
 * quality/stacks-not-read: more than 5 % of the samples of running threads have no usable stack. Warning above
 *   20 %, else a note.
 * quality/few-samples: fewer than 200 samples, or a run of less than a second. Note.
 * quality/no-clean-end: the recording was not closed: killed, crashed, or still running. Note.
 * quality/lost: the recorder could not write (a full disk), or had no room, and says what it had to leave out. Warning.
 * quality/gap: no thread has a sample for a second (20 periods, if that is more), or longer. Note.
 *   Guard: of a run of less than a second with fewer than 10 samples, as of a program that does nothing, the verdict
 *   tells this, and no finding.
 *   What it cannot know: whether a machine that slept, or a stopped process, was meant to; a lost sample that
 *   left no trace.
 */
#include "checks.h"

#include "common/prose.h"

enum { SAMPLES_EMPTY = 10 };

static const uint64_t EMPTY_NS = 1000000000;

/* A finding of a check that is not good. */
typedef struct rule {
    int check;
    const char *name, *title, *next;
} rule;

static const rule rules[] = {
    {CHECK_DAMAGE, "damaged", "Parts of the recording are damaged",
     "Record again if the missing part matters; microlog-analyze dump shows what can be read."},
    {CHECK_TICKS, "missed-ticks", "Ticks were missed",
     "Record again on a machine with a free core, or with a lower --rate."},
    {CHECK_METHOD, "biased", "Stacks were read in a biased way",
     "Build the recorder for the Python that runs the program: make PYTHON=/path/to/python3."},
    {CHECK_UNREAD, "stacks-not-read", "Stacks could not be read",
     "Record longer: what was read is right, but shares of small functions are too low."},
    {CHECK_SAMPLES, "few-samples", "Few samples",
     "Record a longer run, or more samples a second with --rate."},
    {CHECK_LENGTH, "few-samples", "A short run",
     "Record a longer run, or more samples a second with --rate."},
    {CHECK_END, "no-clean-end", "The recording has no end",
     "Look at how the program ended, for example at its exit code or the system's log."},
    {CHECK_LOST, "lost", "Something was not recorded",
     "Record to a place with more room, or leave that time out when comparing this run with others."},
    {CHECK_GAPS, "gap", "Time without samples",
     "Leave that time out when comparing this run with others."},
};

static uint32_t level_of(const check *one, int which)
{
    switch (which) {
    case CHECK_DAMAGE:
    case CHECK_TICKS:
    case CHECK_LOST:
    case CHECK_METHOD: return ML_LEVEL_WARNING;
    case CHECK_UNREAD: return one->grade == GRADE_POOR ? ML_LEVEL_WARNING : ML_LEVEL_NOTE;
    default: return ML_LEVEL_NOTE;
    }
}

static ml_status put_finding(const ml_host *host, const rule *about, const check *one)
{
    ml_draft finding =
        ml_finding_begin(host, level_of(one, about->check), about->name, about->name, about->title);
    char first[ML_SENTENCE_MAX];
    size_t length;
    ml_format(first, sizeof first, "%s", one->reason);
    length = strlen(first);
    if (length && first[length - 1] == '.')
        first[length - 1] = '\0';
    ml_set_number(finding, ML_FIELD_IMPORTANCE, 100);
    ml_confidence(finding, ML_CONFIDENCE_HIGH);
    ml_fingerprint(finding, about->name);
    ml_message(finding, "%s", first);
    ml_evidence(finding, "Measured: %s. Limit: %s.", one->measured, one->limit);
    ml_next(finding, "%s", about->next);
    return ml_end(finding, one->reason);
}

/* Nobody reads shares of time of a run in which there was hardly time for a sample. */
static int is_empty(const ml_model *model, const facts *about)
{
    return about->samples < SAMPLES_EMPTY && model->duration_ns < EMPTY_NS;
}

static int is_about_samples(int which)
{
    return which == CHECK_SAMPLES || which == CHECK_LENGTH || which == CHECK_TICKS ||
           which == CHECK_UNREAD;
}

static ml_status put_findings(const ml_host *host, const facts *about,
                              const check checks[CHECK_COUNT])
{
    ml_status status = ML_OK;
    int empty = is_empty(ml_get_model(host), about);
    for (size_t i = 0; status == ML_OK && i < sizeof rules / sizeof rules[0]; i++) {
        const check *one = &checks[rules[i].check];
        int said = rules[i].check == CHECK_LENGTH && checks[CHECK_SAMPLES].grade;
        if (one->grade && !said && !(empty && is_about_samples(rules[i].check)))
            status = put_finding(host, &rules[i], one);
    }
    return status;
}

/* Text of a recording stands in the reasons, so each is shown as it is, not as Markdown. */
static ml_status put_verdict(const ml_host *host, const check checks[CHECK_COUNT])
{
    static const char *const sentences[] = {
        "**Good.** Nothing was found that would make the numbers of this report misleading.",
        "**Fair.** The report can be used with these things in mind:",
        "**Poor.** Numbers of this report may mislead:"};
    prose text;
    ml_draft block;
    if (!prose_open(&text, host, (size_t)CHECK_COUNT * 2 * ML_SENTENCE_MAX))
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the verdict on the recording");
    prose_put(&text, "%s\n", sentences[checks_verdict(checks)]);
    for (int i = 0; i < CHECK_COUNT; i++) {
        if (!checks[i].grade)
            continue;
        prose_put(&text, "\n* ");
        prose_put_plain(&text, checks[i].reason);
    }
    block = ml_block_begin(host, ML_BLOCK_TEXT, "verdict", "Can this recording be trusted?");
    ml_set_number(block, ML_FIELD_IMPORTANCE, 100);
    return ml_end(block, text.bytes);
}

static ml_status put_table(const ml_host *host, const check checks[CHECK_COUNT])
{
    ml_draft table = ml_table_begin(host, "checks", "What was checked of the recording");
    ml_set_number(table, ML_FIELD_IMPORTANCE, 90);
    ml_table_column(table, "check", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_column(table, "verdict", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_column(table, "measured", ML_TYPE_TEXT, ML_REDUCE_NONE);
    ml_table_column(table, "limits", ML_TYPE_TEXT, ML_REDUCE_NONE);
    for (int i = 0; i < CHECK_COUNT; i++) {
        ml_cell_text(table, checks[i].name);
        ml_cell_text(table, checks_word(checks[i].grade));
        ml_cell_text(table, checks[i].measured);
        ml_cell_text(table, checks[i].limit);
    }
    return ml_end(table, "Each check of the recording with its verdict.");
}

static ml_status put_metrics(const ml_host *host, const facts *about)
{
    const ml_model *model = ml_get_model(host);
    ml_status status = ml_put_metric(host, 30, "missed", "ticks missed", ML_TYPE_RATIO,
                                     checks_missed_share(about), 1, ML_REDUCE_MAX);
    if (status == ML_OK)
        status = ml_put_metric(host, 30, "unread", "stacks not read", ML_TYPE_RATIO,
                               checks_unread_share(about), 1, ML_REDUCE_MAX);
    if (status == ML_OK)
        status = ml_put_metric(host, 30, "recorder-cpu", "recorder's CPU", ML_TYPE_RATIO,
                               checks_cost_share(model), 1, ML_REDUCE_MAX);
    return status;
}

static ml_status run(const ml_host *host, void *self)
{
    check *checks = (check *)ml_alloc(host, CHECK_COUNT, sizeof *checks);
    facts about;
    ml_status status = facts_find(host, &about);
    (void)self;
    if (!checks)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the checks of the recording");
    if (status != ML_OK)
        return status;
    checks_make(ml_get_model(host), &about, checks);
    status = put_verdict(host, checks);
    if (status == ML_OK)
        status = put_findings(host, &about, checks);
    if (status == ML_OK)
        status = put_metrics(host, &about);
    return status == ML_OK ? put_table(host, checks) : status;
}

ML_DEFINE_ANALYZER("quality", "1.0", "Quality of the recording",
                   "how far this recording can be trusted", run)
