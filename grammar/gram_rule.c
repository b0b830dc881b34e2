/* gram_rule.c - rules taken apart once names are bound: alternatives, what they yield, which nets make draws. */
#include "grammar/gram_load.h"

/* Mentions of something to draw, up to two; the last one found. */
static u32 count_mentions(const struct ast *n, struct gram_rules **set)
{
    if (!n)
        return 0;
    if (n->kind == A_CHOOSE)
        return 2;               /* a draw of its own: the mention is not the only one */
    if (n->bind.kind == BIND_RULE && (n->kind == A_ID || n->kind == A_FIELD)) {
        struct gram_rules *s = n->bind.ptr;
        if (!s->overload.at[0]->draws)
            return 0;
        *set = s;
        return 1;
    }
    u32 c = 0;
    for (u32 i = 0; i < n->nkid; i++)
        c += count_mentions(n->kid[i], set);
    return c;
}

static bool mentions_draw(const struct ast *n)
{
    if (!n)
        return false;
    if (n->kind == A_CHOOSE)
        return true;
    if (n->bind.kind == BIND_RULE && (n->kind == A_ID || n->kind == A_FIELD)) {
        const struct gram_rules *s = n->bind.ptr;
        for (u32 i = 0; i < s->overload.n; i++)
            if (s->overload.at[i]->draws)
                return true;
        return false;
    }
    for (u32 i = 0; i < n->nkid; i++)
        if (mentions_draw(n->kid[i]))
            return true;
    return false;
}

/* ---- what an expression yields ---- */

enum { Y_VALUE, Y_STAGE, Y_SIZE, Y_UNKNOWN };

static int yield_of(const struct ast *n)
{
    switch (n->kind) {
    case A_ID: case A_FIELD:
        if (n->bind.kind == BIND_OP)
            return Y_STAGE;
        if (n->bind.kind == BIND_CONST || n->bind.kind == BIND_BUILTIN)
            return Y_SIZE;
        if (n->bind.kind == BIND_RULE) {
            const struct gram_rule *r = ((struct gram_rules *)n->bind.ptr)->overload.at[0];
            return r->nparam ? Y_STAGE : (int)r->yield;
        }
        return Y_UNKNOWN;
    case A_INT: case A_REAL: case A_STRING: case A_NOT:
        return Y_SIZE;
    case A_LAMBDA: case A_ONCE: case A_SHARE: case A_EACH: case A_REPEAT:
        return Y_STAGE;
    case A_LABEL: case A_INDEX:
        return yield_of(n->kid[0]);
    case A_PIPE: {
        int l = yield_of(n->kid[0]);
        return l == Y_STAGE ? Y_STAGE : Y_VALUE;
    }
    case A_CALL:
        return n->kid[0]->bind.kind == BIND_BUILTIN ? Y_SIZE : Y_VALUE;
    case A_BLOCK:
        for (u32 i = n->nkid; i-- > 0;)
            if (n->kid[i]->kind != A_LET && n->kid[i]->kind != A_REQUIRE && n->kid[i]->kind != A_LIMIT && n->kid[i]->kind != A_RECIPE)
                return yield_of(n->kid[i]);
        return Y_UNKNOWN;
    case A_IF: {
        int a = yield_of(n->kid[1]);
        return a == Y_UNKNOWN ? yield_of(n->kid[2]) : a;
    }
    case A_BINARY: {
        int a = yield_of(n->kid[0]), b = yield_of(n->kid[1]);
        return a == Y_SIZE && b == Y_SIZE ? Y_SIZE : a == Y_VALUE || b == Y_VALUE ? Y_VALUE : Y_UNKNOWN;
    }
    case A_TUPLE:
        return n->nkid == 0 ? Y_SIZE : Y_VALUE;
    case A_CHOOSE: {
        const struct ast *o = n->kid[0]->nkid ? n->kid[0]->kid[0] : NULL;
        if (!o || o->kind == A_RANGE)
            return Y_SIZE;
        return yield_of(o->kid[o->nkid - 1]);
    }
    default:
        return Y_UNKNOWN;
    }
}

