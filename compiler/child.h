/* child.h - another program (a compiler, an emulator): found, run, listened to, and ended when it takes too long. */
#ifndef NASC_CHILD_H
#define NASC_CHILD_H
#include "compiler/base/buf.h"

enum { CHILD_MOST = 64 << 10 };         /* of what it prints, so much is kept */

/* Where a program is: NAME itself if it has a '/', else the first executable file of that name in $PATH; false: nowhere. */
bool child_find(const char *name, struct buf *path);
/* Runs argv[0] (as child_find finds it) with `input` (NULL: nothing) on its standard input, for `seconds` at most.  true: it ended by
 * itself with *status, *out (NULL: nobody wants it) has what it printed, on either channel.  false: it did not run, was ended or died; *why. */
bool child_run(const char *const *argv, const char *input, u32 seconds, struct buf *out, int *status, struct buf *why);

#endif
