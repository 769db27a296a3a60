/* Options are parsed by type, checked against their range, and misspelt names get a suggestion. */
#include "core/plugin/options.h"
#include "tests/unit/runner.h"

#include <string.h>

#define OPTION(name, type, value, minimum, maximum)                                                \
    {                                                                                              \
        sizeof(ml_option), type, name, value, "help", minimum, maximum                             \
    }

static const ml_option table[] = {
    OPTION("label", ML_OPTION_STRING, "none", 0, 0),   OPTION("count", ML_OPTION_INT, "5", 1, 10),
    OPTION("share", ML_OPTION_REAL, "0.5", 0, 1),      OPTION("deep", ML_OPTION_FLAG, "no", 0, 0),
    OPTION("min-age", ML_OPTION_DURATION, "1s", 0, 0),
};
static const ml_plugin plugin = {.id = "demo", .options = table, .option_count = 5};

/* The status of setting an option, and the values and message behind it. */
typedef struct setting {
    ml_arena arena;
    ml_option_values values;
    ml_error error;
} setting;

static void open_setting(setting *self)
{
    memset(self, 0, sizeof(*self));
    ml_arena_init(&self->arena, 0);
    ML_CHECK_EQUAL(ml_options_default(&self->arena, &plugin, &self->values, &self->error), ML_OK);
}

static void close_setting(setting *self)
{
    ml_arena_release(&self->arena);
}

ML_TEST(defaults_are_parsed)
{
    setting self;

    open_setting(&self);
    ML_CHECK_TEXT(ml_options_find(&self.values, "label")->text, "none");
    ML_CHECK_EQUAL(ml_options_find(&self.values, "count")->whole, 5);
    ML_CHECK(ml_options_find(&self.values, "share")->real == 0.5);
    ML_CHECK_EQUAL(ml_options_find(&self.values, "min-age")->whole, 1000000000);
    ML_CHECK(ml_options_find(&self.values, "nothing") == NULL);
    close_setting(&self);
}

ML_TEST(durations_have_units)
{
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {{"5s", 5000000000},
                 {"20ms", 20000000},
                 {"1.5s", 1500000000},
                 {"1m", 60000000000},
                 {"2h", 7200000000000},
                 {"7us", 7000},
                 {"3ns", 3},
                 {"0", 0},
                 {"0s", 0}};
    setting self;

    open_setting(&self);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ML_CHECK_EQUAL(ml_options_set(&self.values, "demo", "min-age", cases[i].text, &self.error),
                       ML_OK);
        ML_CHECK_EQUAL(ml_options_find(&self.values, "min-age")->whole, cases[i].ns);
    }
    close_setting(&self);
}

ML_TEST(what_is_not_of_the_type_is_refused)
{
    static const struct {
        const char *name, *text;
    } cases[] = {{"count", ""},
                 {"count", "1x"},
                 {"count", " 1"},
                 {"count", "+1"},
                 {"count", "99999999999999999999"},
                 {"share", "nan"},
                 {"share", "0x1"},
                 {"share", "inf"},
                 {"share", "1e999"},
                 {"share", ""},
                 {"deep", "true"},
                 {"deep", ""},
                 {"min-age", "5"},
                 {"min-age", "s"},
                 {"min-age", "-1s"},
                 {"min-age", "1d"},
                 {"min-age", "99999999999999999999s"},
                 {"min-age", "1..5s"},
                 {"label", "\xff"}};
    setting self;

    open_setting(&self);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ML_CHECK_EQUAL(
            ml_options_set(&self.values, "demo", cases[i].name, cases[i].text, &self.error),
            ML_ERROR_ARGUMENT);
    }
    ML_CHECK_EQUAL(ml_options_find(&self.values, "count")->whole, 5);
    ML_CHECK_EQUAL(ml_options_set(&self.values, "demo", "min-age", "5", &self.error),
                   ML_ERROR_ARGUMENT);
    ML_CHECK_TEXT(self.error.text,
                  "option demo.min-age cannot be \"5\": it is a duration like 5s, 20ms or 1m");
    close_setting(&self);
}

