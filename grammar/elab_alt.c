/* elab_alt.c - the alternatives of a rule spelled out: families and inline rules expanded, weights settled; and
 * what they are in words, for choosers and notations. */
#include "grammar/check.h"
#include "grammar/elab.h"

enum { MOST_CASES = 100000 };

struct spell {
    struct elab *e;
    struct frame *f;
    struct arena *a;
    VEC(struct acase) at;
    VEC(double) w;              /* given weight, or parts of the rest */
    VEC(bool) rest;
};

static bool spell_one(struct spell *s, const struct gram_alt *alt, u32 nvar, const struct val *var)
{
    struct elab *e = s->e;
    bool rest = !alt->weight || alt->weight->kind == A_HOLE;
    double w = 1;
    if (!rest) {
        struct num n;
        if (!elab_num(e, s->f, alt->weight, &n))
            return false;
        w = num_double(n);
        if (!(w >= 0))
            return elab_wrong(e, E0602, alt->weight->loc, "a weight is at least 0, not %g", w);
    }
    struct acase c = {.alt = alt, .nvar = nvar, .var = arena_dup(s->a, var, nvar * sizeof(*var))};
    const struct acases *in = NULL;
    if (alt->inline_of) {
        in = alt->inline_of->overload.at[0]->cache;
        if (!in)
            in = elab_fixed_cases(e, alt->inline_of->overload.at[0]);
        if (!in)
            return elab_wrong(e, E0604, alt->expr->loc, "the alternatives of the inline rule `%s` depend on where it is used", alt->inline_of->d.name);
    }
    if (s->at.n > MOST_CASES)
        return elab_wrong(e, E0306, alt->ast->loc, "a rule with more than %d alternatives", MOST_CASES);
    for (u32 i = 0; i < (in ? in->n : 1); i++) {
        if (in)
            c.inner = &in->at[i];
        double share = in ? (rest ? in->weight[i] * in->n : in->weight[i]) : 1;
        vec_push(s->a, &s->at, c);
        vec_push(s->a, &s->w, w * share);
        vec_push(s->a, &s->rest, rest);
    }
    return true;
}

static bool spell_family(struct spell *s, const struct gram_alt *alt, u32 k, u32 nvar, struct val *var)
{
    if (!alt->fors || k == alt->fors->nkid)
        return spell_one(s, alt, nvar, var);
    const struct ast *fr = alt->fors->kid[k], *pat = fr->kid[0];
    struct opt_val *v;
    u32 n;
    if (nvar + pat->nkid > 16)
        return elab_wrong(s->e, E0306, pat->loc, "too many family variables");
    if (!elab_opts(s->e, s->f, fr->kid[1], true, &n, &v))
        return false;
    for (u32 i = 0; i < n; i++) {
        if (!elab_bind_pat(s->e, s->f, pat, v[i].v))
            return false;
        for (u32 j = 0; j < pat->nkid; j++)
            var[nvar + j] = s->f->slot[pat->kid[j]->bind.slot];
        if (!spell_family(s, alt, k + 1, nvar + pat->nkid, var))
            return false;
    }
    return true;
}

bool elab_settle(struct elab *e, struct loc loc, u32 n, double *w, const bool *rest)
{
    double given = 0, parts = 0;
    for (u32 i = 0; i < n; i++)
        if (rest[i])
            parts += w[i];
        else
            given += w[i];
    if (parts > 0) {
        if (given > 1 + 1e-9)
            return elab_wrong(e, E0601, loc, "the weights given add up to %g: nothing is left for the alternatives without one", given);
        double left = given < 1 ? (1 - given) / parts : 0;
        for (u32 i = 0; i < n; i++)
            if (rest[i])
                w[i] *= left;
    } else if (given > 0) {
        for (u32 i = 0; i < n; i++)
            w[i] /= given;
    }
    return true;
}

static bool spell_rule(struct elab *e, struct arena *a, struct frame *f, const struct gram_rule *r, struct acases *out)
{
    struct spell s = {.e = e, .f = f, .a = a};
    struct val var[16];
    for (u32 i = 0; i < r->nalt; i++)
        if (!spell_family(&s, &r->alt[i], 0, 0, var))
            return false;
    if (!elab_settle(e, r->ast->loc, s.at.n, s.w.at, s.rest.at))
        return false;
    *out = (struct acases){s.at.n, s.at.at, s.w.at};
    return true;
}

