/* note_text.c - `text` macros and `arch` items: texts with their ${...} expanded.
 *
 * In: a backtick text of a module.  Out: the text, or a complaint at the hole.  A hole is an expression over
 * the macro's parameters, the module's `text`s and consts, numbers, strings and the functions of
 * compile time; a macro is called with values, and yields a string. */
#include "grammar/derive.h"

enum { MOST_DEPTH = 64, MOST_TEXT = 1 << 22 };

struct value { bool is_text, ok; struct num n; const char *s; };
struct frame { struct gram_module *m; const struct ast *params; const struct value *arg; u32 depth; };
/* A text taken apart once: literal runs and parsed holes. */
struct piece { const char *at; u32 n; struct ast *hole; };
struct split { const struct ast *btext; VEC(struct piece) piece; bool ok; };
struct expander { struct arena *a, *scratch; struct gram *g; VEC(struct split *) split; u64 made; };

static struct value text_value(const char *s) { return (struct value){ .is_text = true, .ok = true, .s = s }; }
static const struct value refused = { 0 };

static bool name_char(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (!first && c >= '0' && c <= '9');
}

/* The expression in [from, to) of the btext, parsed with its places in the file. */
static struct ast *parse_hole(struct expander *x, const struct ast *btext, u32 from, u32 to)
{
    u32 start = btext->loc.off + 1 + from, len = to - from;
    char *blank = arena_alloc(x->scratch, (size_t)start + len + 1);
    memset(blank, ' ', start);
    memcpy(blank + start, btext->text + from, len);
    const struct src *file = srcs_get(x->g->srcs, btext->loc.file);
    struct src s = { .id = btext->loc.file, .name = file ? file->name : "", .text = blank, .len = start + len };
    u32 *lines = NEW(x->scratch, u32);
    s.line_off = lines;
    s.nlines = 1;
    return ast_parse_expr(x->scratch, x->g->sp, x->g->ds, &s);
}

static const struct split *split_of(struct expander *x, const struct ast *b)
{
    for (u32 i = 0; i < x->split.n; i++)
        if (x->split.at[i]->btext == b)
            return x->split.at[i];
    struct split *s = NEW(x->scratch, struct split);
    s->btext = b;
    s->ok = true;
    vec_push(x->scratch, &x->split, s);
    const char *t = b->text;
    u32 len = (u32)strlen(t), from = 0;
    for (u32 i = 0; i < len;) {
        if (t[i] != '$') {
            i++;
            continue;
        }
        vec_push(x->scratch, &s->piece, ((struct piece){ t + from, i - from, NULL }));
        u32 dollar = i++;
        struct loc loc = { b->loc.file, b->loc.off + 1 + dollar, 1 };
        struct piece p = { "$", 1, NULL };
        if (i < len && t[i] == '$') {
            i++;
        } else if (i < len && t[i] == '{') {
            u32 at = ++i, depth = 1;
            for (; i < len && depth; i++) {
                if (t[i] == '"')
                    for (i++; i < len && t[i] != '"'; i++)
                        i += t[i] == '\\';
                depth += i < len && t[i] == '{';
                depth -= i < len && t[i] == '}';
            }
            if (depth) {
                struct diag *d = diag_add(x->g->ds, E0710, loc, "`${` without its `}`");
                diag_hint(x->g->ds, d, "`$$` is a dollar");
                s->ok = false;
                return s;
            }
            p.hole = parse_hole(x, b, at, i - 1);
            s->ok &= p.hole != NULL;
        } else {
            u32 at = i;
            while (i < len && name_char(t[i], i == at))
                i++;
            if (i == at) {
                struct diag *d = diag_add(x->g->ds, E0710, loc, "`$` without a name");
                diag_hint(x->g->ds, d, "`$$` is a dollar");
                s->ok = false;
                return s;
            }
            p.hole = parse_hole(x, b, at, i);
            s->ok &= p.hole != NULL;
        }
        vec_push(x->scratch, &s->piece, p);
        from = i;
    }
    vec_push(x->scratch, &s->piece, ((struct piece){ t + from, len - from, NULL }));
    return s;
}

static const char *expand(struct expander *x, const struct ast *b, const struct frame *f);
static struct value eval(struct expander *x, const struct ast *e, const struct frame *f);

static struct value number(struct expander *x, const struct ast *e, struct num n)
{
    if (n.kind != NUM_BAD)
        return (struct value){ .ok = true, .n = n };
    diag_add(x->g->ds, E0712, e->loc, "this number does not exist: a division by zero, or one too large");
    return refused;
}

static struct value wants_number(struct expander *x, const struct ast *e)
{
    diag_add(x->g->ds, E0712, e->loc, "a number is needed here, this is a text");
    return refused;
}

