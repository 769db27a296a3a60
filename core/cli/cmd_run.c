#include "core/cli/commands.h"

#include "core/base/os.h"
#include "core/base/text.h"
#include "core/cli/choose.h"
#include "core/cli/console.h"
#include "core/cli/naming.h"
#include "core/cli/overview.h"
#include "core/cli/recording.h"
#include "core/cli/report.h"
#include "core/document/names.h"
#include "core/format/page.h"

#include <string.h>

#define REPORT_MAX ((size_t)1 << 32)

#define CARRIED_MAX ((size_t)8 << 20) /* of recordings in a page */

enum { FULL_VERDICTS_MAX = 3 }; /* with more runs there is a line for each, and a table */

/* Everything about one call, from the command line to the exit code. */
typedef struct run {
    const ml_args *args;
    ml_arena arena;
    ml_pool *pool;
    ml_choice plugins, formats, terminal; /* terminal: none, or the renderer "text" */
    uint32_t gate;                        /* level of --fail-on, or 0 */
    int use_sources;                      /* ML_SOURCES_… */
    ml_recordings recordings;
    const char **stems; /* a name for the reports of each session */
    ml_overview overview;
    int code;
} run;

/* One session of it. */
typedef struct session {
    run *run;
    const ml_session *found;
    const char *recording, *stem; /* path of its first recording; name of its reports */
    ml_arena arena;
    ml_image *image;
    ml_documents documents;
    ml_buffer others;  /* the files that were written, one a line */
    ml_buffer carried; /* the recordings for pages; nothing: none is to carry them */
} session;

/* ---- the command line ---- */

static ml_status check_source(run *self, ml_error *error)
{
    static const char *const words[] = {
        [ML_SOURCES_NONE] = "none", [ML_SOURCES_HOT] = "hot", [ML_SOURCES_FULL] = "full"};
    const char *word = self->args->source == NULL ? "hot" : self->args->source;

    for (int use = ML_SOURCES_NONE; use <= ML_SOURCES_FULL; use++) {
        if (strcmp(word, words[use]) == 0) {
            self->use_sources = use;
            return ML_OK;
        }
    }
    return ml_error_set(error, ML_ERROR_ARGUMENT,
                        "--source cannot be \"%s\"; it is none, hot or full", word);
}

/* A misplaced word must not cost a recording. */
static ml_status check_no_recording(const ml_inputs *inputs, const char *output, ml_error *error)
{
    size_t length = strlen(output);
    int clash = length >= 5 && strcmp(output + length - 5, ".mlog") == 0;

    for (size_t i = 0; i < inputs->count; i++) {
        clash |= strcmp(output, inputs->paths[i]) == 0 && strcmp(output, "-") != 0;
    }
    return !clash || ml_naming_is_folder(output)
               ? ML_OK
               : ml_error_set(error, ML_ERROR_ARGUMENT,
                              "-o %s would write a report over a recording; choose another name",
                              output);
}

static ml_status check_output(const run *self, const ml_inputs *inputs, ml_error *error)
{
    const char *output = self->args->output;

    if (output == NULL) {
        return ML_OK;
    }
    if (self->formats.count == 0) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "-o %s, but no report is to be written; name a --format", output);
    }
    if (strcmp(output, "-") == 0 && self->formats.count > 1) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "-o - is for one format, and %zu were named; name one, or a file",
                            self->formats.count);
    }
    return check_no_recording(inputs, output, error);
}

/* How many runs there are is known when the recordings are open. */
static ml_status check_output_fits(const run *self, ml_error *error)
{
    const char *output = self->args->output;

    if (output == NULL) {
        return ML_OK;
    }
    if (ml_naming_is_folder(output)) {
        return ml_os_make_folder(output, error);
    }
    if (self->recordings.session_count > 1) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "-o %s names the report of one run, and these recordings are of %zu "
                            "runs; name a folder, as in -o reports/",
                            output, self->recordings.session_count);
    }
    return ML_OK;
}

/* ---- plugins ---- */

