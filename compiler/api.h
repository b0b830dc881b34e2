/* api.h - what every public entry does: a bug of ours unwinds to here and becomes a diagnostic.
 *
 *     nasc_status nasc_x(nasc_session *s) { API_ENTER(s); ... API_LEAVE(status); }
 * Locals changed between the two and read after a bug must be volatile; entries below read none. */
#ifndef NASC_API_H
#define NASC_API_H
#include "compiler/session.h"

#define API_ENTER(s)                                                   \
    struct bug_trap trap_;                                             \
    bug_trap_push(&trap_);                                             \
    if (setjmp(trap_.back)) {                                          \
        bug_trap_pop(&trap_);                                          \
        session_complain((s), E0970, "internal error: %s", trap_.text);  \
        return NASC_BUG;                                               \
    }
#define API_LEAVE(status)                                              \
    do {                                                               \
        nasc_status status_ = (status);                                \
        bug_trap_pop(&trap_);                                          \
        return status_;                                                \
    } while (0)

#endif
