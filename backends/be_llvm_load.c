/* be_llvm_load.c - object bytes to executable memory.
 *
 * In: a relocatable ELF object for x86-64 as LLVM writes it: code, perhaps constants.  Out: one mapping with its sections, written, relocated
 * within itself, then made read-only and executable.  Holds: nothing is ever writable and executable at once; an object that
 * refers to anything outside of itself is refused, so no kernel can call a library. */
#include "backends/be_llvm.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct object {
    const char *at; size_t bytes;
    const Elf64_Ehdr *head;
    const Elf64_Shdr *sec; u32 nsec;
    u64 *place;                 /* section -> its offset in the mapping; ABSENT: not loaded */
    struct buf *why;
};
#define ABSENT UINT64_MAX

static bool bad(const struct object *o, const char *what)
{
    buf_printf(o->why, "object from LLVM: %s", what);
    return false;
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

static const char *text_at(const struct object *o, u32 section, u64 off)
{
    if (section >= o->nsec || !within(o, o->sec[section].sh_offset, o->sec[section].sh_size) || off >= o->sec[section].sh_size ||
        o->at[o->sec[section].sh_offset + o->sec[section].sh_size - 1])
        return "?";
    return o->at + o->sec[section].sh_offset + off;
}

/* Offsets of the loaded sections; the size of the mapping. */
static bool lay_out(struct object *o, u64 *total)
{
    u64 at = 0;
    for (u32 i = 0; i < o->nsec; i++) {
        const Elf64_Shdr *s = &o->sec[i];
        o->place[i] = ABSENT;
        if (!(s->sh_flags & SHF_ALLOC) || !s->sh_size)
            continue;
        if (s->sh_flags & (SHF_WRITE | SHF_TLS))
            return bad(o, "writable data");
        if (s->sh_type != SHT_PROGBITS && s->sh_type != SHT_NOTE && s->sh_type != SHT_X86_64_UNWIND)
            return bad(o, "a section of unknown type");
        u64 align = s->sh_addralign ? s->sh_addralign : 1;
        if (!within(o, s->sh_offset, s->sh_size) || (align & (align - 1)) || align > 4096)
            return bad(o, "a section outside of the file");
        at = (at + align - 1) & ~(align - 1);
        o->place[i] = at;
        at += s->sh_size;
    }
    *total = at;
    return at > 0 || bad(o, "no code");
}

/* Applies one table of relocations to a section already in place. */
static bool relocate(const struct object *o, u8 *map, const Elf64_Shdr *table)
{
    u64 nrel, nsym;
    const Elf64_Rela *rel = entries(o, table, sizeof *rel, &nrel);
    if (!rel || table->sh_info >= o->nsec || table->sh_link >= o->nsec)
        return bad(o, "a bad table of relocations");
    const Elf64_Shdr *target = &o->sec[table->sh_info], *symbols = &o->sec[table->sh_link];
    if (o->place[table->sh_info] == ABSENT)
        return true;
    const Elf64_Sym *sym = entries(o, symbols, sizeof *sym, &nsym);
    if (!sym)
        return bad(o, "a bad table of symbols");
    for (u64 i = 0; i < nrel; i++) {
        u64 k = ELF64_R_SYM(rel[i].r_info);
        u32 type = (u32)ELF64_R_TYPE(rel[i].r_info);
        bool near = type == R_X86_64_PC32 || type == R_X86_64_PLT32;
        if (k >= nsym || (!near && type != R_X86_64_64 && type != R_X86_64_PC64))
            return bad(o, "a relocation of unknown type");
        if (sym[k].st_shndx == SHN_UNDEF || sym[k].st_shndx >= o->nsec || o->place[sym[k].st_shndx] == ABSENT) {
            buf_printf(o->why, "a kernel refers to `%s`, but kernels are freestanding", text_at(o, symbols->sh_link, sym[k].st_name));
            return false;
        }
        if (rel[i].r_offset > target->sh_size || target->sh_size - rel[i].r_offset < (near ? 4u : 8u))
            return bad(o, "a relocation outside of its section");
        u8 *where = map + o->place[table->sh_info] + rel[i].r_offset;
        u64 value = (u64)(uintptr_t)(map + o->place[sym[k].st_shndx]) + sym[k].st_value + (u64)rel[i].r_addend;
        if (type != R_X86_64_64)
            value -= (u64)(uintptr_t)where;
        if (near && (i64)value != (i32)value)
            return bad(o, "a relocation that does not fit");
        memcpy(where, &value, near ? 4 : 8);
    }
    return true;
}

static bool find_symbols(const struct object *o, u8 *map, u32 n, struct llvm_symbol *want)
{
    u32 found = 0;
    for (u32 i = 0; i < o->nsec; i++) {
        u64 nsym;
        if (o->sec[i].sh_type != SHT_SYMTAB)
            continue;
        const Elf64_Sym *sym = entries(o, &o->sec[i], sizeof *sym, &nsym);
        if (!sym)
            return bad(o, "a bad table of symbols");
        for (u64 k = 1; k < nsym; k++) {
            const char *name = text_at(o, o->sec[i].sh_link, sym[k].st_name);
            if (sym[k].st_shndx == SHN_UNDEF && sym[k].st_name) {
                buf_printf(o->why, "a kernel refers to `%s`, but kernels are freestanding", name);
                return false;
            }
            if (ELF64_ST_TYPE(sym[k].st_info) != STT_FUNC || sym[k].st_shndx >= o->nsec || o->place[sym[k].st_shndx] == ABSENT)
                continue;
            for (u32 j = 0; j < n; j++)
                if (!want[j].at && strcmp(want[j].name, name) == 0) {
                    want[j].at = map + o->place[sym[k].st_shndx] + sym[k].st_value;
                    want[j].bytes = sym[k].st_size;
                    found++;
                }
        }
    }
    return found == n || bad(o, "a kernel is missing");
}

static bool load(struct object *o, struct llvm_code **code, u32 n, struct llvm_symbol *want)
{
    u64 bytes = 0, page = (u64)sysconf(_SC_PAGESIZE);
    if (!lay_out(o, &bytes))
        return false;
    bytes = (bytes + page - 1) & ~(page - 1);
    u8 *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        buf_printf(o->why, "no memory for code: %s", strerror(errno));
        return false;
    }
    bool ok = true;
    for (u32 i = 0; i < o->nsec; i++)
        if (o->place[i] != ABSENT)
            memcpy(map + o->place[i], o->at + o->sec[i].sh_offset, o->sec[i].sh_size);
    for (u32 i = 0; i < o->nsec && ok; i++)
        if (o->sec[i].sh_type == SHT_RELA)
            ok = relocate(o, map, &o->sec[i]);
    ok = ok && find_symbols(o, map, n, want);
    if (ok && mprotect(map, bytes, PROT_READ | PROT_EXEC) != 0) {
        buf_printf(o->why, "code may not be made executable: %s", strerror(errno));
        ok = false;
    }
    struct llvm_code *c = ok ? malloc(sizeof *c) : NULL;
    if (!c) {
        munmap(map, bytes);
        return false;
    }
    *c = (struct llvm_code){ map, bytes, *code };
    *code = c;
    return true;
}

