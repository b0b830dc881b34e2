/* repl_arch.c - the prompt's commands on architectures: draw, read, explain. */
#include "compiler/base/real.h"
#include "compiler/out_cols.h"
#include "compiler/pipeline.h"
#include "compiler/repl.h"

#include <stdio.h>

static enum out_format format(struct repl *r)
{
    enum out_format f = OUT_TEXT;
    if (r->c->value[OPT_FORMAT])
        out_format_of(r->c, &f);
    return f;
}

static void put(struct buf *b)
{
    if (b->n)
        fwrite(b->at, 1, b->n, stdout);
    buf_free(b);
}

static void put_facts(struct buf *b, const nasc_record *x)
{
    buf_printf(b, "logp %.6g, depth %llu, nodes %llu, params ", x->logp, (unsigned long long)x->depth, (unsigned long long)x->nodes);
    count_print(b, x->params);
    buf_puts(b, ", macs ");
    count_print(b, x->macs);
    buf_printf(b, ", id %s\n", x->id);
}

void repl_take(struct repl *r, nasc_arch *ar)
{
    nasc_arch_free(r->arch);
    r->arch = ar;
    nasc_record x;
    nasc_arch_record(ar, &x);
    struct buf b = {0};
    buf_printf(&b, "%s\n  ", x.arch);
    put_facts(&b, &x);
    put(&b);
}

/* The current one; complains. */
static bool there(struct repl *r)
{
    if (!repl_space_there(r))
        return false;
    if (!r->arch)
        repl_wrong(r, NULL, "`:sample` draws one; a text gives one", "there is no architecture yet");
    return r->arch;
}

/* Reads a text, or the `arch` of that name, whose space is then the chosen one. */
static nasc_status read_text(struct repl *r, const char *text, nasc_arch **out)
{
    struct gram_arch *item = session_arch_item(r->s, text);
    if (item) {
        struct gram_rule *was = r->s->space;
        session_select_of(r->s, item);
        if (was && was != r->s->space) {
            repl_drop(r);
            printf("space %s\n", r->s->space->set->d.name);
        }
        return nasc_named(r->s, text, out);
    }
    return repl_space_there(r) ? nasc_parse(r->s, text, out) : NASC_WRONG;
}

nasc_status repl_take_text(struct repl *r, const char *text)
{
    nasc_arch *ar;
    nasc_status st = read_text(r, text, &ar);
    if (!st)
        repl_take(r, ar);
    return st;
}

nasc_status repl_arch(struct repl *r, const char *args)
{
    if (*args)
        return repl_take_text(r, args);
    if (!there(r))
        return NASC_WRONG;
    nasc_record x;
    struct buf b = {0};
    nasc_arch_record(r->arch, &x);
    buf_printf(&b, "%s\n  ", x.arch);
    put_facts(&b, &x);
    put(&b);
    return NASC_OK;
}

static const struct out_col columns[] = {
    OUT_COL_SEED,
    OUT_COL_INDEX,
    OUT_COL_ID,
    OUT_COL_LOGP,
    OUT_COLS_SIZE,
    OUT_COL_ARCH(72),
};

nasc_status repl_sample(struct repl *r, const char *args)
{
    u64 n;
    if (!repl_space_there(r) || !repl_number(r, args, 1, 1, &n))
        return NASC_WRONG;
    repl_drop(r);               /* with nothing open, what was worked out about types can be forgotten */
    bool table = *args;
    struct out *o = table ? out_open(format(r), COUNTOF(columns), columns) : NULL;
    nasc_status st = NASC_OK;
    nasc_arch *ar = NULL;
    for (u64 k = 0; k < n && !repl_interrupted(); k++) {
        nasc_arch_free(ar);
        ar = NULL;
        st = nasc_sample(r->s, r->seed, r->index, &ar);
        if (st)
            break;
        nasc_record x;
        nasc_arch_record(ar, &x);
        struct out_cell cell[] = {
            {.u = r->seed}, {.u = r->index}, {.s = x.id}, {.r = x.logp}, {.u = x.depth}, {.u = x.nodes}, {.c = x.params}, {.c = x.macs}, {.s = x.arch},
        };
        r->index++;
        if (o)
            out_row(o, cell);
    }
    if (o)
        out_close(o);
    if (ar && table)
        r->arch = ar;
    else if (ar)
        repl_take(r, ar);
    return st;
}

/* ---- the derivation ---- */

/* What an alternative is in words: its notation, holes for what is drawn in it. */
static void put_alternative(struct buf *b, const struct notation *n, const struct draw *d)
{
    struct draw one = *d;
    one.child = NULL;
    one.nchild = 0;
    notation_print_open(b, n, &one);
}

/* A draw and all under it; in the order of the tree, so the next after them is at + draws. */
struct below { double logp; u32 draws; };
static struct below *add_up(const struct draw *d, struct below *at)
{
    struct below *next = at + 1;
    at->logp = d->p < 1 ? d->p > 0 ? real_log(d->p) : -__builtin_inf() : 0;
    for (u32 i = 0; i < d->nchild; i++) {
        struct below *child = next;
        next = add_up(d->child[i], child);
        at->logp += child->logp;
    }
    at->draws = (u32)(next - at);
    return next;
}

enum { MOST_INDENT = 32 };      /* what lies deeper says how deep */

struct tree { struct buf b; const struct notation *n; const struct step_types *t; const struct below *below; u64 most; };

