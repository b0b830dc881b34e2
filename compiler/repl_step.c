/* repl_step.c - the prompt while deriving by hand: a place and its alternatives as text, and the words that move on. */
#include "compiler/pipeline.h"
#include "compiler/repl.h"

#include <ctype.h>
#include <stdio.h>

enum { AROUND = 100, MOST_ROWS = 60 };

/* The text as far as it goes; of a long one what is around the place. */
static void put_sofar(struct buf *b, const char *text)
{
    const char *here = strchr(text, '?');
    size_t n = strlen(text), at = here ? (size_t)(here - text) : 0;
    size_t from = at > AROUND ? at - AROUND : 0, to = MIN(n, at + AROUND);
    buf_printf(b, "  %s%.*s%s\n", from ? "..." : "", (int)(to - from), text + from, to < n ? "..." : "");
}

static u32 width_of(const struct step_place *p, bool fits)
{
    u32 w = 0;
    for (u32 i = 0; i < p->n; i++)
        if ((p->option[i].fit <= STEP_OPEN) == fits)
            w = MAX(w, (u32)strlen(p->option[i].text));
    return MIN(w, 44);
}

static void put_options(struct buf *b, const struct step_place *p, bool fits)
{
    u32 w = width_of(p, fits), n = 0, count = fits ? p->nfit : p->n - p->nfit;
    for (u32 i = 0; i < p->n; i++) {
        const struct step_option *o = &p->option[i];
        if ((o->fit <= STEP_OPEN) != fits)
            continue;
        if (n++ == MOST_ROWS) {
            buf_printf(b, "%9s %u more\n", "...", count - MOST_ROWS);
            return;
        }
        if (fits)
            buf_printf(b, "%5u  %-9.4g %s", i + 1, o->p, o->text);
        else
            buf_printf(b, "%5u  %-9s %-*s  %s%s", i + 1, "-", (int)w, o->text, o->fit == STEP_AFTER ? "fits, but then " : "", o->why);
        if (fits && o->fit == STEP_OPEN)
            buf_printf(b, "%*s  ...", (int)(w - MIN(w, strlen(o->text))), "");
        buf_putc(b, '\n');
    }
}

static void put_place(const struct repl *r, const struct step_place *p)
{
    struct buf b = {0};
    buf_printf(&b, "step %u: ", step_picks(r->step) + 1);
    if (p->label)
        buf_printf(&b, "%s: ", p->label);
    buf_puts(&b, p->rule);
    if (p->repeats)
        buf_printf(&b, " (round %u)", p->round);
    if (*p->above)
        buf_printf(&b, "   in %s", p->above);
    buf_putc(&b, '\n');
    put_sofar(&b, p->sofar);
    if (*p->in)
        buf_printf(&b, "  %s\n", p->in);
    put_options(&b, p, true);
    if (p->nfit < p->n)
        buf_puts(&b, p->nfit ? "  do not fit:\n" : "  nothing fits:\n");
    put_options(&b, p, false);
    if (!p->nfit)
        buf_puts(&b, step_picks(r->step) ? "dead end: `undo` takes the last pick back\n" : "dead end: nothing can be derived\n");
    fwrite(b.at, 1, b.n, stdout);
    buf_free(&b);
}

/* The derivation is whole: it is the current one, and can still be undone. */
static nasc_status take(struct repl *r, struct arena *a, struct derivation *d)
{
    nasc_arch *ar = arch_wrap(r->s, a, d, NULL);
    if (!ar)
        return NASC_WRONG;
    r->stepping = false;
    repl_take(r, ar);
    return NASC_OK;
}

/* After a move: the next place, or the end. */
static nasc_status show(struct repl *r)
{
    if (step_state(r->step) == STEP_CHOICE) {
        r->stepping = true;
        put_place(r, step_here(r->step));
        return NASC_OK;
    }
    if (step_state(r->step) == STEP_FAILED) {
        const char *why = arena_strdup(r->a, step_why(r->step));
        repl_drop_step(r);
        return repl_wrong(r, NULL, NULL, "nothing can be derived: %s", why);
    }
    struct arena *a = arena_new("sample");
    struct derivation *d = step_derive(r->step, a);
    CHECK(d);
    return take(r, a, d);
}

nasc_status repl_step(struct repl *r, const char *args)
{
    (void)args;
    if (!repl_space_there(r))
        return NASC_WRONG;
    const struct notation *n = session_notation(r->s);
    if (!n)
        return NASC_WRONG;
    repl_drop_step(r);
    r->step = step_new(r->s->g, r->s->space, n, r->seed, r->index);
    return show(r);
}

nasc_status repl_where(struct repl *r, const char *args)
{
    (void)args;
    return show(r);
}

nasc_status repl_pick(struct repl *r, const char *args)
{
    u64 i;
    const struct step_place *p = step_here(r->step);
    if (!repl_number(r, args, 0, 1, &i))
        return NASC_WRONG;
    if (i > p->n)
        return repl_wrong(r, args, NULL, "there are %u alternatives here", p->n);
    const struct step_option *o = &p->option[i - 1];
    if (!step_pick(r->step, (u32)i - 1))
        return repl_wrong(r, args, NULL, "`%s` does not fit here: %s", o->text, o->why);
    return show(r);
}

nasc_status repl_random(struct repl *r, const char *args)
{
    u64 n;
    if (!repl_number(r, args, 1, 1, &n))
        return NASC_WRONG;
    for (u64 k = 0; k < n && step_state(r->step) == STEP_CHOICE && !repl_interrupted(); k++) {
        const struct step_place *p = step_here(r->step);
        u32 no = step_picks(r->step) + 1;
        int i = step_random(r->step);
        if (i < 0)
            return repl_wrong(r, NULL, "`undo` takes the last pick back", "nothing that is ever drawn fits here");
        printf("%u: %s\n", no, p->option[i].text);
    }
    return show(r);
}

nasc_status repl_undo(struct repl *r, const char *args)
{
    u64 n;
    if (!repl_number(r, args, 1, 1, &n))
        return NASC_WRONG;
    bool back = !r->stepping && step_state(r->step) == STEP_CHOICE;     /* what `finish` drew */
    if (!back && !step_picks(r->step))
        return repl_wrong(r, NULL, NULL, "this is the beginning");
    for (u64 k = back; k < n && step_undo(r->step); k++)
        ;
    return show(r);
}

nasc_status repl_finish(struct repl *r, const char *args)
{
    (void)args;
    struct arena *a = arena_new("sample");
    struct derivation *d = step_finish(r->step, a);
    if (d)
        return take(r, a, d);
    arena_free(a);
    return repl_wrong(r, NULL, "`undo` takes the last pick back", "no derivation was found that begins like this");
}

nasc_status repl_abort(struct repl *r, const char *args)
{
    (void)args;
    repl_drop_step(r);
    return NASC_OK;
}
