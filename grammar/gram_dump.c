/* gram_dump.c - a checked grammar as text (--dump=gram). */
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
