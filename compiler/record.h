/* record.h - records: named fields of a kind each, and the cells of one record. */
#ifndef NASC_RECORD_H
#define NASC_RECORD_H
#include "compiler/base/base.h"

enum out_kind { OUT_STR, OUT_U64, OUT_COUNT, OUT_REAL, OUT_HEX, OUT_BIG /* s: digits; short in tables, a string in JSON beyond 64 bits */ };
struct out_cell { bool none; const char *s; u64 u; u128 c; double r; };         /* none: the record has no such value */
struct field { const char *name; enum out_kind kind; };

#endif
