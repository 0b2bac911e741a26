// The plain LibTorch versions of the models as limn bench compares them with limn's own, over the table of the module
// on LibTorch. No LibTorch in this header. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/bench/report.hpp"
#include "limn/core/matrix.hpp"
#include "limn/models/draw/options.hpp"
#include "limn/models/sketch_rnn/options.hpp"
#include "limn/models/training.hpp"
#include "limn/models/vae/options.hpp"
#include "limn/sketch/dataset.hpp"
#include "limn/train/libtorch_api.hpp"
#include "limn/train/options.hpp"

namespace limn::app {

// Values by the names of their parameters.
using Gradients = std::map<std::string, std::vector<float>>;

// The rows of a matrix without gaps.
[[nodiscard]] libtorch::FloatRows float_rows(ConstMatrix matrix);
// The view is of the parameters' memory.
[[nodiscard]] std::vector<libtorch::NamedTensor> named_tensors(std::span<const models::TaskParameter> parameters);
[[nodiscard]] libtorch::SketchRnnSetting sketch_rnn_setting(const models::SketchRnnOptions& options);

// Adam and clipping as a run trains.
[[nodiscard]] libtorch::AdamSetting adam_setting(const train::TrainOptions& options);
// The twins' threads, where there is a module.
void set_plain_threads(const BenchOptions& options, int count);

// The same model as ours in plain LibTorch, with Adam. It starts with copies of the given parameters.
class Twin {
 public:
  Twin(const libtorch::Api& api, const models::SketchRnnOptions& options, std::span<const models::TaskParameter> start,
       const libtorch::AdamSetting& adam);
  // Resolved options.
  Twin(const libtorch::Api& api, const models::DrawOptions& options, std::span<const models::TaskParameter> start,
       const libtorch::AdamSetting& adam);
  Twin(const libtorch::Api& api, const models::VaeOptions& options, std::span<const models::TaskParameter> start,
       std::span<const models::TaskParameter> buffers, const libtorch::AdamSetting& adam);
  // Adam alone.
  Twin(const libtorch::Api& api, std::span<const models::TaskParameter> start, const libtorch::AdamSetting& adam);

  // The loss; the gradients stay inside.
  double compute_gradients(const sketch::StrokeBatch& batch, std::int64_t max_seq_len, std::uint64_t seed,
                           std::int64_t step);
  double compute_gradients(ConstMatrix pixels, ConstMatrix noise, double beta = 1);
  void update();
  void set_gradient(const std::string& name, std::span<const float> values);
  [[nodiscard]] std::vector<float> value(const std::string& name) const;
  [[nodiscard]] Gradients gradients() const;

 private:
  struct Destroy {
    void (*destroy)(libtorch::Twin*) = nullptr;
    void operator()(libtorch::Twin* twin) const { destroy(twin); }
  };
  Twin(const libtorch::Api& api, std::span<const models::TaskParameter> start);

  const libtorch::Api& api_;
  std::map<std::string, std::int64_t> sizes_;  // values of each parameter
  std::unique_ptr<libtorch::Twin, Destroy> twin_;
};

}  // namespace limn::app
