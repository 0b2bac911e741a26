// The plain LibTorch versions of the models as limn bench compares them with limn's own, over the table of the module
// on LibTorch. No LibTorch in this header. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "app/bench/report.hpp"
#include "limn/core/matrix.hpp"
#include "limn/models/training.hpp"
#include "limn/sketch/dataset.hpp"
#include "limn/train/libtorch_api.hpp"
#include "limn/train/options.hpp"

namespace limn::app {

// Values by the names of their parameters.
using Gradients = std::map<std::string, std::vector<float>>;

// The twins' threads, where there is a module.
void set_plain_threads(const BenchOptions& options, int count);

// The same model as ours on LibTorch's CPU, as `limn train --device torch:cpu` trains it. It starts with copies of the
// given tensors.
class Twin {
 public:
  struct Model {
    std::string family = {};   // as checkpoints name it; "": Adam alone
    std::string options = {};  // JSON of the resolved options
  };
  Twin(const libtorch::Api& api, const Model& model, std::span<const models::TaskParameter> start,
       std::span<const models::TaskParameter> buffers, const train::TrainOptions& options);

  // The loss; the gradients stay inside. `noise` is ε [B, Z].
  double compute_gradients(const sketch::StrokeBatch& batch, ConstMatrix noise, std::int64_t max_seq_len,
                           std::uint64_t seed, std::int64_t step);
  double compute_gradients(ConstMatrix pixels, ConstMatrix noise, double beta = 1);
  void update();
  // All gradients, one parameter after the other.
  void set_gradients(std::span<const float> values);
  // All values, likewise.
  [[nodiscard]] std::vector<float> values() const;
  [[nodiscard]] Gradients gradients() const;

 private:
  double losses_of(const libtorch::StepBatch& batch);

  const libtorch::Api& api_;
  double learning_rate_;
  std::vector<std::pair<std::string, std::int64_t>> sizes_;  // values of each parameter, in order
  std::int64_t values_ = 0, gradients_ = 0;                  // their sums, with and without buffers
  std::unique_ptr<libtorch::Run, void (*)(libtorch::Run*)> run_;
};

}  // namespace limn::app
