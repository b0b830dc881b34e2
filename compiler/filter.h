/* filter.h - `--where`: conditions on the fields of a record, such as 'params < 2M and depth <= 8'.
 *
 *     e : e (or ||) e | e (and &&) e | (not !) e | s (< <= > >= == != contains =~) s | s
 *     s : s (+ -) s | s (* / %) s | - s | NUMBER | "string" | 'string' | field | ( e )
 *
 * Numbers take the suffixes k M G Ki Mi Gi.  Whole numbers are exact in 128 bits, and become real where they would not fit, or by a division
 * that leaves a rest.  Strings compare byte by byte; `=~` is a POSIX extended regular expression.  A field without a value, and
 * what is computed from it, has none either; a comparison with it is false.
 *
 * In: a text and the fields there are.  Out: a filter, which any record's cells are given to; or diagnostics with places. */
#ifndef NASC_FILTER_H
#define NASC_FILTER_H
#include "compiler/base/diag.h"
#include "compiler/record.h"

struct filter;
/* NULL after complaining.  What it was made from need not stay, but for the names of the fields. */
struct filter *filter_compile(struct diags *ds, const struct src *text, u32 nfield, const struct field *field);
void filter_free(struct filter *f);
bool filter_pass(const struct filter *f, const struct out_cell *cell);
bool filter_reads(const struct filter *f, u32 field);           /* may leave cells unfilled that are not read */

#endif
