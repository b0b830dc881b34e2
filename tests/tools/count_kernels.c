/* count_kernels MODULE [-D NAME=VALUE]... - how many different kernels the architectures need whose texts stand on stdin, a line each. */
#include "compiler/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    nasc_session *s = nasc_open();
    const char *module = NULL;
    for (int i = 1; i < argc; i++) {
        char *eq;
        if (strcmp(argv[i], "-D") == 0 && i + 1 < argc && (eq = strchr(argv[i + 1], '='))) {
            *eq = 0;
            nasc_define(s, argv[++i], eq + 1);
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
    for (ssize_t n; (n = getline(&line, &cap, stdin)) > 0; nets++) {
        line[strcspn(line, "\n")] = 0;
        nasc_arch *ar;
        if (nasc_parse(s, line, &ar)) {
            printf("%s", nasc_messages(s));
            return 1;
        }
        struct pass_options o = {0};
        struct cascade *c = pipe_cascade(s, ar->a, arch_graph(ar), &o);
        pipe_optimize(s, c, &o, NULL, NULL);
        struct plan *p = pipe_plan(s, ar->a, c, &o);
        most = MAX(most, p->run.n);
        for (u32 k = 0; k < p->kernel.n; k++) {
            struct hash128 key = p->kernel.at[k].key;
            u32 at;
            if (hmap_first(&seen, key.lo ^ key.hi, &at))
                continue;
            hmap_put(&seen, key.lo ^ key.hi, ++kernels);
        }
        nasc_arch_free(ar);
    }
    printf("%u networks, at most %u launches each, %u kernels in all\n", nets, most, kernels);
    hmap_free(&seen);
    free(line);
    nasc_close(s);
    return 0;
}
