// All options of a run of a family: of its model and data, and of training. One object a run; `all` points into the
// other two.
#pragma once

#include <algorithm>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "limn/core/options.hpp"
#include "limn/models/registry.hpp"
#include "limn/train/options.hpp"

namespace limn::train {

struct RunOptions {
  // With the family's defaults.
  explicit RunOptions(const models::Family& family) : setup(family.make_setup()), all(setup->fields()) {
    std::ranges::move(fields(train), std::back_inserter(all));
    set_options(all, family.training_defaults);
  }
  RunOptions(const RunOptions&) = delete;
  RunOptions& operator=(const RunOptions&) = delete;

  // Loads the data sets and makes the task, as these options say.
  [[nodiscard]] std::unique_ptr<models::TrainingTask> load(std::span<const std::string> data) const {
    return setup->load(
        data, {.batch_size = train.batch_size,
               .seed = static_cast<std::uint64_t>(train.seed),
               .precision = train.precision == "bf16" ? kernels::Precision::kBFloat16 : kernels::Precision::kFloat32,
               .fits_prior = train.fit_prior});
  }

  std::unique_ptr<models::TrainingSetup> setup;
  TrainOptions train;
  std::vector<OptionField> all;
};

}  // namespace limn::train
