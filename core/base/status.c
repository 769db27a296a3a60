#include "core/base/status.h"

#include <stdio.h>
#include <string.h>

ml_status ml_error_set(ml_error *error, ml_status status, const char *format, ...)
{
    va_list arguments;

    if (error == NULL) {
        return status;
    }
    error->status = status;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    return status;
}

ml_status ml_error_add(ml_error *error, const char *format, ...)
{
    char chain[ML_ERROR_TEXT];
    va_list arguments;
    size_t length;

    if (error == NULL) {
        return ML_ERROR_FAILED;
    }
    memcpy(chain, error->text, sizeof(chain));
    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    length = strlen(error->text);
    if (chain[0] != '\0') {
        snprintf(error->text + length, sizeof(error->text) - length, ": %s", chain);
    }
    if (error->status == ML_OK) {
        error->status = ML_ERROR_FAILED;
    }
    return error->status;
}

const char *ml_status_text(ml_status status)
{
    switch (status) {
    case ML_OK: return "ok";
    case ML_ERROR_MEMORY: return "out of memory";
    case ML_ERROR_ARGUMENT: return "wrong argument";
    case ML_ERROR_IO: return "input or output failed";
    case ML_ERROR_FORMAT: return "damaged or foreign data";
    case ML_ERROR_UNSUPPORTED: return "not supported";
    case ML_ERROR_TOO_LARGE: return "too large";
    case ML_ERROR_NOT_FOUND: return "not found";
    case ML_ERROR_CANCELLED: return "cancelled";
    default: return "failed";
    }
}
