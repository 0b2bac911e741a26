// The training steps that version 0.1.0 left in tests/data/steps/0.1.0 (README.md there), and the comparison with them.
// Values; a fixture owns all that it holds.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "limn/core/matrix.hpp"
#include "limn/core/options.hpp"
#include "limn/core/safetensors.hpp"
#include "limn/kernels/parameters.hpp"
#include "limn/sketch/dataset.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::testing {

class StepFixture {
 public:
  // tests/data/steps/0.1.0/NAME.safetensors.
  explicit StepFixture(const std::string& name);
  // The names of all fixtures of a model ("sketch_rnn", "vae" or "draw"), sorted.
  [[nodiscard]] static std::vector<std::string> names(const std::string& model);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool has_metadata(const std::string& key) const { return file_.metadata().contains(key); }
  [[nodiscard]] const std::string& metadata(const std::string& key) const { return file_.metadata(key); }
  // A metadata value that is a whole number; `absent` where there is none.
  [[nodiscard]] std::int64_t number(const std::string& key, std::int64_t absent = 0) const;
  [[nodiscard]] std::uint64_t seed() const { return static_cast<std::uint64_t>(number("seed")); }
  [[nodiscard]] std::uint64_t step() const { return static_cast<std::uint64_t>(number("step")); }
  // B of the batch over all processes; 0 where this batch is the whole.
  [[nodiscard]] std::int64_t whole_batch() const { return number("whole_batch"); }
  // The place of each row in the whole batch; empty where this batch is the whole.
  [[nodiscard]] const std::vector<std::int64_t>& places() const { return places_; }
  // Sets the model's options from the metadata.
  void read_options(std::span<const OptionField> fields) const;

  // The tensors of `specs`, in their order; `group` is "parameters", "gradients", "buffers" or "buffers_after".
  [[nodiscard]] std::vector<std::vector<float>> tensors(const std::string& group,
                                                        std::span<const kernels::ParameterSpec> specs) const;
  // All names of a group, without its prefix, sorted: nothing of a fixture may be left out.
  [[nodiscard]] std::vector<std::string> tensor_names(const std::string& group) const;
  // "total", "offset", ….
  [[nodiscard]] const std::map<std::string, double>& losses() const { return losses_; }
  [[nodiscard]] double loss(const std::string& name) const { return losses_.at(name); }

  // Fixtures of sketches: normalised, longest first.
  [[nodiscard]] std::vector<sketch::Sketch> sketches() const;
  // make_batch() of them, with the places.
  [[nodiscard]] sketch::StrokeBatch batch() const;
  // Fixtures of images: [B, C·H·W], and B.
  [[nodiscard]] std::vector<float> pixels() const;
  [[nodiscard]] std::int64_t batch_size() const;

 private:
  std::string name_;
  SafetensorsFile file_;
  std::map<std::string, double> losses_;
  std::vector<std::int64_t> places_;
};

// Views of a model's tensors as a training step takes them; the vectors must outlive the spans.
[[nodiscard]] std::vector<std::span<const float>> const_spans(const std::vector<std::vector<float>>& tensors);
[[nodiscard]] std::vector<std::span<float>> spans(std::vector<std::vector<float>>& tensors);
// As many tensors of the sizes of `specs`, each value NaN: a step must overwrite all of them.
[[nodiscard]] std::vector<std::vector<float>> blank_tensors(std::span<const kernels::ParameterSpec> specs);

// Each loss of the fixture is among `losses` and equal to 2e-6 of it.
void expect_losses(const StepFixture& fixture, const std::map<std::string, double>& losses);
// Each gradient within 1e-4 of the largest value of its tensor; one that `is_zero` names (a bias before a batch
// normalisation) within 1e-4. `specs` are all parameters of the fixture.
void expect_gradients(const StepFixture& fixture, std::span<const kernels::ParameterSpec> specs,
                      const std::vector<std::vector<float>>& gradients,
                      const std::function<bool(const std::string&)>& is_zero = {});

}  // namespace limn::testing
