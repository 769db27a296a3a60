/* json: everything that was found, as one JSON object, written by the host's own serializer. */
#include <microlog/sdk.h>

static ml_status run(const ml_host *host, void *self)
{
    const ml_json *json = ml_get_json(host);
    const ml_output *output = ml_get_output(host);
    const char *text;
    (void)self;
    if (!json)
        return ml_fail(host, ML_ERROR_UNSUPPORTED, "the host does not offer " ML_JSON_ID);
    text = json->report(host);
    if (!text)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the report as JSON");
    return output->write(host, text, strlen(text));
}

ML_DEFINE_RENDERER("json", "1.0", "JSON", "everything as one JSON object", "application/json",
                   "json", run)
