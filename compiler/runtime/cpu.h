/* cpu.h - may this processor run a model's code?  One file an instruction set: cpu_*.c. */
#ifndef NASC_CPU_H
#define NASC_CPU_H
#include "nasc_model.h"

#include <stddef.h>

/* 1: it has what the code was made for.  0: `why` says what it lacks ("avx512f, avx512bw"). */
int nasc_cpu_check(const nasc_model *m, char *why, size_t size);
#endif
