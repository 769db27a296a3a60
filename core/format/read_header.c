#include "core/base/crc32c.h"
#include "core/format/read_walk.h"

int ml_is_signature(const ml_reader *reader, size_t offset)
{
    return reader->length - offset >= 8 &&
           memcmp(reader->bytes + offset, ML_MLOG_SIGNATURE, 8) == 0;
}

int ml_is_sound_header(const ml_reader *reader, size_t offset)
{
    const uint8_t *at = reader->bytes + offset;
    ml_cursor claimed;

    if (!ml_is_signature(reader, offset) || reader->length - offset < ML_MLOG_HEADER_SIZE) {
        return 0;
    }
    claimed = (ml_cursor){at + ML_MLOG_HEADER_SIZE - 4, at + ML_MLOG_HEADER_SIZE, 0};
    return ml_crc32c(0, at, ML_MLOG_HEADER_SIZE - 4) == (uint32_t)ml_cursor_fixed(&claimed, 4);
}

static ml_status refuse(ml_walk *w, ml_status status, const char *what)
{
    return ml_error_set(&w->fatal, status, "%s", what);
}

/* Is this a version that this reader reads right? */
static ml_status check_version(ml_walk *w, uint32_t major, uint32_t least_minor, uint32_t features,
                               uint32_t draft)
{
    uint32_t unknown = features & ~ML_MLOG_FEATURE_DRAFT;

    if (major != ML_MLOG_MAJOR || least_minor > ML_MLOG_MINOR) {
        return ml_error_set(
            &w->fatal, ML_ERROR_UNSUPPORTED,
            "it is .mlog version %u.%u and this program reads %d.%d: use a newer one", major,
            least_minor, ML_MLOG_MAJOR, ML_MLOG_MINOR);
    }
    if (unknown != 0) {
        return ml_error_set(
            &w->fatal, ML_ERROR_UNSUPPORTED,
            "it needs feature bit %d, which this program does not know: use a newer one",
            __builtin_ctz(unknown));
    }
    if ((features & ML_MLOG_FEATURE_DRAFT) == 0) {
        return refuse(
            w, ML_ERROR_UNSUPPORTED,
            "it is in the final format and this program reads a draft of it: use a newer one");
    }
    if (draft != ML_MLOG_DRAFT) {
        return ml_error_set(
            &w->fatal, ML_ERROR_UNSUPPORTED,
            "it is in draft %u of the format and this program reads draft %d: record again, or "
            "use the program that came with its recorder",
            draft, ML_MLOG_DRAFT);
    }
    return ML_OK;
}

size_t ml_walk_header(ml_walk *w, size_t offset)
{
    ml_recording *recording = w->recording;
    const uint8_t *at = w->reader->bytes + offset;
    ml_cursor cursor = {at + 8, w->reader->bytes + w->reader->length, 0};
    uint64_t size = ml_cursor_fixed(&cursor, 2);
    uint32_t major = (uint32_t)ml_cursor_fixed(&cursor, 2);
    uint32_t minor = (uint32_t)ml_cursor_fixed(&cursor, 2);
    uint32_t least_minor = (uint32_t)ml_cursor_fixed(&cursor, 2);
    uint32_t features = (uint32_t)ml_cursor_fixed(&cursor, 4);
    const uint8_t *uuid;

    recording->rewrite_features = (uint32_t)ml_cursor_fixed(&cursor, 4);
    (void)ml_cursor_fixed(&cursor, 4); /* features to ignore */
    recording->flags = (uint32_t)ml_cursor_fixed(&cursor, 4);
    uuid = ml_cursor_bytes(&cursor, 16);
    (void)ml_cursor_fixed(&cursor, 8);
    if (!ml_is_sound_header(w->reader, offset) || size < ML_MLOG_HEADER_SIZE ||
        size > HEADER_SIZE_MAX) {
        recording->flags = 0;
        recording->diagnostics.damaged_header = 1;
        ml_walk_note(w, offset, "the file header is damaged");
        return w->reader->length - offset < ML_MLOG_HEADER_SIZE ? w->reader->length
                                                                : offset + ML_MLOG_HEADER_SIZE;
    }
    recording->minor = minor;
    memcpy(recording->head.uuid, uuid, 16);
    if (check_version(w, major, least_minor, features, (uint32_t)ml_cursor_fixed(&cursor, 4)) ==
            ML_OK &&
        (recording->flags & ML_MLOG_FLAG_JOURNAL) != 0) {
        refuse(w, ML_ERROR_UNSUPPORTED,
               "it is the journal of a recording: open the recording itself");
    }
    return size > w->reader->length - offset ? w->reader->length : offset + (size_t)size;
}