/* Without --format, a missing html renderer costs the report and not the verdict. */
static ml_status choose_formats(run *self, const ml_shelf *shelf, ml_error *error)
{
    const char *format = self->args->format;

    if (format == NULL && ml_select_find(&shelf->files, ML_ROLE_RENDERING, "html") == NULL) {
        ml_console_say(
            "there is no renderer \"html\", so no report is written; `microlog-analyze list -v` "
            "shows what there is and where");
        self->code = ML_EXIT_PLUGIN;
        format = "none";
    }
    return ml_choose(self->pool, &self->arena, shelf, ML_ROLE_RENDERING,
                     format == NULL ? "html" : format, &self->formats, error);
}

static ml_status choose_terminal(run *self, const ml_shelf *shelf, ml_error *error)
{
    if (self->args->quiet) {
        return ML_OK;
    }
    if (ml_select_find(&shelf->files, ML_ROLE_RENDERING, "text") == NULL) {
        ml_console_say(
            "there is no renderer \"text\", so the verdict is one line; `microlog-analyze list "
            "-v` shows what there is and where");
        return ML_OK;
    }
    return ml_choose(self->pool, &self->arena, shelf, ML_ROLE_RENDERING, "text", &self->terminal,
                     error);
}

/* "No findings" by nobody would be a false comfort. */
static void warn_without_plugins(run *self, const ml_shelf *shelf)
{
    size_t analyses = self->plugins.count;

    for (size_t i = 0; i < shelf->files.count; i++) {
        analyses += shelf->files.files[i].kind != ML_RENDERER;
    }
    if (analyses == 0) {
        ml_console_say(
            "there are no analyses, so there will be no findings; `microlog-analyze list` "
            "shows where was searched");
        self->code = ML_EXIT_PLUGIN;
    }
}

static ml_status choose(run *self, ml_error *error)
{
    ml_choice *const choices[] = {&self->plugins, &self->formats, &self->terminal};
    const char *plugins = self->args->plugins == NULL ? "all" : self->args->plugins;
    ml_shelf shelf;

    ML_TRY(ml_shelf_open(&self->arena, self->args->plugin_path, &shelf, error));
    ML_TRY(ml_choose(self->pool, &self->arena, &shelf, ML_ROLE_ANALYSIS, plugins, &self->plugins,
                     error));
    warn_without_plugins(self, &shelf);
    ML_TRY(choose_formats(self, &shelf, error));
    ML_TRY(choose_terminal(self, &shelf, error));
    ML_TRY(ml_choose_network(self->args, choices, 3, error));
    return ml_choose_options(&self->arena, &self->args->options, choices, 3, error);
}

/* ---- output ---- */

/* Says what went wrong and goes on: one report that fails does not cost the others. */
static void complain(run *self, const ml_error *error, int code)
{
    ml_console_fail(error);
    self->code = ml_exit_worse(self->code, code);
}

static int is_page(const ml_chosen *renderer)
{
    const char *type = renderer->failure == NULL ? renderer->loaded.plugin.media_type : NULL;

    return type != NULL && strcmp(type, "text/html") == 0;
}

/* Copies the recordings if a page is to carry them; says so if they are too large for that. */
static void copy_recordings(session *self)
{
    const ml_choice *formats = &self->run->formats;
    ml_error error = {0};
    size_t pages = 0;

    for (size_t i = 0; i < formats->count; i++) {
        pages += (size_t)is_page(&formats->plugins[i]);
    }
    if (pages == 0 || self->run->args->bare) {
        return;
    }
    if (ml_recordings_copy(&self->run->recordings, self->found, &self->carried, &error) < 0) {
        ml_buffer_clear(&self->carried);
        ml_console_say("the page of %s does not carry its recording: %s", self->recording,
                       error.status == ML_ERROR_TOO_LARGE ? "it has more than 8 MiB" : error.text);
    }
}

/* Is that one of the files that were read, by whatever path? */
static int is_input(const run *self, const char *name)
{
    ml_os_stamp there = ml_os_look(name);
    int found = 0;

    for (size_t i = 0; i < self->recordings.file_count && there.file != 0; i++) {
        ml_os_stamp input = ml_os_look(self->recordings.files[i].path);
        found |= input.file == there.file && input.mtime_ns == there.mtime_ns;
    }
    return found && strcmp(name, "-") != 0;
}

