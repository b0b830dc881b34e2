/* backends.c - opening a code generator: `ref` is built in, the others are modules beside the library.
 *
 * nasc_be_NAME.so is looked for in $NASC_BACKENDS, and where it is installed or was built (session_modules).  Nothing is opened before it is needed. */
#include "compiler/session.h"

#include <dlfcn.h>
#include <stdlib.h>

static const struct backend *open_module(nasc_session *s, const char *name, void **dl, const char **why)
{
    const char *dirs[3] = {getenv("NASC_BACKENDS")};
    u32 n = dirs[0] && *dirs[0] ? 1 : 0;
    dirs[n++] = session_modules(s);
    *why = "no such module";
    for (u32 i = 0; i < n; i++) {
        char *path = arena_printf(s->a, "%s/nasc_be_%s.so", dirs[i], name);
        *dl = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (!*dl)
            continue;
        const struct backend *be = dlsym(*dl, "nasc_backend");
        if (be && be->abi == BACKEND_ABI)
            return be;
        *why = "the module was built for another version of nasc";
        dlclose(*dl);
    }
    return NULL;
}

struct backend_handle *session_backend(nasc_session *s, const char *name)
{
    for (u32 i = 0; i < s->backend.n; i++)
        if (!name || strcmp(s->backend.at[i].be->name, name) == 0)
            return &s->backend.at[i];
    struct backend_handle h = {0};
    const char *why = NULL;
    if (name && strcmp(name, "ref") == 0) {
        h.be = &be_ref;
    } else {
        h.be = open_module(s, name ? name : "llvm", &h.dl, &why);
        if (!h.be && !name) {
            h.be = &be_ref;
        } else if (!h.be) {
            struct diag *d = diag_add(&s->ds, E0901, (struct loc){0}, "there is no backend `%s`: %s", name, why);
            diag_hint(&s->ds, d, "`ref` is always there; `llvm` needs nasc to be built with LLVM");
            return NULL;
        }
    }
    struct buf b = {0};
    if (h.be->open) {
        h.inst = h.be->open(session_mach(s), &b);
        if (!h.inst) {
            session_complain(s, E0901, "backend `%s` does not start: %s", h.be->name, b.at ? b.at : "");
            buf_free(&b);
            return NULL;
        }
    }
    buf_free(&b);
    vec_push(s->a, &s->backend, h);
    return &s->backend.at[s->backend.n - 1];
}