static void put_tree(struct tree *t, const struct draw *d, u32 level)
{
    const struct step_types *x = t->t++;
    const struct below *w = t->below++;
    CHECK(x->draw == d);
    buf_printf(&t->b, "%9.4g %10.6g  %*s", d->p, w->logp, (int)(2 * MIN(level, (u32)MOST_INDENT)), "");
    if (level > MOST_INDENT)
        buf_printf(&t->b, "(%u) ", level);
    if (d->label)
        buf_printf(&t->b, "%s: ", d->label);
    buf_printf(&t->b, "%s  ", d->rules ? d->rules->d.name : "choose");
    put_alternative(&t->b, t->n, d);
    if (*x->in || *x->out)
        buf_printf(&t->b, "   %s%s%s", x->in, *x->in && *x->out ? " -> " : "", x->out);
    buf_putc(&t->b, '\n');
    if (level >= t->most && w->draws > 1) {
        u32 under = w->draws - 1;
        buf_printf(&t->b, "%20s  %*s... %u draw%s\n", "", (int)(2 * MIN(level, (u32)MOST_INDENT) + 2), "", under, under == 1 ? "" : "s");
        t->t += under;
        t->below += under;
        return;
    }
    for (u32 i = 0; i < d->nchild; i++)
        put_tree(t, d->child[i], level + 1);
}

nasc_status repl_tree(struct repl *r, const char *args)
{
    u64 most;
    u32 n;
    if (!there(r) || !repl_number(r, args, UINT64_MAX, 0, &most))
        return NASC_WRONG;
    struct arena *a = arena_new("talk");
    const struct step_types *types = step_types_of(a, r->arch->g, r->arch->d, &n);
    struct below *below = NEW_ARRAY(a, struct below, n);
    add_up(r->arch->d->root, below);
    struct tree t = {.n = session_notation(r->s), .t = types, .below = below, .most = most};
    buf_puts(&t.b, "   weight       logp  draw, alternative   types\n");
    put_tree(&t, r->arch->d->root, 0);
    put(&t.b);
    arena_free(a);
    return NASC_OK;
}

/* ---- probabilities ---- */

struct factor { const struct draw *d; u32 n; };
struct factors { struct arena *a; VEC(struct factor) at; };

/* Draws that took the same alternative of the same rule at the same weight are one line. */
static void collect(struct factors *f, const struct draw *d)
{
    u32 i = 0;
    while (i < f->at.n && (f->at.at[i].d->alt != d->alt || f->at.at[i].d->inner != d->inner || f->at.at[i].d->alt_no != d->alt_no || f->at.at[i].d->p != d->p))
        i++;
    if (i < f->at.n)
        f->at.at[i].n++;
    else if (d->p != 1)
        vec_push(f->a, &f->at, ((struct factor){d, 1}));
    for (u32 k = 0; k < d->nchild; k++)
        collect(f, d->child[k]);
}

nasc_status repl_prob(struct repl *r, const char *args)
{
    nasc_arch *named = NULL, *ar;
    nasc_likelihood l;
    nasc_status st = NASC_OK;
    if (!*args && !there(r))
        return NASC_WRONG;
    if (*args && session_arch_item(r->s, args))
        st = read_text(r, args, &named);
    if (!st)
        st = repl_space_there(r) ? nasc_parse_all(r->s, named ? named->text : *args ? args : r->arch->text, &ar, &l) : NASC_WRONG;
    nasc_arch_free(named);
    if (st)
        return st;
    struct factors f = {.a = arena_new("talk")};
    collect(&f, ar->d->root);
    struct buf b = {0};
    buf_puts(&b, "logp ");
    buf_double(&b, l.logp);
    buf_printf(&b, ", %s%.15g reading%s\n", l.exact ? "" : "at least ", l.readings, l.readings == 1 ? "" : "s");
    if (l.readings > 1) {
        buf_puts(&b, "the most likely: logp ");
        buf_double(&b, ar->d->logp);
        buf_putc(&b, '\n');
    }
    for (u32 i = 0; i < f.at.n; i++) {
        const struct draw *x = f.at.at[i].d;
        buf_printf(&b, "%6u x %-9.4g %s  ", f.at.at[i].n, x->p, x->rules ? x->rules->d.name : "choose");
        put_alternative(&b, session_notation(r->s), x);
        buf_putc(&b, '\n');
    }
    put(&b);
    arena_free(f.a);
    nasc_arch_free(ar);
    return NASC_OK;
}

nasc_status repl_count(struct repl *r, const char *args)
{
    enum { DEEPEST = 100000 };
    u64 depth;
    if (!repl_space_there(r) || !repl_number(r, args, 0, 0, &depth))
        return NASC_WRONG;
    return count_space(r->c, format(r), *args, MIN(depth, DEEPEST), stdout);
}

nasc_status repl_mutate(struct repl *r, const char *args)
{
    u64 n;
    if (!there(r) || !repl_number(r, args, 1, 1, &n))
        return NASC_WRONG;
    nasc_status st = NASC_OK;
    for (u64 k = 0; k < n && !st && !repl_interrupted(); k++) {
        nasc_move what;
        nasc_arch *child;
        st = nasc_mutate(r->s, r->arch, r->seed, r->moves, &child, &what);
        if (st)
            break;
        r->moves++;
        printf("%s: %s, one of %u\n", *what.node ? what.node : "the first", what.rule, what.nodes);
        nasc_arch_free(r->arch);
        r->arch = child;
    }
    repl_arch(r, "");
    return st;
}

nasc_status repl_show(struct repl *r, const char *args)
{
    (void)args;
    if (!there(r))
        return NASC_WRONG;
    show_ops(format(r), r->arch);
    return NASC_OK;
}
