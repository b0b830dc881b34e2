// Mistakes in ops; every statement that is wrong is said.
// RUN: nasc check %s
// EXIT: 1
op f(x: [C]) { y[c] = x[c] }
op g(x: [C]) -> y: [C] {
    let = 3
    y[c] = 2 x[c]
    param w: [C]
    state[c] = x[c]
    y[c] = x[c] where c <
    z[(2*h w)] = x[c]
    rank i
    y[c] = x[c]
}
op h(x: [C]) -> y: [C] {}
// STDERR:
//   error[E0110]: expected `->`, found `{`
//    --> op.nas:4:14
//     |
//   4 | op f(x: [C]) { y[c] = x[c] }
//     |              ^
//     = help: an op names its output: `-> y: [..]`
//   error[E0110]: expected a name, found `=`
//    --> op.nas:6:9
//     |
//   6 |     let = 3
//     |         ^
//   error[E0110]: expected `where`, `}` or the end of the line, found `x`
//    --> op.nas:7:14
//     |
//   7 |     y[c] = 2 x[c]
//     |              ^
//     = help: a product needs its `*`
//   error[E0110]: expected `~`, found the end of the line
//    --> op.nas:8:17
//     |
//   8 |     param w: [C]
//     |                 ^
//     = help: a parameter or state says how it begins: `~ zeros`, `~ kaiming_uniform(K)`
//   error[E0110]: expected a name, found `[`
//    --> op.nas:9:10
//     |
//   9 |     state[c] = x[c]
//     |          ^
//     = help: `state` begins a declaration here; as a name it cannot be the first word of a line
//   error[E0110]: expected `,` or `)`, found `w`
//     --> op.nas:11:12
//      |
//   11 |     z[(2*h w)] = x[c]
//      |            ^
//      = help: what stands in brackets is separated by `,`; a product needs its `*`
//   error[E0110]: expected `:` or `,`, found the end of the line
//     --> op.nas:12:11
//      |
//   12 |     rank i
//      |           ^
//   error[E0110]: expected a statement, found `}`
//     --> op.nas:15:25
//      |
//   15 | op h(x: [C]) -> y: [C] {}
//      |                         ^
//      = help: a block ends with its value, and an op's body says what its output is
