/* mach.h - what is known of a target machine: data, probed on the host from feature bits (CPUID),
 * never from a model name, or named by --target/--cpu. */
#ifndef NASC_MACH_H
#define NASC_MACH_H
#include "compiler/base/buf.h"

enum mach_isa { ISA_X86_64, ISA_AARCH64, ISA_RISCV64 };
struct mach {
    enum mach_isa isa;
    const char *triple, *cpu, *features;    /* LLVM's spelling: "+avx2,+fma" */
    u32 vector_bits, nvreg;                 /* widest vectors worth using, registers */
    bool fma, masks;                        /* masks: cheap masked loads and stores */
    u64 l1d, l2, l3; u32 cores, line;
};
/* The machine we run on. Strings live in the arena. */
struct arena;
void mach_host(struct mach *m, struct arena *a);
/* Narrows a machine to a level: native (as it is), x86-64-v3 (AVX2 and fused multiply-add) or x86-64-v4 (AVX-512).  false and *why: there is no
 * such level, or the machine lacks something of it. */
bool mach_level(struct mach *m, struct arena *a, const char *level, struct buf *why);
void mach_print(struct buf *b, const struct mach *m);

#endif
