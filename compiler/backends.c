/* backends.c - opening a code generator: `ref` is built in, the others are modules beside the library.
 *
 * nasc_be_NAME.so is looked for in $NASC_BACKENDS, and where it is installed or was built (session_modules).  Naming a backend looks for
 * its file; it is opened, and its vendor's library with it, when something has to be compiled. */
#include "compiler/session.h"

#include "compiler/code_id.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The k-th place where the module of a name may be; NULL: no more. */
static const char *module_path(nasc_session *s, const char *name, u32 k)
{
    const char *env = getenv("NASC_BACKENDS");
    if (!env || !*env)
        k++;
    return k > 1 ? NULL : arena_printf(s->a, "%s/nasc_be_%s.so", k ? session_modules(s) : env, name);
}

bool backend_there(nasc_session *s, const char *name)
{
    const char *path;
    for (u32 k = 0; (path = module_path(s, name, k)); k++)
        if (access(path, R_OK) == 0)
            return true;
    return false;
}

static const struct backend *open_module(nasc_session *s, const char *name, void **dl, const char **why)
{
    const char *path;
    *why = "no such module";
    for (u32 k = 0; (path = module_path(s, name, k)); k++) {
        if (access(path, R_OK))
            continue;
        *dl = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (!*dl) {                     /* its vendor's library is missing, say */
            const char *said = dlerror();
            *why = arena_printf(s->a, "%s", said ? said : "the module cannot be loaded");
            continue;
        }
        const struct backend *be = dlsym(*dl, "nasc_backend");
        if (be && be->abi == BACKEND_ABI)
            return be;
        *why = "the module was built for another version of nasc";
        dlclose(*dl);
    }
    return NULL;
}

static void no_backend(nasc_session *s, const char *name, const char *why)
{
    struct diag *d = diag_add(&s->ds, E0901, (struct loc){0}, "there is no backend `%s`: %s", name, why);
    diag_hint(&s->ds, d, "`ref` is always there; `llvm` and `gccjit` need nasc to be built with LLVM and libgccjit");
}

struct backend_handle *session_backend_named(nasc_session *s, const char *name)
{
    for (struct backend_handle *h = s->backends; h; h = h->next)
        if (name ? strcmp(h->name, name) == 0 : h->any)
            return h;
    const char *want = name ? name : backend_there(s, "llvm") ? "llvm" : "ref";
    if (strcmp(want, "ref") != 0 && !backend_there(s, want)) {
        no_backend(s, name, "no such module");
        return NULL;
    }
    struct backend_handle *h = NEW(s->a, struct backend_handle);
    *h = (struct backend_handle){.name = arena_strdup(s->a, want), .any = !name, .next = s->backends};
    s->backends = h;
    return h;
}

bool backend_open(nasc_session *s, struct backend_handle *h)
{
    if (h->inst)
        return true;
    const char *why = NULL;
    h->be = strcmp(h->name, "ref") == 0 ? &be_ref : open_module(s, h->name, &h->dl, &why);
    if (!h->be && h->any) {
        h->be = &be_ref;
        h->name = be_ref.name;
        h->has_id = false;
    }
    if (!h->be) {
        no_backend(s, h->name, why);
        return false;
    }
    struct buf b = {0};
    h->inst = h->be->open(session_mach(s), &b);
    if (!h->inst) {
        struct diag *d = diag_add(&s->ds, E0901, (struct loc){0}, "backend `%s` does not start: %s", h->be->name, b.at ? b.at : "");
        if (backend_there(s, "llvm") && strcmp(h->name, "llvm") != 0)
            diag_hint(&s->ds, d, "`--backend llvm` makes code for every target");
    }
    buf_free(&b);
    return h->inst;
}

struct backend_handle *session_backend(nasc_session *s, const char *name)
{
    struct backend_handle *h = session_backend_named(s, name);
    return h && backend_open(s, h) ? h : NULL;
}

/* The module's file stands for its version, as opening it takes its vendor's library along: any change of it is another backend. */
struct hash128 backend_id(nasc_session *s, struct backend_handle *h)
{
    if (h->has_id)
        return h->id;
    const struct mach *m = session_mach(s);
    struct buf b = {0};
    buf_printf(&b, "%s %s %s %s\n", nasc_version(), NASC_CODE_ID, NASC_LLVM_VERSION, h->name);
    struct stat st;
    const char *path;
    for (u32 k = 0; strcmp(h->name, "ref") != 0 && (path = module_path(s, h->name, k)); k++)
        if (stat(path, &st) == 0) {
            buf_printf(&b, "%s %lld %lld.%09ld\n", path, (long long)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
            break;
        }
    const char *level = strcmp(h->name, "gccjit") == 0 ? getenv("NASC_GCCJIT_O") : NULL;        /* which that module reads */
    buf_printf(&b, "%s\n", level ? level : "");
    buf_printf(&b, "%s %s %s %s %u %u\n", m->triple, m->cpu, m->features, m->tune ? m->tune : "", m->vector_bits, m->least_bits);
    h->id = hash128(b.at, b.n);
    h->has_id = true;
    buf_free(&b);
    return h->id;
}
