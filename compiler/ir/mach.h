/* mach.h - what is known of a target machine: data, probed on the host from feature bits (CPUID, hardware capabilities),
 * never from a model name, or named by --target, --cpu and --features (mach.def). */
#ifndef NASC_MACH_H
#define NASC_MACH_H
#include "compiler/base/buf.h"

enum mach_isa { ISA_X86_64, ISA_AARCH64, ISA_RISCV64, ISAS };
struct mach {
    enum mach_isa isa;
    const char *triple, *cpu, *features;    /* LLVM's spelling: "+avx2,+fma" */
    const char *tune;                       /* the processor it is tuned for, NULL: none was named */
    const char *name;                       /* what the user named: "native", "riscv64-v" */
    const char *abi;                        /* "lp64d", or NULL: the only one */
    u32 vector_bits, nvreg;                 /* widest vectors worth using (64: pairs of scalars), registers */
    u32 least_bits;                         /* SVE, RVV: vectors that the processor must have at least, else 0 */
    bool fma, masks;                        /* masks: cheap masked loads and stores */
    bool host;                              /* code for it may run here */
    u64 l1d, l2, l3; u32 cores, line;
};
/* The machine we run on. Strings live in the arena. */
struct arena;
void mach_host(struct mach *m, struct arena *a);
/* Narrows a machine to a level or a processor: native (as it is), x86-64-v2, haswell.  false and *why: there is no
 * such, or the machine lacks something of it. */
bool mach_level(struct mach *m, struct arena *a, const char *level, struct buf *why);
/* Any machine.  target: native (or NULL), a name of mach.def, or a triple; cpu: a name of mach.def, or native; features: "+f,-f"; NULL: none.
 * false and *why: there is no such, or they contradict each other. */
bool mach_target(struct mach *m, struct arena *a, const char *target, const char *cpu, const char *features, struct buf *why);
/* What CPUID must answer (eax, ebx, ecx, edx) on x86-64, and which bits XCR0 must have; how many rows, leaf 1 the first.  0: whatever. */
enum { MACH_CPUID = 4 };
struct mach_cpuid { u32 leaf, sub, want[4]; };
u32 mach_cpuid(const struct mach *m, struct mach_cpuid ask[MACH_CPUID], u32 *saved);
const char *mach_isa_name(enum mach_isa isa);           /* x86_64 */
bool mach_has(const struct mach *m, const char *feature);
/* The first feature (with length of vectors, "vectors of 256 bits") that m has and `of` has not; NULL: none.  In the arena. */
const char *mach_lacks(const struct mach *of, const struct mach *m, struct arena *a);
/* What the machine's features say of vectors, registers, fused multiply-add and masks; least_bits of SVE is given. */
void mach_describe(struct mach *m);
/* The k-th target (or processor) that may be named; NULL: no more. */
const char *mach_target_name(u32 k);
const char *mach_cpu_name(u32 k, enum mach_isa *isa);
void mach_print(struct buf *b, const struct mach *m);

#endif
