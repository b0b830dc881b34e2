/* cross_build.c - programs to one object file for a target, in a process of its own: what dies there is an answer, too. */
#include "compiler/atomic_file.h"
#include "compiler/base/vec.h"
#include "compiler/pipeline.h"
#include "compiler/unit_build.h"
#include "tests/differential/cross_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct build { nasc_session *s; struct arena *a; const struct cross_target *t; VEC(struct unit_model) model; struct buf said; };

/* A program to a plan; what unwinds is said. */
static struct plan *lower(struct build *b, const struct cross_program *p, const char **why)
{
    struct bug_trap trap;
    struct plan *volatile plan = NULL;
    bug_trap_push(&trap);
    if (!setjmp(trap.back)) {
        struct pass_options o = { .strict = p->strict, .break_ = p->break_ };
        struct cascade *c = ein_copy(b->a, p->c);
        pipe_optimize(b->s, c, &o, NULL, NULL);
        plan = pipe_plan(b->s, b->a, c, &o);
        plan_memo_hold(b->s->plans);
        bug_trap_pop(&trap);
    } else {
        *why = arena_strdup(b->a, trap.text);
    }
    return plan;
}

static void say(struct build *b, const char *text)
{
    for (; *text; text++)
        buf_putc(&b->said, *text == '\n' ? ' ' : *text);
    buf_putc(&b->said, '\n');
}

/* Exit status of the process: 0, and the files are there. */
static int build(struct build *b, const char *object, const char *said, u32 n, const struct cross_program *program)
{
    if (!session_target(b->s, b->t->target, b->t->cpu, b->t->features)) {
        fprintf(stderr, "%s", nasc_messages(b->s));
        return 3;
    }
    struct backend_handle *be = session_backend(b->s, b->t->backend);
    if (!be) {
        fprintf(stderr, "%s", nasc_messages(b->s));
        return 3;
    }
    for (u32 i = 0; i < n; i++) {
        const char *why = NULL;
        struct plan *p = lower(b, &program[i], &why);
        say(b, p ? "" : why);
        struct unit_model m = { .name = arena_printf(b->a, "m%u", b->model.n), .plan = p, .id = "", .arch = program[i].label };
        if (p)
            vec_push(b->a, &b->model, m);
    }
    struct bug_trap trap;
    struct buf bytes = { 0 }, why = { 0 };
    bool ok = false;
    bug_trap_push(&trap);
    if (!setjmp(trap.back)) {
        const struct unit *u = unit_build(b->a, "cross", session_mach(b->s), be->be, b->model.n, b->model.at, true, &why);
        ok = u && be->be->emit(be->inst, u, UNIT_OBJECT, &bytes, &why);
        bug_trap_pop(&trap);
    } else {
        buf_puts(&why, trap.text);
    }
    if (ok)
        return !atomic_write(object, bytes.at, bytes.n) || !atomic_write(said, b->said.at, b->said.n);
    buf_clear(&b->said);
    say(b, why.at ? why.at : nasc_messages(b->s));
    atomic_write(said, b->said.at, b->said.n);
    return 1;
}

bool cross_build(const struct cross_target *t, const char *object, const char *said, u32 n, const struct cross_program *program, struct buf *why)
{
    unlink(object);
    unlink(said);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        nasc_session *s = nasc_open();
        struct build b = { .s = s, .a = arena_new("build"), .t = t };
        int status = build(&b, object, said, n, program);
        fflush(NULL);
        _exit(status);
    }
    int status = -1;
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        buf_puts(why, "no process");
        return false;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (WIFSIGNALED(status))
        buf_printf(why, "nasc died of signal %d", WTERMSIG(status));
    else if (cross_text(said, why))
        while (why->n && why->at[why->n - 1] == '\n')
            why->at[--why->n] = 0;
    else
        buf_printf(why, "nasc made no code (exit %d)", WEXITSTATUS(status));
    return false;
}
