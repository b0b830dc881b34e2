/* nasc_model.h - what a network compiled ahead of time offers to C and C++.
 *
 * An object file holds models: for each one constant `const nasc_model NAME_model` and the functions it points to.  They are
 * reentrant, write nothing but what they are given, and call nothing but memcpy and memset.
 *
 *     void *packed = aligned_alloc(64, m->packed_bytes);
 *     m->load(weights, packed);                            // once for a set of weights
 *     void *arena = aligned_alloc(64, nasc_arena_bytes(m, batch, 1));
 *     m->forward(packed, inputs, outputs, arena, batch, NULL);
 *
 * Arrays are row-major and little-endian, the batch outermost.  Needs only a freestanding compiler. */
#ifndef NASC_MODEL_H
#define NASC_MODEL_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NASC_MODEL_ABI 1
#define NASC_MODEL_ALIGN 64             /* of weights, packed and arena; inputs and outputs: of their elements */

typedef enum { NASC_F64, NASC_F32, NASC_F16, NASC_BF16, NASC_I64, NASC_I32, NASC_I8, NASC_U8, NASC_BOOL } nasc_dtype;

typedef struct nasc_tensor {
    const char *name;
    uint32_t dtype, rank;               /* enum nasc_dtype */
    const int64_t *extent;              /* of one sample */
    uint64_t offset, bytes;             /* weights: where it lies in the block that load reads; bytes of one sample */
} nasc_tensor;

/* How the caller shares work among threads.  run calls body(arg, lo, hi, worker) for ranges that cover [0, n) once, and returns when all
 * are done; no two calls at a time have the same worker, which is below `workers`. */
typedef void (*nasc_range)(void *arg, int64_t lo, int64_t hi, uint32_t worker);
typedef struct nasc_parallel {
    void *ctx;
    uint32_t workers;
    void (*run)(void *ctx, int64_t n, nasc_range body, void *arg);
} nasc_parallel;

/* load: NASC_MODEL_WRONG_CPU, nothing written, where this processor lacks what the code was made for: on x86-64 any of `features`; with SVE and RISC-V's V vectors
 * of `vector_bits`.  Other features of AArch64 and RISC-V only the operating system knows, V and SVE themselves among them: on Linux, nasc_cpu_check of cpu.h asks. */
enum { NASC_MODEL_OK = 0, NASC_MODEL_WRONG_CPU = 1 };

typedef struct nasc_model {
    uint32_t abi;                       /* NASC_MODEL_ABI */
    uint32_t ninput, noutput, nweight;
    const char *name, *id;              /* id: 32 hexadecimal digits, of the architecture (docs/probability.md) */
    const char *arch;                   /* its text */
    const char *target, *cpu, *features, *compiler;     /* what it is code for, and by whom */
    uint32_t vector_bits;               /* vectors that the processor has at least: of RVV and SVE, else 0 */
    uint32_t flags;                     /* 0 */
    const nasc_tensor *input, *output, *weight;
    uint64_t weights_bytes;             /* of the block that load reads */
    uint64_t packed_bytes;              /* of what it writes and forward reads */
    uint64_t sample_bytes, worker_bytes;        /* of an arena: for each sample of a batch, for each worker */
    int (*load)(const void *weights, void *packed);
    void (*forward)(const void *packed, const void *const *inputs, void *const *outputs, void *arena, int64_t batch, const nasc_parallel *par);
} nasc_model;

/* Bytes of an arena for a batch and so many workers (1 without nasc_parallel). */
static inline uint64_t nasc_arena_bytes(const nasc_model *m, int64_t batch, uint32_t workers)
{
    return m->sample_bytes * (uint64_t)batch + m->worker_bytes * workers;
}

#ifdef __cplusplus
}
#endif
#endif
