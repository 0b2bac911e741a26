// The interface of a cell behind RecurrentSequence. Internal to the room; arguments have been checked already.
#pragma once

#include <memory>

#include "limn/kernels/cells/recurrent.hpp"

namespace limn::kernels {

class CellSequence {
 public:
  virtual ~CellSequence() = default;
  virtual void forward(const RecurrentSequence::Input& input, Matrix hidden, Matrix final_state) = 0;
  virtual void backward(const RecurrentSequence::Gradients& gradients) = 0;
};

[[nodiscard]] std::unique_ptr<CellSequence> make_lstm_sequence(const CellShape& shape, Direction direction,
                                                               Precision precision);
[[nodiscard]] std::unique_ptr<CellSequence> make_layer_norm_sequence(const CellShape& shape, Direction direction,
                                                                     Precision precision);
[[nodiscard]] std::unique_ptr<CellSequence> make_hyper_sequence(const CellShape& shape, Direction direction,
                                                                Precision precision);

}  // namespace limn::kernels
