// A recurrent cell over packed sequences as a LibTorch module: one autograd node a sequence, computed by
// kernels::RecurrentSequence. Parameters are float32 on the CPU and bear the names of kernels::cell_parameters().
// One thread at a time.
#pragma once

#include <torch/torch.h>

#include <memory>
#include <vector>

#include "limn/kernels/cells/recurrent.hpp"

namespace limn::nn {

// Registers `specs` on `module`, dots in a name making child modules, as zero tensors that require gradients.
// Returns them in the order of the specs.
std::vector<torch::Tensor> register_parameters(torch::nn::Module& module,
                                               const std::vector<kernels::ParameterSpec>& specs);

struct RecurrentInput {
  torch::Tensor x;                   // [R, D], packed as kernels/recurrent.hpp says
  std::vector<std::int64_t> active;  // rows of each step
  torch::Tensor constant = {};       // [B, Z]; undefined where Z = 0
  torch::Tensor initial_state = {};  // [B, S]; undefined means zero
  kernels::RecurrentDropout dropout = {};
};

struct RecurrentOutput {
  torch::Tensor hidden;       // [R, H]
  torch::Tensor final_state;  // [B, S]
};

// The saved activations of finished sequences, to be used again: allocating them anew costs page faults.
class SequencePool;

class RecurrentImpl : public torch::nn::Module {
 public:
  RecurrentImpl(const kernels::CellShape& shape, kernels::Direction direction, kernels::Precision precision);

  RecurrentOutput forward(const RecurrentInput& input);
  [[nodiscard]] const kernels::CellShape& shape() const { return shape_; }

 private:
  kernels::CellShape shape_;
  std::vector<torch::Tensor> weights_;
  std::shared_ptr<SequencePool> pool_;
};
TORCH_MODULE(Recurrent);

}  // namespace limn::nn
