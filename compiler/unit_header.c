/* unit_header.c - the text of the C header that goes with an object: nasc_model.h whole, so that it stands alone, then a model after the other. */
#include "compiler/unit_build.h"

#include "compiler/base/arena.h"

#include <ctype.h>
#include <string.h>

static const char *const model_h[] = {
#include "compiler/nasc_model_text.inc"
};

/* Text inside a comment: nothing in it ends it or begins another, no line is too long. */
static void comment(struct buf *b, const char *s)
{
    enum { MOST = 1000 };
    for (u32 i = 0; s[i] && i < MOST; i++)
        buf_putc(b, (s[i] == '*' && (s[i + 1] == '/' || (i && s[i - 1] == '/'))) || (unsigned char)s[i] < ' ' || s[i] == '\\' || s[i] == '?' ? ' ' : s[i]);
    if (strlen(s) > MOST)
        buf_puts(b, " ...");
}

static void upper(struct buf *b, const char *name)
{
    for (; *name; name++)
        buf_putc(b, (char)toupper((unsigned char)*name));
}

static void tensor(struct buf *b, const struct plan *p, const char *what, u32 k, u32 buf)
{
    const struct ein_tens *t = &p->ein->tens.at[p->buf.at[buf].tens];
    u32 n = 0;
    buf_printf(b, " *     %s %u   ", what, k);
    comment(b, t->name);
    buf_printf(b, ": %s[", dtype_name((enum dtype)t->dtype));
    for (u32 d = 0; d < t->ndim; d++)
        if (t->dim[d] > 0)
            buf_printf(b, "%s%lld", n++ ? ", " : "", (long long)t->dim[d]);
    buf_puts(b, "]\n");
}

static void size(struct buf *b, const char *model, const char *what, u64 bytes)
{
    buf_puts(b, "#define ");
    upper(b, model);
    buf_printf(b, "_%s_BYTES UINT64_C(%llu)\n", what, (unsigned long long)bytes);
}

static void one(struct buf *b, const struct unit *u, const struct unit_model *x)
{
    const struct plan *p = x->plan;
    struct unit_sizes s;
    CHECK(unit_sizes_of(u, x->name, &s));
    buf_printf(b, "\n/* %s", x->name);
    if (x->arch && *x->arch) {
        buf_puts(b, ": ");
        comment(b, x->arch);
    }
    buf_puts(b, "\n *\n");
    for (u32 i = 0; i < p->nin; i++)
        tensor(b, p, "input", i, p->in[i]);
    for (u32 i = 0; i < p->nout; i++)
        tensor(b, p, "output", i, p->out[i]);
    buf_printf(b, " *     weights   %u tensors: %s_model.weight says where in their block\n */\n", p->weight.n, x->name);
    size(b, x->name, "WEIGHTS", s.weights);
    size(b, x->name, "PACKED", s.packed);
    size(b, x->name, "SAMPLE", s.sample);
    size(b, x->name, "WORKER", s.worker);
    buf_printf(b, "extern const nasc_model %s_model;\n", x->name);
    buf_printf(b, "int %s_load(const void *weights, void *packed);\n", x->name);
    buf_printf(b, "void %s_forward(const void *packed, const void *const *inputs, void *const *outputs, void *arena, int64_t batch, const nasc_parallel *par);\n",
               x->name);
    if (x->weights)
        buf_printf(b, "extern const unsigned char %s_weights[];     /* what load reads */\n", x->name);
}

void unit_header(struct buf *b, const struct unit *u, u32 n, const struct unit_model *model)
{
    buf_printf(b, "/* %s.h - networks compiled by nasc, as C and C++ call them.\n *\n", u->name);
    for (u32 i = 0; i < n && i < 8; i++)
        buf_printf(b, " *     %s_load(weights, packed);   %s_forward(packed, inputs, outputs, arena, batch, NULL);\n", model[i].name, model[i].name);
    buf_puts(b, " *\n * Made by a program: changes are lost. */\n");
    buf_puts(b, "#ifndef NASC_COMPILED_");
    upper(b, u->name);
    buf_puts(b, "_H\n#define NASC_COMPILED_");
    upper(b, u->name);
    buf_puts(b, "_H\n\n");
    for (u32 i = 0; i < COUNTOF(model_h); i++)
        buf_puts(b, model_h[i]);
    buf_puts(b, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
    for (u32 i = 0; i < n; i++)
        one(b, u, &model[i]);
    buf_puts(b, "\n#ifdef __cplusplus\n}\n#endif\n#endif\n");
}
