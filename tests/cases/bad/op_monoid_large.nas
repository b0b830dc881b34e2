// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0422]: a monoid has at most 16 parts, here are 17
monoid big(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15, s16) { zero (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); lift (x) (x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x); merge (a, b) (a.s0 + b.s0, a.s1 + b.s1, a.s2 + b.s2, a.s3 + b.s3, a.s4 + b.s4, a.s5 + b.s5, a.s6 + b.s6, a.s7 + b.s7, a.s8 + b.s8, a.s9 + b.s9, a.s10 + b.s10, a.s11 + b.s11, a.s12 + b.s12, a.s13 + b.s13, a.s14 + b.s14, a.s15 + b.s15, a.s16 + b.s16) }
op f(x: [K]) -> y: [] {
    w big= x[k]
    y = w.s0
}
