/* skel.c - the skeleton of a space: symbols, their alternatives and weights, the fixpoint over what they give.
 *
 * A worklist: a symbol is evaluated with what its children are known to give so far, and again when they give more.  An
 * alternative whose child has no finished derivation yet is none yet; so what is left in the end ends. */
#include "grammar/skel_build.h"

enum { MOST_SYMS = 60000, MOST_OF_RULE = 1000, MOST_PRODS = 400000, MOST_STARTS = 300, MOST_CASES = 100000, DEPTH_UNSAID = 100, MOST_STEPS = 20000000 };

const char *skel_note_text(enum skel_note n)
{
    static const char *const text[] = {
#define X(id, text) text,
        SKEL_NOTES(X)
#undef X
    };
    return text[n];
}

void skel_note(struct sbuild *b, enum skel_note n)
{
    b->notes |= 1u << n;
}

u32 skel_decide(struct sbuild *b, u32 n)
{
    if (b->ndec == b->dec.n) {
        struct decision d = {0, n};
        vec_push(b->a, &b->dec, d);
    }
    return b->dec.at[b->ndec++].pick;
}

/* ---- symbols ---- */

static bool told_apart(const struct sbuild *b, const struct ssym *s)
{
    if (!s->rule)
        return true;
    return s->rule->yield != RY_VALUE || b->rule[s->rule->serial].open >> SKEL_RESULT & 1;
}

static void queue(struct sbuild *b, u32 i)
{
    if (b->sym.at[i]->queued)
        return;
    b->sym.at[i]->queued = true;
    vec_push(b->a, &b->work, i);
}

static bool too_many(struct sbuild *b, const struct gram_rule *r)
{
    struct srule *info = r ? &b->rule[r->serial] : NULL;
    u32 most = MOST_OF_RULE * (b->by_depth ? MIN(b->most_depth, 16u) + 1 : 1);
    if (info && ++info->nsym > most && !b->o->cut && !info->widened && r->nattr) {
        info->widened = b->restart = true;
        return true;
    }
    if (b->sym.n < MOST_SYMS)
        return false;
    b->over = b->restart = true;
    return true;
}

/* The symbol with that key, perhaps new. */
static u32 intern(struct sbuild *b, const struct ssym *as, const sv_words *w)
{
    u64 h = as->depth + 1;
    for (u32 i = 0; i < w->n; i++)
        h = (h ^ w->at[i]) * 0x9e3779b97f4a7c15u, h ^= h >> 29;
    u32 at = idmap_home(&b->by_key, h);
    for (u32 id; (id = idmap_find(&b->by_key, h, &at));) {
        const struct ssym *s = b->sym.at[id - 1];
        if (s->rule == as->rule && s->choose == as->choose && s->depth == as->depth && s->nword == w->n &&
            (!w->n || memcmp(s->word, w->at, w->n * sizeof(u64)) == 0))
            return id - 1;
    }
    if (too_many(b, as->rule))
        return 0;
    struct ssym *s = arena_dup(b->a, as, sizeof(*s));
    s->nword = w->n;
    s->word = w->n ? arena_dup(b->a, w->at, w->n * sizeof(u64)) : NULL;
    vec_push(b->a, &b->sym, s);
    idmap_put(b->a, &b->by_key, h, b->sym.n);
    queue(b, b->sym.n - 1);
    return b->sym.n - 1;
}

static bool drawn(struct sbuild *b, u32 i, i32 shift, struct sv *out)
{
    struct ssym *s = b->sym.at[i];
    bool there = false;
    for (u32 k = s->user.n; k-- > 0 && !there;)
        there = s->user.at[k] == b->cur;
    if (!there)
        vec_push(b->a, &s->user, b->cur);
    struct sdraw d = {.sym = i, .cls = -1, .shift = shift, .inst = b->mult};
    vec_push(b->a, &b->draw, d);
    if (!s->has)
        return false;
    bool apart = told_apart(b, s);
    if (apart && s->cls.n > 1) {
        *out = (struct sv){.kind = SV_DRAWN, .draw = b->draw.n - 1};
        return true;
    }
    struct crossing c = {.how = CROSS_KEEP, .shift = shift};
    return sv_cross(b, &c, apart ? s->cls.at[0].v : s->joined, out);
}

