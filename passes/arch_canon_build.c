/* arch_canon_build.c - the graph of an architecture: its functions run, on nodes for values.
 *
 * Instances of parameters are counted as arch_to_ein counts them: by instantiation, those of a tied call by the activation that
 * evaluated the `share` (the second call takes the first one's, in order). */
#include "passes/arch_canon_graph.h"

struct set { u32 frame, tie, next; VEC(u32) inst; };
struct frame { const struct frame *up; u32 id; const struct afn *f; u32 *val; u32 own; struct set *set; };
struct build { struct canon *c; u32 frames; VEC(struct set *) sets; bool wrong; };

/* Op instances of each function, its calls and rounds instantiated; beyond `most`: more. */
static bool small_enough(struct canon *c, const struct arch *ar, u64 most)
{
    u64 *size = NEW_ARRAY(c->scratch, u64, ar->fn.n + 1);
    for (u32 i = 0; i < ar->fn.n; i++)
        for (u32 k = 0; k < ar->fn.at[i].node.n; k++) {
            const struct anode *n = &ar->fn.at[i].node.at[k];
            u64 one = n->kind == ANODE_OP ? 1 : size[n->fn];
            if (n->kind == ANODE_LOOP)
                one = n->n > most ? most + 1 : (one + 1) * n->n;
            size[i] = MIN(size[i] + one, most + 1);
        }
    return size[ar->fn.n - 1] <= most;
}

static bool elems_of(struct build *b, type_id t, i64 *elems, u8 *dtype)
{
    u128 n = type_elems(b->c->types, t);
    if (n > (u128)1 << 60) {
        b->wrong = true;
        return false;
    }
    *elems = (i64)n;
    *dtype = (u8)type_get(b->c->types, t)->dtype;
    return true;
}

/* The instance that the parameters of an op executed now are. */
static u32 instance(struct build *b, const struct frame *f, u32 nparam)
{
    struct canon *c = b->c;
    struct set *s = f->set;
    if (s && s->next < s->inst.n) {
        u32 old = s->inst.at[s->next++];
        b->wrong |= c->inst.at[old].nparam != nparam;
        return old;
    }
    struct cinst n = { .nparam = nparam, .wide = c->wide.n };
    for (u32 d = 0; d < c->nindex; d++)
        if (f->own >> d & 1 && c->index[d] > 1) {
            n.reps |= 1u << d;
            vec_push(c->a, &c->wide, (u64)c->index[d]);
        }
    vec_push(c->a, &c->inst, n);
    if (s) {
        vec_push(c->scratch, &s->inst, c->inst.n - 1);
        s->next++;
    }
    return c->inst.n - 1;
}

/* The case of those that apply which says most. */
static const struct law_case *applies(const struct law_out *o, u32 zero)
{
    const struct law_case *best = NULL;
    for (u32 i = 0; i < o->ncase; i++)
        if (!(o->when[i].zero & ~zero) && (!best || o->when[i].nterm < best->nterm))
            best = &o->when[i];
    return best;
}

static void run_op(struct build *b, const struct frame *f, const struct anode *n, const u32 *val, u32 *out)
{
    struct canon *c = b->c;
    const struct op_law *law = op_law(c->laws, n->op);
    bool updates = law->own && law->updates;
    u32 inst = law->own ? instance(b, f, law->nparam) : 0, zero = 0, uses = 0, left = 0, in[32];
    if (n->nin > COUNTOF(in)) {
        b->wrong = true;
        return;
    }
    for (u32 i = 0; i < n->nin && i < 31; i++)
        zero |= (u32)(c->node.at[val[i]].kind == CN_ZERO) << i;
    for (u32 o = 0; o < n->nout; o++) {
        const struct law_case *w = applies(&law->out[o], zero);
        out[o] = CN_NONE;
        if (!w) {
            uses |= law->out[o].uses;
            left++;
            continue;
        }
        if (w->nterm == 1) {
            out[o] = cn_view(c, w->term[0].view, val[w->term[0].input]);
            continue;
        }
        i64 elems;
        u8 dtype;
        struct canon_terms t = { 0 };
        if (!elems_of(b, n->out[o], &elems, &dtype))
            return;
        for (u32 k = 0; k < w->nterm; k++)
            cn_add(c, &t, cn_view(c, w->term[k].view, val[w->term[k].input]), 1);
        out[o] = cn_sum(c, &t, elems, dtype);
    }
    struct cinst *own = law->own ? &c->inst.at[inst] : NULL;
    u32 turn = own ? own->uses++ : 0;
    if (!left && !updates)
        return;
    for (u32 i = 0; i < n->nin; i++)
        in[i] = uses >> MIN(i, 31) & 1 ? val[i] : CN_NONE;
    struct cnode y = { .kind = CN_OP, .op = n->op, .law = law, .name = n->op->op->name };
    if (n->nout && !elems_of(b, n->out[0], &y.elems, &y.dtype))
        return;
    if (own) {
        y.inst = 1 + inst;
        y.turn = turn;
        y.free = own->reps;
        for (u32 i = 0; updates && i < n->nin; i++)
            in[i] = val[i];             /* a state may see what the outputs do not */
    }
    u32 id;
    if (!own)
        id = cn_op(c, y, n->nin, in);
    else
        id = cn_make(c, y, n->nin, in, updates || !f->set);
    if (own && id == c->node.n - 1) {
        c->node.at[id].next_use = own->first_use;
        own->first_use = id;
    }
    for (u32 o = 0; o < n->nout; o++) {
        if (out[o])
            continue;
        if (n->nout == 1) {
            out[o] = id;
            continue;
        }
        struct cnode p = { .kind = CN_PART, .a = o, .name = n->op->op->name };
        if (elems_of(b, n->out[o], &p.elems, &p.dtype))
            out[o] = cn_make(c, p, 1, &id, false);
    }
}

