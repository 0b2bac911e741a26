// Random orthogonal matrices, for initial weights. Reentrant; the work is divided over the pool of
// threads/parallel.hpp, and the result does not depend on the number of threads.
#pragma once

#include "limn/core/matrix.hpp"
#include "limn/core/random.hpp"

namespace limn::kernels {

// Fills `out` [N, N] with an orthogonal matrix, each equally likely (Haar's measure): the product of N reflections
// along normal vectors of N, N - 1, …, 1 numbers (Stewart 1980, "The Efficient Generation of Random Orthogonal
// Matrices"). It equals Q of the QR decomposition of a Gaussian matrix, without the work for R: 4/3 N³ operations in
// double. Takes N (N + 1) / 2 normal numbers from `random`, and that many doubles of memory.
void random_orthogonal(RandomStream& random, Matrix out);

}  // namespace limn::kernels