ML_TEST(ranges_hold_on_both_sides)
{
    setting self;

    open_setting(&self);
    ML_CHECK_EQUAL(ml_options_set(&self.values, "demo", "count", "1", &self.error), ML_OK);
    ML_CHECK_EQUAL(ml_options_set(&self.values, "demo", "count", "10", &self.error), ML_OK);
    ML_CHECK_EQUAL(ml_options_set(&self.values, "demo", "count", "0", &self.error),
                   ML_ERROR_ARGUMENT);
    ML_CHECK_EQUAL(ml_options_set(&self.values, "demo", "count", "11", &self.error),
                   ML_ERROR_ARGUMENT);
    ML_CHECK_TEXT(self.error.text, "option demo.count cannot be 11: it is between 1 and 10");
    ML_CHECK_EQUAL(ml_options_set(&self.values, "demo", "share", "1.01", &self.error),
                   ML_ERROR_ARGUMENT);
    ML_CHECK_EQUAL(ml_options_find(&self.values, "count")->whole, 10);
    close_setting(&self);
}

ML_TEST(unknown_names_get_a_suggestion)
{
    setting self;

    open_setting(&self);
    ML_CHECK_EQUAL(ml_options_set(&self.values, "demo", "min-aeg", "1s", &self.error),
                   ML_ERROR_NOT_FOUND);
    ML_CHECK_TEXT(self.error.text, "demo has no option \"min-aeg\"; did you mean \"min-age\"?");
    ML_CHECK_EQUAL(ml_options_set(&self.values, "demo", "zzz", "1", &self.error),
                   ML_ERROR_NOT_FOUND);
    ML_CHECK_TEXT(self.error.text,
                  "demo has no option \"zzz\"; `microlog-analyze info demo` lists what it has");
    close_setting(&self);
}

ML_TEST(arguments_split_at_the_last_dot_of_the_name)
{
    setting self;
    ml_option_argument argument;

    open_setting(&self);
    ML_CHECK_EQUAL(
        ml_options_split(&self.arena, "com.example.slow.min-age=a.b=c", &argument, &self.error),
        ML_OK);
    ML_CHECK_TEXT(argument.plugin, "com.example.slow");
    ML_CHECK_TEXT(argument.name, "min-age");
    ML_CHECK_TEXT(argument.text, "a.b=c");
    ML_CHECK_EQUAL(ml_options_split(&self.arena, "fdleak.min-age", &argument, &self.error),
                   ML_ERROR_ARGUMENT);
    ML_CHECK_EQUAL(ml_options_split(&self.arena, "x=1.5", &argument, &self.error),
                   ML_ERROR_ARGUMENT);
    ML_CHECK_EQUAL(ml_options_split(&self.arena, ".x=1", &argument, &self.error),
                   ML_ERROR_ARGUMENT);
    ML_CHECK_EQUAL(ml_options_split(&self.arena, "p.=1", &argument, &self.error),
                   ML_ERROR_ARGUMENT);
    close_setting(&self);
}

ML_TEST(tables_that_break_the_contract_are_refused)
{
    static const ml_option wrong[] = {
        OPTION("Count", ML_OPTION_INT, "5", 0, 0), OPTION("n", 9, "5", 0, 0),
        OPTION("n", ML_OPTION_INT, "x", 0, 0),     OPTION("n", ML_OPTION_INT, NULL, 0, 0),
        OPTION("n", ML_OPTION_INT, "11", 1, 10),   OPTION(NULL, ML_OPTION_INT, "1", 0, 0)};
    setting self;

    open_setting(&self);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const ml_plugin bad = {.id = "bad", .options = &wrong[i], .option_count = 1};
        ML_CHECK(ml_options_default(&self.arena, &bad, &self.values, &self.error) < 0);
    }
    close_setting(&self);
}
