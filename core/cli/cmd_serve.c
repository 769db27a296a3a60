#include "core/cli/commands.h"

#include "core/base/os.h"
#include "core/cli/console.h"
#include "core/cli/recording.h"
#include "core/cli/report.h"
#include "core/cli/server.h"
#include "core/cli/survey.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPORT_MAX ((size_t)1 << 32)
#define KEPT_MAX ((size_t)256 << 20) /* bytes of reports that are kept */

enum { WAIT_MS = 1000, DIGITS_MAX = 9 };

/* A file and its journal as they were when they were last read. */
typedef struct stamp {
    ml_os_stamp file, journal;
} stamp;

/* A recording's file; its place in the list is its name in addresses. */
typedef struct served {
    const char *path;
    int is_there; /* in the index that is being made */
    stamp surveyed_at, rendered_at;
    ml_arena arena; /* of the survey */
    ml_survey survey;
    size_t run;       /* that was rendered */
    ml_buffer report; /* empty: none */
} served;

typedef struct serving {
    const ml_args *args;
    ml_arena arena;
    ml_pool *pool;
    ml_choice plugins, html;
    ml_server *server;
    served **files;
    size_t count, capacity;
    ml_arena answer_arena; /* of the answer that is being made */
    ml_buffer page;
} serving;

static volatile sig_atomic_t is_stopped;

static void stop(int number)
{
    (void)number;
    is_stopped = 1;
}

/* ---- files ---- */

static stamp look(ml_arena *scratch, const char *path)
{
    const char *journal = ml_arena_format(scratch, "%s-journal", path);
    stamp now = {.file = ml_os_look(path)};

    if (journal != NULL) {
        now.journal = ml_os_look(journal);
    }
    return now;
}

static int is_same(const ml_os_stamp *a, const ml_os_stamp *b)
{
    return a->size == b->size && a->file == b->file && a->mtime_ns == b->mtime_ns;
}

static int is_unchanged(const stamp *a, const stamp *b)
{
    return is_same(&a->file, &b->file) && is_same(&a->journal, &b->journal);
}

/* The file of that path, new if it was not seen yet; NULL without memory. */
static served *find(serving *self, const char *path)
{
    served *file;

    for (size_t i = 0; i < self->count; i++) {
        if (strcmp(self->files[i]->path, path) == 0) {
            return self->files[i];
        }
    }
    file = ml_arena_alloc(&self->arena, sizeof(*file));
    if (file == NULL || (file->path = ml_arena_text(&self->arena, path)) == NULL ||
        ml_arena_grow(&self->arena, &self->files, &self->capacity, self->count + 1,
                      sizeof(served *)) < 0) {
        return NULL;
    }
    ml_arena_init(&file->arena, 0);
    ml_buffer_init(&file->report, REPORT_MAX);
    self->files[self->count++] = file;
    return file;
}

/* Reads the file again if it is not what it was. */
static ml_status survey(serving *self, served *file, ml_error *error)
{
    stamp now = look(&self->answer_arena, file->path);

    file->is_there = 1;
    if (file->survey.count != 0 && is_unchanged(&file->surveyed_at, &now)) {
        return ML_OK;
    }
    ml_arena_release(&file->arena);
    file->survey = (ml_survey){0};
    file->surveyed_at = now;
    return ml_survey_add(&file->arena, &file->survey, self->pool, &self->plugins, file->path,
                         error);
}

/* Folders are listed anew each time. */
static ml_status survey_all(serving *self, ml_error *error)
{
    ml_inputs inputs;

    for (size_t i = 0; i < self->count; i++) {
        self->files[i]->is_there = 0;
    }
    ML_TRY(ml_inputs_gather(&self->answer_arena, &self->args->operands, NULL, &inputs, error));
    for (size_t i = 0; i < inputs.count; i++) {
        served *file = find(self, inputs.paths[i]);
        if (file == NULL) {
            return ml_error_set(error, ML_ERROR_MEMORY, "no memory for %zu files", inputs.count);
        }
        ML_TRY(survey(self, file, error));
    }
    return ML_OK;
}

/* ---- the list ---- */

