/* cmd_count.c - nasc count: how many derivations a space has, by depth and in all. */
#include "compiler/cli.h"
#include "compiler/pipeline.h"
#include "grammar/derive.h"
#include "grammar/tally_typed.h"

#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_UNSAID = 10, MOST_DEPTH = 100000, MOST_UNSAID = 200, MOST_WORK = 200000 };

enum { CC_SPACE, CC_DEPTH, CC_UPTO, CC_NEW, CC_TYPED, CC_LOG, CC_TOTAL, CC_WORDS, CC_COLUMNS };
static const struct out_col columns[CC_COLUMNS] = {
    [CC_SPACE] = {"space", OUT_STR},
    [CC_DEPTH] = {"depth", OUT_U64, NULL, 7},
    [CC_UPTO] = {"derivations", OUT_BIG, "derivations up to it", 36},
    [CC_NEW] = {"of_depth", OUT_BIG, NULL, 0},
    [CC_TYPED] = {"typed", OUT_BIG, "that type", 36},
    [CC_LOG] = {"log10", OUT_REAL, NULL, 0},
    [CC_TOTAL] = {"total", OUT_BIG, NULL, 0},
    [CC_WORDS] = {"words", OUT_U64, NULL, 0},
};

/* Digits in the arena; where only the logarithm is known, NULL, or what a table shows. */
static const char *digits(struct arena *a, const struct tally_number *n, bool shown)
{
    if (n->exact)
        return mpz_get_str(arena_alloc(a, mpz_sizeinbase(n->n, 10) + 2), 10, n->n);
    if (!shown)
        return NULL;
    struct buf b = {0};
    tally_print(&b, n);
    const char *s = arena_strdup(a, b.at);
    buf_free(&b);
    return s;
}

static struct out_cell big(const char *digits)
{
    return (struct out_cell){.none = !digits, .s = digits};
}

static void say_typed(struct buf *b, const struct typed_tally *y, u32 to)
{
    static const char *const why[] = {
        [TT_WORK] = "it takes more work (--work)", [TT_ONCE] = "something is drawn once and used at several types", [TT_SLOW] = "not all of it is tabulated"};
    if (!y)
        return;
    if (y->n) {
        char *s = mpz_get_str(NULL, 10, y->upto[y->n - 1]);
        buf_printf(b, "to depth %u, ", y->n - 1);
        out_digits(b, s);
        buf_puts(b, y->how == TT_EACH ? " of them type and are within the limits" : " of them type, limits other than depth left out");
        free(s);
        if (y->words_known)
            buf_printf(b, ", %llu different texts", (unsigned long long)y->words);
        buf_putc(b, '\n');
    }
    if (y->n <= to)
        buf_printf(b, "how many of %s type is not known: %s\n", y->n ? "the deeper ones" : "them", why[y->why]);
}

static void say(struct cli *c, FILE *talk, const struct skel *k, struct tally *t, const struct typed_tally *y, u32 to, bool finite, u32 deepest)
{
    struct buf b = {0};
    buf_printf(&b, "%s: ", c->s->space->set->d.name);
    if (finite) {
        struct tally_number n = tally_depth(t, deepest);
        tally_print(&b, &n);
        buf_printf(&b, " derivation%s in all, of depth %u at most; types left out\n", n.log10 == 0 ? "" : "s", deepest);
    } else {
        buf_puts(&b, "there is no end to its derivations; types left out\n");
    }
    for (u32 i = 0; i < SKEL_NNOTE; i++)
        if (k->notes >> i & 1 && i != SKN_WEIGHT && i != SKN_EACH)
            buf_printf(&b, "approximate: %s\n", skel_note_text((enum skel_note)i));
    say_typed(&b, y, to);
    fputs(b.at, talk);
    buf_free(&b);
}

static void rows(struct cli *c, struct out *o, struct tally *t, const struct typed_tally *y, u32 to, const char *total, bool shown)
{
    struct arena *a = arena_new_in(c->s->a, "counts");
    mpz_t of;
    mpz_init(of);
    for (u32 d = 0; d <= to; d++) {
        struct tally_number n = tally_depth(t, d), this = n;
        if (d && n.exact) {
            mpz_sub(of, n.n, tally_depth(t, d - 1).n);
            this.n = of;
        }
        struct out_cell cell[CC_COLUMNS] = {
            [CC_SPACE] = {.s = c->s->space->set->d.name},
            [CC_DEPTH] = {.u = d},
            [CC_UPTO] = big(digits(a, &n, shown)),
            [CC_NEW] = big(digits(a, &this, shown)),        /* of a number that is known by its logarithm, nearly all */
            [CC_TYPED] = {.none = true},
            [CC_LOG] = {.r = n.log10},
            [CC_TOTAL] = big(total),
            [CC_WORDS] = {.none = !y || !y->words_known || d != to, .u = y ? y->words : 0},
        };
        if (y && d < y->n)
            cell[CC_TYPED] = big(mpz_get_str(arena_alloc(a, mpz_sizeinbase(y->upto[d], 10) + 2), 10, y->upto[d]));
        out_row(o, cell);
        arena_clear(a);
    }
    mpz_clear(of);
    arena_free(a);
}

nasc_status count_space(struct cli *c, enum out_format f, bool said, u64 to, FILE *talk)
{
    struct gram *g = c->s->g;
    struct limits lim;
    u64 work;
    if (!cli_u64(c, OPT_WORK, MOST_WORK, 1, ~(u64)0 >> 1, &work))
        return NASC_USAGE;
    bool limited = elab_space_limits(g, c->s->space, &lim) && lim.depth;
    if (!said)
        to = limited ? (u64)MIN(lim.depth, (u128)MOST_DEPTH) : DEPTH_UNSAID;
    struct skel *k = tally_skel(c->s->a, g, c->s->space, (u32)to, 0);
    struct tally *t = k && !k->empty ? tally_new(k, TALLY_BITS) : NULL;
    if (!t) {
        session_complain(c->s, E0691, "the derivations of `%s` cannot be counted: %s", c->s->space->set->d.name,
                         !k ? "there are too many ways to combine what is drawn" : k->empty ? "none ends" : "rules derive each other at one depth");
        return NASC_WRONG;
    }
    u32 deepest;
    bool finite = tally_finite(t, &deepest);
    if (finite && (!said || to > deepest) && (!limited || deepest < lim.depth))
        to = said || deepest <= MOST_UNSAID ? deepest : MOST_UNSAID;
    struct typed_tally *y = c->value[OPT_UNTYPED] ? NULL : typed_tally_new(g, c->s->space, t, (u32)to, work, session_notation(c->s));
    struct out *out = out_open(f, CC_COLUMNS, columns);
    struct tally_number all = tally_depth(t, finite ? deepest : 0);
    rows(c, out, t, y, (u32)to, finite ? digits(c->s->a, &all, false) : NULL, f == OUT_TEXT);
    out_close(out);
    say(c, talk, k, t, y, (u32)to, finite, deepest);
    typed_tally_free(y);
    tally_free(t);
    return NASC_OK;
}

nasc_status cmd_count(struct cli *c)
{
    enum out_format f;
    u64 to;
    if (!out_format_of(c, &f) || !cli_u64(c, OPT_MAXDEPTH, 0, 0, MOST_DEPTH, &to))
        return NASC_USAGE;
    nasc_status st = cli_load(c, true, NULL);
    return st ? st : count_space(c, f, c->value[OPT_MAXDEPTH], to, stderr);
}
