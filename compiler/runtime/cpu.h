/* cpu.h - may this processor run a model's code?  cpu.c goes through what the model was made for; what the processor has, cpu_*.c say,
 * one file an instruction set, by the table of cpu.def. */
#ifndef NASC_CPU_H
#define NASC_CPU_H
#include "nasc_model.h"

#include <stddef.h>

/* 1: it has what the code was made for.  0: `why` says what it lacks ("avx512f, avx512bw"). */
int nasc_cpu_check(const nasc_model *m, char *why, size_t size);

/* Has it the k-th feature of the instruction set's table, whose name is *name?  NULL: no more of them.  What cannot be found out, it has. */
int nasc_cpu_has(unsigned k, const char **name);
unsigned nasc_cpu_vector_bits(void);            /* of SVE and RISC-V's vectors; 0: none */
#endif
