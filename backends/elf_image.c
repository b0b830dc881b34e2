/* elf_image.c - object bytes to images: each function with the constants it refers to, free of relocations.
 *
 * In: a relocatable ELF object for x86-64 as LLVM or GCC writes it, each function in a section of its own.  Out: per function its text, then its
 * constants, references patched relative to each other.
 *
 *     .text.k0  <code>  .rodata.cst4  1.0 | 0.5     ->   k0: <code> .. 1.0
 *     .text.k1  <code>  .rodata       0,1,2,..           k1: <code> .. 0,1,2,.. | 0.5
 *
 * Holds: an image's bytes depend on its function alone, not on what was compiled along.  Constants that sections share among functions are
 * told apart by their symbol, or, in sections without (LLVM's), by the 64-byte grid they stand on; a function whose constants
 * cannot be (IMAGE_ALONE) is compiled once more by itself, and takes whole sections along.  An object that refers to anything outside of
 * itself is refused, so no kernel can call a library. */
#include "backends/elf_image.h"

#include <elf.h>

struct object {
    const char *at; size_t bytes;
    const Elf64_Shdr *sec; u32 nsec;
    const Elf64_Sym *sym; u64 nsym; u32 names;          /* names: the section of their names */
    struct arena *a;
    struct buf *why;
};

/* A piece of a constant section that an image takes along. */
struct piece { u32 sec; u64 from, bytes, align, place; };
struct pieces { VEC(struct piece) at; };

static enum image_verdict bad(const struct object *o, const char *what)
{
    buf_printf(o->why, "object: %s", what);
    return IMAGE_BAD;
}

static bool within(const struct object *o, u64 from, u64 n)
{
    return from <= o->bytes && n <= o->bytes - from;
}

/* The table of n entries of a section, or NULL. */
static const void *entries(const struct object *o, const Elf64_Shdr *s, size_t size, u64 *n)
{
    if (!within(o, s->sh_offset, s->sh_size) || s->sh_offset % 8 || s->sh_entsize != size)
        return NULL;
    *n = s->sh_size / size;
    return o->at + s->sh_offset;
}

static const char *name_at(const struct object *o, u64 off)
{
    const Elf64_Shdr *s = o->names < o->nsec ? &o->sec[o->names] : NULL;
    if (!s || !within(o, s->sh_offset, s->sh_size) || off >= s->sh_size || o->at[s->sh_offset + s->sh_size - 1])
        return "?";
    return o->at + s->sh_offset + off;
}

static u64 up(u64 x, u64 align)
{
    return (x + align - 1) & ~(align - 1);
}

static bool power_of_two(u64 x)
{
    return x && !(x & (x - 1));
}

/* Is another symbol where this one is?  GCC puts a constant at the start of a longer one that begins with the same bytes. */
static bool shared(const struct object *o, const Elf64_Sym *sym)
{
    for (u64 k = 1; k < o->nsym; k++)
        if (&o->sym[k] != sym && o->sym[k].st_shndx == sym->st_shndx && o->sym[k].st_value == sym->st_value && ELF64_ST_TYPE(o->sym[k].st_info) != STT_SECTION)
            return true;
    return false;
}

