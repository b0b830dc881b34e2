/* diag.c - collecting a user's mistakes, and the nearest name for "did you mean".
 * Drawing them is diag_render.c. */
#include "compiler/base/diag.h"

#include "compiler/base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

struct row { const char *text, *name, *about; enum diag_severity severity; };

static const struct row *row_of(enum diag_code c)
{
    static const struct row rows[] = {
#define X(code, severity, name, about) { #code, name, about, severity },
#include "compiler/base/diag.def"
#undef X
    };
    CHECK((u32)c < COUNTOF(rows));
    return &rows[c];
}

const char *diag_code_text(enum diag_code c)
{
    return row_of(c)->text;
}

const char *diag_code_name(enum diag_code c)
{
    return row_of(c)->name;
}

const char *diag_code_about(enum diag_code c)
{
    return row_of(c)->about;
}

void diags_init(struct diags *ds, struct arena *a, struct srcs *srcs)
{
    *ds = (struct diags){ .a = a, .srcs = srcs };
}

static const char *text_of(struct arena *a, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    CHECK(n >= 0);
    char *s = arena_alloc(a, (size_t)n + 1);
    vsnprintf(s, (size_t)n + 1, fmt, again);
    va_end(again);
    return s;
}

struct diag *diag_add(struct diags *ds, enum diag_code code, struct loc loc, const char *fmt, ...)
{
    enum diag_severity severity = row_of(code)->severity;
    u32 *count = severity == diag_error ? &ds->nerrors : &ds->nwarnings;
    if (*count < UINT32_MAX)
        ++*count;
    struct diag *d = &ds->spill;
    if (*count <= (ds->limit ? ds->limit : 50)) {
        d = NEW(ds->a, struct diag);
        vec_push(ds->a, &ds->all, d);
        va_list ap;
        va_start(ap, fmt);
        d->text = text_of(ds->a, fmt, ap);
        va_end(ap);
    }
    d->code = code;
    d->severity = severity;
    d->loc = loc;
    return d;
}

void diag_label(struct diags *ds, struct diag *d, struct loc loc, const char *fmt, ...)
{
    if (d == &ds->spill)
        return;
    va_list ap;
    va_start(ap, fmt);
    struct diag_label l = { loc, text_of(ds->a, fmt, ap) };
    va_end(ap);
    vec_push(ds->a, &d->labels, l);
}

void diag_note(struct diags *ds, struct diag *d, const char *fmt, ...)
{
    if (d == &ds->spill)
        return;
    va_list ap;
    va_start(ap, fmt);
    vec_push(ds->a, &d->notes, text_of(ds->a, fmt, ap));
    va_end(ap);
}

void diag_hint(struct diags *ds, struct diag *d, const char *fmt, ...)
{
    if (d == &ds->spill)
        return;
    va_list ap;
    va_start(ap, fmt);
    vec_push(ds->a, &d->hints, text_of(ds->a, fmt, ap));
    va_end(ap);
}

/* Near: at most a third of the letters wrong (one in short names), or only case.  Names of one
 * letter have no neighbours. */
const char *diag_nearest(const char *name, const char *const *cand, u32 n)
{
    size_t len = strlen(name);
    u32 most = (u32)MIN(MAX(len / 3, (size_t)1), (size_t)8), best = most + 1;
    const char *found = NULL;
    for (u32 i = 0; i < n; i++) {
        if (strcmp(cand[i], name) == 0)
            continue;
        u32 d = strcasecmp(cand[i], name) == 0 ? 0 : len < 2 ? best : str_distance(name, cand[i], most);
        if (d < best) {
            best = d;
            found = cand[i];
        }
    }
    return found;
}
