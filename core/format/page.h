/* page: recordings that an HTML page carries, so that who was sent a report can look further than the report does.
 *
 * They are the last thing in the page, a comment behind its end, as FORMAT.md section 15 tells: nothing that shows pages takes
 * notice of it. What the page shows is not read.
 */
#ifndef ML_FORMAT_PAGE_H
#define ML_FORMAT_PAGE_H

#include "core/base/buffer.h"
#include "core/base/status.h"

/* Appends recordings, as they stand in a file, to a page that ends here. */
void ml_page_put(ml_buffer *page, const void *recordings, size_t length);

/* Are these the bytes of a page, and not of a recording? */
int ml_page_is(const void *bytes, size_t length);

/* Does this page carry recordings, be they damaged? */
int ml_page_carries(const void *bytes, size_t length);

/* Puts the recordings that a page carries in the place of the page. ML_ERROR_NOT_FOUND: it carries none, and stays as it is;
 * ML_ERROR_FORMAT: what it carries is damaged. */
ml_status ml_page_take(uint8_t *bytes, size_t *length);

#endif
