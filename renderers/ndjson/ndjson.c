/* ndjson: what was found, one JSON object a line, for pipelines (jq, grep, a log store).
 *
 * Every line is an object with "kind" and ends with a newline; no line depends on another.
 *   1. {"kind":"recording", …}: what was run, when, how it was recorded; left out in a report that was made from
 *      merged results.
 *   2. {"kind":"finding","id":"F1", …}: the findings, in order of rank.
 *   3. All other blocks, {"kind":"metric"}, {"kind":"table"} and so on, in order of "plugin" and as it wrote them.
 * Objects and their fields are those of the json renderer: the recording's, and each block's with "plugin", "key",
 * "title", "text" and what its kind has. A line is as long as its table is.
 *
 *   microlog-analyze run.mlog --format ndjson -o - | jq -r 'select(.kind == "finding") | .message'
 */
#include "common/sink.h"

static ml_status fail_for_memory(const ml_host *host)
{
    return ml_fail(host, ML_ERROR_MEMORY, "no memory for a line of JSON");
}

static ml_status put_recording(const ml_host *host, const ml_json *json, sink *out)
{
    const char *text = json->recording(host);
    if (!text)
        return fail_for_memory(host);
    if (text[0] != '{')
        return ML_OK;
    sink_text(out, "{\"kind\":\"recording\",");
    sink_text(out, text + 1);
    sink_char(out, '\n');
    return ML_OK;
}

static ml_status put_block(const ml_host *host, const ml_json *json, sink *out,
                           const ml_document *document, const ml_block *block)
{
    const char *text = json->block(host, document, block);
    if (!text)
        return fail_for_memory(host);
    sink_text(out, text);
    sink_char(out, '\n');
    return ML_OK;
}

static ml_status put_blocks(const ml_host *host, const ml_json *json, sink *out,
                            const ml_document *document)
{
    ml_status status = ML_OK;
    for (size_t i = 0; status == ML_OK && i < document->block_count; i++)
        if (!document->blocks[i]->finding)
            status = put_block(host, json, out, document, document->blocks[i]);
    return status;
}

static ml_status run(const ml_host *host, void *self)
{
    const ml_documents *documents = ml_get_documents(host);
    const ml_json *json = ml_get_json(host);
    sink *out = sink_open(host);
    ml_status status;
    (void)self;
    if (!json || json->struct_size < sizeof *json)
        return ml_fail(host, ML_ERROR_UNSUPPORTED,
                       "the host does not offer all of " ML_JSON_ID
                       ": use the plugins of its own version");
    if (!out)
        return fail_for_memory(host);
    status = put_recording(host, json, out);
    for (size_t i = 0; status == ML_OK && i < documents->finding_count; i++)
        status = put_block(host, json, out, documents->findings[i].document,
                           documents->findings[i].block);
    for (size_t i = 0; status == ML_OK && i < documents->document_count; i++)
        status = put_blocks(host, json, out, documents->documents[i]);
    return status == ML_OK ? sink_end(out) : status;
}

ML_DEFINE_RENDERER("ndjson", "1.0", "JSON lines", "one JSON object a line, for pipelines",
                   "application/x-ndjson", "ndjson", run)
