/* counters.c - see counters.h: two perf events in one group, user mode only. */
#define _GNU_SOURCE
#include "compiler/counters.h"

#include <unistd.h>
#if defined(__linux__)
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#endif

bool counters_open(struct counters *c)
{
    c->fd[0] = c->fd[1] = -1;
#if defined(__linux__) && defined(SYS_perf_event_open)
    static const u64 what[] = {PERF_COUNT_HW_CPU_CYCLES, PERF_COUNT_HW_INSTRUCTIONS};
    for (u32 i = 0; i < COUNTOF(what); i++) {
        struct perf_event_attr a = {.type = PERF_TYPE_HARDWARE, .size = sizeof a, .config = what[i], .disabled = i == 0,
                                    .exclude_kernel = 1, .exclude_hv = 1, .read_format = PERF_FORMAT_GROUP};
        c->fd[i] = (int)syscall(SYS_perf_event_open, &a, 0, -1, i ? c->fd[0] : -1, PERF_FLAG_FD_CLOEXEC);
        if (c->fd[i] < 0) {
            counters_close(c);
            return false;
        }
    }
    return true;
#else
    return false;
#endif
}

void counters_close(struct counters *c)
{
    for (u32 i = 0; i < COUNTOF(c->fd); i++) {
        if (c->fd[i] >= 0)
            close(c->fd[i]);
        c->fd[i] = -1;
    }
}

void counters_start(struct counters *c)
{
#if defined(__linux__)
    if (c->fd[0] >= 0) {
        ioctl(c->fd[0], PERF_EVENT_IOC_RESET, PERF_IOC_FLAG_GROUP);
        ioctl(c->fd[0], PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP);
    }
#else
    (void)c;
#endif
}

bool counters_stop(struct counters *c, u64 *cycles, u64 *instructions)
{
#if defined(__linux__)
    struct { u64 n, value[2]; } got;
    if (c->fd[0] < 0)
        return false;
    ioctl(c->fd[0], PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP);
    if (read(c->fd[0], &got, sizeof got) != (ssize_t)sizeof got || got.n != 2 || !got.value[0])
        return false;
    *cycles = got.value[0];
    *instructions = got.value[1];
    return true;
#else
    (void)c;
    (void)cycles;
    (void)instructions;
    return false;
#endif
}