/* Is this expression the same wherever the rule is used? Slots of the families are. */
static bool is_fixed(const struct gram_alt *alt, const struct ast *n)
{
    if (!n)
        return true;
    switch (n->kind) {
    case A_ID:
        if (n->bind.kind == BIND_LOCAL) {
            for (u32 i = 0; alt->fors && i < alt->fors->nkid; i++)
                for (u32 k = 0; k < alt->fors->kid[i]->kid[0]->nkid; k++)
                    if (n->bind.up == 0 && alt->fors->kid[i]->kid[0]->kid[k]->bind.slot == n->bind.slot)
                        return true;
            return false;
        }
        return n->bind.kind == BIND_CONST || (n->bind.kind == BIND_BUILTIN && n->bind.slot != BI_DEPTH);
    case A_FIELD:
        return n->bind.kind == BIND_CONST;
    case A_INT: case A_REAL: case A_STRING: case A_HOLE:
        return true;
    case A_BINARY: case A_NEG: case A_NOT: case A_IF: case A_CALL: case A_TUPLE: case A_OPTS: case A_OPT: case A_RANGE: case A_PROJ:
        for (u32 i = 0; i < n->nkid; i++)
            if (!is_fixed(alt, n->kid[i]))
                return false;
        return true;
    default:
        return false;
    }
}

const struct acases *elab_fixed_cases(struct elab *e, const struct gram_rule *r)
{
    if (r->cache)
        return r->cache;
    for (u32 i = 0; i < r->nalt; i++) {
        const struct gram_alt *alt = &r->alt[i];
        if (!is_fixed(alt, alt->weight))
            return NULL;
        for (u32 k = 0; alt->fors && k < alt->fors->nkid; k++)
            if (!is_fixed(alt, alt->fors->kid[k]->kid[1]))
                return NULL;
        if (alt->inline_of && (r->inline_ || !elab_fixed_cases(e, alt->inline_of->overload.at[0])))
            return NULL;
    }
    struct arena *was = e->a;
    u64 steps = e->steps;       /* whoever comes first does not pay for it: samples must not depend on that */
    struct acases *c = NEW(e->g->a, struct acases);
    e->a = e->g->a;             /* values of families live as long as the grammar */
    struct frame *f = elab_frame(e, r->nslot, NULL);
    bool ok = spell_rule(e, e->g->a, f, r, c);
    e->a = was;
    e->steps = steps;
    if (!ok)
        return NULL;
    ((struct gram_rule *)r)->cache = c;
    return c;
}

bool elab_cases(struct elab *e, struct frame *f, const struct gram_rule *r, struct acases *out)
{
    const struct acases *c = elab_fixed_cases(e, r);
    if (c) {
        *out = *c;
        return true;
    }
    return !e->halt && spell_rule(e, e->a, f, r, out);
}

void elab_set_family(struct frame *f, const struct acase *c)
{
    u32 v = 0;
    for (u32 i = 0; c->alt->fors && i < c->alt->fors->nkid; i++) {
        const struct ast *pat = c->alt->fors->kid[i]->kid[0];
        for (u32 k = 0; k < pat->nkid; k++)
            f->slot[pat->kid[k]->bind.slot] = c->var[v++];
    }
}

/* ---- what an alternative is, for choosers and notations ---- */

static void put_var(struct elab *e, struct draw *d, str name, const struct val *v)
{
    if (!val_has_text(v))
        return;
    struct buf b = {0};
    val_print(&b, v);
    d->var[d->nvar] = name;
    d->value[d->nvar++].text = str_intern(e->g->sp, b.at ? b.at : "", b.n);
    buf_free(&b);
}

static void alloc_vars(struct elab *e, struct draw *d, u32 n)
{
    d->nvar = 0;
    d->var = NEW_ARRAY(e->a, str, n + 1);
    d->value = NEW_ARRAY(e->a, struct dval, n + 1);
}

/* Attributes, before the choice. */
void elab_attr_vars(struct elab *e, struct enode *d)
{
    const struct gram_rule *r = d->d.rule;
    alloc_vars(e, &d->d, r->nattr);
    for (u32 i = 0; i < r->nattr; i++)
        put_var(e, &d->d, r->slot_name[i], &d->frame->slot[i]);
}

static void put_family(struct elab *e, struct draw *d, const struct acase *c)
{
    u32 v = 0;
    for (u32 i = 0; c->alt->fors && i < c->alt->fors->nkid; i++) {
        const struct ast *pat = c->alt->fors->kid[i]->kid[0];
        for (u32 k = 0; k < pat->nkid; k++, v++)
            put_var(e, d, pat->kid[k]->text, &c->var[v]);
    }
}

