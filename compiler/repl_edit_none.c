/* repl_edit_none.c - built without libedit: the prompt reads plain lines, edited by the terminal alone. */
#include "compiler/repl.h"

struct repl_edit *repl_edit_open(struct repl *r)
{
    (void)r;
    return NULL;
}

const char *repl_edit_line(struct repl_edit *e, const char *prompt, bool *cancelled)
{
    (void)e, (void)prompt, (void)cancelled;
    return NULL;
}

void repl_edit_close(struct repl_edit *e)
{
    (void)e;
}
