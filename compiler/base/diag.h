/* diag.h - a user's mistakes: collected, with stable codes, places, carets, notes and hints.
 *
 * Codes are rows of diag.def: X(E0201, error, "undefined-name", "what it means, for explain").
 * A diagnostic has one primary place and message, any number of secondary labels (place +
 * text), notes and hints.  Nothing is printed here: diag_render writes into a buf. */
#ifndef NASC_DIAG_H
#define NASC_DIAG_H
#include "compiler/base/buf.h"
#include "compiler/base/src.h"
#include "compiler/base/vec.h"

enum diag_code {
#define X(code, severity, name, about) code,
#include "compiler/base/diag.def"
#undef X
    DIAG_CODES
};
enum diag_severity { diag_error, diag_warning };

struct diag_label { struct loc loc; const char *text; };
struct diag {
    enum diag_code code;
    enum diag_severity severity;
    struct loc loc;
    const char *text;
    VEC(struct diag_label) labels;
    VEC(const char *) notes, hints;
};
struct diags {
    struct arena *a;
    struct srcs *srcs;
    VEC(struct diag *) all;
    u32 nerrors, nwarnings;
    u32 limit;                  /* errors kept; 0 = 50.  Later ones are only counted */
    struct diag spill;          /* what diag_add returns for those: written, never read */
};

void diags_init(struct diags *ds, struct arena *a, struct srcs *srcs);
struct diag *diag_add(struct diags *ds, enum diag_code code, struct loc loc, const char *fmt, ...) PRINTF_LIKE(4, 5);
void diag_label(struct diags *ds, struct diag *d, struct loc loc, const char *fmt, ...) PRINTF_LIKE(4, 5);
void diag_note(struct diags *ds, struct diag *d, const char *fmt, ...) PRINTF_LIKE(3, 4);
void diag_hint(struct diags *ds, struct diag *d, const char *fmt, ...) PRINTF_LIKE(3, 4);

const char *diag_code_text(enum diag_code c);           /* "E0201" */
const char *diag_code_name(enum diag_code c);           /* "undefined-name" */
const char *diag_code_about(enum diag_code c);
void diag_render(struct buf *out, const struct diags *ds, const struct diag *d, bool color);
void diag_render_json(struct buf *out, const struct diags *ds, const struct diag *d);   /* one line */
/* The nearest of n candidates to `name`, or NULL if none is near. */
const char *diag_nearest(const char *name, const char *const *cand, u32 n);

#endif
