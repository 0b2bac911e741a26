// Model.evaluate(): the losses on a data set, as limn eval prints them.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "limn/core/error.hpp"
#include "python/model.hpp"
#include "python/seed.hpp"

namespace limn::python {
namespace {

using namespace nb::literals;

nb::dict evaluate(const AnyModel& model, nb::handle data, const std::string& split, Seed seed, bool mean,
                  std::int64_t samples, std::int64_t importance_samples) {
  const bool is_named = !data.is_none();
  models::EvaluationRequest request{.data = is_named ? references_in(data) : std::vector<std::string>{},
                                    .split = split_named(split),
                                    .seed = seed,
                                    .uses_mean = mean,
                                    .samples = samples,
                                    .importance_samples = importance_samples};
  require(!is_named || !request.data.empty(), "data: expected the name of a data set, or a list of names");
  if (!is_named) request.data = {registry().family_named(model.model->checkpoint().model, "the model").built_in_data};
  check_count(samples, "samples");
  require(importance_samples >= 0, "importance_samples: {}, expected 0 or more", importance_samples);
  if (mean) model.model->need(models::Ability::kEvaluateMean, "leave mean out");
  if (importance_samples > 0) model.model->need(models::Ability::kImportanceSamples, "leave importance_samples out");
  models::Evaluation evaluation;
  {
    const nb::gil_scoped_release release;
    evaluation = model.model->evaluate(request);
  }
  nb::dict figures;
  figures["n"] = evaluation.n;
  for (const auto& [name, value] : evaluation.losses) figures[name.c_str()] = value;
  for (const auto& [name, count] : evaluation.counts) figures[name.c_str()] = count;
  return figures;
}

}  // namespace

void add_evaluate(nb::class_<AnyModel>& model) {
  model.def(
      "evaluate", &evaluate, "data"_a = nb::none(), nb::kw_only(), "split"_a = "test", "seed"_a = 0, "mean"_a = false,
      "samples"_a = 1, "importance_samples"_a = 0,
      nb::sig("def evaluate(self, data: str | os.PathLike[str] | list[str] | None = None, *, split: str = 'test', "
              "seed: int = 0, mean: bool = False, samples: int = 1, importance_samples: int = 0) -> "
              "dict[str, float]"),
      "The losses on a data set, means over its drawings, in nats: what `limn eval` prints.\n\n"
      "data: names of data sets; None: the family's built-in one. split: train, valid or test. seed: of the noise\n"
      "of z. mean: the posterior's mean for z. samples: draws of z per image. importance_samples: of images, K\n"
      "draws for a closer estimate of -log p(x). Returns n and the losses by name.");
}

}  // namespace limn::python
