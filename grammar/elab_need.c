/* elab_need.c - how deep an alternative must go.
 *
 * An alternative that surely draws a rule, which surely draws another, and so on, needs that many levels of depth; where the limit leaves
 * fewer, it leads nowhere whatever is drawn in it.  Such an alternative is taken out before anything is drawn: the one that
 * is drawn in the end has the same law as if it had been tried and undone, at none of the work.
 *
 * What is surely drawn is read off the text: rules applied to arguments, or that a value is piped into, outside of branches, lambdas
 * and rounds.  A parameter may be a function, and a pipe that begins with one applies nothing: so callers ask only where no
 * argument is one.  Bounds from below, hence safe wherever the text is not understood. */
#include "grammar/elab.h"

enum { MOST_NEED = 100 };

static const struct gram_rules *named_rule(const struct ast *n)
{
    while (n->kind == A_LABEL || n->kind == A_INDEX || n->kind == A_EACH)
        n = n->kid[n->kind == A_EACH ? n->nkid - 1 : 0];
    return (n->kind == A_ID || n->kind == A_FIELD) && n->bind.kind == BIND_RULE ? n->bind.ptr : NULL;
}

/* Read back, never drawn. */
static bool is_never(const struct gram_alt *a)
{
    i64 w;
    return a->weight && a->weight->kind == A_INT && num_is_int(a->weight->num, &w) && w == 0;
}

static u32 least_need(const struct gram_rule *r)
{
    u32 need = MOST_NEED;
    for (u32 k = 0; k < r->nalt; k++)
        if (!is_never(&r->alt[k]))
            need = MIN(need, r->alt[k].need);
    return need;
}

/* Depth below a draw of any of the overloads, itself counted. */
static u32 need_of(const struct gram_rules *s)
{
    u32 least = MOST_NEED;
    for (u32 i = 0; i < s->overload.n; i++) {
        const struct gram_rule *r = s->overload.at[i];
        if (!r->draws || r->nparam == 0 || r->inline_)
            return 0;
        least = MIN(least, least_need(r) + (r->form == RF_RULE));
    }
    return least;
}

/* Is it a value for sure, when no parameter is a function? */
static bool is_value(const struct gram_rule *r, const struct ast *n)
{
    switch (n->kind) {
    case A_ID:
        return n->bind.kind == BIND_LOCAL && n->bind.up == 0 && n->bind.slot >= r->nattr && n->bind.slot < r->nattr + r->nparam;
    case A_PIPE:
        return is_value(r, n->kid[0]);
    default:
        return false;
    }
}

/* The deepest draw that evaluating n surely makes. */
static u32 surely(const struct gram_rule *r, const struct ast *n)
{
    u32 need = 0;
    const struct gram_rules *s;
    switch (n->kind) {
    case A_CALL:
        for (u32 i = 1; i < n->nkid; i++)
            need = MAX(need, surely(r, n->kid[i]));
        if ((s = named_rule(n->kid[0])))
            need = MAX(need, need_of(s));
        return need;
    case A_PIPE:
        need = surely(r, n->kid[0]);
        if (is_value(r, n->kid[0]) && (s = named_rule(n->kid[1])))
            need = MAX(need, need_of(s));
        return need;
    case A_LET:
        return surely(r, n->kid[1]);
    case A_BLOCK: case A_TUPLE:
        for (u32 i = 0; i < n->nkid; i++)
            if (n->kid[i]->kind != A_RECIPE && n->kid[i]->kind != A_LIMIT && n->kid[i]->kind != A_REQUIRE)
                need = MAX(need, surely(r, n->kid[i]));
        return need;
    default:
        return 0;
    }
}

static bool raise(const struct gram_rule *r)
{
    bool more = false;
    for (u32 k = 0; k < r->nalt; k++) {
        struct gram_alt *a = (struct gram_alt *)&r->alt[k];
        u32 need = surely(r, a->expr);
        if (a->inline_of)       /* one of its alternatives stands here */
            need = MAX(need, least_need(a->inline_of->overload.at[0]));
        need = MIN(need, (u32)MOST_NEED);
        ((struct gram_rule *)r)->most_need = (u8)MAX(r->most_need, need);
        more |= need > a->need;
        a->need = (u8)MAX(a->need, need);
    }
    return more;
}

/* From below, so every state on the way is safe. */
static void work_out(struct gram *g)
{
    g->needs = true;
    bool more = true;
    for (u32 round = 0; more && round < MOST_NEED; round++) {
        more = false;
        for (u32 i = 0; i < g->module.n; i++)
            for (u32 k = 0; k < g->module.at[i]->decl.n; k++) {
                struct gram_rules *s = (struct gram_rules *)g->module.at[i]->decl.at[k];
                for (u32 o = 0; s->d.kind == GD_RULES && o < s->overload.n; o++)
                    more |= raise(s->overload.at[o]);
            }
    }
}

u32 elab_need(struct gram *g, const struct acase *c)
{
    if (!g->needs)
        work_out(g);
    return MAX(c->alt ? c->alt->need : 0, c->inner ? c->inner->alt->need : 0);
}

u32 elab_most_need(struct gram *g, const struct gram_rule *r)
{
    if (!g->needs)
        work_out(g);
    u32 most = r->most_need;
    for (u32 k = 0; k < r->nalt; k++)
        if (r->alt[k].inline_of)
            most = MAX(most, r->alt[k].inline_of->overload.at[0]->most_need);
    return most;
}

bool elab_args_are_values(const struct gram_rule *r, const struct frame *f)
{
    for (u32 i = r->nattr; i < r->nattr + r->nparam; i++)
        if (f->slot[i].kind == V_STAGE)
            return false;
    return true;
}