static void write_report(session *self, const ml_chosen *renderer, ml_rendered *made)
{
    const run *whole = self->run;
    ml_error error = {0};
    const char *name;

    if (made->status < 0) {
        complain(self->run, &made->error, ML_EXIT_PLUGIN);
        return;
    }
    if (is_page(renderer) && self->carried.length != 0) {
        ml_page_put(&made->bytes, self->carried.data, self->carried.length);
    }
    name = ml_naming_file(&self->arena, whole->args->output, self->stem,
                          renderer->loaded.plugin.suffix, whole->formats.count);
    if (name == NULL) {
        ml_error_set(&error, ML_ERROR_MEMORY, "no memory for the name of a file");
        complain(self->run, &error, ML_EXIT_INTERNAL);
    } else if (is_input(whole, name)) {
        ml_console_say("%s is what was read and stays as it is; name another report with -o", name);
    } else if (ml_os_write(name, made->bytes.data, made->bytes.length, &error) < 0) {
        ml_error_add(&error, "the report was not written; choose another place with -o");
        complain(self->run, &error, ML_EXIT_INPUT);
    } else if (strcmp(name, "-") != 0) {
        ml_buffer_put_format(&self->others, "%s%s", self->others.length == 0 ? "" : "\n", name);
    }
}

static void write_reports(session *self)
{
    const ml_choice *formats = &self->run->formats;
    const ml_render_target target = {.recording_path = self->recording, .others = ""};
    ml_rendered *made = ml_arena_array(&self->arena, formats->count, sizeof(*made));
    ml_error error = {0};

    if (made == NULL) {
        ml_error_set(&error, ML_ERROR_MEMORY, "no memory for %zu reports", formats->count);
        complain(self->run, &error, ML_EXIT_INTERNAL);
        return;
    }
    if (ml_report_render(self->run->pool, &self->arena, formats, self->image, &self->documents,
                         &target, made, &error) < 0) {
        complain(self->run, &error, ML_EXIT_INTERNAL);
    } else {
        copy_recordings(self);
        for (size_t i = 0; i < formats->count; i++) {
            write_report(self, &formats->plugins[i], &made[i]);
        }
    }
    for (size_t i = 0; i < formats->count; i++) {
        ml_buffer_release(&made[i].bytes);
    }
}

/* What is printed when there is no renderer "text", or when it failed. */
static void put_bare_verdict(const session *self, ml_buffer *out)
{
    const char *verdict = self->documents.verdict;

    ml_buffer_clear(out);
    ml_text_escape(out, verdict, strlen(verdict));
    ml_buffer_put_u8(out, '\n');
}

/* The verdict of the renderer "text"; `out` is initialised here. */
static void put_full_verdict(session *self, FILE *stream, ml_buffer *out)
{
    run *whole = self->run;
    const char *others = ml_arena_copy(&self->arena, self->others.data, self->others.length);
    const ml_render_target target = {.width = ml_console_width(stream),
                                     .color = (uint32_t)ml_console_color(stream),
                                     .recording_path = self->recording,
                                     .others = others == NULL ? "" : others};
    ml_rendered made = {.status = ML_OK};

    ml_buffer_init(&made.bytes, REPORT_MAX);
    if (whole->terminal.count != 0 &&
        ml_report_render(whole->pool, &self->arena, &whole->terminal, self->image, &self->documents,
                         &target, &made, &made.error) < 0) {
        made.status = made.error.status;
    }
    *out = made.bytes;
    if (made.status < 0) {
        complain(whole, &made.error, ML_EXIT_PLUGIN);
    }
    if (made.status < 0 || whole->terminal.count == 0) {
        put_bare_verdict(self, out);
    }
}

static FILE *verdict_stream(const run *self)
{
    const char *output = self->args->output;

    return output != NULL && strcmp(output, "-") == 0 ? stderr : stdout;
}

static void print(run *self, const ml_buffer *text)
{
    ml_error error = {0};

    if (ml_console_write(verdict_stream(self), text->data, text->length, &error) < 0) {
        complain(self, &error, ML_EXIT_INPUT);
    }
}