/* All rows in one list, each with a link "FILE-RUN". */
static ml_status put_list(serving *self, ml_error *error)
{
    ml_survey all = {0};
    const char **links;
    size_t room = 0;

    for (size_t i = 0; i < self->count; i++) {
        room += self->files[i]->survey.count;
    }
    all.rows = ml_arena_array(&self->answer_arena, room, sizeof(*all.rows));
    links = ml_arena_array(&self->answer_arena, room, sizeof(*links));
    for (size_t i = 0; all.rows != NULL && links != NULL && i < self->count; i++) {
        const served *file = self->files[i];
        for (size_t run = 0; file->is_there && run < file->survey.count; run++) {
            links[all.count] = ml_arena_format(&self->answer_arena, "%zu-%zu", i, run);
            all.rows[all.count] = file->survey.rows[run];
            all.rows[all.count].number = all.count;
            if (links[all.count++] == NULL) {
                return ml_error_set(error, ML_ERROR_MEMORY, "no memory for %zu rows", room);
            }
        }
    }
    if (all.rows == NULL || links == NULL) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for %zu rows", room);
    }
    ML_TRY(ml_survey_sort(&all, NULL, error));
    ml_survey_html(&self->page, &all, links);
    return self->page.status;
}

static ml_status make_list(serving *self, ml_error *error)
{
    ML_TRY(survey_all(self, error));
    return put_list(self, error);
}

/* ---- a report ---- */

static ml_status render(serving *self, const char *path, ml_image *image, ml_buffer *out,
                        ml_error *error)
{
    const ml_render_target target = {.recording_path = path, .others = ""};
    ml_documents documents;
    ml_rendered made = {.status = ML_OK};

    ML_TRY(ml_report_analyze(self->pool, &self->answer_arena, &self->plugins, image, &documents,
                             error));
    ML_TRY(ml_report_render(self->pool, &self->answer_arena, &self->html, image, &documents,
                            &target, &made, error));
    if (made.status < 0) {
        ml_buffer_release(&made.bytes);
        *error = made.error;
        return made.status;
    }
    *out = made.bytes;
    return ML_OK;
}

static ml_status make_report(serving *self, served *file, size_t run, ml_error *error)
{
    const ml_words operand = {.items = &file->path, .count = 1};
    ml_recordings recordings;
    ml_inputs inputs;
    ml_image *image = NULL;
    ml_status status;

    ML_TRY(ml_inputs_gather(&self->answer_arena, &operand, NULL, &inputs, error));
    ML_TRY(ml_recordings_open(&self->answer_arena, &inputs, ML_RECORDINGS_KEPT_OPEN, &recordings,
                              error));
    status = run < recordings.session_count
                 ? ml_recordings_build(&recordings, &recordings.sessions[run], ML_SOURCES_HOT,
                                       &self->answer_arena, &image, error)
                 : ml_error_set(error, ML_ERROR_NOT_FOUND, "%s has no run %zu to be shown",
                                file->path, run + 1);
    if (status == ML_OK) {
        status = render(self, file->path, image, &file->report, error);
    }
    if (image != NULL) {
        ml_image_close(image);
    }
    ml_recordings_close(&recordings);
    return status;
}

static void forget_reports(serving *self)
{
    size_t kept = 0;

    for (size_t i = 0; i < self->count; i++) {
        kept += self->files[i]->report.length;
    }
    for (size_t i = 0; kept > KEPT_MAX && i < self->count; i++) {
        ml_buffer_release(&self->files[i]->report);
    }
}

/* The report of a run as the file is now. */
static ml_status bring_report(serving *self, served *file, size_t run, ml_error *error)
{
    stamp now = look(&self->answer_arena, file->path);

    if (file->report.length != 0 && file->run == run && is_unchanged(&file->rendered_at, &now)) {
        return ML_OK;
    }
    ml_buffer_release(&file->report);
    forget_reports(self);
    file->run = run;
    file->rendered_at = now;
    return make_report(self, file, run, error);
}

/* ---- addresses ---- */

/* A number of few digits up to `end`; returns what follows, or NULL. */
static const char *read_number(const char *text, char end, size_t *out)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > DIGITS_MAX || text[digits] != end) {
        return NULL;
    }
    *out = (size_t)strtoul(text, NULL, 10);
    return text + digits + 1;
}

static void answer_text(serving *self, unsigned status, const char *text, ml_answer *out)
{
    ml_buffer_put_text(&self->page, text);
    ml_buffer_put_u8(&self->page, '\n');
    *out = (ml_answer){.status = status,
                       .media_type = "text/plain; charset=utf-8",
                       .bytes = self->page.data,
                       .length = self->page.length};
}