/* Depth of a draw under home; false: too deep.  shift: from the symbol's own depths to those here. */
static bool place(struct sbuild *b, const struct sv_home *home, bool deeper, u32 *depth, i32 *shift)
{
    i32 d = home->depth + deeper;
    *depth = 0;
    *shift = d;
    b->crosses |= d != 1 + (b->by_depth ? (i32)b->sym.at[b->cur]->depth : 0);
    if (!b->by_depth)
        return true;
    *shift = 0;
    if (d > (i32)b->most_depth) {
        if (b->o->cut)
            return false;
        d = (i32)b->most_depth;
    }
    *depth = (u32)MAX(d, 0);
    return true;
}

bool skel_draw(struct sbuild *b, const struct sv_home *home, const struct gram_rule *r, const struct sv *slot, struct sv *out)
{
    struct ssym s = {.rule = r};
    i32 shift;
    u32 n = r->nattr + r->nparam;
    const struct srule *info = &b->rule[r->serial];
    sv_words w = {0};
    if (!place(b, home, r->form == RF_RULE, &s.depth, &shift))
        return false;
    s.slot = NEW_ARRAY(b->a, struct sv, n + 1);
    for (u32 i = 0; i < n; i++) {
        bool ask = i < SKEL_RESULT;
        struct crossing c = {.how = ask && info->open >> i & 1 ? CROSS_OPEN : CROSS_SHUT, .shift = -shift, .of = ask ? r : NULL, .slot = i};
        if (!sv_cross(b, &c, slot[i], &s.slot[i]))
            return false;
        if (info->widened && s.slot[i].kind == SV_NUM) {
            s.slot[i] = sv_any();
            skel_note(b, SKN_ATTR);
        }
        sv_key(b, &s.slot[i], &w);
    }
    u32 i = intern(b, &s, &w);
    return !b->restart && drawn(b, i, shift, out);
}

bool skel_draw_choose(struct sbuild *b, struct sv_frame *f, const struct ast *n, struct sv *out)
{
    struct ssym s = {.choose = n};
    i32 shift;
    sv_words w = {0};
    if (!place(b, f->home, true, &s.depth, &shift) || !sv_cross_frame(b, -shift, f, n, 0, &s.frame))
        return false;
    for (struct sv_frame *at = s.frame; at; at = at->up)
        for (u32 i = 0; i < at->nslot; i++)
            sv_key(b, &at->slot[i], &w);
    u32 i = intern(b, &s, &w);
    return !b->restart && drawn(b, i, shift, out);
}

/* ---- alternatives ---- */

bool skel_opts_of(struct sbuild *b, struct sv_frame *f, const struct ast *opts, bool values, u32 *n, struct sv_opt **out)
{
    VEC(struct sv_opt) v = {0};
    for (u32 i = 0; i < opts->nkid; i++) {
        const struct ast *o = opts->kid[i];
        struct sv_opt ov = {.opt = o};
        if (o->kind == A_RANGE) {
            struct sv lo, hi;
            i64 l, h;
            bool kl, kh;
            if (!skel_eval(b, f, o->kid[0], &lo) || !skel_eval(b, f, o->kid[1], &hi) || !sv_known_int(b, &lo, &l, &kl) || !sv_known_int(b, &hi, &h, &kh))
                return false;
            if (!kl || !kh) {
                skel_note(b, SKN_FAMILY);
                ov.v = sv_any();
                vec_push(b->tmp, &v, ov);
                continue;
            }
            if (h - l >= MOST_CASES)
                return false;
            for (; l <= h; l++) {
                ov.v = sv_int(l);
                vec_push(b->tmp, &v, ov);
            }
            continue;
        }
        ov.weight = o->nkid == 2 ? o->kid[0] : NULL;
        if (values && !skel_eval(b, f, o->kid[o->nkid - 1], &ov.v))
            return false;
        vec_push(b->tmp, &v, ov);
    }
    *n = v.n;
    *out = v.at;
    return true;
}

