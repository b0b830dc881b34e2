/* differential - native code against the evaluator on sampled networks, and deliberate bugs against the comparison.
 *
 *   differential {MODULE [-D NAME=VALUE]...}... [-n N] [--seed S] [--macs M] [--backend B] [--batch B] [--threads T] [--bugs] [--training] [--code POLICY]
 *
 * Takes samples of each module's only space, leaves out those with more than M multiply-adds, until N were compared (compare.h:
 * each launch alone under its own bound, the outputs end to end, the rewrites in double precision).  With --bugs it takes
 * each row of passes/seeded.def instead and looks for a sample, of any of the modules, on which it shows.  Exit 1 if a network differs or a bug is missed. */
#include "compiler/compare.h"
#include "passes/rewrite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODULES = 8 };
struct job { nasc_session *s, *all[MODULES]; u32 nall; u64 n, seed, macs, batch, threads; const char *backend, *cpu; bool bugs, training; u8 code; };

/* One sample compared: 0 skipped (too large), 1 agrees, -1 differs, -2 the evaluator gave up. */
static int compare_sample(struct job *j, u64 index, u32 bug, struct compare *r, bool say)
{
    nasc_arch *ar;
    if (nasc_sample(j->s, j->seed, index, &ar)) {
        printf("%s", nasc_messages(j->s));
        exit(1);
    }
    nasc_record rec;
    nasc_arch_record(ar, &rec);
    if (rec.macs > j->macs) {
        nasc_arch_free(ar);
        return 0;
    }
    struct pass_options o = {.break_ = bug, .training = j->training, .code = j->code};
    struct bug_trap trap;
    nasc_net *volatile n = NULL;
    volatile int result = -1;
    bug_trap_push(&trap);
    if (!setjmp(trap.back)) {
        struct buf why = {0};
        n = net_compile(j->s, arch_graph(ar), j->backend, &o);
        if (!n || !net_threads(n, (u32)j->threads)) {
            printf("%s", nasc_messages(j->s));
            exit(1);
        }
        if (!compare_net(n, j->seed + index, j->batch ? (i64)j->batch : 1 + (i64)(index % 3), r, &why))
            result = -2;
        else
            result = r->bad_groups || r->worst_end > 1 || r->worst_rewrite > 1 ? -1 : 1;
        if (say && result < 0)
            printf("sample %llu: %s%s\n  groups %u bad of %u, worst %.3g; outputs %.3g; rewrites %.3g\n  %s\n", (unsigned long long)index,
                   result == -2 ? "not compared: " : "differs ", why.at ? why.at : r->first_bad ? r->first_bad : "", r->bad_groups, r->groups,
                   r->worst_group, r->worst_end, r->worst_rewrite, rec.arch);
        buf_free(&why);
        bug_trap_pop(&trap);
    } else if (say) {
        printf("sample %llu: bug: %s\n  %s\n", (unsigned long long)index, trap.text, rec.arch);
    }
    nasc_net_free(n);
    nasc_arch_free(ar);
    return result;
}

static int agree(struct job *j)
{
    u64 done = 0, failed = 0, index = 0, gave_up = 0, unbounded = 0, groups = 0;
    double worst = 0, end = 0;
    for (; done < j->n && index < 100 * j->n + 1000; index++) {
        struct compare r = {0};
        int k = compare_sample(j, index, 0, &r, true);
        done += k != 0;
        failed += k == -1;
        gave_up += k == -2;
        unbounded += k == 1 && !r.end_checked;
        groups += r.groups;
        worst = MAX(worst, r.worst_group);
        end = MAX(end, r.worst_end);
    }
    printf("%llu networks compared (of %llu drawn, at most %llu multiply-adds), %llu launches: worst launch at %.3f of its bound, worst output at %.3f; "
           "%llu with an output that is not finite, %llu beyond the evaluator's work bound\n", (unsigned long long)done, (unsigned long long)index,
           (unsigned long long)j->macs, (unsigned long long)groups, worst, end, (unsigned long long)unbounded, (unsigned long long)gave_up);
    printf("%llu differ\n", (unsigned long long)failed);
    return failed || gave_up * 20 > done || done < j->n;
}

static int bugs(struct job *j)
{
    static const char *const about[] = {
#define X(id, text) text,
#include "passes/seeded.def"
#undef X
    };
    u32 missed = 0;
    for (u32 bug = 1; bug < SEEDED_BUGS; bug++) {
        bool caught = false;
        for (u32 m = 0; m < j->nall && !caught; m++) {
            u64 index = 0;
            j->s = j->all[m];
            for (u64 done = 0; done < j->n && !caught && index < 100 * j->n; index++) {
                struct compare r = {0};
                int k = compare_sample(j, index, bug, &r, false);
                done += k != 0;
                caught = k == -1;
            }
        }
        printf("seeded bug %2u %s%s\n", bug, caught ? "caught: " : "MISSED: ", about[bug]);
        missed += !caught;
    }
    printf("%u of %u caught\n", SEEDED_BUGS - 1 - missed, SEEDED_BUGS - 1);
    return missed != 0;
}

int main(int argc, char **argv)
{
    struct job j = {.n = 20, .seed = 1, .macs = 2000000, .threads = 1};
    const char *module[MODULES];
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i], *next = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(a, "--bugs") == 0)
            j.bugs = true;
        else if (strcmp(a, "--training") == 0)
            j.training = true;
        else if (a[0] != '-' && j.nall < MODULES) {
            module[j.nall] = a;
            j.all[j.nall++] = nasc_open();
        } else {
            i++;
            char name[64];
            const char *eq = strchr(next, '=');
            if (strcmp(a, "-n") == 0)
                j.n = strtoull(next, NULL, 10);
            else if (strcmp(a, "--seed") == 0)
                j.seed = strtoull(next, NULL, 10);
            else if (strcmp(a, "--macs") == 0)
                j.macs = strtoull(next, NULL, 10);
            else if (strcmp(a, "--batch") == 0)
                j.batch = strtoull(next, NULL, 10);
            else if (strcmp(a, "--threads") == 0)
                j.threads = strtoull(next, NULL, 10);
            else if (strcmp(a, "--code") == 0)
                j.code = strcmp(next, "generic") == 0 ? CODE_GENERIC : strcmp(next, "tuned") == 0 ? CODE_TUNED : CODE_SPECIAL;
            else if (strcmp(a, "--backend") == 0)
                j.backend = next;
            else if (strcmp(a, "--cpu") == 0)
                j.cpu = next;
            else if (strcmp(a, "-D") == 0 && eq && j.nall) {
                snprintf(name, sizeof name, "%.*s", (int)(eq - next), next);
                nasc_define(j.all[j.nall - 1], name, eq + 1);
            }
        }
    }
    int failed = j.nall == 0;
    for (u32 m = 0; m < j.nall; m++) {
        j.s = j.all[m];
        if ((j.cpu && !session_cpu(j.s, j.cpu)) || nasc_load(j.s, module[m]) || nasc_select(j.s, NULL)) {
            printf("%s", nasc_messages(j.s));
            return 1;
        }
        if (!j.bugs)
            failed |= agree(&j);
    }
    if (j.bugs)
        failed |= bugs(&j);
    for (u32 m = 0; m < j.nall; m++)
        nasc_close(j.all[m]);
    return failed;
}
