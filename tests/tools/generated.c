/* generated - random cascades (tests/differential/gen.h). */
#include "tests/differential/gen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    volatile u64 n = 1000, seed = 1;
    volatile bool text = false;
    struct gen_options o = { 0 };
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "-n") == 0) n = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0) seed = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--text") == 0) text = true;
        else if (strcmp(argv[i], "--training") == 0) o.training = true;
    struct arena *all = arena_new("all");
    struct gen_table *t = gen_table_new(all);
    struct buf b = { 0 };
    for (u64 k = 0; k < n; k++) {
        struct arena *a = arena_new("one");
        struct bug_trap trap;
        bug_trap_push(&trap);
        if (!setjmp(trap.back)) {
            struct cascade *c = gen_cascade(a, str_pool_new(a), seed + k, &o);
            gen_table_count(t, c);
            buf_clear(&b);
            if (text) {
                ein_dump(&b, c);
                fputs(b.at, stdout);
            }
            bug_trap_pop(&trap);
        } else
            printf("%llu: %s\n", (unsigned long long)(seed + k), trap.text);
        arena_free(a);
    }
    buf_clear(&b);
    gen_table_print(&b, t);
    if (!text)
        fputs(b.at, stdout);
    return 0;
}
