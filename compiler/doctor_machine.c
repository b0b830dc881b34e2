/* doctor_machine.c - the machine: what the processor is and has, what the system lets us see of it, and what makes its times uneven. */
#include "compiler/counters.h"
#include "compiler/doctor.h"
#include "compiler/exec_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

/* "model name : X" and the like, of the first processor; "": the system does not say. */
static const char *cpu_model(struct arena *a)
{
    static const char *const key[] = {"model name", "uarch", "isa", "CPU part"};
    for (u32 k = 0; k < COUNTOF(key); k++) {
        char line[1024];
        FILE *f = fopen("/proc/cpuinfo", "r");
        const char *found = NULL;
        while (f && !found && fgets(line, sizeof line, f)) {
            size_t n = strlen(key[k]);
            const char *at = line + n + strspn(line + MIN(n, strlen(line)), " \t");
            if (strncmp(line, key[k], n) == 0 && *at == ':')
                found = arena_printf(a, "%.*s", (int)strcspn(at + 1 + strspn(at + 1, " "), "\n"), at + 1 + strspn(at + 1, " "));
        }
        if (f)
            fclose(f);
        if (found)
            return found;
    }
    return "";
}

static const char *system_name(struct arena *a)
{
    char line[512];
    const char *name = "";
    FILE *f = fopen("/etc/os-release", "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "PRETTY_NAME=", 12) == 0)
            name = arena_printf(a, ", %.*s", (int)strcspn(line + 12 + (line[12] == '"'), "\"\n"), line + 12 + (line[12] == '"'));
    if (f)
        fclose(f);
    return name;
}

/* The targets that it is one of. */
static const char *targets(struct doctor *d)
{
    struct buf b = {0}, why = {0};
    const char *name;
    struct mach host, m;
    mach_host(&host, d->a);
    for (u32 k = 0; (name = mach_target_name(k)); k++)
        if (mach_target(&m, d->a, name, NULL, NULL, &why) && m.isa == host.isa && !mach_lacks(&host, &m, d->a))
            buf_printf(&b, "%s%s", b.n ? ", " : "", name);
    const char *all = arena_strdup(d->a, b.at ? b.at : "");
    buf_free(&b);
    buf_free(&why);
    return all;
}

static void cache_row(struct doctor *d, const char *name, u64 bytes)
{
    char number[24];
    snprintf(number, sizeof number, "%llu", (unsigned long long)bytes);
    doctor_found(d, name, FOUND_NOTE, number, "%s", doctor_size(d->a, bytes));
}

static void frequency(struct doctor *d)
{
    const char *g = doctor_line(d->a, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    if (!*g) {
        doctor_found(d, "frequency", FOUND_NOTE, NULL, "the system does not say what governs it%s",
                     access("/sys/hypervisor", F_OK) == 0 || strstr(doctor_line(d->a, "/sys/class/dmi/id/sys_vendor"), "QEMU") ? " (a virtual machine)" : "");
        return;
    }
    bool fixed = strcmp(g, "performance") == 0;
    struct finding *f = doctor_found(d, "frequency", fixed ? FOUND_OK : FOUND_NOTE, g, fixed ? "governor %s" : "governor %s: times vary with load", g);
    if (!fixed)
        f->mend = arena_printf(d->a, "%scpupower frequency-set -g performance", geteuid() ? "sudo " : "");
}

static void counting(struct doctor *d)
{
    struct counters c;
    bool there = counters_open(&c);
    counters_close(&c);
    const char *level = doctor_line(d->a, "/proc/sys/kernel/perf_event_paranoid");
    if (there) {
        doctor_found(d, "counters", FOUND_OK, level, "cycles and instructions are counted");
        return;
    }
    bool shut = *level && atoi(level) > 2 && geteuid();
    struct finding *f = doctor_found(d, "counters", FOUND_NOTE, level, shut ? "the system keeps cycles and instructions to itself (perf_event_paranoid is %s)" :
                                     "cycles and instructions cannot be counted here: bench leaves them out%.0s", level);
    if (shut)
        f->mend = "sudo sysctl kernel.perf_event_paranoid=2";
}

void doctor_machine(struct doctor *d)
{
    const struct mach *m = session_mach(d->s);
    struct utsname u;
    u32 mine = exec_cpus();
    char number[24];
    d->part = "machine";
    const char *model = cpu_model(d->a);
    doctor_found(d, "processor", FOUND_NOTE, mach_isa_name(m->isa), "%s%s%s", model, *model ? ", " : "", mach_isa_name(m->isa));
    snprintf(number, sizeof number, "%u", mine);
    doctor_found(d, "processors", FOUND_NOTE, number, mine < m->cores ? "%u, of which this process may use %u" : "%u", m->cores, mine);
    snprintf(number, sizeof number, "%u", m->vector_bits);
    doctor_found(d, "vectors", FOUND_NOTE, number, "%u bits, %u registers%s%s", m->vector_bits, m->nvreg, m->fma ? ", fused multiply-add" : "",
                 m->masks ? ", masks" : "");
    const char *of = targets(d);
    doctor_found(d, "targets", FOUND_NOTE, of, "%s", of);
    doctor_found(d, "features", FOUND_NOTE, m->features, "%s", m->features);
    cache_row(d, "cache L1", m->l1d);
    cache_row(d, "cache L2", m->l2);
    cache_row(d, "cache L3", m->l3);
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (pages > 0 && page > 0)
        cache_row(d, "memory", (u64)pages * (u64)page);
    if (uname(&u) == 0)
        doctor_found(d, "system", FOUND_NOTE, u.release, "%s %s%s", u.sysname, u.release, system_name(d->a));
    frequency(d);
    counting(d);
}
