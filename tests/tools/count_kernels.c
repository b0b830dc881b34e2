/* count_kernels MODULE [-D NAME=VALUE]... [--code generic] [-n N [--seed S]] - how many different kernels architectures need: those whose
 * texts stand on stdin, a line each, or N samples. */
#include "compiler/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    nasc_session *s = nasc_open();
    const char *module = NULL;
    u64 draw = 0, seed = 0;
    struct pass_options o = {0};
    for (int i = 1; i < argc; i++) {
        char *eq;
        if (strcmp(argv[i], "-D") == 0 && i + 1 < argc && (eq = strchr(argv[i + 1], '='))) {
            *eq = 0;
            nasc_define(s, argv[++i], eq + 1);
        } else if (strcmp(argv[i], "--code") == 0 && i + 1 < argc) {
            o.code = strcmp(argv[++i], "generic") == 0 ? CODE_GENERIC : CODE_SPECIAL;
        } else if (strcmp(argv[i], "-n") == 0 && i + 1 < argc) {
            draw = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            seed = strtoull(argv[++i], NULL, 10);
        } else {
            module = argv[i];
        }
    }
    if (!module || nasc_load(s, module) || nasc_select(s, NULL)) {
        printf("%s", nasc_messages(s));
        return 1;
    }
    char *line = NULL;
    size_t cap = 0;
    struct hmap seen = {0};
    u32 nets = 0, kernels = 0, most = 0;
    u64 launches = 0;
    for (; !draw || nets < draw; nets++) {
        nasc_arch *ar;
        if (!draw) {
            if (getline(&line, &cap, stdin) <= 0)
                break;
            line[strcspn(line, "\n")] = 0;
        }
        if (draw ? nasc_sample(s, seed, nets, &ar) : nasc_parse(s, line, &ar)) {
            printf("%s", nasc_messages(s));
            return 1;
        }
        struct cascade *c = pipe_cascade(s, ar->a, arch_graph(ar), &o);
        pipe_optimize(s, c, &o, NULL, NULL);
        struct plan *p = pipe_plan(s, ar->a, c, &o);
        most = MAX(most, p->run.n);
        launches += p->load.n + p->run.n;
        for (u32 k = 0; k < p->kernel.n; k++) {
            struct hash128 key = p->kernel.at[k].key;
            u32 at;
            if (hmap_first(&seen, key.lo ^ key.hi, &at))
                continue;
            hmap_put(&seen, key.lo ^ key.hi, ++kernels);
        }
        nasc_arch_free(ar);
    }
    printf("%u networks, at most %u launches each, %u kernels in all for %llu launches\n", nets, most, kernels, (unsigned long long)launches);
    hmap_free(&seen);
    free(line);
    nasc_close(s);
    return 0;
}
