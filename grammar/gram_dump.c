/* gram_dump.c - a checked grammar as text: everything (--dump=gram), and what `nasc check` reports. */
#include "grammar/gram_load.h"

static const char *const form_name[] = {"rule", "net", "space"};
static const char *const yield_name[] = {"value", "stage", "size"};

static void dump_rule(struct buf *b, const struct gram_rule *r)
{
    buf_printf(b, "  (%s %s", form_name[r->form], r->set->d.name);
    if (r->set->overload.n > 1)
        buf_printf(b, " (overload %u)", r->number);
    buf_printf(b, " (yields %s)%s%s", yield_name[r->yield], r->draws ? " draws" : "", r->inline_ ? " inline" : "");
    buf_puts(b, " (slots");
    for (u32 i = 0; i < r->nslot; i++)
        buf_printf(b, " %s", r->slot_name[i] ? r->slot_name[i] : "_");
    buf_printf(b, ") (attributes %u) (parameters %u)", r->nattr, r->nparam);
    for (u32 i = 0; i < r->nalt; i++) {
        const struct gram_alt *a = &r->alt[i];
        buf_puts(b, "\n    (alternative");
        if (a->fors)
            buf_printf(b, " (families %u)", a->fors->nkid);
        if (a->weight && a->weight->kind != A_HOLE)
            buf_puts(b, " weighted");
        if (a->where)
            buf_puts(b, " where");
        if (a->inline_of)
            buf_printf(b, " (inline %s)", a->inline_of->d.name);
        for (u32 k = 0; a->note && k < a->note->nkid; k++) {
            buf_putc(b, ' ');
            buf_json(b, a->note->kid[k]->text, strlen(a->note->kid[k]->text));
        }
        buf_putc(b, ')');
    }
    buf_puts(b, ")\n");
}

void gram_dump(struct buf *b, const struct gram *g)
{
    for (u32 i = 0; i < g->module.n; i++) {
        const struct gram_module *m = g->module.at[i];
        buf_printf(b, "(module %s\n", m->name);
        for (u32 k = 0; k < m->import.n; k++)
            buf_printf(b, "  (import %s%s%s)\n", m->import.at[k].module->name, m->import.at[k].alias ? " as " : "",
                       m->import.at[k].alias ? m->import.at[k].alias : "");
        for (u32 k = 0; k < m->decl.n; k++) {
            const struct gram_decl *d = m->decl.at[k];
            switch (d->kind) {
            case GD_CONST: {
                const struct gram_const *c = (const struct gram_const *)d;
                buf_printf(b, "  (const %s ", d->name);
                if (c->s)
                    buf_json(b, c->s, strlen(c->s));
                else
                    num_print(b, c->v);
                buf_puts(b, c->overridden ? " overridden)\n" : ")\n");
                break;
            }
            case GD_OPS:
                buf_printf(b, "  (op %s (overloads", d->name);
                for (u32 j = 0; j < ((const struct gram_ops *)d)->overload.n; j++)
                    buf_printf(b, " %u", ((const struct gram_ops *)d)->overload.at[j]->overload);
                buf_puts(b, "))\n");
                break;
            case GD_RULES:
                for (u32 j = 0; j < ((const struct gram_rules *)d)->overload.n; j++)
                    dump_rule(b, ((const struct gram_rules *)d)->overload.at[j]);
                break;
            case GD_MONOID:
                buf_printf(b, "  (monoid %s)\n", d->name);
                break;
            case GD_TEXT:
                buf_printf(b, "  (text %s)\n", d->name);
                break;
            case GD_ARCH:
                buf_printf(b, "  (arch %s)\n", d->name);
                break;
            }
        }
        buf_puts(b, ")\n");
    }
}

/* ---- the report ---- */

/* How many alternatives, families spelled out; exact: false where they depend on arguments. */
static u32 alternatives(const struct gram_rule *r, bool *exact)
{
    const u32 *n = r->cache;            /* struct acases begins with its number */
    if (n)
        return *n;
    *exact = false;
    return r->nalt;
}

static void seen_rules(const struct ast *n, const struct gram_rules **seen, u32 *nseen, u32 cap)
{
    if (!n)
        return;
    if (n->bind.kind == BIND_RULE) {
        const struct gram_rules *s = n->bind.ptr;
        bool there = false;
        for (u32 i = 0; i < *nseen && !there; i++)
            there = seen[i] == s;
        if (!there && *nseen < cap) {
            seen[(*nseen)++] = s;
            for (u32 i = 0; i < s->overload.n; i++)
                seen_rules(s->overload.at[i]->ast, seen, nseen, cap);
        }
    }
    for (u32 i = 0; i < n->nkid; i++)
        seen_rules(n->kid[i], seen, nseen, cap);
}

static void report_rule(struct buf *b, const struct gram_rule *r)
{
    bool exact = true;
    u32 n = alternatives(r, &exact);
    size_t from = b->n;
    buf_printf(b, "    %s", r->set->d.name);
    if (r->nattr) {
        buf_putc(b, '[');
        for (u32 i = 0; i < r->nattr; i++)
            buf_printf(b, "%s%s", i ? ", " : "", r->slot_name[i]);
        buf_putc(b, ']');
    }
    while (b->n - from < 28)
        buf_putc(b, ' ');
    buf_printf(b, " %s%u alternative%s", exact ? "" : "at least ", n, n == 1 ? "" : "s");
    if (r->inline_)
        buf_puts(b, ", inline");
    if (r->yield != RY_VALUE)
        buf_printf(b, ", %ss", yield_name[r->yield]);
    buf_putc(b, '\n');
}

static void report_space(struct buf *b, const struct gram_rule *s)
{
    const struct gram_rules *seen[512];
    u32 n = 0;
    buf_printf(b, "space %s", s->set->d.name);
    for (u32 i = 0; i < s->nattr; i++)
        buf_printf(b, "%s%s%s", i ? ", " : "[", s->slot_name[i], i + 1 == s->nattr ? "]" : "");
    buf_putc(b, '\n');
    seen_rules(s->ast, seen, &n, COUNTOF(seen));
    for (u32 i = 0; i < n; i++)
        for (u32 k = 0; k < seen[i]->overload.n; k++)
            if (seen[i]->overload.at[k]->form == RF_RULE)
                report_rule(b, seen[i]->overload.at[k]);
}

void gram_report(struct buf *b, const struct gram *g)
{
    const struct gram_module *m = g->module.at[g->module.n - 1];
    u32 nop = 0, nrule = 0, nnet = 0;
    bool space = false;
    for (u32 i = 0; i < m->decl.n; i++) {
        const struct gram_decl *d = m->decl.at[i];
        if (d->kind == GD_OPS)
            nop += ((const struct gram_ops *)d)->ast.n;
        if (d->kind != GD_RULES)
            continue;
        const struct gram_rules *s = (const struct gram_rules *)d;
        if (s->overload.at[0]->form == RF_SPACE) {
            report_space(b, s->overload.at[0]);
            space = true;
        } else if (s->overload.at[0]->form == RF_NET) {
            nnet += s->overload.n;
        } else {
            nrule += s->overload.n;
        }
    }
    buf_printf(b, "%s%s: %u op%s, %u rule%s, %u net%s\n", space ? "" : "module ", m->name, nop, nop == 1 ? "" : "s", nrule,
               nrule == 1 ? "" : "s", nnet, nnet == 1 ? "" : "s");
}
