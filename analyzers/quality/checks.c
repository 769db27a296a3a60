#include "checks.h"

static const uint64_t SECOND = 1000000000u;

static double share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

double checks_missed_share(const facts *about)
{
    return share(about->ticks_missed, about->ticks_planned);
}

double checks_unread_share(const facts *about)
{
    double part = share(about->unread_samples + about->unknown_samples, about->running_samples);
    return part < 1 ? part : 1;
}

double checks_cost_share(const ml_model *model)
{
    return share(model->recorder_cpu_ns, model->duration_ns);
}

static int method_is(const ml_model *model, const char *name)
{
    size_t length = strlen(name);
    return strncmp(model->method, name, length) == 0 &&
           (model->method[length] == ':' || model->method[length] == '\0');
}

int checks_is_biased(const ml_model *model)
{
    return !method_is(model, "direct") && !method_is(model, "syscall");
}

static unsigned grade_of(double value, double fair, double poor)
{
    return value > poor ? GRADE_POOR : value > fair ? GRADE_FAIR : GRADE_GOOD;
}

/* ---------------------------------------------------------------- one check each */

static void check_samples(const ml_model *model, const facts *about, check *one)
{
    char count[ML_NUMBER_MAX];
    unsigned threads = model->threads->count;
    one->name = "samples";
    one->limit = "fair below 200, poor below 50";
    one->grade = about->samples < 50 ? GRADE_POOR : about->samples < 200 ? GRADE_FAIR : GRADE_GOOD;
    ml_format(one->measured, sizeof one->measured, "%s of %u thread%s",
              ml_format_count(count, about->samples), threads, threads == 1 ? "" : "s");
    if (one->grade)
        ml_format(one->reason, sizeof one->reason,
                  "Only %s samples were taken: shares of time are rough. Messages, counters and "
                  "descriptors do not depend on samples.",
                  count);
}

static void check_length(const ml_model *model, check *one)
{
    one->name = "length";
    one->limit = "fair below 1 s";
    one->grade = model->duration_ns < SECOND ? GRADE_FAIR : GRADE_GOOD;
    ml_format_duration(one->measured, model->duration_ns);
    if (one->grade)
        ml_format(one->reason, sizeof one->reason,
                  "The run took %s: its start and imports weigh more than its work.",
                  one->measured);
}

static void check_ticks(const facts *about, check *one)
{
    char missed[ML_NUMBER_MAX], planned[ML_NUMBER_MAX], part[ML_NUMBER_MAX];
    double value = checks_missed_share(about);
    one->name = "ticks missed";
    one->limit = "fair above 5 %, poor above 20 %";
    one->grade = grade_of(value, 0.05, 0.20);
    ml_format(one->measured, sizeof one->measured, "%s of %s (%s)",
              ml_format_count(missed, about->ticks_missed),
              ml_format_count(planned, about->ticks_planned), ml_format_ratio(part, value));
    if (one->grade)
        ml_format(one->reason, sizeof one->reason,
                  "%s of %s ticks (%s) were missed or came a whole period late: the machine was "
                  "busy, and moments in which it was busiest are seen least.",
                  missed, planned, part);
}

static void check_unread(const facts *about, check *one)
{
    char count[ML_NUMBER_MAX], all[ML_NUMBER_MAX], part[ML_NUMBER_MAX];
    double value = checks_unread_share(about);
    one->name = "stacks not read";
    one->limit = "fair above 5 %, poor above 20 % of the samples of running threads";
    one->grade = grade_of(value, 0.05, 0.20);
    ml_format(one->measured, sizeof one->measured, "%s of %s (%s)",
              ml_format_count(count, about->unread_samples + about->unknown_samples),
              ml_format_count(all, about->running_samples), ml_format_ratio(part, value));
    if (one->grade)
        ml_format(one->reason, sizeof one->reason,
                  "In %s of %s samples of running threads (%s) the stack changed while it was "
                  "being read, or its code was not known: code that calls very often is shown with "
                  "less time than it took.",
                  count, all, part);
}

static void check_method(const ml_model *model, check *one)
{
    one->name = "how stacks were read";
    one->limit = "fair if under the interpreter's lock";
    one->grade = checks_is_biased(model) ? GRADE_FAIR : GRADE_GOOD;
    ml_format(one->measured, sizeof one->measured, "%s", model->method);
    if (one->grade)
        ml_format(one->reason, sizeof one->reason,
                  "Stacks were read under the interpreter's lock (%s): samples fall where the "
                  "program gives the lock up, so C code that holds it, and short functions, are "
                  "shown with too little time.",
                  one->measured);
}

static void check_damage(const ml_model *model, check *one)
{
    one->name = "damaged parts";
    one->limit = "fair if any";
    /* Not poor in itself: a killed program leaves half a part, and what lacks much has gaps. */
    one->grade = model->damaged || model->problem[0] ? GRADE_FAIR : GRADE_GOOD;
    ml_format(one->measured, sizeof one->measured, "%s",
              model->problem[0] ? model->problem
              : one->grade      ? "some"
                                : "none");
    if (one->grade)
        ml_format(one->reason, sizeof one->reason,
                  "Parts of the recording could not be read (%s): what happened in them is missing "
                  "everywhere in this report.",
                  model->problem[0] ? model->problem : "no reason given");
}

static void check_end(const ml_model *model, const facts *about, check *one)
{
    one->name = "end";
    one->limit = "fair if not closed in order";
    one->grade = about->open_ends ? GRADE_FAIR : GRADE_GOOD;
    ml_format(one->measured, sizeof one->measured, "%s",
              about->open_ends ? "without a record of the end" : "closed in order");
    if (about->open_ends && model->processes->count > 1)
        ml_format(one->measured, sizeof one->measured, "%u of %u processes without a record of it",
                  (unsigned)about->open_ends, (unsigned)model->processes->count);
    if (one->grade)
        ml_format(one->reason, sizeof one->reason,
                  "The recording has no record of its end: the program was killed, crashed, or is "
                  "still running. %s",
                  about->journals == about->open_ends
                      ? "What was not yet in it was read from its journal: at most the last second "
                        "is missing."
                      : "Its last moments are missing.");
}

