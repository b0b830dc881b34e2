/* base.h - the few words everything else is written in.
 *
 * A user's mistake is a value (diag.h).  A mistake of ours is a bug: BUG() unwinds to the
 * bug_trap of the public entry point that called us (see bug.c), which reports it and
 * returns NASC_BUG.  The library never exits and never prints. */
#ifndef NASC_BASE_H
#define NASC_BASE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t i8;
typedef int16_t i16;
typedef int32_t i32;
typedef int64_t i64;
typedef unsigned __int128 u128;

#define COUNTOF(a) ((u32)(sizeof(a) / sizeof((a)[0])))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* Where a bug of ours unwinds to.  One per public entry, per thread; entries nest. */
struct bug_trap {
    jmp_buf back;
    struct bug_trap *outer;
    char text[512];             /* "file:line: what" */
    bool memory;                /* nobody's mistake: there is no more memory (text: for what) */
};
void bug_trap_push(struct bug_trap *t);     /* then: if (setjmp(t->back)) { ... t->text } */
void bug_trap_pop(struct bug_trap *t);
_Noreturn void bug_raise(const char *file, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);
_Noreturn void bug_memory(u64 bytes, const char *what);

#define BUG(...) bug_raise(__FILE__, __LINE__, __VA_ARGS__)
/* Unwinds like a bug does; the entry point says that memory ran out. */
#define NO_MEMORY(bytes, what) bug_memory((bytes), (what))
#define CHECK(c) ((c) ? (void)0 : bug_raise(__FILE__, __LINE__, "check failed: %s", #c))

#endif
