/* unit.h - what every unit test includes: cmocka and its prerequisites. */
#ifndef NASC_TESTS_UNIT_H
#define NASC_TESTS_UNIT_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "compiler/base/base.h"

/* The expression must raise a bug. */
#define expect_bug(e)                                       \
    do {                                                    \
        struct bug_trap trap_;                              \
        bug_trap_push(&trap_);                              \
        if (!setjmp(trap_.back)) {                          \
            e;                                              \
            bug_trap_pop(&trap_);                           \
            fail_msg("no bug raised by " #e);               \
        }                                                   \
    } while (0)

/* Leaves the test out for want of something; said_less: looks at less for want of it.  tests/run-case gathers what they say: "no llvm". */
#define skip_for(why) (printf("# skipped: %s\n", (why)), fflush(stdout), skip())
#define said_less(why) ((void)(printf("# in part: %s\n", (why)), fflush(stdout)))

#endif
