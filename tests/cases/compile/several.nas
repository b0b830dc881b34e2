// An executable with several inputs and outputs, of several dtypes; weights from a file; other weights are refused.
// REQUIRES: llvm gcc
// RUN: npy() { perl -e '$h = "{\x27descr\x27: \x27$ARGV[0]\x27, \x27fortran_order\x27: False, \x27shape\x27: $ARGV[1], }\n"; print "\x93NUMPY\1\0", pack("v", length $h), $h, pack($ARGV[2], eval $ARGV[3])' "$@"; }; \
// RUN:   npy '<f4' '(3, 6, 4)' 'f<*' 'map { ($_ * 7919 % 1000) / 500 - 1 } 1 .. 72' >x.npy; npy '<i4' '(3, 6)' 'l<*' 'map { $_ * 5 % 9 } 1 .. 18' >t.npy; \
// RUN:   npy '<i4' '(6,)' 'l<*' '0 .. 5' >t1.npy
// RUN: nasc run %s two -s 3 -i x.npy -i t.npy -o y.npy -o m.npy -o p.npy --save-weights w.safetensors
// RUN: nasc compile %s two -o two && ./two -w w.safetensors x.npy t.npy -o y2.npy -o m2.npy -o p2.npy && for k in y m p; do cmp $k.npy ${k}2.npy && echo same; done
// RUN: nasc compile %s three -s 3 --embed-weights -o three; ./two --info | grep -A12 '"inputs"'; ls two* three*
// RUN: try() { "$@" 2>&1; echo $?; }; try ./two -w w.safetensors x.npy t1.npy -o a -o b -o c; try ./two -w w.safetensors x.npy t.npy | cat; \
// RUN:   try ./two -w w.safetensors t.npy x.npy -o a -o b -o c; try ./three -w w.safetensors x.npy -o a; try ./three x.npy -o a
op both[V](x: f32[S, K], t: i32[S]) -> (y: [S, K], m: i32[S], p: bool[S]) {
    param w: [V, K] ~ uniform(-1, 1)
    y[s, k] = x[s, k] * w[t[s], k]
    m[s] argmax= y[s, k]
    p[s] = select(t[s] > 2, 1, 0)
}
op scale(x: [S, K]) -> y: [S, K] {
    param w: [K] ~ uniform(-1, 1)
    y[s, k] = x[s, k] * w[k]
}
space two(x: [6, 4], t: i32[6]) -> (f32[6, 4], i32[6], bool[6]) { both[9](x, t) }
space three(x: [6, 4]) -> [6, 4] { scale(x) }
// STDOUT:
//   same
//   same
//   same
//     "inputs": [
//       {"name": "x0", "dtype": "f32", "shape": [6, 4], "bytes": 96},
//       {"name": "x1", "dtype": "i32", "shape": [6], "bytes": 24}
//     ],
//     "outputs": [
//       {"name": "both.y", "dtype": "f32", "shape": [6, 4], "bytes": 96},
//       {"name": "both.m", "dtype": "i32", "shape": [6], "bytes": 24},
//       {"name": "both.p", "dtype": "bool", "shape": [6], "bytes": 6}
//     ],
//     "weights": [
//       {"name": "both.w", "dtype": "f32", "shape": [9, 4], "bytes": 144, "offset": 0}
//     ]
//   }
//   three
//   two
//   two: t1.npy: the array is i32[6], but the input before it has a batch of 3
//   1
//   two: the model has several outputs: each needs an --output; --help says more
//   2
//   two: t.npy: the array is i32[3, 6], the model's input `x0` is f32[6, 4], with or without an axis for the batch in front
//   1
//   three: w.safetensors: the model has no tensor `both.w`: these are the weights of another model
//   1
//   0
