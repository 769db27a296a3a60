/* table: the first rows of a table block, fitted to the terminal. */
#ifndef MICROLOG_RENDERERS_TEXT_TABLE_H
#define MICROLOG_RENDERERS_TEXT_TABLE_H

#include "terminal.h"

/* Title line and at most `rows_max` rows in the table's order; a last line says how many more there are. */
void table_print(terminal *to, const ml_block *block, unsigned rows_max);

#endif
