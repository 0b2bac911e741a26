#include "models/step_fixture.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "limn/core/error.hpp"
#include "testing/compare.hpp"

namespace limn::testing {
namespace {

constexpr double kLossTolerance = 2e-6;
constexpr double kGradientTolerance = 1e-4;

std::filesystem::path folder() { return std::filesystem::path(LIMN_TEST_DATA_DIR) / "steps" / "0.1.0"; }

}  // namespace

StepFixture::StepFixture(const std::string& name)
    : name_(name), file_(SafetensorsFile::read(folder() / (name + ".safetensors"))) {
  losses_ = nlohmann::json::parse(metadata("losses")).get<std::map<std::string, double>>();
  if (has_metadata("places")) places_ = nlohmann::json::parse(metadata("places")).get<std::vector<std::int64_t>>();
}

std::vector<std::string> StepFixture::names(const std::string& model) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder()))
    if (const std::string stem = entry.path().stem().string(); stem.starts_with(model + "_")) names.push_back(stem);
  std::ranges::sort(names);
  return names;
}

std::int64_t StepFixture::number(const std::string& key, std::int64_t absent) const {
  return has_metadata(key) ? std::stoll(metadata(key)) : absent;
}

void StepFixture::read_options(std::span<const OptionField> fields) const {
  options_from_json(fields, metadata("config"), name_);
}

std::vector<std::vector<float>> StepFixture::tensors(const std::string& group,
                                                     std::span<const kernels::ParameterSpec> specs) const {
  std::vector<std::vector<float>> tensors;
  for (const auto& spec : specs) tensors.push_back(file_.read_f32(group + "." + spec.name, spec.shape));
  return tensors;
}

std::vector<std::string> StepFixture::tensor_names(const std::string& group) const {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : file_.tensors())
    if (name.starts_with(group + ".")) names.push_back(name.substr(group.size() + 1));
  return names;
}

std::vector<sketch::Sketch> StepFixture::sketches() const {
  std::vector<sketch::Sketch> sketches;
  for (std::int64_t i = 0;; ++i) {
    const std::string name = "sketch." + std::to_string(i);
    if (!file_.contains(name)) return sketches;
    const std::vector<std::int64_t>& shape = file_.tensors().at(name).shape;
    const std::vector<float> rows = file_.read_f32(name, shape);
    sketch::Sketch& sketch = sketches.emplace_back();
    for (std::size_t r = 0; r < rows.size(); r += 3) sketch.points.push_back({rows[r], rows[r + 1], rows[r + 2] != 0});
  }
}

sketch::StrokeBatch StepFixture::batch() const {
  const std::vector<sketch::Sketch> owned = sketches();
  std::vector<const sketch::Sketch*> views;
  for (const sketch::Sketch& sketch : owned) views.push_back(&sketch);
  sketch::StrokeBatch batch = sketch::make_batch(views, {});
  batch.places = places_;
  return batch;
}

std::vector<float> StepFixture::pixels() const { return file_.read_f32("pixels", file_.tensors().at("pixels").shape); }

std::int64_t StepFixture::batch_size() const {
  return file_.contains("pixels") ? file_.tensors().at("pixels").shape.front() : std::ssize(sketches());
}

std::vector<std::span<const float>> const_spans(const std::vector<std::vector<float>>& tensors) {
  return {tensors.begin(), tensors.end()};
}

std::vector<std::span<float>> spans(std::vector<std::vector<float>>& tensors) {
  return {tensors.begin(), tensors.end()};
}

std::vector<std::vector<float>> blank_tensors(std::span<const kernels::ParameterSpec> specs) {
  std::vector<std::vector<float>> tensors;
  for (const auto& spec : specs) tensors.emplace_back(spec.count(), std::numeric_limits<float>::quiet_NaN());
  return tensors;
}

void expect_losses(const StepFixture& fixture, const std::map<std::string, double>& losses) {
  for (const auto& [name, expected] : fixture.losses()) {
    const auto found = losses.find(name);
    ASSERT_NE(found, losses.end()) << fixture.name() << ": no loss " << name;
    EXPECT_NEAR(found->second, expected, kLossTolerance * std::abs(expected)) << fixture.name() << ": " << name;
  }
}

void expect_gradients(const StepFixture& fixture, std::span<const kernels::ParameterSpec> specs,
                      const std::vector<std::vector<float>>& gradients,
                      const std::function<bool(const std::string&)>& is_zero) {
  std::vector<std::string> names;
  for (const auto& spec : specs) names.push_back(spec.name);
  EXPECT_THAT(fixture.tensor_names("gradients"), ::testing::UnorderedElementsAreArray(names)) << fixture.name();
  ASSERT_EQ(gradients.size(), specs.size());
  const auto expected = fixture.tensors("gradients", specs);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    // Of an absolute tolerance the floor is the unit: 1 makes it 1e-4 itself.
    const bool zero = is_zero && is_zero(specs[i].name);
    const Tolerance tolerance{.relative = 0, .absolute = kGradientTolerance, .floor = zero ? 1.0 : 0.0};
    EXPECT_TRUE(all_near(std::span<const float>(gradients[i]), std::span<const float>(expected[i]), tolerance,
                         fixture.name() + ": " + specs[i].name));
  }
}

}  // namespace limn::testing
