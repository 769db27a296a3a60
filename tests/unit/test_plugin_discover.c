/* Plugins are found by the names of files alone; everything else in a folder is ignored. */
#include "core/plugin/discover.h"
#include "tests/unit/runner.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Two folders that do not outlive the test's process by much. */
typedef struct shelf {
    ml_arena arena;
    char root[64];
    char paths[2][80];
    const char *folder_paths[2];
    ml_folders folders;
    ml_plugin_files found;
    ml_error error;
} shelf;

static void open_shelf(shelf *self)
{
    memset(self, 0, sizeof(*self));
    ml_arena_init(&self->arena, 0);
    snprintf(self->root, sizeof(self->root), "/tmp/microlog-discover-XXXXXX");
    ML_CHECK(mkdtemp(self->root) != NULL);
    for (int i = 0; i < 2; i++) {
        snprintf(self->paths[i], sizeof(self->paths[i]), "%s/%d", self->root, i);
        ML_CHECK_EQUAL(mkdir(self->paths[i], 0700), 0);
        self->folder_paths[i] = self->paths[i];
    }
    self->folders = (ml_folders){self->folder_paths, 2, 0};
}

static void put(shelf *self, int folder, const char *name)
{
    char path[400];
    int file;

    snprintf(path, sizeof(path), "%s/%s", self->paths[folder], name);
    file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ML_CHECK(file >= 0);
    close(file);
}

static void close_shelf(shelf *self)
{
    char command[100];

    snprintf(command, sizeof(command), "rm -r '%s'", self->root);
    ML_CHECK_EQUAL(system(command), 0);
    ml_arena_release(&self->arena);
}

/* "a:id r:id …" of what was found. */
static const char *found(shelf *self)
{
    static char text[400];
    size_t length = 0;

    ML_CHECK_EQUAL(ml_discover(&self->arena, &self->folders, &self->found, &self->error), ML_OK);
    text[0] = '\0';
    for (size_t i = 0; i < self->found.count; i++) {
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%c:%s", i ? " " : "",
                                   "?aer"[self->found.files[i].kind], self -> found.files[i].id);
    }
    return text;
}

ML_TEST(kind_and_id_come_from_the_name)
{
    shelf self;

    open_shelf(&self);
    put(&self, 0, "microlog-renderer-html.so");
    put(&self, 0, "microlog-analyzer-zeta.so");
    put(&self, 0, "microlog-explainer-com.example.why_not.so");
    put(&self, 1, "microlog-analyzer-alpha.so");
    ML_CHECK_TEXT(found(&self), "a:alpha e:com.example.why_not a:zeta r:html");
    close_shelf(&self);
}

ML_TEST(odd_names_are_ignored)
{
    static const char *const names[] = {
        "microlog-analyzer-.so",
        "microlog-analyzer-a.so.1",
        "microlog-analyzer-a b.so",
        "microlog-analyzer-\xff.so",
        "microlog-painter-x.so",
        "Microlog-analyzer-x.so",
        "microlog-analyzer-x.so~",
        "libmicrolog-analyzer-x.so",
        ".so",
        "microlog-analyzer-..so",
        "microlog-analyzer--x.so",
        "microlog-renderer-x\n.so",
        "microlog-analyzer-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.so"};
    shelf self;

    open_shelf(&self);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        put(&self, 0, names[i]);
    }
    ML_CHECK_TEXT(found(&self), "");
    close_shelf(&self);
}

ML_TEST(folders_inside_are_not_searched_and_are_no_plugins)
{
    shelf self;
    char path[200];

    open_shelf(&self);
    snprintf(path, sizeof(path), "%s/microlog-analyzer-folder.so", self.paths[0]);
    ML_CHECK_EQUAL(mkdir(path, 0700), 0);
    ML_CHECK_TEXT(found(&self), "");
    close_shelf(&self);
}

ML_TEST(the_first_of_an_id_wins_within_its_role)
{
    shelf self;

    open_shelf(&self);
    put(&self, 0, "microlog-explainer-same.so");
    put(&self, 1, "microlog-analyzer-same.so");
    put(&self, 1, "microlog-renderer-same.so");
    ML_CHECK_TEXT(found(&self), "e:same r:same");
    ML_CHECK(strstr(self.found.files[0].path, "/0/") != NULL);
    close_shelf(&self);
}

ML_TEST(only_folders_that_were_named_must_exist)
{
    shelf self;

    open_shelf(&self);
    put(&self, 1, "microlog-analyzer-x.so");
    self.folder_paths[0] = "/nonexistent/plugins";
    ML_CHECK_TEXT(found(&self), "a:x");
    self.folders.named = 1;
    ML_CHECK(ml_discover(&self.arena, &self.folders, &self.found, &self.error) < 0);
    ML_CHECK(strstr(self.error.text, "/nonexistent/plugins") != NULL);
    ML_CHECK(strstr(self.error.text, "--plugin-path") != NULL);
    close_shelf(&self);
}

ML_TEST(folders_are_searched_in_order)
{
    shelf self;
    ml_folders folders;

    open_shelf(&self);
    setenv("MICROLOG_PLUGIN_PATH", "/c:/d", 1);
    setenv("XDG_DATA_HOME", "/data", 1);
    ML_CHECK_EQUAL(ml_discover_folders(&self.arena, "/a::/b:", &folders, &self.error), ML_OK);
    ML_CHECK_EQUAL(folders.count, 7);
    ML_CHECK_EQUAL(folders.named, 2);
    ML_CHECK_TEXT(folders.paths[0], "/a");
    ML_CHECK_TEXT(folders.paths[1], "/b");
    ML_CHECK_TEXT(folders.paths[2], "/c");
    ML_CHECK_TEXT(folders.paths[3], "/d");
    ML_CHECK_TEXT(folders.paths[4], "/data/microlog/plugins");
    setenv("XDG_DATA_HOME", "relative", 1);
    setenv("HOME", "/home-of-nobody", 1);
    ML_CHECK_EQUAL(ml_discover_folders(&self.arena, NULL, &folders, &self.error), ML_OK);
    ML_CHECK_TEXT(folders.paths[2], "/home-of-nobody/.local/share/microlog/plugins");
    close_shelf(&self);
}
