// Errors of the parts that the module leaves out: data sets, since it has no file system, and cairo. In the place of
// models/sketch_model_data.cpp, models/image_model_data.cpp, models/sketch_rnn/evaluation.cpp and render/png.cpp.
#include "limn/core/error.hpp"
#include "limn/models/image_model.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "limn/render/png.hpp"

namespace limn::models {
namespace {

[[noreturn]] void refuse(const Model& model) {
  fail("{}: no data set can be read here; use the command limn", model.checkpoint().origin);
}

}  // namespace

Drawings SketchModel::read(const std::vector<std::string>&, std::int64_t) const { refuse(*this); }
PriorOfData SketchModel::fit_prior(const PriorRequest&) const { refuse(*this); }
Evaluation SketchRnnModel::evaluate(const EvaluationRequest&) const { refuse(*this); }
Drawings ImageModel::read(const std::vector<std::string>&, std::int64_t) const { refuse(*this); }
PriorOfData ImageModel::fit_prior(const PriorRequest&) const { refuse(*this); }
Evaluation ImageModel::evaluate(const EvaluationRequest&) const { refuse(*this); }

}  // namespace limn::models

namespace limn::render {

// Of images in an SVG: js/png.js writes PNG files.
Bytes encode_png(const image::Raster&) { fail("an SVG with images cannot be written here; use the command limn"); }

}  // namespace limn::render