enum llvm_loaded llvm_load(struct llvm_code **code, const char *at, size_t bytes, u32 n, struct llvm_symbol *sym, struct buf *why)
{
    struct object o = { .at = at, .bytes = bytes, .why = why };
    const Elf64_Ehdr *h = (const void *)at;
    if (bytes < sizeof *h || (uintptr_t)at % 8 || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 || h->e_ident[EI_CLASS] != ELFCLASS64 ||
        h->e_machine != EM_X86_64 || h->e_type != ET_REL)
        return LLVM_NOT_OURS;
    o.head = h;
    o.nsec = h->e_shnum;
    o.sec = (const void *)(at + h->e_shoff);
    if (h->e_shoff % 8 || h->e_shentsize != sizeof *o.sec || !within(&o, h->e_shoff, (u64)h->e_shnum * sizeof *o.sec)) {
        bad(&o, "a bad table of sections");
        return LLVM_BAD_OBJECT;
    }
    o.place = calloc(o.nsec + 1, sizeof *o.place);
    if (!o.place)
        return LLVM_BAD_OBJECT;
    bool ok = load(&o, code, n, sym);
    free(o.place);
    return ok ? LLVM_LOADED : LLVM_BAD_OBJECT;
}

void llvm_unload(struct llvm_code *code)
{
    while (code) {
        struct llvm_code *next = code->next;
        munmap(code->at, code->bytes);
        free(code);
        code = next;
    }
}