static const char *const yield_name[] = {"a value", "a function", "a number or string"};

static void set_yield(struct gram *g, struct gram_rule *r, bool complain)
{
    int all = Y_UNKNOWN;
    const struct gram_alt *first = NULL;
    for (u32 i = 0; i < r->nalt; i++) {
        int y = yield_of(r->alt[i].expr);
        if (y == Y_UNKNOWN)
            continue;
        if (all == Y_UNKNOWN) {
            all = y;
            first = &r->alt[i];
        } else if (complain && y != all && (y == Y_STAGE) != (all == Y_STAGE)) {
            struct diag *d = diag_add(g->ds, E0311, r->alt[i].expr->loc, "this alternative of `%s` is %s", r->set->d.name, yield_name[y]);
            diag_label(g->ds, d, first->expr->loc, "and this one is %s", yield_name[all]);
            diag_note(g->ds, d, "the alternatives of a rule are of one kind: values, functions (`relu`, `y => ..`), or numbers and strings");
            return;
        }
    }
    if (all != Y_UNKNOWN)
        r->yield = (enum rule_yield)all;
    else
        r->yield = RY_VALUE;
}

#define EACH_RULE(g, r)                                                                                                           \
    for (u32 i_ = 0; i_ < (g)->module.n; i_++)                                                                                    \
        for (u32 k_ = 0; k_ < (g)->module.at[i_]->decl.n; k_++)                                                                   \
            if ((g)->module.at[i_]->decl.at[k_]->kind == GD_RULES)                                                                \
                for (u32 j_ = 0; j_ < ((struct gram_rules *)(g)->module.at[i_]->decl.at[k_])->overload.n; j_++)                   \
                    for (struct gram_rule *r = ((struct gram_rules *)(g)->module.at[i_]->decl.at[k_])->overload.at[j_]; r; r = NULL)

static void take_apart(struct gram *g, struct gram_rule *r)
{
    const struct ast *alts = r->ast->kid[RULE_ALTS];
    struct gram_alt *alt = NEW_ARRAY(g->a, struct gram_alt, alts->nkid + 1);
    for (u32 i = 0; i < alts->nkid; i++) {
        const struct ast *a = alts->kid[i];
        alt[i].ast = a;
        alt[i].fors = a->kid[ALT_FORS] && a->kid[ALT_FORS]->nkid ? a->kid[ALT_FORS] : NULL;
        alt[i].weight = a->kid[ALT_WEIGHT];
        alt[i].expr = a->kid[ALT_EXPR];
        alt[i].where = a->kid[ALT_WHERE];
        alt[i].note = a->kid[ALT_NOTE];
    }
    r->alt = alt;
    r->nalt = alts->nkid;
    r->draws = r->form != RF_NET;
}

void gram_rules_prepare(struct gram *g)
{
    u32 serial = 0;
    EACH_RULE(g, r) {
        take_apart(g, r);
        r->serial = ++serial;
    }
    /* Nets that draw, until nothing changes. */
    for (bool more = true; more;) {
        more = false;
        EACH_RULE(g, r)
            for (u32 i = 0; i < r->nalt && !r->draws; i++)
                if (mentions_draw(r->alt[i].expr) || mentions_draw(r->alt[i].where))
                    more = r->draws = true;
    }
    /* What they yield: a rule may mention one further down, so twice. */
    for (u32 pass = 0; pass < 3; pass++)
        EACH_RULE(g, r)
            set_yield(g, r, pass == 2);
    EACH_RULE(g, r)
        for (u32 i = 0; i < r->nalt; i++) {
            struct gram_rules *set = NULL;
            if (count_mentions(r->alt[i].expr, &set) == 1 && set->overload.at[0]->inline_ && set->overload.n == 1 && !r->inline_)
                ((struct gram_alt *)r->alt)[i].inline_of = set;
        }
}