typedef VEC(struct sv_case) case_vec;

static bool weight_of(struct sbuild *b, struct sv_frame *f, const struct ast *n, double *w, bool *rest)
{
    struct sv v;
    *w = 1;
    *rest = !n || n->kind == A_HOLE;
    if (*rest)
        return true;
    if (!skel_eval(b, f, n, &v) || !sv_force(b, &v))
        return false;
    *rest = v.kind != SV_NUM;
    if (*rest)
        skel_note(b, SKN_WEIGHT);
    else
        *w = num_double(v.num);
    return *rest || *w >= 0;
}

static bool settle(u32 n, struct sv_case *c)
{
    double given = 0, parts = 0;
    for (u32 i = 0; i < n; i++)
        *(c[i].rest ? &parts : &given) += c[i].w;
    if (parts > 0 && given > 1 + 1e-9)
        return false;
    double left = parts > 0 && given < 1 ? (1 - given) / parts : 0;
    for (u32 i = 0; i < n; i++)
        if (parts > 0)
            c[i].w *= c[i].rest ? left : 1;
        else if (given > 0)
            c[i].w /= given;
    return true;
}

static bool spell_rule(struct sbuild *b, struct sv_frame *f, const struct gram_rule *r, case_vec *out);

static bool spell_one(struct sbuild *b, struct sv_frame *f, const struct gram_alt *alt, u32 nvar, const struct sv *var, case_vec *out)
{
    struct sv_case c = {.alt = alt, .nvar = nvar, .var = nvar ? arena_dup(b->tmp, var, nvar * sizeof(*var)) : NULL};
    double w;
    if (!weight_of(b, f, alt->weight, &w, &c.rest))
        return false;
    if (out->n > MOST_CASES)
        return false;
    if (!alt->inline_of) {
        c.w = w;
        vec_push(b->tmp, out, c);
        return true;
    }
    const struct gram_rule *r = alt->inline_of->overload.at[0];
    struct sv_frame *in = skel_frame(b, r->nslot, NULL);
    in->home = f->home;
    case_vec inner = {0};
    if (!spell_rule(b, in, r, &inner))
        return false;
    for (u32 i = 0; i < inner.n; i++) {
        c.inner = &inner.at[i];
        c.w = w * inner.at[i].w * (c.rest ? inner.n : 1);
        vec_push(b->tmp, out, c);
    }
    return true;
}

static bool spell_family(struct sbuild *b, struct sv_frame *f, const struct gram_alt *alt, u32 k, u32 nvar, struct sv *var, case_vec *out)
{
    if (!alt->fors || k == alt->fors->nkid)
        return spell_one(b, f, alt, nvar, var, out);
    const struct ast *fr = alt->fors->kid[k], *pat = fr->kid[0];
    struct sv_opt *v;
    u32 n;
    if (nvar + pat->nkid > 16 || !skel_opts_of(b, f, fr->kid[1], true, &n, &v))
        return false;
    for (u32 i = 0; i < n; i++) {
        if (!skel_bind(b, f, pat, v[i].v))
            return false;
        for (u32 j = 0; j < pat->nkid; j++)
            var[nvar + j] = f->slot[pat->kid[j]->bind.slot];
        if (!spell_family(b, f, alt, k + 1, nvar + pat->nkid, var, out))
            return false;
    }
    return true;
}

static bool spell_rule(struct sbuild *b, struct sv_frame *f, const struct gram_rule *r, case_vec *out)
{
    struct sv var[16];
    for (u32 i = 0; i < r->nalt; i++)
        if (!spell_family(b, f, &r->alt[i], 0, 0, var, out))
            return false;
    return settle(out->n, out->at);
}