static struct value call_text(struct expander *x, const struct gram_text *t, const struct ast *at, u32 narg, struct ast *const *arg, const struct frame *f)
{
    const struct ast *params = t->ast->nkid > 1 ? t->ast->kid[0] : NULL;
    u32 want = params ? params->nkid : 0;
    if (narg != want) {
        struct diag *d = diag_add(x->g->ds, E0712, at->loc, "`%s` takes %u argument%s, %u given", t->d.name, want, want == 1 ? "" : "s", narg);
        diag_label(x->g->ds, d, t->d.loc, "declared here");
        return refused;
    }
    struct value *v = NEW_ARRAY(x->scratch, struct value, narg + 1);
    for (u32 i = 0; i < narg; i++) {
        v[i] = eval(x, arg[i], f);
        if (!v[i].ok)
            return refused;
    }
    if (f->depth >= MOST_DEPTH) {
        diag_add(x->g->ds, E0713, at->loc, "`%s` expands without end: %u macros inside each other", t->d.name, MOST_DEPTH);
        return refused;
    }
    struct frame in = { t->d.module, params, v, f->depth + 1 };
    const char *s = expand(x, t->ast->kid[t->ast->nkid - 1], &in);
    return s ? text_value(s) : refused;
}

static struct value unknown(struct expander *x, const struct ast *e, const struct frame *f)
{
    VEC(const char *) cand = { 0 };
    for (u32 i = 0; f->params && i < f->params->nkid; i++)
        vec_push(x->scratch, &cand, (const char *)f->params->kid[i]->text);
    for (u32 i = 0; i < f->m->decl.n; i++)
        if (f->m->decl.at[i]->kind == GD_TEXT || f->m->decl.at[i]->kind == GD_CONST)
            vec_push(x->scratch, &cand, (const char *)f->m->decl.at[i]->name);
    struct diag *d = diag_add(x->g->ds, E0711, e->loc, "`%s` is no parameter, `text` or const here", e->text ? e->text : "this");
    const char *near = e->text ? diag_nearest(e->text, cand.at, cand.n) : NULL;
    if (near)
        diag_hint(x->g->ds, d, "did you mean `%s`?", near);
    return refused;
}

static struct value name(struct expander *x, const struct ast *e, const struct frame *f)
{
    for (u32 i = 0; f->params && i < f->params->nkid; i++)
        if (f->params->kid[i]->text == e->text)
            return f->arg[i];
    struct gram_decl *d = gram_lookup(x->g, f->m, e->text);
    if (d && d->kind == GD_TEXT)
        return call_text(x, (const struct gram_text *)d, e, 0, NULL, f);
    if (d && d->kind == GD_CONST) {
        const struct gram_const *c = (const struct gram_const *)d;
        if (c->evaluated && c->s)
            return text_value(c->s);
        if (c->evaluated && c->v.kind != NUM_BAD)
            return (struct value){ .ok = true, .n = c->v };
        struct frame in = { d->module, NULL, NULL, f->depth + 1 };
        return f->depth < MOST_DEPTH ? eval(x, c->ast->kind == A_CONST ? c->ast->kid[0] : c->ast, &in) : unknown(x, e, f);
    }
    return unknown(x, e, f);
}

static struct value function(struct expander *x, const struct ast *e, u32 narg, struct ast *const *arg, const struct frame *f)
{
    static const struct { const char *name; u8 least, most; struct num (*one)(struct num); struct num (*two)(struct num, struct num); } table[] = {
        { "floor", 1, 1, num_floor, NULL }, { "abs", 1, 1, num_abs, NULL }, { "sqrt", 1, 1, num_sqrt, NULL },
        { "exp", 1, 1, num_exp, NULL }, { "log", 1, 1, num_log, NULL }, { "pow", 2, 2, NULL, num_pow },
        { "sum", 1, 255, NULL, num_add }, { "ceil", 1, 1, NULL, NULL }, { "min", 1, 255, NULL, NULL }, { "max", 1, 255, NULL, NULL },
    };
    u32 k = 0;
    while (k < COUNTOF(table) && strcmp(table[k].name, e->text))
        k++;
    if (k == COUNTOF(table))
        return unknown(x, e, f);
    if (narg < table[k].least || narg > table[k].most) {
        diag_add(x->g->ds, E0712, e->loc, "`%s` takes %u argument%s, %u given", e->text, table[k].least, table[k].least == 1 ? "" : "s", narg);
        return refused;
    }
    struct num all = { 0 };
    for (u32 i = 0; i < narg; i++) {
        struct value v = eval(x, arg[i], f);
        if (!v.ok)
            return refused;
        if (v.is_text)
            return wants_number(x, arg[i]);
        if (table[k].one)
            return number(x, e, table[k].one(v.n));
        if (i == 0)
            all = v.n;
        else if (table[k].two)
            all = table[k].two(all, v.n);
        else if (num_cmp(v.n, all) * (e->text[1] == 'i' ? 1 : -1) < 0)
            all = v.n;
        if (all.kind == NUM_BAD)
            break;
    }
    if (!strcmp(e->text, "ceil"))
        all = num_neg(num_floor(num_neg(all)));
    return number(x, e, all);
}

