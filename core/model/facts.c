#include "core/model/build.h"
#include "core/model/module_names.h"

#include <inttypes.h>
#include <string.h>

/* Positions of the wanted fields, as event_kinds.c lists them. */
enum { STATUS_USER, STATUS_SYSTEM };
enum { EXIT_CODE };
enum { COST_CPU, COST_LEFT_OUT };

enum { MICROSECOND = 1000 };

/* What the events say about a process; the last of each counts. */
typedef struct process_account {
    int has_status;
    uint64_t cpu_ns, recorder_cpu_ns, left_out;
    int64_t exit_code;
} process_account;

typedef struct process_columns {
    uint32_t *pid, *parent_pid, *command, *python, *flags;
    uint64_t *start_ns, *end_ns, *cpu_ns;
    int64_t *exit_code;
} process_columns;

/* ---- accounts ---- */

static uint64_t from_microseconds(int64_t number)
{
    uint64_t ns;

    if (number < 0) {
        return 0;
    }
    return __builtin_mul_overflow((uint64_t)number, MICROSECOND, &ns) ? UINT64_MAX : ns;
}

static void read_status(const ml_build *build, const ml_event *event, process_account *account)
{
    int64_t user = ml_event_number(build, event, STATUS_USER, -1);
    int64_t system = ml_event_number(build, event, STATUS_SYSTEM, -1);

    if (user >= 0 || system >= 0) {
        account->has_status = 1;
        account->cpu_ns = ml_sum(from_microseconds(user), from_microseconds(system));
    }
}

static void read_accounts(const ml_build *build, process_account *accounts)
{
    for (size_t i = 0; i < build->event_count; i++) {
        const ml_event *event = &build->events[i];
        process_account *account = &accounts[event->process];
        if (event->kind->use == ML_USE_STATUS) {
            read_status(build, event, account);
        } else if (event->kind->use == ML_USE_EXIT) {
            account->exit_code = ml_event_number(build, event, EXIT_CODE, INT64_MIN);
        } else if (event->kind->use == ML_USE_COST) {
            account->recorder_cpu_ns =
                from_microseconds(ml_event_number(build, event, COST_CPU, 0));
            account->left_out = (uint64_t)ml_event_number(build, event, COST_LEFT_OUT, 0);
        }
    }
}

/* Without a status, what the samples of its threads say. */
static uint64_t cpu_of(const ml_build *build, uint32_t process, const process_account *account)
{
    uint64_t sum = 0;

    if (account->has_status) {
        return account->cpu_ns;
    }
    for (uint32_t thread = 0; thread < build->thread_count; thread++) {
        if (build->tables.threads.process[thread] == process) {
            sum = ml_sum(sum, build->tables.threads.cpu_ns[thread]);
        }
    }
    return sum;
}

/* ---- texts ---- */

static uint32_t join_command(ml_build *build, const ml_head *head)
{
    ml_buffer command;
    uint32_t row;

    ml_buffer_init(&command, SIZE_MAX);
    for (uint32_t i = 0; i < head->argc; i++) {
        ml_buffer_put_text(&command, i == 0 ? "" : " ");
        ml_buffer_put_text(&command, head->argv[i]);
    }
    row = ml_intern(&build->strings, command.data, command.length);
    ml_buffer_release(&command);
    return row;
}

static uint32_t short_name(ml_build *build, const ml_head *head)
{
    ml_buffer name;
    uint32_t row;

    ml_buffer_init(&name, SIZE_MAX);
    ml_name_program(&name, head->argv, head->argc);
    row = ml_intern(&build->strings, name.data, name.length);
    ml_buffer_release(&name);
    return row;
}

static uint32_t uuid_text(ml_build *build, const uint8_t uuid[16])
{
    static const char digits[] = "0123456789abcdef";
    char text[36];
    size_t at = 0;

    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text[at++] = '-';
        }
        text[at++] = digits[uuid[i] >> 4];
        text[at++] = digits[uuid[i] & 15];
    }
    return ml_intern(&build->strings, text, at);
}

static uint32_t method_text(ml_build *build, const ml_head *head)
{
    static const char *const names[] = {"unknown", "direct", "syscall", "gil"};
    const char *name =
        head->method < sizeof(names) / sizeof(names[0]) ? names[head->method] : names[0];
    int has_reason = head->method_reason != NULL && head->method_reason[0] != '\0';
    const char *text =
        has_reason ? ml_arena_format(&build->arena, "%s: %s", name, head->method_reason) : name;

    return ml_intern_text(&build->strings, text);
}

/* ---- what could not be read ---- */

/* Adds "COUNT WHAT" to the problems of a process. */
static void put_count(ml_buffer *problem, size_t start, uint64_t count, const char *one,
                      const char *many)
{
    if (count != 0) {
        ml_buffer_put_format(problem, "%s%" PRIu64 " %s", problem->length == start ? "" : ", ",
                             count, count == 1 ? one : many);
    }
}

/* Adds a sentence on what is missing of a member; true if anything is. */
static int put_damage(const ml_build *build, const ml_member *member, ml_buffer *problem)
{
    const ml_diagnostics *found = &member->recording->diagnostics;
    const char *first = found->first[0] != '\0' ? found->first : member->unreadable_first;
    size_t before = problem->length;
    size_t start;

    ml_buffer_put_text(problem, before == 0 ? "" : "; ");
    if (build->member_count > 1) {
        ml_buffer_put_format(problem, "process %" PRIu32 ": ", member->recording->head.pid);
    }
    start = problem->length;
    put_count(problem, start, ml_sum(found->damaged_chunks, member->unreadable),
              "damaged part was left out", "damaged parts were left out");
    put_count(problem, start, found->missing_chunks, "part is missing", "parts are missing");
    put_count(problem, start, found->unusable_definitions, "list of names was left out",
              "lists of names were left out");
    put_count(problem, start, found->unknown_critical, "part needs a newer microlog-analyze",
              "parts need a newer microlog-analyze");
    put_count(problem, start, found->torn_bytes, "byte at the end is not a whole part",
              "bytes at the end are not a whole part");
    if (problem->length == start) {
        problem->length = before;
        return 0;
    }
    if (first[0] != '\0') {
        ml_buffer_put_format(problem, " (first: %s)", first);
    }
    return 1;
}

