#include "core/model/module_names.h"

#include "tests/unit/runner.h"

#include <string.h>

static const char *const roots[] = {"/srv/shop", NULL, "/srv/shop/tools"};

static uint32_t name_of(const char *file, char *name)
{
    ml_buffer buffer;
    uint32_t flags;

    ml_buffer_init(&buffer, 1000);
    flags = ml_name_module(&buffer, file, roots, 3);
    ML_CHECK_EQUAL(buffer.status, ML_OK);
    memcpy(name, buffer.data, buffer.length);
    name[buffer.length] = '\0';
    ml_buffer_release(&buffer);
    return flags;
}

static void expect(const char *file, const char *name, uint32_t flags)
{
    char text[1001];

    ML_CHECK_EQUAL(name_of(file, text), flags);
    ML_CHECK_TEXT(text, name);
}

ML_TEST(modules_of_the_standard_library)
{
    expect("/usr/lib/python3.11/json/decoder.py", "json.decoder", ML_MODULE_STDLIB);
    expect("/usr/lib/python3.11/json/__init__.py", "json", ML_MODULE_STDLIB);
    expect("/usr/lib64/python3.9/threading.py", "threading", ML_MODULE_STDLIB);
    expect("/usr/local/lib/python3.13t/asyncio/base_events.py", "asyncio.base_events",
           ML_MODULE_STDLIB);
    expect("/usr/lib/python311.zip/os.py", "os", ML_MODULE_STDLIB);
    expect("/usr/lib/python3.11/lib-dynload/_json.cpython-311-x86_64-linux-gnu.so", "_json",
           ML_MODULE_STDLIB);
    expect("<frozen importlib._bootstrap>", "importlib._bootstrap", ML_MODULE_STDLIB);
}

ML_TEST(modules_of_third_parties)
{
    expect("/usr/lib/python3/dist-packages/yaml/loader.py", "yaml.loader", ML_MODULE_THIRD_PARTY);
    expect("/srv/shop/.venv/lib/python3.12/site-packages/django/db/models/__init__.py",
           "django.db.models", ML_MODULE_THIRD_PARTY);
    expect("/opt/lib/microlog/python/microlog/_hooks.py", "microlog._hooks", ML_MODULE_THIRD_PARTY);
    expect("/x/site-packages/six.py", "six", ML_MODULE_THIRD_PARTY);
}

ML_TEST(modules_of_the_project)
{
    expect("/srv/shop/cart/price.py", "cart.price", ML_MODULE_PROJECT);
    expect("/srv/shop/cart/__init__.py", "cart", ML_MODULE_PROJECT);
    expect("/srv/shop/tools/import_all.py", "import_all", ML_MODULE_PROJECT);
    expect("/srv/shop/src/shop/cart.py", "shop.cart", ML_MODULE_PROJECT);
    expect("/srv/shopping/other.py", "other", ML_MODULE_PROJECT);
    expect("/home2/u/lib/python/mine.py", "mine", ML_MODULE_PROJECT);
    expect("./job.py", "job", ML_MODULE_PROJECT);
    expect("pkg/job.v2.py", "pkg.job.v2", ML_MODULE_PROJECT);
    expect("/opt/noext", "noext", ML_MODULE_PROJECT);
}

ML_TEST(modules_without_a_file)
{
    expect("", "<recorder>", ML_MODULE_SYNTHETIC);
    expect("<string>", "<string>", ML_MODULE_PROJECT);
    expect("<stdin>", "<stdin>", ML_MODULE_PROJECT);
    expect("<", "<", ML_MODULE_PROJECT);
    expect("<frozen ", "<frozen ", ML_MODULE_PROJECT);
    expect("<frozen >", "<frozen >", ML_MODULE_STDLIB);
    expect("/", "/", ML_MODULE_PROJECT);
}

static void expect_program(const char *const *argv, uint32_t argc, const char *name,
                           uint32_t script)
{
    ml_buffer buffer;

    ml_buffer_init(&buffer, 1000);
    ml_name_program(&buffer, argv, argc);
    ml_buffer_put_u8(&buffer, 0);
    ML_CHECK_TEXT((const char *)buffer.data, name);
    ML_CHECK_EQUAL(ml_name_script(argv, argc), script);
    ml_buffer_release(&buffer);
}

#define PROGRAM(name, script, ...)                                                                 \
    do {                                                                                           \
        const char *const argv[] = {__VA_ARGS__};                                                  \
        expect_program(argv, sizeof(argv) / sizeof(argv[0]), name, script);                        \
    } while (0)

ML_TEST(programs)
{
    PROGRAM("app.py", 0, "app.py", "-m");
    PROGRAM("app.py", 0, "/srv/shop/app.py");
    PROGRAM("shop", 0, "/srv/shop/__main__.py");
    PROGRAM("__main__.py", 0, "__main__.py");
    PROGRAM("-c", 2, "-c", "x");
    PROGRAM("python", 1, "");
    expect_program(NULL, 0, "python", 0);
}

ML_TEST(programs_behind_an_interpreter)
{
    PROGRAM("app.py", 1, "/usr/bin/python3", "app.py", "-c");
    PROGRAM("app.py", 4, "python3.11", "-X", "dev", "-B", "a/app.py");
    PROGRAM("http.server", 4, "python3", "-um", "http.server", "8000");
    PROGRAM("http.server", 2, "python3", "-mhttp.server");
    PROGRAM("-c", 3, "python3", "-c", "import x");
    PROGRAM("app.py", 5, "python3", "-m", "microlog", "-o", "a.mlog", "app.py", "x");
    PROGRAM("app.py", 4, "python3", "-m", "microlog", "--summary", "app.py");
    PROGRAM("app.py", 7, "python3", "-m", "microlog", "--rate", "1000", "-o=a", "--label=x",
            "app.py");
    PROGRAM("shop.web", 5, "python3", "-m", "microlog", "-m", "shop.web");
    PROGRAM("-m", 2, "python3", "-m");
    PROGRAM("python", 1, "python3");
}
