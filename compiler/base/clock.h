/* clock.h - nanoseconds: since some moment, and of work. */
#ifndef NASC_CLOCK_H
#define NASC_CLOCK_H
#include "compiler/base/base.h"

#include <time.h>

static inline u64 clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

/* Nanoseconds this thread has run: others that use the machine do not count. */
static inline u64 clock_thread(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

#endif
