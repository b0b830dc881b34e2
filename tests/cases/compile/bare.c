/* bare.c - a program without an operating system's library around a model: start, memory, two system calls.  -DMODEL=NAME_model, and -DWEIGHTS=NAME_weights
 * where these are in the object (else they are numbers by formula).  Input: numbers by formula; the output's bytes go to standard output. */
#include "nasc_model.h"

#include <stddef.h>

#if defined(__x86_64__)
__asm__(".globl _start\n_start: and $-16, %rsp\n call run\n mov %eax, %edi\n mov $60, %eax\n syscall\n");
static void put(const void *p, size_t n)
{
    __asm__ volatile("syscall" : : "a"(1L), "D"(1L), "S"(p), "d"(n) : "rcx", "r11", "memory");
}
#elif defined(__aarch64__)
__asm__(".globl _start\n_start: bl run\n mov x8, #93\n svc #0\n");
static void put(const void *p, size_t n)
{
    register long call __asm__("x8") = 64, fd __asm__("x0") = 1;
    register const void *from __asm__("x1") = p;
    register size_t size __asm__("x2") = n;
    __asm__ volatile("svc #0" : "+r"(fd) : "r"(call), "r"(from), "r"(size) : "memory");
}
#else
__asm__(".globl _start\n_start: .option push\n .option norelax\n la gp, __global_pointer$\n .option pop\n call run\n li a7, 93\n ecall\n");
static void put(const void *p, size_t n)
{
    register long call __asm__("a7") = 64, fd __asm__("a0") = 1;
    register const void *from __asm__("a1") = p;
    register size_t size __asm__("a2") = n;
    __asm__ volatile("ecall" : "+r"(fd) : "r"(call), "r"(from), "r"(size) : "memory");
}
#endif

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((volatile char *)to)[i] = ((const char *)from)[i];
    return to;
}
void *memset(void *to, int c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((volatile char *)to)[i] = (char)c;
    return to;
}

extern const nasc_model MODEL;
#ifndef WEIGHTS
#define OWN_WEIGHTS
#define WEIGHTS weights
#endif
#define ROOM __attribute__((aligned(64)))
static unsigned char packed[1 << 23] ROOM, arena[1 << 23] ROOM;
static float x[1 << 16] ROOM, y[1 << 16] ROOM;
#ifndef OWN_WEIGHTS
extern const unsigned char WEIGHTS[];
#else
static float WEIGHTS[1 << 20] ROOM;
#endif

int run(void)
{
    const nasc_model *m = &MODEL;
    const void *in = x;
    void *out = y;
    if (m->abi != NASC_MODEL_ABI || m->packed_bytes > sizeof packed || nasc_arena_bytes(m, 1, 1) > sizeof arena || m->ninput != 1 ||
        m->noutput != 1 || m->input->bytes > sizeof x || m->output->bytes > sizeof y)
        return 4;
    for (uint64_t i = 0; i < m->input->bytes / 4; i++)
        x[i] = (float)(i % 17) / 16 - 0.5f;
#ifdef OWN_WEIGHTS
    if (m->weights_bytes > sizeof WEIGHTS)
        return 4;
    for (uint64_t i = 0; i < m->weights_bytes / 4; i++)
        WEIGHTS[i] = (float)(i % 13) / 8 - 0.75f;
#endif
    if (m->load(WEIGHTS, packed))
        return 5;
    m->forward(packed, &in, &out, arena, 1, NULL);
    put(y, m->output->bytes);
    return 0;
}