void elab_fill_vars(struct elab *e, struct enode *d)
{
    if (!d->d.rule) {
        alloc_vars(e, &d->d, 1);
        put_var(e, &d->d, "", &d->chosen);
        return;
    }
    const struct gram_rule *r = d->d.rule;
    u32 family = 0;
    for (const struct acase *c = d->taken; c; c = c->inner)
        family += c->nvar;
    alloc_vars(e, &d->d, r->nslot + family);
    for (u32 i = 0; i < r->nattr; i++)
        put_var(e, &d->d, r->slot_name[i], &d->frame->slot[i]);
    for (const struct acase *c = d->taken; c; c = c->inner)
        put_family(e, &d->d, c);
    for (u32 i = r->nattr + r->nparam; i < r->nslot; i++)
        if (r->slot_name[i] && d->frame->slot[i].kind != V_NONE) {
            bool there = false;
            for (u32 k = 0; k < d->d.nvar && !there; k++)
                there = d->d.var[k] == r->slot_name[i];
            if (!there)
                put_var(e, &d->d, r->slot_name[i], &d->frame->slot[i]);
        }
}

struct val elab_local(const struct enode *d, str name)
{
    if (!name[0])
        return d->chosen;
    for (const struct frame *f = d->inner ? d->inner : d->frame; f; f = f == d->inner ? d->frame : NULL)
        for (u32 i = 0; f->rule && i < f->rule->nslot; i++)
            if (f->rule->slot_name[i] && !strcmp(f->rule->slot_name[i], name) && f->slot[i].kind != V_NONE)
                return f->slot[i];
    return (struct val){0};
}

void elab_taken(const struct choice *ch, u32 i, const struct ast **alt, const struct ast **inner)
{
    const struct elab_choice *c = ch->elab;
    const struct acase *k = &c->cases->at[i];
    *alt = k->alt ? k->alt->ast : k->opt;
    *inner = k->alt && k->inner ? k->inner->alt->ast : NULL;
}

void elab_alternative(const struct choice *ch, u32 i, struct draw *out)
{
    const struct elab_choice *c = ch->elab;
    struct elab *e = c->e;
    const struct acase *k = &c->cases->at[i];
    *out = c->d->d;
    out->alt_no = i;
    out->inner = NULL;
    if (!k->alt) {
        struct val v;
        out->alt = k->opt;
        alloc_vars(e, out, 1);
        if (k->nvar)
            v = k->var[0];
        else {
            /* Only what has a text of its own: evaluating may draw. */
            const struct ast *x = k->opt->kid[k->opt->nkid - 1];
            if (!elab_is_pure(x) || !elab_eval(e, c->d->frame, x, &v))
                return;
        }
        put_var(e, out, "", &v);
        return;
    }
    out->alt = k->alt->ast;
    u32 n = c->d->d.rule->nattr;
    for (const struct acase *x = k; x; x = x->inner)
        n += x->nvar;
    alloc_vars(e, out, n);
    for (u32 j = 0; j < c->d->d.rule->nattr; j++)
        put_var(e, out, c->d->d.rule->slot_name[j], &c->d->frame->slot[j]);
    for (const struct acase *x = k; x; x = x->inner)
        put_family(e, out, x);
    if (k->inner)
        out->inner = k->inner->alt->ast;
}

bool elab_is_pure(const struct ast *n)
{
    switch (n->kind) {
    case A_ID:
        return n->bind.kind == BIND_LOCAL || n->bind.kind == BIND_CONST || (n->bind.kind == BIND_BUILTIN && n->bind.slot != BI_UNIFORM && n->bind.slot != BI_LOG_UNIFORM);
    case A_FIELD:
        return n->bind.kind == BIND_CONST;
    case A_INT: case A_REAL: case A_STRING:
        return true;
    case A_BINARY: case A_NEG: case A_NOT: case A_IF: case A_CALL: case A_TUPLE: case A_PROJ:
        for (u32 i = 0; i < n->nkid; i++)
            if (!elab_is_pure(n->kid[i]))
                return false;
        return true;
    default:
        return false;
    }
}

void elab_check_weights(struct gram *g, const struct gram_rule *r)
{
    struct chooser none = {0};
    struct elab e = {.g = g, .a = g->a, .types = g->types, .chooser = &none, .ds = g->ds, .most_steps = 4000000};
    const struct acases *c = elab_fixed_cases(&e, r);
    if (r->inline_ && !c && !e.halt) {
        struct diag *d = diag_add(g->ds, E0604, r->ast->loc, "the alternatives of the inline rule `%s` are not constants", r->set->d.name);
        diag_note(g->ds, d, "they are put in place of its mentions before anything is known about arguments: weights and families are made of "
                  "numbers and constants, and it mentions no other inline rule");
    }
    if (r->inline_ && r->set->overload.n > 1)
        diag_add(g->ds, E0604, r->ast->loc, "an inline rule has no overloads");
    for (u32 i = 0; c && i < r->nalt; i++) {
        bool any = false;
        for (u32 k = 0; k < c->n; k++)
            any |= c->at[k].alt == &r->alt[i];
        if (!any)
            diag_add(g->ds, W0602, r->alt[i].ast->loc, "this family has no members");
    }
}