static bool spell_choose(struct sbuild *b, struct sv_frame *f, const struct ast *choose, case_vec *out)
{
    struct sv_opt *o;
    u32 n;
    if (!skel_opts_of(b, f, choose->kid[0], false, &n, &o))
        return false;
    for (u32 i = 0; i < n; i++) {
        struct sv_case c = {.opt = o[i].opt};
        if (o[i].v.kind != SV_NONE) {
            c.nvar = 1;
            c.var = &o[i].v;
        }
        if (!weight_of(b, f, o[i].weight, &c.w, &c.rest))
            return false;
        vec_push(b->tmp, out, c);
    }
    return settle(out->n, out->at);
}

/* ---- evaluating a symbol ---- */

static bool root_slots(struct sbuild *b, struct sv_frame *f, const struct gram_rule *r)
{
    const struct ast *attrs = r->ast->kid[RULE_ATTRS], *params = r->ast->kid[RULE_PARAMS];
    for (u32 i = 0; i < r->nattr; i++) {
        const struct num *v = gram_override_num(b->g, attrs->kid[i]->text);
        if (v)
            f->slot[i] = (struct sv){.kind = SV_NUM, .num = *v};
        else if (!attrs->kid[i]->nkid || !attrs->kid[i]->kid[0])
            f->slot[i] = sv_any();
        else if (!skel_eval(b, f, attrs->kid[i]->kid[0], &f->slot[i]))
            return false;
    }
    for (u32 i = 0; i < r->nparam; i++) {
        const struct ast *t = params->kid[i]->nkid ? params->kid[i]->kid[0] : NULL;
        struct sv v = sv_any(), *at = &f->slot[r->nattr + i];
        i64 n;
        *at = sv_any();
        if (t && t->kind == A_TYPE && t->nkid && t->kid[0]->kind != A_FOLD && skel_eval(b, f, t->kid[0], &v) && v.kind == SV_NUM && num_is_int(v.num, &n))
            at->lead = n;
    }
    return true;
}

static bool begin_frame(struct sbuild *b, struct ssym *s, struct sv_home *home, struct sv_frame **out)
{
    home->depth = (i32)s->depth;
    if (s->choose) {
        *out = arena_dup(b->tmp, s->frame, sizeof(struct sv_frame) + s->frame->nslot * sizeof(struct sv));
        (*out)->home = home;
        return true;
    }
    const struct gram_rule *r = s->rule;
    struct sv_frame *f = skel_frame(b, r->nslot, NULL);
    f->home = home;
    *out = f;
    if (r->form == RF_SPACE)
        return root_slots(b, f, r);
    for (u32 i = 0; i < r->nattr + r->nparam; i++)
        f->slot[i] = s->slot[i];
    for (u32 i = 0; i < r->nparam; i++) {
        const struct ast *p = r->ast->kid[RULE_PARAMS]->kid[i];
        skel_match(b, f, p->nkid ? p->kid[0] : NULL, &s->slot[r->nattr + i]);
    }
    return true;
}

static bool run(struct sbuild *b, struct sv_frame *f, const struct sv_case *c, struct sv *out)
{
    if (c->opt) {
        if (c->nvar)
            *out = c->var[0];
        return c->nvar || skel_eval(b, f, c->opt->kid[c->opt->nkid - 1], out);
    }
    u32 v = 0;
    for (u32 i = 0; c->alt->fors && i < c->alt->fors->nkid; i++) {
        const struct ast *pat = c->alt->fors->kid[i]->kid[0];
        for (u32 k = 0; k < pat->nkid; k++)
            f->slot[pat->kid[k]->bind.slot] = c->var[v++];
    }
    for (u32 i = 0; c->alt->where && i < c->alt->where->nkid; i++) {
        bool ok, known;
        if (!skel_cond(b, f, c->alt->where->kid[i], &ok, &known) || !ok)
            return false;
    }
    return skel_eval(b, f, c->alt->expr, out);
}