/* What could not be kept, in numbers. */
static void say_lost(char *out, size_t size, const facts *about)
{
    const uint64_t counts[] = {about->lost_ticks, about->lost_samples, about->lost_events};
    static const char *const words[] = {"tick", "more sample", "event"};
    char number[ML_NUMBER_MAX];
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < 3; i++) {
        if (counts[i] == 0 || used >= size)
            continue;
        ml_format(out + used, size - used, "%s%s %s%s", used ? ", " : "",
                  ml_format_count(number, counts[i]), words[i], counts[i] == 1 ? "" : "s");
        used += strlen(out + used);
    }
}

static const char *cause_of_loss(const ml_gaps *gaps, uint32_t row)
{
    if (gaps->cause[row] == ML_GAP_NO_ROOM)
        return "it came faster than the recorder had room for";
    return gaps->system_error[row] ? strerror((int)gaps->system_error[row])
                                   : "it could not be written";
}

static void check_lost(const ml_model *model, const facts *about, check *one)
{
    char time[ML_NUMBER_MAX + 16] = "", start[ML_NUMBER_MAX], what[3 * ML_NUMBER_MAX + 32];
    one->name = "lost while recording";
    one->limit = "fair if any, poor above 20 % of the run";
    ml_format(one->measured, sizeof one->measured, "nothing");
    if (about->losses == 0)
        return;
    one->grade = share(about->lost_ns, model->duration_ns) > 0.20 ? GRADE_POOR : GRADE_FAIR;
    say_lost(what, sizeof what, about);
    if (about->lost_ns) {
        char sum[ML_NUMBER_MAX];
        ml_format(time, sizeof time, " of %s in all", ml_format_duration(sum, about->lost_ns));
    }
    ml_format(one->measured, sizeof one->measured, "%s in %u stretch%s%s, from %s on", what,
              (unsigned)about->losses, about->losses == 1 ? "" : "es", time,
              ml_format_time(start, model->gaps->start_ns[about->first_loss]));
    ml_format(one->reason, sizeof one->reason,
              "Not recorded: %s (%s): what happened then is missing everywhere in this report.",
              one->measured, cause_of_loss(model->gaps, about->first_loss));
}

static void check_gaps(const ml_model *model, const facts *about, check *one)
{
    char sum[ML_NUMBER_MAX], longest[ML_NUMBER_MAX], start[ML_NUMBER_MAX], least[ML_NUMBER_MAX];
    one->name = "time without samples";
    one->limit = "fair if any, poor above 20 % of the run";
    one->grade = about->gap_ns == 0 ? GRADE_GOOD
                                    : grade_of(share(about->gap_ns, model->duration_ns), 0, 0.20);
    ml_format(one->measured, sizeof one->measured, "none of %s or more",
              ml_format_duration(least, facts_gap_least(model)));
    if (!one->grade)
        return;
    ml_format(one->measured, sizeof one->measured, "%s, the longest %s from %s",
              ml_format_duration(sum, about->gap_ns),
              ml_format_duration(longest, about->longest_gap_ns),
              ml_format_time(start, about->longest_gap_start_ns));
    ml_format(one->reason, sizeof one->reason,
              "%s of the run have no sample of any thread (the longest %s from %s): the machine "
              "slept, the process was stopped, or the recorder could not run.",
              sum, longest, start);
}

static void check_cost(const ml_model *model, check *one)
{
    char time[ML_NUMBER_MAX], part[ML_NUMBER_MAX];
    double value = checks_cost_share(model);
    one->name = "recorder's own CPU";
    one->limit = "fair above 5 %, poor above 20 % of a core";
    one->grade = grade_of(value, 0.05, 0.20);
    ml_format(one->measured, sizeof one->measured, "%s (%s of a core)",
              ml_format_duration(time, model->recorder_cpu_ns), ml_format_ratio(part, value));
    if (one->grade)
        ml_format(one->reason, sizeof one->reason,
                  "The recorder itself used %s, %s of a core: it slowed the program down where "
                  "cores were short. Record with a lower `--rate`.",
                  time, part);
}

/* ---------------------------------------------------------------- all */

void checks_make(const ml_model *model, const facts *about, check checks[CHECK_COUNT])
{
    memset(checks, 0, CHECK_COUNT * sizeof *checks);
    check_samples(model, about, &checks[CHECK_SAMPLES]);
    check_length(model, &checks[CHECK_LENGTH]);
    check_ticks(about, &checks[CHECK_TICKS]);
    check_unread(about, &checks[CHECK_UNREAD]);
    check_method(model, &checks[CHECK_METHOD]);
    check_damage(model, &checks[CHECK_DAMAGE]);
    check_end(model, about, &checks[CHECK_END]);
    check_lost(model, about, &checks[CHECK_LOST]);
    check_gaps(model, about, &checks[CHECK_GAPS]);
    check_cost(model, &checks[CHECK_COST]);
}

unsigned checks_verdict(const check checks[CHECK_COUNT])
{
    unsigned worst = GRADE_GOOD;
    for (int i = 0; i < CHECK_COUNT; i++)
        worst = checks[i].grade > worst ? checks[i].grade : worst;
    return worst;
}

const char *checks_word(unsigned grade)
{
    return grade == GRADE_POOR ? "poor" : grade == GRADE_FAIR ? "fair" : "good";
}
