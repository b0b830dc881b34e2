// Everything at once: widths, alignment, comments, blank lines.
// RUN: nasc fmt %s
import std.nn(linear,relu)


const  N=3 // how many
op   attend(q:[..,P,E],k:[..,M,E],v:[..,M,F])->y:[..,P,F]
{
  qk[..,p,m]+=q[..,p,e]*k[..,m,e]; s[..,p,m]=qk[..,p,m]/sqrt(E)

  mx[..,p] max= s[..,p,m]  // the largest
  // and the rest
  y[..,p,f]=s[..,p,m]*v[..,m,f]
}
op conv[D,K=3,S=1,P=floor(K/2)](x:[C,H,W])->y:[D,OH,OW] where OH=floor((H+2*P-K)/S)+1,OW=floor((W+2*P-K)/S)+1,OH>=1,OW>=1
{ param w:[D,C,K,K] ~ kaiming_normal(C*K*K); y[d,oh,ow]+=pad(x[c,oh*S+i-P,ow*S+j-P],0)*w[d,c,i,j] }
rule C(x)=x as "identity" // nothing
  // many widths
  | for d in {16,32,64}:x|>linear[d] as "linear($d)" | 0.3->relu(x) as "relu" or "relu()"
rule Cell(x)={ let n1=a:Edge(x); let n2=b:Edge(x)+c:Edge(n1)
 n1+n2 } as "$a $b $c"
net step[CELL](a,b)=(b,CELL(a,b))
space s[C=16](x:[3,32,32])->[10] { let cell=once k:Cell
  x |> stem[C] |> repeat N {cell} |> reduce[2*C] |> repeat N {cell} |> reduce[4*C] |> repeat N {cell} |> batch_norm |> linear[10] } as "$k"
// STDOUT:
//   // Everything at once: widths, alignment, comments, blank lines.
//   // RUN: nasc fmt %s
//   import std.nn (linear, relu)
//
//   const N = 3  // how many
//   op attend(q: [.., P, E], k: [.., M, E], v: [.., M, F]) -> y: [.., P, F] {
//       qk[.., p, m] += q[.., p, e] * k[.., m, e]
//       s[.., p, m]   = qk[.., p, m] / sqrt(E)
//
//       mx[.., p] max= s[.., p, m]  // the largest
//       // and the rest
//       y[.., p, f]  = s[.., p, m] * v[.., m, f]
//   }
//   op conv[D, K = 3, S = 1, P = floor(K/2)](x: [C, H, W]) -> y: [D, OH, OW]
//       where OH = floor((H + 2*P - K) / S) + 1, OW = floor((W + 2*P - K) / S) + 1, OH >= 1, OW >= 1
//   {
//       param w: [D, C, K, K] ~ kaiming_normal(C*K*K)
//       y[d, oh, ow] += pad(x[c, oh*S + i - P, ow*S + j - P], 0) * w[d, c, i, j]
//   }
//   rule C(x) =
//       x                                     as "identity"  // nothing
//       // many widths
//     | for d in {16, 32, 64}: x |> linear[d] as "linear($d)"
//     | 0.3 -> relu(x)                        as "relu" or "relu()"
//   rule Cell(x) = {
//       let n1 = a:Edge(x)
//       let n2 = b:Edge(x) + c:Edge(n1)
//       n1 + n2
//   } as "$a $b $c"
//   net step[CELL](a, b) = (b, CELL(a, b))
//   space s[C = 16](x: [3, 32, 32]) -> [10] {
//       let cell = once k:Cell
//       x |> stem[C] |> repeat N { cell } |> reduce[2*C] |> repeat N { cell } |> reduce[4*C] |> repeat N { cell }
//         |> batch_norm |> linear[10]
//   } as "$k"