/* Makes a result part of what the symbol gives. */
static bool take_result(struct sbuild *b, struct ssym *s, struct sv v, i32 *cls)
{
    struct crossing c = {.of = s->rule, .slot = SKEL_RESULT};
    *cls = -1;
    if (s->rule && s->rule->form == RF_SPACE)
        return true;
    if (!told_apart(b, s)) {
        c.how = CROSS_RESULT;
        if (!sv_cross(b, &c, v, &v))
            return false;
        if (!sv_join(b, s->rule, &s->joined, &v)) {
            b->rule[s->rule->serial].open |= (u64)1 << SKEL_RESULT;
            b->restart = true;
            return false;
        }
        return true;
    }
    bool asked = s->rule && b->rule[s->rule->serial].open >> SKEL_RESULT & 1;
    c.how = asked ? CROSS_OPEN : CROSS_KEEP;
    if (!sv_cross(b, &c, v, &v))
        return false;
    for (u32 i = 0; i < s->cls.n && *cls < 0; i++)
        if (sv_same(b, &s->cls.at[i].v, &v))
            *cls = (i32)i;
    if (*cls < 0) {
        struct sclass k = {v, 0};
        *cls = (i32)s->cls.n;
        vec_push(b->a, &s->cls, k);
    }
    return true;
}

static void evaluate_case(struct sbuild *b, struct ssym *s, const struct sv_frame *base, struct sv_home *home, const struct sv_case *c, u32 number)
{
    u32 first = s->prod.n;
    b->dec.n = 0;
    home->taken = c->alt ? c : NULL;
    do {
        struct arena_mark m = arena_mark(b->tmp);
        struct sv_frame *f = arena_dup(b->tmp, base, sizeof(*base) + base->nslot * sizeof(struct sv));
        struct sv v;
        struct sprod p = {.number = number, .alt = c->opt ? c->opt : c->alt->ast};
        b->ndec = 0;
        b->draw.n = 0;
        b->p = b->mult = 1;
        b->nest = 0;
        bool ok = run(b, f, c, &v) && take_result(b, s, v, &p.cls);     /* which may force draws: so last */
        if (b->restart)
            return;
        if (ok && b->p > 0) {
            p.p = b->p;
            p.ndraw = b->draw.n;
            p.draw = p.ndraw ? arena_dup(b->a, b->draw.at, p.ndraw * sizeof(*p.draw)) : NULL;
            b->steps += p.ndraw;
            vec_push(b->a, &s->prod, p);
            if (s->prod.n > MOST_PRODS)
                b->over = b->restart = true;
        }
        arena_reset(b->tmp, m);
        while (b->dec.n && ++b->dec.at[b->dec.n - 1].pick >= b->dec.at[b->dec.n - 1].n)
            b->dec.n--;
    } while (b->dec.n && !b->restart);
    double sum = 0;
    for (u32 i = first; i < s->prod.n; i++)
        sum += s->prod.at[i].p;
    for (u32 i = first; i < s->prod.n; i++)
        s->prod.at[i].p *= c->w / sum;
}

static void evaluate(struct sbuild *b, u32 me)
{
    struct ssym *s = b->sym.at[me];
    struct sv_home home = {0};
    struct sv_frame *f;
    case_vec cases = {0};
    arena_clear(b->tmp);
    b->cur = me;
    b->dec.n = b->ndec = b->draw.n = 0;
    b->p = b->mult = 1;
    b->nest = 0;
    struct ssym was = *s;
    double *p = NEW_ARRAY(b->tmp, double, was.cls.n + 1);
    for (u32 i = 0; i < was.cls.n; i++)
        p[i] = s->cls.at[i].p;
    memset(&s->prod, 0, sizeof(s->prod));
    if (!begin_frame(b, s, &home, &f) || !(s->choose ? spell_choose(b, f, s->choose, &cases) : spell_rule(b, f, s->rule, &cases))) {
        if (b->o->vary)
            b->over = b->restart = true;
        if (!b->restart)
            skel_note(b, SKN_ODD);
        return;
    }
    if (s->rule)                /* families have left their values in the frame */
        begin_frame(b, s, &home, &f);
    for (u32 i = 0; i < cases.n && !b->restart; i++)
        if (cases.at[i].w > 0)
            evaluate_case(b, s, f, &home, &cases.at[i], i);
    if (b->restart)
        return;
    double sum = 0;
    for (u32 i = 0; i < s->prod.n; i++)
        sum += s->prod.at[i].p;
    for (u32 i = 0; i < s->cls.n; i++)
        s->cls.at[i].p = 0;
    for (u32 i = 0; i < s->prod.n; i++) {
        s->prod.at[i].p /= sum;
        if (s->prod.at[i].cls >= 0)
            s->cls.at[s->prod.at[i].cls].p += s->prod.at[i].p;
    }
    s->has = s->prod.n > 0;
    bool more = s->has != was.has || s->cls.n != was.cls.n || !sv_same(b, &s->joined, &was.joined);
    for (u32 i = 0; i < was.cls.n && !more; i++) {
        double d = s->cls.at[i].p - p[i];
        more = d > 1e-13 || d < -1e-13;
    }
    for (u32 i = 0; more && i < s->user.n; i++)
        queue(b, s->user.at[i]);
}