static struct value binary(struct expander *x, const struct ast *e, const struct frame *f)
{
    struct value a = eval(x, e->kid[0], f), b = eval(x, e->kid[1], f);
    if (!a.ok || !b.ok)
        return refused;
    if (e->op == AB_CAT) {
        struct buf s = { 0 };
        for (u32 i = 0; i < 2; i++) {
            const struct value *v = i ? &b : &a;
            if (v->is_text)
                buf_puts(&s, v->s);
            else
                num_print(&s, v->n);
        }
        const char *t = arena_printf(x->scratch, "%s", s.at ? s.at : "");
        buf_free(&s);
        return text_value(t);
    }
    if (e->op == AB_EQ || e->op == AB_NE) {
        bool same = a.is_text == b.is_text && (a.is_text ? !strcmp(a.s, b.s) : num_cmp(a.n, b.n) == 0);
        return number(x, e, num_int(same == (e->op == AB_EQ)));
    }
    if (a.is_text || b.is_text)
        return wants_number(x, e->kid[!a.is_text]);
    switch (e->op) {
    case AB_ADD: return number(x, e, num_add(a.n, b.n));
    case AB_SUB: return number(x, e, num_sub(a.n, b.n));
    case AB_MUL: return number(x, e, num_mul(a.n, b.n));
    case AB_DIV: return number(x, e, num_div(a.n, b.n));
    case AB_MOD: return number(x, e, num_mod(a.n, b.n));
    case AB_LT: return number(x, e, num_int(num_cmp(a.n, b.n) < 0));
    case AB_LE: return number(x, e, num_int(num_cmp(a.n, b.n) <= 0));
    case AB_GT: return number(x, e, num_int(num_cmp(a.n, b.n) > 0));
    case AB_GE: return number(x, e, num_int(num_cmp(a.n, b.n) >= 0));
    case AB_AND: return number(x, e, num_int(num_double(a.n) != 0 && num_double(b.n) != 0));
    default: return number(x, e, num_int(num_double(a.n) != 0 || num_double(b.n) != 0));
    }
}

static struct value eval(struct expander *x, const struct ast *e, const struct frame *f)
{
    struct value v;
    switch (e->kind) {
    case A_INT: case A_REAL:
        return number(x, e, e->num);
    case A_STRING:
        return text_value(e->text);
    case A_BTEXT: {
        const char *s = expand(x, e, f);
        return s ? text_value(s) : refused;
    }
    case A_ID:
        return name(x, e, f);
    case A_NEG: case A_NOT:
        v = eval(x, e->kid[0], f);
        if (!v.ok)
            return refused;
        if (v.is_text)
            return wants_number(x, e->kid[0]);
        return number(x, e, e->kind == A_NEG ? num_neg(v.n) : num_int(num_double(v.n) == 0));
    case A_BINARY:
        return binary(x, e, f);
    case A_IF:
        v = eval(x, e->kid[0], f);
        if (!v.ok)
            return refused;
        if (v.is_text)
            return wants_number(x, e->kid[0]);
        return eval(x, e->kid[num_double(v.n) != 0 ? 1 : 2], f);
    case A_CALL:
        if (e->kid[0]->kind == A_ID) {
            for (u32 i = 0; f->params && i < f->params->nkid; i++)
                if (f->params->kid[i]->text == e->kid[0]->text) {
                    diag_add(x->g->ds, E0712, e->kid[0]->loc, "the parameter `%s` is a value, not a macro", e->kid[0]->text);
                    return refused;
                }
            struct gram_decl *d = gram_lookup(x->g, f->m, e->kid[0]->text);
            if (d && d->kind == GD_TEXT)
                return call_text(x, (const struct gram_text *)d, e, e->nkid - 1, e->kid + 1, f);
            return function(x, e->kid[0], e->nkid - 1, e->kid + 1, f);
        }
        break;
    default:
        break;
    }
    struct diag *d = diag_add(x->g->ds, E0710, e->loc, "this is nothing that a text can hold");
    diag_note(x->g->ds, d, "a hole takes numbers, strings, parameters, consts, `text`s, arithmetic and `if`");
    return refused;
}

static const char *expand(struct expander *x, const struct ast *b, const struct frame *f)
{
    const struct split *s = split_of(x, b);
    if (!s->ok)
        return NULL;
    struct buf out = { 0 };
    bool ok = true;
    for (u32 i = 0; ok && i < s->piece.n; i++) {
        const struct piece *p = &s->piece.at[i];
        if (!p->hole) {
            buf_put(&out, p->at, p->n);
            continue;
        }
        struct value v = eval(x, p->hole, f);
        ok = v.ok;
        if (ok && v.is_text)
            buf_puts(&out, v.s);
        else if (ok)
            num_print(&out, v.n);
    }
    x->made += out.n;
    if (ok && x->made > (u64)MOST_TEXT * 8) {
        diag_add(x->g->ds, E0713, b->loc, "this text becomes too long");
        ok = false;
    }
    const char *t = ok ? arena_strdup(x->scratch, out.at ? out.at : "") : NULL;
    buf_free(&out);
    return t;
}

const char *notation_expand(struct arena *a, struct gram *g, struct gram_module *m, const struct ast *btext)
{
    struct expander x = { .a = a, .scratch = arena_new("text"), .g = g };
    struct frame top = { m, NULL, NULL, 0 };
    const char *t = expand(&x, btext, &top);
    if (t)
        t = arena_strdup(a, t);
    arena_free(x.scratch);
    return t;
}
