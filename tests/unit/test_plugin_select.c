/* The selection language, and what it says about names that do not exist. */
#include "core/plugin/select.h"
#include "tests/unit/runner.h"

#include <stdio.h>
#include <string.h>

static ml_plugin_file shelf_files[] = {
    {ML_ANALYZER, "anomaly", "/p/a", 0}, {ML_ANALYZER, "fdleak", "/p/f", 0},
    {ML_EXPLAINER, "tips", "/p/t", 0},   {ML_RENDERER, "html", "/p/h", 0},
    {ML_RENDERER, "text", "/p/x", 0},
};
static const ml_plugin_files shelf = {shelf_files, 5};
static const char *folder_paths[] = {"/p", "/q"};
static const ml_folders folders = {folder_paths, 2, 0};

/* The chosen ids joined by blanks (a path where there is no id), or the message. */
static const char *selected(ml_role role, const char *text)
{
    static char answer[1200];
    ml_arena arena;
    ml_error error = {0};
    ml_plugin_files out;
    size_t length = 0;

    ml_arena_init(&arena, 0);
    answer[0] = '\0';
    if (ml_select(&arena, &shelf, &folders, role, text, &out, &error) < 0) {
        snprintf(answer, sizeof(answer), "%s", error.text);
    } else {
        for (size_t i = 0; i < out.count; i++) {
            const char *id = out.files[i].id == NULL ? out.files[i].path : out.files[i].id;
            length += (size_t)snprintf(answer + length, sizeof(answer) - length, "%s%s",
                                       i ? " " : "", id);
        }
    }
    ml_arena_release(&arena);
    return answer;
}

ML_TEST(items_apply_from_left_to_right)
{
    ML_CHECK_TEXT(selected(ML_ROLE_ANALYSIS, "all"), "anomaly fdleak tips");
    ML_CHECK_TEXT(selected(ML_ROLE_ANALYSIS, "none"), "");
    ML_CHECK_TEXT(selected(ML_ROLE_ANALYSIS, "tips,anomaly"), "anomaly tips");
    ML_CHECK_TEXT(selected(ML_ROLE_ANALYSIS, "all,-tips"), "anomaly fdleak");
    ML_CHECK_TEXT(selected(ML_ROLE_ANALYSIS, "-tips"), "anomaly fdleak");
    ML_CHECK_TEXT(selected(ML_ROLE_ANALYSIS, "tips,none,fdleak"), "fdleak");
    ML_CHECK_TEXT(selected(ML_ROLE_ANALYSIS, "tips,+fdleak"), "fdleak tips");
    ML_CHECK_TEXT(selected(ML_ROLE_RENDERING, "html,text"), "html text");
}

ML_TEST(paths_are_files)
{
    ML_CHECK_TEXT(selected(ML_ROLE_ANALYSIS, "fdleak,./my.so"), "fdleak ./my.so");
    ML_CHECK_TEXT(selected(ML_ROLE_ANALYSIS, "+/x/microlog-analyzer-own.so"),
                  "anomaly fdleak tips own");
    ML_CHECK_TEXT(selected(ML_ROLE_ANALYSIS, "all,./microlog-analyzer-tips.so"),
                  "anomaly fdleak tips");
    ML_CHECK_TEXT(selected(ML_ROLE_ANALYSIS, "./microlog-renderer-x.so"),
                  "./microlog-renderer-x.so is a renderer; give it to --format");
    ML_CHECK_TEXT(selected(ML_ROLE_RENDERING, "./microlog-analyzer-x.so"),
                  "./microlog-analyzer-x.so is no renderer; give it to --plugins");
}

ML_TEST(a_file_given_by_path_wins)
{
    ml_arena arena;
    ml_error error = {0};
    ml_plugin_files out;

    ml_arena_init(&arena, 0);
    ML_CHECK_EQUAL(ml_select(&arena, &shelf, &folders, ML_ROLE_ANALYSIS,
                             "all,./microlog-analyzer-fdleak.so", &out, &error),
                   ML_OK);
    ML_CHECK_EQUAL(out.count, 3);
    ML_CHECK_TEXT(out.files[2].path, "./microlog-analyzer-fdleak.so");
    ML_CHECK_EQUAL(out.files[2].named, 1);
    ML_CHECK_EQUAL(out.files[0].named, 0);
    ml_arena_release(&arena);
}

ML_TEST(unknown_names_get_a_suggestion_and_the_list)
{
    ML_CHECK_TEXT(
        selected(ML_ROLE_ANALYSIS, "fdleek"),
        "there is no plugin named \"fdleek\"; did you mean \"fdleak\"? There are: anomaly, "
        "fdleak, tips");
    ML_CHECK_TEXT(selected(ML_ROLE_RENDERING, "fdleak"),
                  "there is no renderer named \"fdleak\". There are: html, text");
    ML_CHECK_TEXT(selected(ML_ROLE_ANALYSIS, "all,-xyzzy"),
                  "there is no plugin named \"xyzzy\". There are: anomaly, fdleak, tips");
}

ML_TEST(an_empty_shelf_names_the_folders)
{
    ml_plugin_files none = {0};
    ml_plugin_files out;
    ml_arena arena;
    ml_error error = {0};

    ml_arena_init(&arena, 0);
    ML_CHECK_EQUAL(ml_select(&arena, &none, &folders, ML_ROLE_ANALYSIS, "x", &out, &error),
                   ML_ERROR_NOT_FOUND);
    ML_CHECK_TEXT(error.text, "there is no plugin named \"x\". None were found in: /p, /q");
    ML_CHECK_EQUAL(ml_select(&arena, &none, &folders, ML_ROLE_ANALYSIS, "all", &out, &error),
                   ML_OK);
    ML_CHECK_EQUAL(out.count, 0);
    ml_arena_release(&arena);
}

ML_TEST(empty_items_are_refused)
{
    static const char *const texts[] = {"", "a,,b", "all,", ",all", "-", "+"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *answer = selected(
            ML_ROLE_ANALYSIS, texts[i][0] == 'a' && texts[i][1] == ',' ? "tips,,tips" : texts[i]);
        ML_CHECK(strstr(answer, "a name is missing") != NULL);
    }
}
