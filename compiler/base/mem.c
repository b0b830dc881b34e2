/* mem.c - how much memory can still be had.
 *
 * In: a number of bytes.  Out: whether the machine, and the control group this process is in, have
 * that much left.  What cannot be found out does not limit. */
#include "compiler/base/mem.h"

#include <stdio.h>
#include <string.h>

enum { MEM_SMALL = 64 << 20 };

/* The number at the beginning of a file, or behind `key`; UINT64_MAX: there is none. */
static u64 number_in(const char *path, const char *key)
{
    FILE *f = fopen(path, "r");
    char line[256];
    unsigned long long v = UINT64_MAX;
    size_t n = strlen(key);
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, key, n) == 0 && sscanf(line + n, "%llu", &v) == 1)
            break;
    if (f)
        fclose(f);
    return v;
}

bool mem_fits(u64 bytes)
{
    if (bytes <= MEM_SMALL)
        return true;
    u64 free_kb = number_in("/proc/meminfo", "MemAvailable:");
    if (free_kb != UINT64_MAX && bytes / 1024 >= free_kb)
        return false;
    u64 most = number_in("/sys/fs/cgroup/memory.max", ""), used = number_in("/sys/fs/cgroup/memory.current", "");
    return most == UINT64_MAX || used == UINT64_MAX || (used < most && bytes < most - used);
}
