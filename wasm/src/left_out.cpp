// Errors of the parts that the module leaves out: data sets, since it has no file system. In the place of
// models/sketch_model_data.cpp, models/image_model_data.cpp and models/sketch_rnn/evaluation.cpp.
#include "limn/core/error.hpp"
#include "limn/core/json.hpp"
#include "limn/models/image_model.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"

namespace limn::models {
namespace {

[[noreturn]] void refuse(const Model& model) {
  fail("{}: no data set can be read here; use the command limn", model.checkpoint().origin);
}

}  // namespace

// The option of its training data, as in sketch/dataset.hpp; 0 where the file does not say.
double SketchModel::simplify() const { return parse_json(checkpoint().training_config).value("simplify", 0.0); }

Drawings SketchModel::read(const std::vector<std::string>&, std::int64_t) const { refuse(*this); }
PriorOfData SketchModel::fit_prior(const PriorRequest&) const { refuse(*this); }
Evaluation SketchRnnModel::evaluate(const EvaluationRequest&) const { refuse(*this); }
Drawings ImageModel::read(const std::vector<std::string>&, std::int64_t) const { refuse(*this); }
PriorOfData ImageModel::fit_prior(const PriorRequest&) const { refuse(*this); }
Evaluation ImageModel::evaluate(const EvaluationRequest&) const { refuse(*this); }

}  // namespace limn::models
