#include "limn/core/error.hpp"
#include "limn/kernels/cell_sequence.hpp"
namespace limn::kernels {
std::unique_ptr<CellSequence> make_hyper_sequence(const CellShape&, Direction, Precision) {
  fail("recurrent: hyper cells cannot run yet");
}
}  // namespace limn::kernels
