// run: files in and out, weights saved and read back, what does not fit is refused and nothing is written.
// RUN: copy_array %S/x.npy x.npy && nasc run %s large --arch a --seed 1 --save-weights w.safetensors --input x.npy --output y.npy --backend ref
// RUN: nasc run %s large --arch a --weights w.safetensors --input x.npy --output z.npy --backend ref && cmp y.npy z.npy && echo same
// RUN: nasc run %s small --arch b --seed 1 --input x.npy --output n.npy; echo "exit $?"; nasc run %s large --arch a --seed 1 --input none.npy --output n.npy; echo "exit $?"; nasc run %s large --arch a --seed 1 --input w.safetensors --output n.npy; echo "exit $?"
// RUN: nasc run %s small --arch b --weights w.safetensors --input %S/x3.npy --output n.npy; echo "exit $?"; nasc run %s large --arch a --weights x.npy --input x.npy --output n.npy; echo "exit $?"; nasc run %s large --arch a --seed 1 --input x.npy --output no/such/n.npy; echo "exit $?"
// RUN: ls *.npy
import std.nn
space large(x: [4]) -> [3] { x |> linear[3] } as "large"
space small(x: [3]) -> [3] { x |> linear[3] } as "small"
arch a in large = `large`
arch b in small = `small`
// STDOUT:
//   same
//   exit 1
//   exit 1
//   exit 1
//   exit 1
//   exit 1
//   exit 3
//   x.npy
//   y.npy
//   z.npy
// STDERR:
//   error[E0841]: x.npy: an array f32[4], but the space's input 0 is f32[3], with or without a batch axis in front
//   error[E0905]: none.npy: cannot be read: No such file or directory
//   error[E0810]: w.safetensors: this is not a .npy file
//   error[E0840]: w.safetensors: `linear.w` is f32[3, 4], the network's is f32[3, 3]
//   error[E0820]: x.npy: this is not a safetensors file: its header is longer than 100 MB
//   error[E0906]: no/such/n.npy: cannot be written: No such file or directory
