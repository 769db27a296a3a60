/* Files that do not stay open are opened again for their run, and must still be what they were. */
#include "core/base/os.h"
#include "core/cli/recording.h"
#include "tests/unit/format_fixture.h"

#include <stdio.h>

enum { RECORDINGS = 3 };

typedef struct folder {
    char path[64];
    char names[RECORDINGS][80];
    const char *paths[RECORDINGS];
} folder;

static void put_recording(const char *path, uint8_t uuid, uint8_t session)
{
    const ml_writer_options options = fixture_options();
    ml_head head = fixture_head();
    ml_writer *writer = NULL;
    ml_error error = {0};
    FILE *file = fopen(path, "w");

    ML_CHECK(file != NULL);
    head.uuid[0] = uuid;
    head.session[0] = session;
    ML_CHECK_EQUAL(ml_writer_open(dup(fileno(file)), 0, &head, &options, &writer, &error), ML_OK);
    fclose(file);
    ML_CHECK_EQUAL(ml_writer_close(writer, 1000, FIXTURE_WALL), ML_OK);
}

/* Recordings 0 and 2 are of one session. */
static void make_folder(folder *self)
{
    strcpy(self->path, "/tmp/microlog-unit-XXXXXX");
    ML_CHECK(mkdtemp(self->path) != NULL);
    for (int i = 0; i < RECORDINGS; i++) {
        snprintf(self->names[i], sizeof(self->names[i]), "%s/%d.mlog", self->path, i);
        self->paths[i] = self->names[i];
        put_recording(self->names[i], (uint8_t)(i + 1), (uint8_t)(i % 2));
    }
}

static void remove_folder(const folder *self)
{
    for (int i = 0; i < RECORDINGS; i++) {
        unlink(self->names[i]);
    }
    rmdir(self->path);
}

static uint32_t count_processes(ml_recordings *recordings, size_t session, ml_arena *arena)
{
    ml_error error = {0};
    ml_image *image = NULL;
    uint32_t count;

    ml_recordings_build(recordings, &recordings->sessions[session], ML_SOURCES_NONE, arena, &image,
                        &error);
    ML_CHECK_TEXT(error.text, "");
    count = ml_image_model(image)->processes->count;
    ml_image_close(image);
    return count;
}

ML_TEST(runs_are_the_same_whether_files_stay_open_or_not)
{
    static const uint64_t keep_open[] = {0, 1, ML_RECORDINGS_KEPT_OPEN};

    for (size_t i = 0; i < sizeof(keep_open) / sizeof(keep_open[0]); i++) {
        folder files;
        ml_inputs inputs = {.paths = files.paths, .count = RECORDINGS};
        ml_recordings recordings;
        ml_error error = {0};
        ml_arena arena;
        ml_arena_init(&arena, 0);
        make_folder(&files);
        ML_CHECK_EQUAL(ml_recordings_open(&arena, &inputs, keep_open[i], &recordings, &error),
                       ML_OK);
        ML_CHECK_EQUAL(recordings.files[1].reader == NULL, i != 2);
        ML_CHECK_EQUAL(recordings.session_count, 2);
        ML_CHECK_EQUAL(count_processes(&recordings, 0, &arena), 2);
        ML_CHECK_EQUAL(count_processes(&recordings, 1, &arena), 1);
        ML_CHECK_EQUAL(recordings.files[1].reader == NULL, i != 2);
        ml_recordings_close(&recordings);
        remove_folder(&files);
        ml_arena_release(&arena);
    }
}

ML_TEST(a_file_that_changed_meanwhile_is_an_error)
{
    folder files;
    ml_inputs inputs = {.paths = files.paths, .count = RECORDINGS};
    ml_recordings recordings;
    ml_image *image = NULL;
    ml_error error = {0};
    ml_arena arena;

    ml_arena_init(&arena, 0);
    make_folder(&files);
    ML_CHECK_EQUAL(ml_recordings_open(&arena, &inputs, 0, &recordings, &error), ML_OK);
    put_recording(files.names[0], 99, 0);
    ML_CHECK_EQUAL(ml_recordings_build(&recordings, &recordings.sessions[0], ML_SOURCES_NONE,
                                       &arena, &image, &error),
                   ML_ERROR_IO);
    ML_CHECK(strstr(error.text, "became another recording") != NULL);
    unlink(files.names[0]);
    ML_CHECK(ml_recordings_build(&recordings, &recordings.sessions[0], ML_SOURCES_NONE, &arena,
                                 &image, &error) < 0);
    ML_CHECK(image == NULL);
    ml_recordings_close(&recordings);
    remove_folder(&files);
    ml_arena_release(&arena);
}
