/* elf_alone.c - see elf_alone.h: the symbols of an object that it does not define, and its sections that can be written. */
#include "backends/elf_alone.h"

#include <elf.h>
#include <string.h>

static bool bad(struct buf *why, const char *what)
{
    buf_printf(why, "the object %s", what);
    return false;
}

static bool within(size_t bytes, u64 from, u64 n)
{
    return from <= bytes && n <= bytes - from;
}

/* A section that is written while it is loaded, and not after: by its name. */
static bool relocated(const u8 *at, size_t bytes, const Elf64_Ehdr *h, const Elf64_Shdr *s)
{
    static const char name[] = ".data.rel.ro";
    const Elf64_Shdr *sec = (const void *)(at + h->e_shoff), *names = h->e_shstrndx < h->e_shnum ? &sec[h->e_shstrndx] : NULL;
    return names && within(bytes, names->sh_offset, names->sh_size) && s->sh_name < names->sh_size && names->sh_size - s->sh_name > strlen(name) &&
           memcmp(at + names->sh_offset + s->sh_name, name, strlen(name)) == 0;
}

bool elf_stands_alone(struct arena *tmp, const void *object, size_t bytes, struct buf *why)
{
    static const char *const known[] = { "", "memcpy", "memset" };
    const u8 *at = (uintptr_t)object % 8 ? arena_dup(tmp, object, bytes) : object;
    const Elf64_Ehdr *h = (const void *)at;
    if (bytes < sizeof *h || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 || h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB ||
        h->e_type != ET_REL)
        return bad(why, "is not a relocatable ELF file of 64 bits");
    const Elf64_Shdr *sec = (const void *)(at + h->e_shoff);
    if (h->e_shoff % 8 || h->e_shentsize != sizeof *sec || !within(bytes, h->e_shoff, (u64)h->e_shnum * sizeof *sec))
        return bad(why, "has a bad table of sections");
    for (u32 i = 0; i < h->e_shnum; i++) {
        const Elf64_Shdr *s = &sec[i];
        if (s->sh_type == SHT_NOBITS && s->sh_size)
            return bad(why, "has variables");
        if (s->sh_type == SHT_PROGBITS && s->sh_flags & SHF_WRITE && s->sh_flags & SHF_ALLOC && s->sh_size && !relocated(at, bytes, h, s))
            return bad(why, "has variables");
        if (s->sh_type != SHT_SYMTAB)
            continue;
        const Elf64_Shdr *names = s->sh_link < h->e_shnum ? &sec[s->sh_link] : NULL;
        if (s->sh_offset % 8 || !within(bytes, s->sh_offset, s->sh_size) || !names || !within(bytes, names->sh_offset, names->sh_size) || !names->sh_size ||
            at[names->sh_offset + names->sh_size - 1])
            return bad(why, "has a bad table of symbols");
        const Elf64_Sym *sym = (const void *)(at + s->sh_offset);
        for (u64 k = 1; k < s->sh_size / sizeof *sym; k++) {
            const char *name = sym[k].st_name < names->sh_size ? (const char *)at + names->sh_offset + sym[k].st_name : "?";
            bool fine = sym[k].st_shndx != SHN_UNDEF;
            for (u32 j = 0; j < COUNTOF(known); j++)
                fine |= strcmp(name, known[j]) == 0;
            if (!fine) {
                buf_printf(why, "the object refers to `%s`, but models call nothing but memcpy and memset", name);
                return false;
            }
        }
    }
    return true;
}