/* The piece of constant section `sec` that an access at section offset `t` + up to 4 bytes of immediate operand means. */
static enum image_verdict find_piece(const struct object *o, u32 sec, const Elf64_Sym *sym, i64 t, enum image_by by, struct piece *out)
{
    const Elf64_Shdr *s = &o->sec[sec];
    u64 align = s->sh_addralign ? s->sh_addralign : 1;
    if (!power_of_two(align) || align > IMAGE_MOST_ALIGN || !within(o, s->sh_offset, s->sh_size))
        return bad(o, "a section outside of the file");
    if (s->sh_type != SHT_PROGBITS || s->sh_flags & (SHF_WRITE | SHF_EXECINSTR | SHF_TLS) || !(s->sh_flags & SHF_ALLOC))
        return bad(o, "a reference to what is no constant");
    for (u32 i = 0; i < o->nsec; i++)
        if ((o->sec[i].sh_type == SHT_RELA || o->sec[i].sh_type == SHT_REL) && o->sec[i].sh_info == sec && o->sec[i].sh_size)
            return bad(o, "constants that are addresses");
    if (by == IMAGE_WHOLE) {
        *out = (struct piece){ .sec = sec, .bytes = s->sh_size, .align = align };
        return IMAGE_DONE;
    }
    bool merge = s->sh_flags & SHF_MERGE && power_of_two(s->sh_entsize) && s->sh_entsize <= IMAGE_MOST_ALIGN;
    u64 grid = merge ? s->sh_entsize : IMAGE_MOST_ALIGN, from;
    if (by == IMAGE_BY_SYMBOL && (ELF64_ST_TYPE(sym->st_info) == STT_SECTION || shared(o, sym)))
        return IMAGE_ALONE;
    if (ELF64_ST_TYPE(sym->st_info) != STT_SECTION)
        from = sym->st_value;
    else if (t < 0 || up((u64)t, grid) - (u64)t > 4)
        return IMAGE_ALONE;
    else
        from = up((u64)t, grid);
    if (from % grid || from >= s->sh_size)
        return IMAGE_ALONE;
    *out = (struct piece){ .sec = sec, .from = from, .bytes = MIN(grid, s->sh_size - from), .align = grid };
    return IMAGE_DONE;
}

static u32 take(const struct object *o, struct pieces *p, const struct piece *x)
{
    for (u32 i = 0; i < p->at.n; i++)
        if (p->at.at[i].sec == x->sec && p->at.at[i].from == x->from)
            return i;
    vec_push(o->a, &p->at, *x);
    return p->at.n - 1;
}

/* Relocations of a text section one after the other; those that refer to constants: pass 0 collects them, pass 1 patches. */
static enum image_verdict walk(const struct object *o, u32 text, u64 base, u64 bytes, enum image_by by, struct pieces *p, u8 *image)
{
    for (u32 i = 0; i < o->nsec; i++) {
        const Elf64_Shdr *table = &o->sec[i];
        if (table->sh_info != text || (table->sh_type != SHT_RELA && table->sh_type != SHT_REL))
            continue;
        u64 n;
        const Elf64_Rela *rel = table->sh_type == SHT_RELA ? entries(o, table, sizeof *rel, &n) : NULL;
        if (!rel)
            return bad(o, "a bad table of relocations");
        for (u64 k = 0; k < n; k++) {
            u64 which = ELF64_R_SYM(rel[k].r_info), at = rel[k].r_offset - base;
            u32 type = (u32)ELF64_R_TYPE(rel[k].r_info);
            if (which >= o->nsym || (type != R_X86_64_PC32 && type != R_X86_64_PLT32))
                return bad(o, "a relocation of unknown type");
            if (rel[k].r_offset < base || at > bytes || bytes - at < 4)
                return bad(o, "a relocation outside of its function");
            const Elf64_Sym *sym = &o->sym[which];
            if (sym->st_shndx == SHN_UNDEF || sym->st_shndx >= o->nsec) {
                buf_printf(o->why, "a kernel refers to `%s`, but kernels are freestanding", name_at(o, sym->st_name));
                return IMAGE_BAD;
            }
            i64 target = (i64)sym->st_value + rel[k].r_addend;          /* within its section; 4 (and the immediate) short */
            if (sym->st_shndx == text) {
                target -= (i64)base;
            } else {
                struct piece x;
                enum image_verdict v = find_piece(o, sym->st_shndx, sym, target + 4, by, &x);
                if (v != IMAGE_DONE)
                    return v;
                u32 mine = take(o, p, &x);
                target += (i64)p->at.at[mine].place - (i64)p->at.at[mine].from;
            }
            i64 value = target - (i64)at;
            if (value != (i32)value)
                return bad(o, "a relocation that does not fit");
            if (image) {
                i32 v32 = (i32)value;
                memcpy(image + at, &v32, 4);
            }
        }
    }
    return IMAGE_DONE;
}

