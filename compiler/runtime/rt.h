/* rt.h - what the files of an executable's runtime share.
 *
 * The runtime is C that goes along with a compiled model: `nasc compile` gives it to the target's C compiler with the model's object, and
 * out comes a program that reads .npy files and weights, runs the model, and writes .npy files.  It needs C11 and a POSIX C library, nothing else.
 * Files read are not trusted: readers return false and say why in an nrt_error, and only main.c prints and exits. */
#ifndef NASC_RT_H
#define NASC_RT_H
#include "nasc_model.h"

#include <stdbool.h>
#include <stddef.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "elements are copied as they are: this needs a little-endian machine"
#endif

/* The program's model, and its weights where they are part of the program (else NULL): glue.c. */
extern const nasc_model *const nrt_model;
extern const void *const nrt_weights;

/* --- Complaints: fail.c --- */
typedef struct nrt_error { char text[1200]; bool environment; } nrt_error;     /* environment: not the input is to blame */
/* Both return false.  Control characters become `?`: names in files may hold any. */
bool nrt_fail(nrt_error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool nrt_fail_env(nrt_error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void *nrt_alloc(uint64_t bytes, nrt_error *e);          /* 64-aligned; never for 0 bytes NULL.  NULL: complained */

/* --- Elements: dtype.c --- */
typedef struct nrt_dtype { const char *name, *npy, *safetensors; uint32_t bytes; } nrt_dtype;
enum { NRT_DTYPES = NASC_BOOL + 1, NRT_RANK = 33 };     /* a batch and 32 axes */
extern const nrt_dtype nrt_dtypes[NRT_DTYPES];
double nrt_element(uint32_t dtype, const void *at, uint64_t i);
/* "f32[3, 32, 32]", shortened to fit. */
const char *nrt_shape(char *to, size_t size, uint32_t dtype, uint32_t rank, const int64_t *extent);
/* Bytes of so many elements; false: more than 64 bits count. */
bool nrt_bytes(uint32_t dtype, uint32_t rank, const int64_t *extent, uint64_t *bytes);

/* --- Files: file.c --- */
typedef struct nrt_in { int fd; const char *name; bool sized; uint64_t left, after; } nrt_in;        /* sized: `left` bytes are left; after: expected behind what is read */
bool nrt_open(nrt_in *in, const char *path, nrt_error *e);      /* "-": standard input */
void nrt_close(nrt_in *in);
bool nrt_read(nrt_in *in, void *to, uint64_t n, nrt_error *e);  /* n bytes, or it is complained that the file is cut off */
/* n bytes into memory that is taken as they come: a claimed size costs nothing.  Free it. */
void *nrt_read_new(nrt_in *in, uint64_t n, nrt_error *e);
bool nrt_at_end(nrt_in *in, nrt_error *e);

typedef struct nrt_out { const char *path; const void *head, *data; uint64_t nhead, ndata; } nrt_out;
/* All files or, where the disk allows to tell, none: beside their places first, then renamed.  "-": standard output. */
bool nrt_write(uint32_t n, const nrt_out *out, nrt_error *e);

/* --- Arrays: npy.c --- */
typedef struct nrt_array { uint32_t dtype, rank; int64_t extent[NRT_RANK]; bool fortran; uint64_t bytes; void *data; } nrt_array;
/* A header's text; the magic number and its length are read by nrt_npy_head. */
bool nrt_npy_parse(const char *name, const char *text, size_t n, nrt_array *a, nrt_error *e);
bool nrt_npy_head(nrt_in *in, nrt_array *a, nrt_error *e);
bool nrt_npy_data(nrt_in *in, nrt_array *a, nrt_error *e);      /* the elements, in C order: a->data, to be freed */
/* The header that stands before the elements: how many bytes. */
enum { NRT_NPY_HEAD = 1024 };
size_t nrt_npy_write(char head[NRT_NPY_HEAD], uint32_t dtype, uint32_t rank, const int64_t *extent);

/* --- Weights: safetensors.c --- */
/* A model's weights into the block that its load reads: exactly its tensors, with its dtypes and shapes. */
bool nrt_weights_read(nrt_in *in, const nasc_model *m, void *block, nrt_error *e);

/* --- Threads: pool.c --- */
typedef struct nrt_pool nrt_pool;
nrt_pool *nrt_pool_new(uint32_t threads, nrt_error *e);         /* the caller is one of them */
const nasc_parallel *nrt_pool_parallel(nrt_pool *p);
void nrt_pool_free(nrt_pool *p);
uint32_t nrt_processors(void);

/* --- For people and programs: info.c, bench.c --- */
bool nrt_info(const nasc_model *m, bool embedded, nrt_error *e);        /* JSON on standard output */
typedef void (*nrt_call)(void *ctx);
/* Times a call `n` times; a sample of a short one is the mean of several calls. */
bool nrt_bench(uint32_t n, nrt_call call, void *ctx, double *least, double *median, nrt_error *e);
#endif