static void answer_page(ml_status status, const ml_buffer *page, const ml_error *error,
                        serving *self, ml_answer *out)
{
    enum { HTTP_OK = 200, HTTP_NOT_FOUND = 404, HTTP_SERVER_ERROR = 500 };

    if (status < 0) {
        ml_buffer_clear(&self->page);
        answer_text(self, status == ML_ERROR_NOT_FOUND ? HTTP_NOT_FOUND : HTTP_SERVER_ERROR,
                    error->text, out);
        return;
    }
    *out = (ml_answer){.status = HTTP_OK,
                       .media_type = "text/html; charset=utf-8",
                       .bytes = page->data,
                       .length = page->length};
}

/* "" is the list, "3-0" the first run of file 3. */
static void answer(void *context, const char *path, ml_answer *out)
{
    enum { HTTP_NOT_FOUND = 404 };
    serving *self = context;
    const char *rest = path;
    ml_error error = {0};
    size_t file = 0;
    size_t run = 0;

    ml_arena_release(&self->answer_arena);
    ml_buffer_clear(&self->page);
    if (path[0] == '\0') {
        answer_page(make_list(self, &error), &self->page, &error, self, out);
        return;
    }
    rest = read_number(rest, '-', &file);
    rest = rest == NULL ? NULL : read_number(rest, '\0', &run);
    if (rest == NULL || file >= self->count) {
        answer_text(self, HTTP_NOT_FOUND, "There is no such page.", out);
        return;
    }
    answer_page(bring_report(self, self->files[file], run, &error), &self->files[file]->report,
                &error, self, out);
}

/* ---- the command ---- */

static ml_status read_port(const char *text, uint16_t *out, ml_error *error)
{
    size_t port = 0;

    if (text != NULL && (read_number(text, '\0', &port) == NULL || port > UINT16_MAX)) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "--port cannot be \"%s\"; it is a number up to 65535, and 0 is any",
                            text);
    }
    *out = (uint16_t)port;
    return ML_OK;
}

/* Everything that can be wrong before anybody asks. */
static ml_status prepare(serving *self, ml_error *error)
{
    const ml_args *args = self->args;
    ml_inputs inputs;
    uint16_t port = 0;
    ml_shelf shelf;

    ML_TRY(read_port(args->port, &port, error));
    ML_TRY(ml_inputs_gather(&self->arena, &args->operands, NULL, &inputs, error));
    for (size_t i = 0; i < inputs.count; i++) {
        if (strcmp(inputs.paths[i], "-") == 0) {
            return ml_error_set(error, ML_ERROR_ARGUMENT,
                                "stdin can be read once, and serve reads what changes again; name "
                                "files or folders");
        }
    }
    ML_TRY(ml_report_pool(&self->arena, args, &self->pool, error));
    ML_TRY(ml_report_choose(self->pool, &self->arena, args, &self->plugins, error));
    ML_TRY(ml_shelf_open(&self->arena, args->plugin_path, &shelf, error));
    ML_TRY(
        ml_choose(self->pool, &self->arena, &shelf, ML_ROLE_RENDERING, "html", &self->html, error));
    return ml_server_open(&self->arena, port, answer, self, &self->server, error);
}

static ml_status serve(serving *self, ml_error *error)
{
    const struct sigaction action = {.sa_handler = stop};
    const char *url;

    ML_TRY(prepare(self, error));
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    url = ml_server_url(self->server);
    ML_TRY(ml_console_write(stdout, url, strlen(url), error));
    ML_TRY(ml_console_write(stdout, "\n", 1, error));
    ml_console_say("this address works on this machine only, until Ctrl-C");
    while (!is_stopped) {
        ML_TRY(ml_server_run(self->server, WAIT_MS, error));
    }
    return ML_OK;
}

int ml_command_serve(const ml_args *args)
{
    serving self = {.args = args};
    ml_error error = {0};
    int code = ML_EXIT_OK;

    ml_arena_init(&self.arena, 0);
    ml_arena_init(&self.answer_arena, 0);
    ml_buffer_init(&self.page, REPORT_MAX);
    if (serve(&self, &error) < 0) {
        code = ml_console_fail(&error);
    }
    ml_server_close(self.server);
    for (size_t i = 0; i < self.count; i++) {
        ml_arena_release(&self.files[i]->arena);
        ml_buffer_release(&self.files[i]->report);
    }
    ml_pool_close(self.pool);
    ml_buffer_release(&self.page);
    ml_arena_release(&self.answer_arena);
    ml_arena_release(&self.arena);
    return code;
}
