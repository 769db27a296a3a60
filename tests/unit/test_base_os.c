/* os: reading and writing whole files, what fails and how it is said, sealed memory. */
#include "core/base/os.h"
#include "tests/unit/runner.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static const char *in_folder(const char *name)
{
    static char path[512];

    if (folder[0] == '\0') {
        snprintf(folder, sizeof(folder), "/tmp/ml-test-os-XXXXXX");
        ML_CHECK(mkdtemp(folder) != NULL);
    }
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void remove_folder(void)
{
    char command[128];

    snprintf(command, sizeof(command), "rm -rf %s", folder);
    ML_CHECK_EQUAL(system(command), 0);
    folder[0] = '\0';
}

static size_t names_in_folder(void)
{
    ml_arena arena;
    char **names;
    size_t count;

    ml_arena_init(&arena, 0);
    ML_CHECK_EQUAL(ml_os_list(&arena, folder, &names, &count, NULL), ML_OK);
    ml_arena_release(&arena);
    return count;
}

static void check_content(const char *path, const char *expected, size_t length)
{
    uint8_t *bytes;
    size_t found;

    ML_CHECK_EQUAL(ml_os_read(path, 1000000, &bytes, &found, NULL), ML_OK);
    ML_CHECK_EQUAL(found, length);
    ML_CHECK(memcmp(bytes, expected, length) == 0);
    ml_os_free(bytes);
}

ML_TEST(what_is_written_is_read)
{
    const char *path = in_folder("file");
    char large[200000];

    memset(large, 'x', sizeof(large));
    ML_CHECK_EQUAL(ml_os_write(path, "one", 3, NULL), ML_OK);
    check_content(path, "one", 3);
    ML_CHECK_EQUAL(ml_os_write(path, large, sizeof(large), NULL), ML_OK);
    check_content(path, large, sizeof(large));
    ML_CHECK_EQUAL(ml_os_write(path, "", 0, NULL), ML_OK);
    check_content(path, "", 0);
    ML_CHECK_EQUAL(names_in_folder(), 1); /* no neighbour is left */
    remove_folder();
}

ML_TEST(a_link_stays_a_link_and_rights_stay)
{
    char path[512];
    struct stat facts;

    snprintf(path, sizeof(path), "%s", in_folder("target"));
    ML_CHECK_EQUAL(ml_os_write(path, "old", 3, NULL), ML_OK);
    ML_CHECK_EQUAL(chmod(path, 0640), 0);
    ML_CHECK_EQUAL(symlink("target", in_folder("link")), 0);
    ML_CHECK_EQUAL(ml_os_write(in_folder("link"), "new", 3, NULL), ML_OK);
    check_content(path, "new", 3);
    ML_CHECK_EQUAL(lstat(in_folder("link"), &facts), 0);
    ML_CHECK(S_ISLNK(facts.st_mode));
    ML_CHECK_EQUAL(stat(path, &facts), 0);
    ML_CHECK_EQUAL(facts.st_mode & 0777, 0640);
    remove_folder();
}

ML_TEST(limits_of_reading_are_exact)
{
    const char *path = in_folder("five");
    ml_error error = {0};
    uint8_t *bytes;
    size_t length;

    ML_CHECK_EQUAL(ml_os_write(path, "12345", 5, NULL), ML_OK);
    ML_CHECK_EQUAL(ml_os_read(path, 5, &bytes, &length, &error), ML_OK);
    ml_os_free(bytes);
    ML_CHECK_EQUAL(ml_os_read(path, 4, &bytes, &length, &error), ML_ERROR_TOO_LARGE);
    ML_CHECK(bytes == NULL);
    ML_CHECK(strstr(error.text, "limit of 4 bytes") != NULL);
    /* A device has no size: it is read until the limit. */
    ML_CHECK_EQUAL(ml_os_read("/dev/zero", 100000, &bytes, &length, &error), ML_ERROR_TOO_LARGE);
    remove_folder();
}

ML_TEST(failures_name_the_object)
{
    ml_error error = {0};
    uint8_t *bytes;
    size_t length;

    ML_CHECK_EQUAL(ml_os_read(in_folder("absent\x1b"), 10, &bytes, &length, &error),
                   ML_ERROR_NOT_FOUND);
    ML_CHECK(strstr(error.text, "absent\\x1b") != NULL);
    ML_CHECK_EQUAL(ml_os_read(in_folder(""), 10, &bytes, &length, &error), ML_ERROR_IO);
    ML_CHECK_EQUAL(ml_os_write(in_folder("no/folder"), "x", 1, &error), ML_ERROR_NOT_FOUND);
    ML_CHECK(strstr(error.text, "no/folder") != NULL);
    ML_CHECK_EQUAL(ml_os_write(in_folder(""), "x", 1, &error), ML_ERROR_IO); /* a folder */
    ML_CHECK_EQUAL(ml_os_write("/dev/full", "x", 1, &error), ML_ERROR_IO);
    ML_CHECK(strstr(error.text, "/dev/full") != NULL);
    ML_CHECK_EQUAL(ml_os_write("/dev/null", "x", 1, &error), ML_OK);
    ML_CHECK_EQUAL(ml_os_kind("/dev/null"), ML_OS_OTHER);
    remove_folder();
}

ML_TEST(names_are_sorted)
{
    ml_arena arena;
    char **names;
    size_t count;

    ml_arena_init(&arena, 0);
    for (const char *const *name = (const char *const[]){"b", "a", ".hidden", "B", "c", NULL};
         *name != NULL; name++) {
        ML_CHECK_EQUAL(ml_os_write(in_folder(*name), "", 0, NULL), ML_OK);
    }
    ML_CHECK_EQUAL(ml_os_list(&arena, folder, &names, &count, NULL), ML_OK);
    ML_CHECK_EQUAL(count, 5);
    ML_CHECK_TEXT(names[0], ".hidden");
    ML_CHECK_TEXT(names[1], "B");
    ML_CHECK_TEXT(names[4], "c");
    ML_CHECK_EQUAL(ml_os_list(&arena, "/nowhere", &names, &count, NULL), ML_ERROR_NOT_FOUND);
    ML_CHECK_EQUAL(count, 0);
    ml_arena_release(&arena);
    remove_folder();
}

ML_TEST(kinds_of_paths)
{
    ML_CHECK_EQUAL(ml_os_kind(in_folder("absent")), ML_OS_ABSENT);
    ML_CHECK_EQUAL(ml_os_kind(in_folder("")), ML_OS_DIRECTORY);
    ML_CHECK_EQUAL(ml_os_write(in_folder("file"), "", 0, NULL), ML_OK);
    ML_CHECK_EQUAL(ml_os_kind(in_folder("file")), ML_OS_FILE);
    remove_folder();
}

ML_TEST(sealed_memory_cannot_be_changed)
{
    char con[] = "con", tent[] = "tent";
    struct iovec parts[] = {{con, 3}, {con, 0}, {tent, 4}};
    const void *mapping;
    size_t length;
    void *again;
    int descriptor;

    ML_CHECK_EQUAL(ml_os_seal(parts, 3, &mapping, &length, &descriptor, NULL), ML_OK);
    ML_CHECK_EQUAL(length, 7);
    ML_CHECK(memcmp(mapping, "content", 7) == 0);
    ML_CHECK(mprotect((void *)(uintptr_t)mapping, 7, PROT_READ | PROT_WRITE) != 0);
    ML_CHECK(mmap(NULL, 7, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0) == MAP_FAILED);
    ML_CHECK(write(descriptor, "x", 1) < 0);
    ML_CHECK(ftruncate(descriptor, 100) != 0);
    again = mmap(NULL, 7, PROT_READ, MAP_SHARED, descriptor, 0);
    ML_CHECK(again != MAP_FAILED && memcmp(again, "content", 7) == 0);
    munmap(again, 7);
    ml_os_unseal(mapping, 7, descriptor);
    ML_CHECK_EQUAL(ml_os_seal(parts, 0, &mapping, &length, &descriptor, NULL), ML_OK);
    ML_CHECK_EQUAL(length, 0);
    ml_os_unseal(mapping, 0, descriptor);
}

ML_TEST(the_program_is_somewhere)
{
    ml_arena arena;
    char *path;

    ml_arena_init(&arena, 0);
    ML_CHECK_EQUAL(ml_os_program_directory(&arena, &path, NULL), ML_OK);
    ML_CHECK_EQUAL(path[0], '/');
    ML_CHECK_EQUAL(ml_os_kind(path), ML_OS_DIRECTORY);
    ml_arena_release(&arena);
}