static enum image_verdict make(const struct object *o, const Elf64_Sym *f, enum image_by by, struct be_image *out)
{
    const Elf64_Shdr *s = &o->sec[f->st_shndx];
    u64 base = f->st_value, text = f->st_size;
    if (!within(o, s->sh_offset, s->sh_size) || base > s->sh_size || text > s->sh_size - base || !text || text > IMAGE_MOST_BYTES ||
        !(s->sh_flags & SHF_EXECINSTR) || s->sh_type != SHT_PROGBITS || s->sh_addralign > IMAGE_MOST_ALIGN)
        return bad(o, "a function that is no code");
    struct pieces p = { 0 };
    enum image_verdict v = walk(o, f->st_shndx, base, text, by, &p, NULL);
    if (v != IMAGE_DONE)
        return v;
    u64 bytes = text;
    for (u64 align = IMAGE_MOST_ALIGN; align && p.at.n; align /= 2)
        for (u32 i = 0; i < p.at.n; i++)
            if (p.at.at[i].align == align) {
                bytes = up(bytes, bytes == text ? (u64)IMAGE_MOST_ALIGN : align);       /* code and constants: not in one cache line */
                p.at.at[i].place = bytes;
                bytes += p.at.at[i].bytes;
                if (bytes > IMAGE_MOST_BYTES)
                    return bad(o, "a function that is too long");
            }
    u8 *image = arena_alloc(o->a, bytes);
    memcpy(image, o->at + s->sh_offset + base, text);
    for (u32 i = 0; i < p.at.n; i++)
        memcpy(image + p.at.at[i].place, o->at + o->sec[p.at.at[i].sec].sh_offset + p.at.at[i].from, p.at.at[i].bytes);
    v = walk(o, f->st_shndx, base, text, by, &p, image);
    *out = (struct be_image){ .at = image, .bytes = (u32)bytes, .align = IMAGE_MOST_ALIGN };
    return v;
}

static const Elf64_Sym *find_symbol(const struct object *o, const char *name)
{
    for (u64 k = 1; k < o->nsym; k++)
        if (ELF64_ST_TYPE(o->sym[k].st_info) == STT_FUNC && o->sym[k].st_shndx < o->nsec && strcmp(name_at(o, o->sym[k].st_name), name) == 0)
            return &o->sym[k];
    return NULL;
}

bool elf_object_ours(const char *at, size_t bytes)
{
    const Elf64_Ehdr *h = (const void *)at;
    return bytes >= sizeof *h && (uintptr_t)at % 8 == 0 && memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 && h->e_ident[EI_CLASS] == ELFCLASS64 &&
           h->e_machine == EM_X86_64 && h->e_type == ET_REL;
}

enum image_verdict elf_images(struct arena *a, const char *at, size_t bytes, u32 n, const char *const *name, enum image_by by, struct be_image *out,
                               bool *alone, struct buf *why)
{
    const Elf64_Ehdr *h = (const void *)at;
    struct object o = { .at = at, .bytes = bytes, .sec = (const void *)(at + h->e_shoff), .nsec = h->e_shnum, .a = a, .why = why };
    if (h->e_shoff % 8 || h->e_shentsize != sizeof *o.sec || !within(&o, h->e_shoff, (u64)h->e_shnum * sizeof *o.sec))
        return bad(&o, "a bad table of sections");
    for (u32 i = 0; i < o.nsec && !o.sym; i++)
        if (o.sec[i].sh_type == SHT_SYMTAB) {
            o.sym = entries(&o, &o.sec[i], sizeof *o.sym, &o.nsym);
            o.names = o.sec[i].sh_link;
            if (!o.sym)
                return bad(&o, "a bad table of symbols");
        }
    for (u32 i = 0; i < n; i++) {
        const Elf64_Sym *f = find_symbol(&o, name[i]);
        if (!f)
            return bad(&o, "a kernel is missing");
        enum image_verdict v = make(&o, f, by, &out[i]);
        alone[i] = v == IMAGE_ALONE && by != IMAGE_WHOLE;
        if (v != IMAGE_DONE && !alone[i])
            return IMAGE_BAD;
    }
    return IMAGE_DONE;
}
