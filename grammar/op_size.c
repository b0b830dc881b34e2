/* op_size.c - sizes as polynomials with rational coefficients, to see whether two are equal
 * whatever they are bound to.
 *
 * Atoms are sizes that nothing defines and whole subexpressions that are no polynomial
 * (floor(...), sqrt(...)); exponents may be negative (A/N * N is A, as division is exact).
 * Definitions are written out: with CG = C/G, G*CG is C. */
#include "grammar/op_build.h"

enum { MAX_MONO = 48, MAX_ATOM = 8, MAX_DEPTH = 40, MAX_WORK = 2000 };

struct mono { struct num k; u32 n; struct { u32 ox; i32 power; } at[MAX_ATOM]; };
struct poly { bool bad; u32 n; struct mono at[MAX_MONO]; };

static int atom_index(struct ob *o, const struct mono *m, u32 ox)
{
    for (u32 i = 0; i < m->n; i++)
        if (op_ox_equal(o->op, m->at[i].ox, ox))
            return (int)i;
    return -1;
}

static bool same_atoms(struct ob *o, const struct mono *a, const struct mono *b)
{
    if (a->n != b->n)
        return false;
    for (u32 i = 0; i < a->n; i++) {
        int j = atom_index(o, b, a->at[i].ox);
        if (j < 0 || b->at[j].power != a->at[i].power)
            return false;
    }
    return true;
}

static void add_mono(struct ob *o, struct poly *p, const struct mono *m)
{
    if (m->k.kind != NUM_RAT) {
        p->bad = true;
        return;
    }
    for (u32 i = 0; i < p->n; i++)
        if (same_atoms(o, &p->at[i], m)) {
            p->at[i].k = num_add(p->at[i].k, m->k);
            p->bad |= p->at[i].k.kind != NUM_RAT;
            if (!p->bad && p->at[i].k.n == 0)
                p->at[i] = p->at[--p->n];
            return;
        }
    if (m->k.n == 0)
        return;
    if (p->n == MAX_MONO)
        p->bad = true;
    else
        p->at[p->n++] = *m;
}

/* r = a * b^power of its single monomial */
static bool mul_mono(struct ob *o, struct mono *r, const struct mono *b, i32 power)
{
    r->k = power > 0 ? num_mul(r->k, b->k) : num_div(r->k, b->k);
    for (u32 i = 0; i < b->n; i++) {
        int j = atom_index(o, r, b->at[i].ox);
        if (j < 0) {
            if (r->n == MAX_ATOM)
                return false;
            r->at[r->n].ox = b->at[i].ox;
            r->at[r->n++].power = b->at[i].power * power;
        } else if ((r->at[j].power += b->at[i].power * power) == 0) {
            r->at[j] = r->at[--r->n];
        }
    }
    return r->k.kind == NUM_RAT;
}

static void poly_of(struct ob *o, u32 ox, struct poly *p, u32 depth);

static void atom(struct poly *p, u32 ox)
{
    p->n = 1;
    p->at[0] = (struct mono){ .k = num_int(1), .n = 1 };
    p->at[0].at[0].ox = ox;
    p->at[0].at[0].power = 1;
}

static void poly_of(struct ob *o, u32 ox, struct poly *p, u32 depth)
{
    const struct ox x = o->op->ox.at[ox];
    p->bad = depth > MAX_DEPTH || ++o->poly_work > MAX_WORK;     /* definitions written out can double at each step */
    p->n = 0;
    if (p->bad)
        return;
    switch ((enum ox_kind)x.kind) {
    case OX_CONST: {
        struct mono m = { .k = x.num };
        add_mono(o, p, &m);
        return;
    }
    case OX_SLOT:
        if (o->slot_def.at[x.u])
            poly_of(o, o->slot_def.at[x.u], p, depth + 1);
        else
            atom(p, ox);
        return;
    case OX_ADD: case OX_SUB: case OX_MUL: case OX_DIV: {
        struct poly *a = NEW(o->a, struct poly), *b = NEW(o->a, struct poly);
        poly_of(o, x.a, a, depth + 1);
        poly_of(o, x.b, b, depth + 1);
        if (a->bad || b->bad) {
            p->bad = true;
            return;
        }
        if (x.kind == OX_ADD || x.kind == OX_SUB) {
            *p = *a;
            for (u32 i = 0; i < b->n; i++) {
                struct mono m = b->at[i];
                if (x.kind == OX_SUB)
                    m.k = num_neg(m.k);
                add_mono(o, p, &m);
            }
            return;
        }
        if (x.kind == OX_DIV && b->n != 1) {    /* a sum below the line is an atom */
            if (b->n == 0) {
                p->bad = true;
                return;
            }
            atom(b, x.b);
        }
        for (u32 i = 0; i < a->n && !p->bad; i++)
            for (u32 j = 0; j < b->n && !p->bad; j++) {
                struct mono m = a->at[i];
                p->bad |= !mul_mono(o, &m, &b->at[j], x.kind == OX_MUL ? 1 : -1);
                if (!p->bad)
                    add_mono(o, p, &m);
            }
        return;
    }
    case OX_NEG:
        poly_of(o, x.a, p, depth + 1);
        for (u32 i = 0; i < p->n; i++)
            p->at[i].k = num_neg(p->at[i].k);
        return;
    default:
        atom(p, ox);
    }
}

/* Never zero: all terms have one sign, and their sizes come from axes, so they are positive. */
static bool nonzero(struct ob *o, const struct poly *p)
{
    for (u32 i = 0; i < p->n; i++) {
        if ((p->at[i].k.n > 0) != (p->at[0].k.n > 0))
            return false;
        for (u32 j = 0; j < p->at[i].n; j++) {
            const struct ox *x = &o->op->ox.at[p->at[i].at[j].ox];
            if (x->kind != OX_SLOT || x->u < o->op->nattr)
                return false;
        }
    }
    return p->n > 0;
}

int ob_same_size(struct ob *o, u32 a, u32 b)
{
    if (op_ox_equal(o->op, a, b))
        return 1;
    struct arena_mark mark = arena_mark(o->a);
    struct poly *p = NEW(o->a, struct poly), *q = NEW(o->a, struct poly);
    o->poly_work = 0;
    poly_of(o, a, p, 0);
    poly_of(o, b, q, 0);
    for (u32 i = 0; i < q->n && !p->bad && !q->bad; i++) {
        struct mono m = q->at[i];
        m.k = num_neg(m.k);
        add_mono(o, p, &m);
    }
    int r = p->bad || q->bad ? -1 : p->n == 0 ? 1 : nonzero(o, p) ? 0 : -1;
    arena_reset(o->a, mark);
    return r;
}