static void print_verdict(session *self)
{
    run *whole = self->run;
    ml_buffer text;

    if (whole->args->quiet) {
        return;
    }
    if (whole->recordings.session_count <= FULL_VERDICTS_MAX) {
        put_full_verdict(self, verdict_stream(whole), &text);
        if (self->stem != whole->stems[whole->recordings.session_count - 1]) {
            ml_buffer_put_u8(&text, '\n');
        }
    } else {
        ml_buffer_init(&text, REPORT_MAX);
        ml_overview_line(&text, self->stem, &self->documents);
    }
    print(whole, &text);
    ml_buffer_release(&text);
}

static void print_overview(run *self)
{
    ml_buffer text;

    if (self->args->quiet || self->recordings.session_count <= FULL_VERDICTS_MAX) {
        return;
    }
    ml_buffer_init(&text, REPORT_MAX);
    ml_buffer_put_u8(&text, '\n');
    if (ml_overview_table(&self->arena, &text, &self->overview) < 0) {
        ml_error error = {0};
        ml_error_set(&error, ML_ERROR_MEMORY, "no memory for the table of all runs");
        complain(self, &error, ML_EXIT_INTERNAL);
    }
    print(self, &text);
    ml_buffer_release(&text);
}

/* ---- the whole ---- */

/* Prepares everything that can be wrong before a recording is looked at, then opens those. */
static ml_status prepare(run *self, ml_error *error)
{
    ml_inputs inputs;

    ML_TRY(ml_report_gate_level(self->args->fail_on, &self->gate, error));
    ML_TRY(check_source(self, error));
    ML_TRY(ml_report_pool(&self->arena, self->args, &self->pool, error));
    ML_TRY(choose(self, error));
    ML_TRY(ml_inputs_gather(&self->arena, &self->args->operands, self->args->files_from, &inputs,
                            error));
    ML_TRY(check_output(self, &inputs, error));
    ML_TRY(ml_recordings_open(&self->arena, &inputs, ML_RECORDINGS_KEPT_OPEN, &self->recordings,
                              error));
    self->code = ml_exit_worse(self->code, self->recordings.code);
    self->stems = ml_naming_stems(&self->arena, &self->recordings);
    if (self->stems == NULL) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for the names of reports");
    }
    return check_output_fits(self, error);
}

static ml_status analyze(session *self, ml_error *error)
{
    run *whole = self->run;

    ML_TRY(ml_report_analyze(whole->pool, &self->arena, &whole->plugins, self->image,
                             &self->documents, error));
    whole->code = ml_exit_worse(whole->code, ml_report_failures(&self->documents));
    if (whole->gate != 0) {
        whole->code = ml_exit_worse(whole->code, ml_report_gate(&self->documents, whole->gate));
    }
    if (ml_overview_add(&whole->arena, &whole->overview, self->stem, ml_image_model(self->image),
                        &self->documents) < 0) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for the overview");
    }
    return ML_OK;
}

static void do_session(run *self, size_t number)
{
    const ml_session *found = &self->recordings.sessions[number];
    session one = {
        .run = self, .found = found, .recording = found->path, .stem = self->stems[number]};
    ml_error error = {0};
    ml_status status;

    ml_arena_init(&one.arena, 0);
    ml_buffer_init(&one.others, 1 << 20);
    ml_buffer_init(&one.carried, CARRIED_MAX);
    status = ml_recordings_build(&self->recordings, found, self->use_sources, &one.arena,
                                 &one.image, &error);
    if (status == ML_OK) {
        status = analyze(&one, &error);
    }
    if (status < 0) {
        complain(self, &error, ml_exit_for(status));
    } else {
        write_reports(&one);
        print_verdict(&one);
    }
    if (one.image != NULL) {
        ml_image_close(one.image);
    }
    ml_buffer_release(&one.others);
    ml_buffer_release(&one.carried);
    ml_arena_release(&one.arena);
}

int ml_command_run(const ml_args *args)
{
    run self = {.args = args};
    ml_error error = {0};

    ml_arena_init(&self.arena, 0);
    if (prepare(&self, &error) < 0) {
        self.code = ml_console_fail(&error);
    } else {
        for (size_t i = 0; i < self.recordings.session_count; i++) {
            do_session(&self, i);
        }
        print_overview(&self);
    }
    ml_pool_close(self.pool);
    ml_recordings_close(&self.recordings);
    ml_arena_release(&self.arena);
    return self.code;
}
