#include "program.h"

#include "assets.h"

typedef struct part {
    const unsigned char *bytes;
    const size_t *length;
    const char *digest;
} part;

#define PART(name)                                                                                 \
    {                                                                                              \
        asset_##name, &asset_##name##_length, asset_##name##_digest                                \
    }

/* In order. Each file is an element of its own, so that a fault in one leaves the others. */
static const part styles[] = {PART(style_css), PART(live_css)};
static const part scripts[] = {PART(data_js),     PART(app_js),        PART(boxes_js),
                               PART(details_js),  PART(tracks_js),     PART(flamechart_js),
                               PART(timeline_js), PART(flamegraph_js), PART(sections_js)};

enum { STYLES = sizeof styles / sizeof styles[0], SCRIPTS = sizeof scripts / sizeof scripts[0] };

static void put_hashes(sink *to, const char *directive, const part *parts, size_t count)
{
    sink_text(to, directive);
    for (size_t i = 0; i < count; i++)
        sink_format(to, " 'sha256-%s'", parts[i].digest);
}

void program_policy(sink *to)
{
    sink_text(to, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'");
    put_hashes(to, "; style-src", styles, STYLES);
    put_hashes(to, "; script-src", scripts, SCRIPTS);
    sink_text(to, "; img-src data:; base-uri 'none'; form-action 'none'\">\n");
}

static void put_elements(sink *to, const char *tag, const part *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sink_format(to, "<%s>", tag);
        sink_bytes(to, (const char *)parts[i].bytes, *parts[i].length);
        sink_format(to, "</%s>\n", tag);
    }
}

void program_styles(sink *to)
{
    put_elements(to, "style", styles, STYLES);
}

void program_scripts(sink *to)
{
    put_elements(to, "script", scripts, SCRIPTS);
}
