/* fuzz_runtime.c - what an executable reads: the first byte says .npy or weights, from a file that knows its size or a stream that does not.
 * Both ways say the same; an array that was read is written and read again to the same. */
#define _GNU_SOURCE
#include "compiler/runtime/rt.h"
#include "tests/fuzz/fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

/* Weights of every size of element, a scalar, and one without elements. */
static const int64_t three[] = {3}, grid[] = {2, 3}, none[] = {0, 4};
static const nasc_tensor weight[] = {
    {"a", NASC_F32, 1, three, 0, 12}, {"b.w", NASC_F64, 2, grid, 64, 48}, {"n", NASC_I64, 0, NULL, 128, 8},
    {"e", NASC_F16, 2, none, 192, 0}, {"\"q\"\n", NASC_BOOL, 1, three, 192, 3}, {"u", NASC_U8, 2, grid, 256, 6},
};
static const nasc_model model = {.abi = NASC_MODEL_ABI, .nweight = COUNTOF(weight), .name = "m", .weight = weight, .weights_bytes = 320};

static nrt_in input(const uint8_t *data, size_t n, bool sized)
{
    nrt_in in = {.fd = memfd_create("fuzz", 0), .name = "fuzz", .sized = sized, .left = sized ? n : 0};
    HOLDS(in.fd >= 0 && write(in.fd, data, n) == (ssize_t)n && lseek(in.fd, 0, SEEK_SET) == 0);
    return in;
}

static bool array(const uint8_t *data, size_t n, bool sized, nrt_array *a)
{
    nrt_error e = {0};
    nrt_in in = input(data, n, sized);
    bool ok = nrt_npy_head(&in, a, &e) && nrt_npy_data(&in, a, &e) && nrt_at_end(&in, &e);
    HOLDS(ok || *e.text);
    close(in.fd);
    return ok;
}

static void arrays(const uint8_t *data, size_t n)
{
    nrt_array x = {0}, y = {0}, z = {0};
    bool ok = array(data, n, true, &x);
    HOLDS(ok == array(data, n, false, &y));
    if (ok) {
        char head[NRT_NPY_HEAD];
        size_t k = nrt_npy_write(head, x.dtype, x.rank, x.extent);
        HOLDS(x.bytes == y.bytes && (!x.bytes || memcmp(x.data, y.data, x.bytes) == 0));
        uint8_t *all = malloc(k + x.bytes + 1);
        memcpy(all, head, k);
        if (x.bytes)
            memcpy(all + k, x.data, x.bytes);
        HOLDS(array(all, k + x.bytes, true, &z));
        HOLDS(z.dtype == x.dtype && z.rank == x.rank && z.bytes == x.bytes && (!x.bytes || memcmp(x.data, z.data, x.bytes) == 0));
        HOLDS(!x.rank || memcmp(x.extent, z.extent, x.rank * sizeof *x.extent) == 0);
        free(all);
    }
    free(x.data);
    free(y.data);
    free(z.data);
}

static void weights(const uint8_t *data, size_t n)
{
    bool ok[2];
    _Alignas(NASC_MODEL_ALIGN) static uint8_t block[2][320];
    memset(block, 0, sizeof block);
    for (u32 sized = 0; sized < 2; sized++) {
        nrt_error e = {0};
        nrt_in in = input(data, n, sized);
        ok[sized] = nrt_weights_read(&in, &model, block[sized], &e);
        HOLDS(ok[sized] || *e.text);
        close(in.fd);
    }
    HOLDS(ok[0] == ok[1] && (!ok[0] || memcmp(block[0], block[1], sizeof block[0]) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n)
        (data[0] & 1 ? weights : arrays)(data + 1, n - 1);
    return 0;
}
