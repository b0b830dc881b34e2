/* json_line.h - one record of JSON lines: a field of it as text. */
#ifndef NASC_JSON_LINE_H
#define NASC_JSON_LINE_H
#include "compiler/base/diag.h"

/* The string in that field of the object in `line`; NULL after complaining (E0933), with `name` for the line's place. */
const char *json_line_string(struct arena *a, struct diags *ds, const char *name, const char *line, const char *field);

#endif
