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

#endif
