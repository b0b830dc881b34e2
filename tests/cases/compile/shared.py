# shared.py LIB NAME: a model in a shared library, called through ctypes; prints its output for numbers by formula.
import ctypes as c
import sys


class Tensor(c.Structure):
    _fields_ = [("name", c.c_char_p), ("dtype", c.c_uint32), ("rank", c.c_uint32), ("extent", c.POINTER(c.c_int64)), ("offset", c.c_uint64), ("bytes", c.c_uint64)]


LOAD = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p)
FORWARD = c.CFUNCTYPE(None, c.c_void_p, c.POINTER(c.c_void_p), c.POINTER(c.c_void_p), c.c_void_p, c.c_int64, c.c_void_p)


class Model(c.Structure):
    _fields_ = [("abi", c.c_uint32), ("ninput", c.c_uint32), ("noutput", c.c_uint32), ("nweight", c.c_uint32),
                ("name", c.c_char_p), ("id", c.c_char_p), ("arch", c.c_char_p),
                ("target", c.c_char_p), ("cpu", c.c_char_p), ("features", c.c_char_p), ("compiler", c.c_char_p),
                ("vector_bits", c.c_uint32), ("flags", c.c_uint32),
                ("input", c.POINTER(Tensor)), ("output", c.POINTER(Tensor)), ("weight", c.POINTER(Tensor)),
                ("weights_bytes", c.c_uint64), ("packed_bytes", c.c_uint64), ("sample_bytes", c.c_uint64), ("worker_bytes", c.c_uint64),
                ("load", LOAD), ("forward", FORWARD)]


def room(n):
    raw = (c.c_char * (n + 64))()
    at = c.addressof(raw)
    return raw, at + (-at) % 64


lib = c.CDLL(sys.argv[1])
m = Model.in_dll(lib, sys.argv[2] + "_model")
assert m.abi == 1 and m.ninput == 1 and m.noutput == 1
keep = [room(n) for n in (m.packed_bytes, m.sample_bytes + m.worker_bytes, m.input[0].bytes, m.output[0].bytes)]
packed, arena, x, y = [at for _, at in keep]
weights = c.addressof((c.c_ubyte * max(m.weights_bytes, 1)).in_dll(lib, sys.argv[2] + "_weights"))
floats = (c.c_float * (m.input[0].bytes // 4)).from_address(x)
for i in range(len(floats)):
    floats[i] = (i % 17) / 16 - 0.5
assert m.load(weights, packed) == 0
m.forward(packed, (c.c_void_p * 1)(x), (c.c_void_p * 1)(y), arena, 1, None)
sys.stdout.flush()
sys.stdout.buffer.write(c.string_at(y, m.output[0].bytes))