/* ---- the result ---- */

static const char *name_of(struct arena *a, const struct ssym *s)
{
    if (!s->rule)
        return "choose";
    struct buf t = {0};
    buf_puts(&t, s->rule->set->d.name);
    bool open = false;
    for (u32 i = 0; i < s->rule->nattr && s->rule->form == RF_RULE; i++) {
        const struct sv *v = &s->slot[i];
        if (v->kind == SV_ANY)
            continue;
        buf_puts(&t, open ? ", " : "[");
        open = true;
        if (v->kind == SV_NUM)
            num_print(&t, v->num);
        else if (v->kind == SV_STR)
            buf_printf(&t, "\"%s\"", v->s);
        else if (v->kind == SV_STAGE && (v->stage->kind == SS_OP || v->stage->kind == SS_RULE))
            buf_puts(&t, ((const struct gram_decl *)v->stage->ptr)->name);
        else
            buf_puts(&t, "..");
    }
    if (open)
        buf_putc(&t, ']');
    const char *out = arena_strdup(a, t.at);
    buf_free(&t);
    return out;
}

struct flat { struct sbuild *b; struct arena *a; struct idmap map; VEC(struct skel_sym) sym; VEC(u32) of; VEC(i32) cls; };

static u32 flat_sym(struct flat *f, u32 sym, i32 cls)
{
    const struct ssym *s = f->b->sym.at[sym];
    if (s->cls.n <= 1)
        cls = -1;               /* there is but one result */
    u64 h = ((u64)sym << 32 | (u32)cls) * 0x9e3779b97f4a7c15u;
    u32 at = idmap_home(&f->map, h);
    for (u32 id; (id = idmap_find(&f->map, h, &at));)
        if (f->of.at[id - 1] == sym && f->cls.at[id - 1] == cls)
            return id - 1;
    struct skel_sym k = {.rule = s->rule, .choose = s->choose, .name = name_of(f->a, s), .depth = s->depth};
    vec_push(f->a, &f->sym, k);
    vec_push(f->b->a, &f->of, sym);
    vec_push(f->b->a, &f->cls, cls);
    idmap_put(f->b->a, &f->map, h, f->sym.n);
    return f->sym.n - 1;
}

static void flat_prods(struct flat *f, u32 i)
{
    const struct ssym *s = f->b->sym.at[f->of.at[i]];
    i32 cls = f->cls.at[i];
    VEC(struct skel_prod) prod = {0};
    double sum = 0;
    for (u32 k = 0; k < s->prod.n; k++) {
        const struct sprod *p = &s->prod.at[k];
        if (cls >= 0 && p->cls != cls)
            continue;
        VEC(struct skel_child) child = {0};
        for (u32 j = 0; j < p->ndraw; j++) {
            u32 sym = flat_sym(f, p->draw[j].sym, p->draw[j].cls), c = 0;
            while (c < child.n && child.at[c].sym != sym)
                c++;
            if (c == child.n) {
                struct skel_child nc = {.sym = sym};
                vec_push(f->a, &child, nc);
            }
            child.at[c].times++;
            child.at[c].inst += p->draw[j].inst;
        }
        struct skel_prod q = {.p = p->p, .number = p->number, .alt = p->alt, .terminal = !p->ndraw, .nchild = child.n, .child = child.at};
        sum += q.p;
        vec_push(f->a, &prod, q);
    }
    for (u32 k = 0; k < prod.n; k++)
        prod.at[k].p /= sum;
    f->sym.at[i].prod = prod.at;
    f->sym.at[i].nprod = prod.n;
}

