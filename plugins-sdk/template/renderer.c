/* @ID@: every finding and every other block, a line each. All text comes from the recorded
 * program or from other plugins: it is written through put_line, which escapes it. */
#include <microlog/sdk.h>

static ml_status put_line(const ml_host *host, const char *first, const char *second)
{
    const ml_output *output = ml_get_output(host);
    char line[ML_SENTENCE_MAX];
    size_t length;

    ml_format(line, sizeof line, "%s %s", first, second);
    length = strlen(line);
    for (size_t i = 0; i < length; i++)
        line[i] = (unsigned char)line[i] < 32 || line[i] == 127 ? '?' : line[i];
    line[length] = '\n';
    return output->write(host, line, length + 1);
}

static ml_status run(const ml_host *host, void *self)
{
    const ml_documents *all = ml_get_documents(host);
    ml_status status = put_line(host, "#", all->verdict);
    (void)self;

    for (size_t i = 0; i < all->finding_count && status == ML_OK; i++) {
        const ml_finding *finding = all->findings[i].block->finding;
        status = put_line(host, finding->handle, finding->message);
    }
    for (size_t i = 0; i < all->document_count && status == ML_OK; i++) {
        const ml_document *document = all->documents[i];
        for (size_t j = 0; j < document->block_count && status == ML_OK; j++)
            if (document->blocks[j]->kind != ML_BLOCK_FINDING)
                status = put_line(host, document->plugin, document->blocks[j]->title);
    }
    return status;
}

ML_DEFINE_RENDERER("@ID@", "0.1", "@ID@", "a line for each block", "text/plain", "list.txt", run)
