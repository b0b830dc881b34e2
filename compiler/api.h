/* api.h - what every public entry does: a bug of ours, or the end of memory, unwinds to here and becomes a diagnostic.
 *
 *     nasc_status nasc_x(nasc_session *s) { API_ENTER(s); ... API_LEAVE(s, status); }
 * Locals changed between the two and read after a bug must be volatile; entries below read none. */
#ifndef NASC_API_H
#define NASC_API_H
#include "compiler/session.h"

#define API_ENTER(s)                                                   \
    session_begin(s);                                                  \
    struct bug_trap trap_;                                             \
    bug_trap_push(&trap_);                                             \
    if (setjmp(trap_.back)) {                                          \
        bug_trap_pop(&trap_);                                          \
        return session_trapped((s), &trap_);                           \
    }
#define API_LEAVE(s, status)                                           \
    do {                                                               \
        nasc_status status_ = (status);                                \
        bug_trap_pop(&trap_);                                          \
        (s)->stale = status_ == NASC_OK && !(s)->keep;                 \
        return status_;                                                \
    } while (0)

#endif
