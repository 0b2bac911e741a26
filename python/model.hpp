// limn.Model and what its two kinds share: how Python's arguments become the options of limn/models/model.hpp.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "limn/models/image_model.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/sketch_model.hpp"

namespace limn::python {

namespace nb = nanobind;

// The families, and the built-in models that the package carries. For the whole life of the process.
[[nodiscard]] const models::Registry& registry();

// A loaded model, which several Python objects and threads may share.
struct AnyModel {
  std::shared_ptr<const models::Model> model;
};
struct SketchModel : AnyModel {
  [[nodiscard]] const models::SketchModel& get() const { return *model->as_sketch_model(); }
};
struct ImageModel : AnyModel {
  [[nodiscard]] const models::ImageModel& get() const { return *model->as_image_model(); }
};
// A SketchModel or an ImageModel.
[[nodiscard]] nb::object wrapped(std::shared_ptr<const models::Model> model);
[[nodiscard]] nb::object load_model(const std::filesystem::path& path, const std::string& precision);

// Throw Error listing the names for another one.
[[nodiscard]] models::SigmaTemperature sigma_temperature_named(const std::string& name);
[[nodiscard]] models::PriorKind prior_named(const std::string& name);

// "FILE", or a list of such: what `x` of a call may be instead of drawings. Empty where it is neither.
[[nodiscard]] std::vector<std::string> references_in(nb::handle x);

// Throws Error unless 1 <= n <= 1,000,000.
void check_count(std::int64_t n, const char* name = "n");

void add_model(nb::module_& module);
void add_sketch_model(nb::module_& module);
void add_image_model(nb::module_& module);
void add_evaluate(nb::class_<AnyModel>& model);

}  // namespace limn::python
