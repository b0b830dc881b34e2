/* json_line.c - see json_line.h. */
#include "compiler/json_line.h"

#include <jansson.h>

const char *json_line_string(struct arena *a, struct diags *ds, const char *name, const char *line, const char *field)
{
    json_error_t e;
    json_t *j = json_loads(line, 0, &e);
    const char *s = json_string_value(json_object_get(j, field)), *text = s ? arena_strdup(a, s) : NULL;
    u32 n = (u32)strlen(line), at = j ? 0 : MIN((u32)MAX(e.position - 1, 0), n);
    if (!text) {
        struct loc loc = {srcs_add(ds->srcs, name, line, n)->id, at, MIN(1u, n - at)};
        if (j)
            diag_add(ds, E0933, loc, "this record has no text in a field `%s`", field);
        else
            diag_add(ds, E0933, loc, "%s", e.text);
    }
    json_decref(j);
    return text;
}