static struct set *tied_set(struct build *b, const struct frame *home, u32 tie)
{
    for (u32 i = 0; i < b->sets.n; i++)
        if (b->sets.at[i]->frame == home->id && b->sets.at[i]->tie == tie) {
            b->sets.at[i]->next = 0;
            return b->sets.at[i];
        }
    struct set *s = NEW(b->c->scratch, struct set);
    s->frame = home->id;
    s->tie = tie;
    vec_push(b->c->scratch, &b->sets, s);
    return s;
}

static void run_fn(struct build *b, const struct frame *f);

static void call(struct build *b, const struct frame *f, u32 fn, const u32 *in, u32 *out, u32 own, struct set *set)
{
    const struct afn *g = &b->c->ar->fn.at[fn];
    struct frame inner = { .up = f, .id = ++b->frames, .f = g, .val = NEW_ARRAY(b->c->scratch, u32, g->nval + 1), .own = own, .set = set };
    memcpy(inner.val, in, g->nparam * sizeof *in);
    run_fn(b, &inner);
    if (!b->wrong)
        for (u32 i = 0; i < g->nout; i++)
            out[i] = inner.val[g->out[i]];
}

static void rep(struct build *b, const struct frame *f, const struct anode *n, u32 *in, u32 *out)
{
    struct canon *c = b->c;
    u32 d = c->nindex;
    if (d == 31 || n->n > INT64_MAX) {
        b->wrong = true;
        return;
    }
    for (u32 i = 0; i < n->nin; i++)
        if (n->spread && n->spread[i])
            in[i] = cn_each(c, d, (i64)n->n, in[i]);
    c->index[c->nindex++] = (i64)n->n;
    call(b, f, n->fn, in, out, f->own | 1u << d, f->set);
    c->nindex--;
    for (u32 i = 0; i < n->nout && !b->wrong; i++)
        out[i] = cn_all(c, d, (i64)n->n, out[i]);
}

static void run_fn(struct build *b, const struct frame *f)
{
    for (u32 k = 0; k < f->f->node.n && !b->wrong; k++) {
        const struct anode *n = &f->f->node.at[k];
        u32 few[16], *in = n->nin + n->nout <= COUNTOF(few) ? few : NEW_ARRAY(b->c->scratch, u32, n->nin + n->nout);
        u32 *out = f->val + n->out0;
        for (u32 i = 0; i < n->nin; i++)
            in[i] = f->val[n->in[i]];
        switch ((enum anode_kind)n->kind) {
        case ANODE_OP:
            run_op(b, f, n, in, out);
            break;
        case ANODE_CALL:
            if (n->tie) {
                const struct frame *home = f;
                for (u32 i = 0; i < n->tie_up; i++)
                    home = home->up;
                call(b, f, n->fn, in, out, home->own, tied_set(b, home, n->tie));
            } else {
                call(b, f, n->fn, in, out, f->own, f->set);
            }
            break;
        case ANODE_REP:
            rep(b, f, n, in, out);
            break;
        case ANODE_LOOP:
            for (u64 round = 0; round < n->n && !b->wrong; round++) {
                call(b, f, n->fn, in, out, f->own, f->set);
                if (!b->wrong)
                    memcpy(in, out, n->nout * sizeof *in);
            }
            break;
        }
    }
}

bool canon_build(struct canon *c, const struct arch *ar)
{
    struct build b = { .c = c };
    const struct afn *entry = &ar->fn.at[ar->fn.n - 1];
    c->ar = ar;
    if (!small_enough(c, ar, CANON_MOST))
        return false;
    struct frame top = { .id = ++b.frames, .f = entry, .val = NEW_ARRAY(c->scratch, u32, entry->nval + 1) };
    for (u32 i = 0; i < entry->nparam; i++) {
        i64 elems;
        u8 dtype;
        if (!elems_of(&b, entry->param[i], &elems, &dtype))
            return false;
        top.val[i] = cn_input(c, i, elems, dtype);
    }
    run_fn(&b, &top);
    if (b.wrong)
        return false;
    c->nout = entry->nout;
    c->out = NEW_ARRAY(c->scratch, u32, entry->nout + 1);
    for (u32 i = 0; i < entry->nout; i++)
        c->out[i] = top.val[entry->out[i]];
    return true;
}
