/* be_gccjit_data.c - a unit's constant data as text of the assembler, which says where bytes lie and what may write them; libgccjit's own globals can
 * always be written, and cost a tree for each number.
 *
 *     .pushsection .rodata                                  .pushsection .data.rel.ro,"aw"     addresses: what loads it fills them in
 *     .balign 64                                            net_model: nasc_net_model:
 *     nasc_c0:                                                  .quad 1,2
 *         .quad 0x3f800000bf800000,..                           .quad nasc_text_net+8
 *     .incbin "DIR/0.c3"        where files are, the large ones */
#include "backends/be_gccjit.h"

#include "compiler/base/arena.h"

#include <errno.h>
#include <stdio.h>

enum { FILE_FROM = 4096, IN_A_LINE = 8 };

/* Bytes as numbers of the machine, which is ours. */
static void bytes_as_text(struct buf *b, const u8 *at, u64 n)
{
    u64 i = 0, x;
    for (u32 k = 0; i + 8 <= n; i += 8, k++) {
        memcpy(&x, at + i, 8);
        buf_printf(b, "%s%#llx", k % IN_A_LINE ? "," : k ? "\n\t.quad " : "\t.quad ", (unsigned long long)x);
    }
    if (i)
        buf_putc(b, '\n');
    for (u64 first = i; i < n; i++)
        buf_printf(b, "%s%u%s", i > first ? "," : "\t.byte ", at[i], i + 1 == n ? "\n" : "");
}

static void quoted(struct buf *b, const char *s)
{
    buf_putc(b, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            buf_putc(b, '\\');
        buf_putc(b, *s);
    }
    buf_putc(b, '"');
}

static bool bytes_as_file(struct buf *b, const char *path, const u8 *at, u64 n, struct buf *why)
{
    FILE *f = fopen(path, "wb");
    bool ok = f && fwrite(at, 1, n, f) == n;
    if (f)
        ok = fclose(f) == 0 && ok;
    if (!ok) {
        buf_printf(why, "%s: %s", path, strerror(errno));
        return false;
    }
    buf_puts(b, "\t.incbin ");
    quoted(b, path);
    buf_putc(b, '\n');
    return true;
}

static void label(struct buf *b, const char *name, u64 bytes, bool global)
{
    if (global)
        buf_printf(b, "\t.globl %s\n", name);
    buf_printf(b, "\t.type %s,@object\n\t.size %s,%llu\n%s:\n", name, name, (unsigned long long)bytes, name);
}

bool gj_data(struct buf *b, struct arena *tmp, const struct unit *u, const char *const *name, const char *files, struct buf *why)
{
    for (u32 i = 0; i < u->data.n; i++) {
        const struct unit_data *x = &u->data.at[i];
        u64 at = 0;
        buf_printf(b, "\t.pushsection %s\n\t.balign %u\n", x->nref ? ".data.rel.ro,\"aw\"" : ".rodata", x->align);
        if (x->global)
            label(b, x->name, x->bytes, true);
        label(b, name[i], x->bytes, false);
        if (!x->nref && files && x->bytes >= FILE_FROM) {
            if (!bytes_as_file(b, arena_printf(tmp, "%s.c%u", files, i), x->at, x->bytes, why))
                return false;
            at = x->bytes;
        }
        for (u32 k = 0; k < x->nref; k++) {
            const struct unit_ref *r = &x->ref[k];
            CHECK(r->at >= at && r->at + 8 <= x->bytes);
            bytes_as_text(b, x->at + at, r->at - at);
            buf_printf(b, "\t.quad %s+%llu\n", r->fn ? u->fn.at[r->index].name : name[r->index], (unsigned long long)r->addend);
            at = r->at + 8;
        }
        bytes_as_text(b, x->at + at, x->bytes - at);
        buf_puts(b, "\t.popsection\n");
    }
    return true;
}
