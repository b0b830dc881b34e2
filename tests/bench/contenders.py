"""The peers, each a class: prepare(where, net, batch, threads) makes a session, call() runs it once on the input given, result() is its output.

Sessions bind their arrays once where the peer can, so that a call is as little more than the forward pass as the peer allows.
"""
import importlib.metadata, os
import numpy as np


class Onnxruntime:
    packages = ("onnxruntime",)

    def __init__(self, where, n, batch, threads, x):
        import onnxruntime as ort
        o = ort.SessionOptions()
        o.intra_op_num_threads, o.inter_op_num_threads = threads, 1
        o.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        o.add_session_config_entry("session.set_denormal_as_zero", "1")
        o.log_severity_level = 3
        self.s = ort.InferenceSession(os.path.join(where, f"b{batch}.onnx"), o, providers=["CPUExecutionProvider"])
        self.b = self.s.io_binding()
        self.b.bind_cpu_input("x", x)
        self.y = np.zeros(self.s.get_outputs()[0].shape, np.float32)
        self.b.bind_output("y", "cpu", 0, np.float32, self.y.shape, self.y.ctypes.data)

    def call(self):
        self.s.run_with_iobinding(self.b)

    def result(self):
        return self.y


class Openvino:
    packages = ("openvino",)

    def __init__(self, where, n, batch, threads, x):
        import openvino as ov
        core = ov.Core()
        m = core.compile_model(core.read_model(os.path.join(where, f"b{batch}.onnx")), "CPU",
                               {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"})
        self.r, self.x = m.create_infer_request(), x
        self.r.set_input_tensor(0, ov.Tensor(x, shared_memory=True))

    def call(self):
        self.r.start_async()
        self.r.wait()

    def result(self):
        return self.r.get_output_tensor(0).data


class Torch:
    packages = ("torch",)

    def __init__(self, where, n, batch, threads, x):
        import torch
        import networks
        torch.set_num_threads(threads)
        _, self.m = networks.rebuilt(where, n, batch)
        self.x = torch.from_numpy(x)
        self.mode = torch.inference_mode

    def call(self):
        with self.mode():
            self.y = self.m(self.x)

    def result(self):
        return self.y.numpy()


class Compiled(Torch):
    """torch.compile with frozen weights, its default mode otherwise."""

    def __init__(self, *args):
        super().__init__(*args)
        import torch
        import torch._inductor.config as config
        config.freezing = True
        torch._dynamo.reset()
        self.m = torch.compile(self.m, fullgraph=True, dynamic=False)
        self.mode = torch.no_grad


class Jax:
    packages = ("jax", "jaxlib")

    def __init__(self, where, n, batch, threads, x):
        import jax
        import jax_net
        import networks
        net, _ = networks.rebuilt(where, n, batch)
        f, params = jax_net.function(net)
        self.f, self.params, self.x = jax.jit(f), params, jax.numpy.asarray(x)

    def call(self):
        self.y = self.f(self.params, self.x)
        self.y.block_until_ready()

    def result(self):
        return np.asarray(self.y)


PEERS = {"onnxruntime": Onnxruntime, "openvino": Openvino, "torch": Torch, "torch.compile": Compiled, "jax": Jax}


def versions(name):
    return " ".join(importlib.metadata.version(p) for p in PEERS[name].packages[:1])