static struct skel *flatten(struct sbuild *b, struct arena *a)
{
    struct flat f = {.b = b, .a = a};
    struct skel *k = NEW(a, struct skel);
    VEC(struct skel_sym) endless = {0};
    for (u32 i = 0; i < b->sym.n; i++)
        if (!b->sym.at[i]->has) {
            const struct ssym *e = b->sym.at[i];
            struct skel_sym x = {.rule = e->rule, .choose = e->choose, .name = name_of(a, e), .depth = e->depth};
            vec_push(a, &endless, x);
        }
    k->empty = !b->sym.at[0]->has;
    if (!k->empty) {
        flat_sym(&f, 0, -1);
        for (u32 i = 0; i < f.sym.n; i++)
            flat_prods(&f, i);
    }
    k->nsym = f.sym.n;
    k->sym = f.sym.at;
    k->notes = b->notes;
    k->by_depth = b->by_depth;
    k->reads_depth = b->wants_depth;
    k->crosses = b->crosses;
    k->most_depth = b->most_depth;
    k->cut = b->by_depth && b->o->cut;
    k->nendless = endless.n;
    k->endless = endless.at;
    return k;
}

static struct srule *rule_table(struct arena *a, const struct gram *g, u32 *n)
{
    u32 serial = 0;
    for (u32 i = 0; i < g->module.n; i++)
        for (u32 j = 0; j < g->module.at[i]->decl.n; j++) {
            const struct gram_rules *s = (const struct gram_rules *)g->module.at[i]->decl.at[j];
            for (u32 k = 0; s->d.kind == GD_RULES && k < s->overload.n; k++)
                serial = MAX(serial, s->overload.at[k]->serial);
        }
    *n = serial + 1;
    return NEW_ARRAY(a, struct srule, *n);
}

/* False: something has to be open that was not, so all starts again; or it is too much. */
static bool work(struct sbuild *b)
{
    struct ssym root = {.rule = b->space};
    sv_words none = {0};
    intern(b, &root, &none);
    while (b->work.n && !b->restart) {
        u32 i = b->work.at[--b->work.n];
        b->sym.at[i]->queued = false;
        evaluate(b, i);
    }
    return !b->restart;
}

struct skel *skel_build(struct arena *a, struct gram *g, const struct gram_rule *space, const struct skel_opts *o)
{
    struct arena *keep = arena_new_in(a, "skeleton");
    u32 nrule;
    struct srule *rule = rule_table(keep, g, &nrule);
    struct skel *k = NULL;
    bool by_depth = o->by_depth, wants = false, over = false;
    u64 steps = 0;
    for (u32 tries = 0; tries < MOST_STARTS && !k && !over; tries++) {
        struct sbuild b = {.g = g, .space = space, .o = o, .rule = rule, .by_depth = by_depth, .wants_depth = wants, .steps = steps,
                           .most_steps = o->steps ? o->steps : MOST_STEPS,
                           .most_depth = o->depth ? o->depth : DEPTH_UNSAID};
        b.a = arena_new_in(a, "skeleton");
        b.tmp = arena_new_in(a, "skeleton: one symbol");
        if (work(&b))
            k = flatten(&b, a);
        wants = b.wants_depth;
        by_depth |= wants;
        over = b.over;
        steps = b.steps;
        arena_free(b.tmp);
        arena_free(b.a);
        for (u32 i = 0; !k && i < nrule; i++)
            rule[i].nsym = 0;
    }
    arena_free(keep);
    return k;
}