static void put_sentence(ml_buffer *problem, int holds, const char *sentence)
{
    if (holds) {
        ml_buffer_put_text(problem, problem->length == 0 ? "" : "; ");
        ml_buffer_put_text(problem, sentence);
    }
}

static ml_status describe_problems(ml_build *build, uint32_t *flags)
{
    ml_buffer problem;

    ml_buffer_init(&problem, SIZE_MAX);
    for (uint32_t i = 0; i < build->member_count; i++) {
        const ml_member *member = &build->members[i];
        flags[i] = member->recording->diagnostics.clean_end ? ML_PROCESS_CLEAN_END : 0;
        flags[i] |= put_damage(build, member, &problem) ? ML_PROCESS_DAMAGED : 0;
        flags[i] |= member->recording->diagnostics.journal_chunks != 0 ? ML_PROCESS_JOURNAL : 0;
    }
    put_sentence(&problem, build->clamped, "times beyond 146 years were cut off");
    put_sentence(&problem, build->calls_cut,
                 "there are more than 2^24 calls, the others were left out");
    build->facts.damaged = problem.length != 0;
    build->facts.problem = ml_intern(&build->strings, problem.data, problem.length);
    ml_buffer_release(&problem);
    return problem.status;
}

/* ---- the stage ---- */

static ml_status make_room(ml_build *build, process_columns *columns)
{
    uint64_t rows = build->member_count;
    uint32_t **const narrow[] = {&columns->pid,    &columns->parent_pid, &columns->command,
                                 &columns->python, &columns->flags,      NULL};
    uint64_t **const wide[] = {&columns->start_ns, &columns->end_ns, &columns->cpu_ns, NULL};

    ML_TRY(ml_build_narrow(build, rows, "processes", narrow));
    ML_TRY(ml_build_wide(build, rows, "processes", wide));
    columns->exit_code = ml_build_array(build, rows, sizeof(*columns->exit_code), "processes");
    return columns->exit_code == NULL ? ML_ERROR_MEMORY : ML_OK;
}

static void put_process(ml_build *build, process_columns *columns, uint32_t row,
                        const process_account *account)
{
    const ml_member *member = &build->members[row];
    const ml_head *head = &member->recording->head;
    ml_image_facts *facts = &build->facts;

    columns->pid[row] = head->pid;
    columns->parent_pid[row] = head->ppid;
    columns->start_ns[row] = member->offset_ns;
    columns->end_ns[row] = member->end_ns;
    columns->command[row] = join_command(build, head);
    columns->python[row] = ml_intern_text(&build->strings, head->python);
    columns->cpu_ns[row] = cpu_of(build, row, account);
    columns->exit_code[row] = account->exit_code;
    facts->duration_ns = member->end_ns > facts->duration_ns ? member->end_ns : facts->duration_ns;
    facts->recorder_cpu_ns = ml_sum(facts->recorder_cpu_ns, account->recorder_cpu_ns);
    facts->ticks_missed -=
        account->left_out < facts->ticks_missed ? account->left_out : facts->ticks_missed;
}

/* What is said of the whole run is said of its first process. */
static void describe_run(ml_build *build)
{
    const ml_head *head = &build->members[0].recording->head;
    ml_interner *strings = &build->strings;
    ml_image_facts *facts = &build->facts;

    facts->period_ns = build->members[0].period_ns;
    facts->start_wall_ns = head->wall_ns;
    facts->utc_offset_s = head->utc_offset_s;
    facts->name = short_name(build, head);
    facts->command = join_command(build, head);
    facts->python = ml_intern_text(strings, head->python);
    facts->host = ml_intern_text(strings, head->host);
    facts->system = ml_intern_text(strings, head->system);
    facts->directory = ml_intern_text(strings, head->directory);
    facts->label = ml_intern_text(strings, head->label);
    facts->recorder = ml_intern_text(strings, head->recorder);
    facts->session = uuid_text(build, head->session);
    facts->method = method_text(build, head);
}

ml_status ml_build_facts(ml_build *build)
{
    process_account *accounts =
        ml_build_array(build, build->member_count, sizeof(*accounts), "processes");
    process_columns columns;

    if (accounts == NULL) {
        return ML_ERROR_MEMORY;
    }
    for (uint32_t i = 0; i < build->member_count; i++) {
        accounts[i].exit_code = INT64_MIN;
    }
    ML_TRY(make_room(build, &columns));
    read_accounts(build, accounts);
    for (uint32_t i = 0; i < build->member_count; i++) {
        put_process(build, &columns, i, &accounts[i]);
    }
    describe_run(build);
    ML_TRY(describe_problems(build, columns.flags));
    build->tables.processes = (ml_processes){.pid = columns.pid,
                                             .parent_pid = columns.parent_pid,
                                             .start_ns = columns.start_ns,
                                             .end_ns = columns.end_ns,
                                             .command = columns.command,
                                             .python = columns.python,
                                             .flags = columns.flags,
                                             .cpu_ns = columns.cpu_ns,
                                             .exit_code = columns.exit_code};
    build->rows[ML_EXTENT_PROCESSES] = build->member_count;
    return build->strings.status;
}
