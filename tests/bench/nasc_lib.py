"""nasc's library (compiler/nasc.h) in this process, through ctypes.

    lib = Nasc("build"); s = lib.open("std.spaces.einspace", None, {"H": 64}); net = s.compile(s.parse(text)); call = net.bind(x, y); call()
"""
import ctypes, os

P, U64, U32 = ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32


class Record(ctypes.Structure):
    _fields_ = [("space", ctypes.c_char_p), ("arch", ctypes.c_char_p), ("id", ctypes.c_char * 33), ("logp", ctypes.c_double),
                ("depth", U64), ("nodes", U64), ("params", U64 * 2), ("macs", U64 * 2)]


class Shape(ctypes.Structure):
    _fields_ = [("dtype", ctypes.c_char_p), ("rank", U32), ("extent", ctypes.c_int64 * 32), ("bytes", U64)]


class Options(ctypes.Structure):
    _fields_ = [("backend", ctypes.c_char_p), ("strict_math", ctypes.c_bool), ("training", ctypes.c_bool), ("threads", U32)]


class Nasc:
    """The shared library of a build tree, with the source tree's standard library."""

    def __init__(self, build, source):
        os.environ.setdefault("NASC_STDLIB", os.path.join(source, "stdlib"))
        os.environ.setdefault("NASC_BACKENDS", os.path.join(build, ".libs"))
        self.c = ctypes.CDLL(os.path.join(build, ".libs", "libnasc.so"))
        self.c.nasc_open.restype = P
        for name in ("nasc_messages", "nasc_version"):
            getattr(self.c, name).restype = ctypes.c_char_p
        # count-sized integers are 16-byte aligned in nasc_record: the pad is checked here
        assert Record.params.offset % 16 == 0, "nasc_record has another layout"

    def open(self, module, space=None, defines=()):
        return Session(self.c, module, space, dict(defines))


class Session:
    def __init__(self, c, module, space, defines):
        self.c, self.p = c, P(c.nasc_open())
        for k, v in defines.items():
            self.check(c.nasc_define(self.p, k.encode(), str(v).encode()))
        self.check(c.nasc_load(self.p, module.encode()))
        self.check(c.nasc_select(self.p, space.encode() if space else None))

    def check(self, status):
        if status:
            raise RuntimeError((self.c.nasc_messages(self.p) or b"").decode() or f"status {status}")

    def arch(self, call, *args):
        a = P()
        self.check(call(self.p, *args, ctypes.byref(a)))
        return a

    def sample(self, seed, index):
        return self.arch(self.c.nasc_sample, U64(seed), U64(index))

    def parse(self, text):
        return self.arch(self.c.nasc_parse, text.encode())

    def named(self, name):
        return self.arch(self.c.nasc_named, name.encode())

    def record(self, a):
        """(text, parameters, multiply-adds)"""
        r = Record()
        self.c.nasc_arch_record(a, ctypes.byref(r))
        return r.arch.decode(), r.params[0], r.macs[0]

    def free(self, a):
        self.c.nasc_arch_free(a)

    def compile(self, a, threads=1):
        n, o = P(), Options(threads=threads)
        self.check(self.c.nasc_compile(self.p, a, ctypes.byref(o), ctypes.byref(n)))
        return Net(self, n)

    def close(self):
        self.c.nasc_close(self.p)


class Net:
    def __init__(self, session, p):
        self.s, self.p, self.c = session, p, session.c

    def weights(self, seed):
        self.s.check(self.c.nasc_net_weights(self.p, U64(seed)))

    def load(self, path):
        self.s.check(self.c.nasc_net_load_weights(self.p, path.encode()))

    def save(self, path):
        self.s.check(self.c.nasc_net_save_weights(self.p, path.encode()))

    def output(self):
        """The extents of one sample's output."""
        s = Shape()
        self.c.nasc_net_output(self.p, U32(0), ctypes.byref(s))
        return tuple(s.extent[:s.rank])

    def bind(self, x, y):
        """A call that computes y (an array of x's batch) from x; both must stay where they are."""
        ins, outs = (P * 1)(x.ctypes.data), (P * 1)(y.ctypes.data)
        run, p, batch = self.c.nasc_net_run, self.p, ctypes.c_int64(x.shape[0])

        def call():
            if run(p, batch, ins, outs):
                self.s.check(1)
        call.keep = (x, y, ins, outs)
        return call

    def free(self):
        self.c.nasc_net_free(self.p)
