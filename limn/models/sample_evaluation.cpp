#include "limn/models/sample_evaluation.hpp"

#include <algorithm>
#include <optional>

#include "limn/core/error.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/models/sketch_model.hpp"
#include "limn/sketch/dataset.hpp"
#include "limn/sketch/ink_map.hpp"

namespace limn::models {
namespace {

std::vector<sketch::InkMap> maps_of(std::span<const sketch::Sketch> sketches) {
  std::vector<std::optional<sketch::InkMap>> made(sketches.size());
  kernels::parallel_for(std::ssize(sketches), [&](std::int64_t i) {
    const auto place = static_cast<std::size_t>(i);
    made[place].emplace(sketches[place]);
  });
  std::vector<sketch::InkMap> maps;
  for (auto& map : made) maps.push_back(std::move(*map));
  return maps;
}

std::vector<float> distances_within(std::span<const sketch::InkMap> maps) {
  const std::size_t n = maps.size();
  std::vector<float> distances(n * n);
  kernels::parallel_for(std::ssize(maps), [&](std::int64_t i) {
    const auto row = static_cast<std::size_t>(i);
    for (std::size_t j = 0; j < row; ++j)
      distances[row * n + j] = distances[j * n + row] = static_cast<float>(ink_distance(maps[row], maps[j]));
  });
  return distances;
}

std::vector<float> distances_between(std::span<const sketch::InkMap> rows, std::span<const sketch::InkMap> columns) {
  std::vector<float> distances(rows.size() * columns.size());
  kernels::parallel_for(std::ssize(rows), [&](std::int64_t i) {
    const auto row = static_cast<std::size_t>(i);
    for (std::size_t j = 0; j < columns.size(); ++j)
      distances[row * columns.size() + j] = static_cast<float>(ink_distance(rows[row], columns[j]));
  });
  return distances;
}

}  // namespace

ManifoldFigures compare_sketches(std::span<const sketch::Sketch> real, std::span<const sketch::Sketch> generated) {
  require(real.size() == generated.size(), "{} drawings are compared with {}, expected as many", generated.size(),
          real.size());
  const std::vector<sketch::InkMap> real_maps = maps_of(real), generated_maps = maps_of(generated);
  return manifold_figures({.n = std::ssize(real),
                           .real = distances_within(real_maps),
                           .generated = distances_within(generated_maps),
                           .across = distances_between(real_maps, generated_maps)});
}

SampleEvaluation SketchModel::evaluate_samples(const SampleRequest& request) const {
  const auto data = data_set(request.data, request.absolute, request.damaged);
  data.require_sketches(request.split);
  const std::int64_t compared = std::min({request.count, data.size(request.split), kMostCompared});
  require(compared >= kFewestCompared,
          "{}: {} of its {} drawings and {} new ones are too few to compare, expected at least {} of each", data.name(),
          data.size(request.split), kSplitNames[static_cast<std::size_t>(request.split)], request.count,
          kFewestCompared);
  std::vector<sketch::Sketch> real;
  for (const std::int64_t number : spread_examples(data.size(request.split), compared))
    real.push_back(data.sketch(request.split, number));
  const Drawings drawings = draw(request.count, request.drawing);
  return {.count = request.count,
          .blank = std::ranges::count_if(drawings.sketches, sketch::is_blank),
          .cut_short = drawings.cut_short,
          .compared = compared,
          .figures = compare_sketches(real, std::span(drawings.sketches).first(real.size()))};
}

}  // namespace limn::models
