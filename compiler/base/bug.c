/* bug.c - where a mistake of ours goes, and the end of memory: the innermost bug_trap of this thread.
 *
 * In: a file, a line, what was found.  Out: the trap's text, and control at its setjmp.
 * Without a trap (a unit test, a tool that forgot one) the process aborts with the text:
 * nothing above could go on.  The only state is the thread's chain of traps. */
#include "compiler/base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static _Thread_local struct bug_trap *innermost;

void bug_trap_push(struct bug_trap *t)
{
    t->outer = innermost;
    t->text[0] = 0;
    t->memory = false;
    innermost = t;
}

/* Popping a trap that bug_raise has already popped is allowed: the usual shape is
 * push; if (!setjmp) work; pop. */
void bug_trap_pop(struct bug_trap *t)
{
    if (innermost == t)
        innermost = t->outer;
}

static _Noreturn void unwind(const char *text, bool memory)
{
    struct bug_trap *t = innermost;
    if (!t) {
        fprintf(stderr, "nasc: bug outside any entry point: %s\n", text);
        abort();
    }
    snprintf(t->text, sizeof t->text, "%s", text);
    t->memory = memory;
    innermost = t->outer;
    longjmp(t->back, 1);
}

_Noreturn void bug_raise(const char *file, int line, const char *fmt, ...)
{
    char text[sizeof innermost->text];
    int n = snprintf(text, sizeof text, "%s:%d: ", file, line);
    if (n >= 0 && (size_t)n < sizeof text) {
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(text + n, sizeof text - (size_t)n, fmt, ap);
        va_end(ap);
    }
    unwind(text, false);
}

_Noreturn void bug_memory(u64 bytes, const char *what)
{
    char text[sizeof innermost->text];
    snprintf(text, sizeof text, "%llu bytes for %s", (unsigned long long)bytes, what);
    unwind(text, true);
}
