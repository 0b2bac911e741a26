// Draws with a trained Sketch-RNN.
//   sample_from_checkpoint MODEL OUT.svg [COUNT [TEMPERATURE [SEED]]]
// MODEL is a run directory of `limn train` or a .safetensors file; OUT ends in .svg, .png or .gif. Prints a line for
// each drawing ("drawing 3: 41 points, 6 strokes") and at the end the name of the file.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/sketch_model.hpp"
#include "limn/render/save.hpp"

namespace {

struct Arguments {
  std::string model;
  std::string out;
  long count = 9;
  float temperature = 0.4F;
  std::uint64_t seed = 1;
};

int draw(const Arguments& arguments) {
  limn::render::require_sheet_ending(arguments.out);  // a wrong name is better found before the work than after it
  const auto loaded = limn::models::standard_registry().load(arguments.model);
  const limn::models::SketchModel* model = loaded->as_sketch_model();
  limn::require(model != nullptr, "{}: it draws images, not sketches; give a Sketch-RNN", arguments.model);

  // All drawings at once. Each depends on the seed and its number alone, so the third is the same among 9 or 900.
  const limn::models::PointChoice choice{.temperature = arguments.temperature};
  const auto drawings = limn::models::draw_new(*model, arguments.count, choice, arguments.seed);

  std::vector<limn::render::SheetCell> cells;
  for (std::size_t i = 0; i < drawings.size(); ++i) {
    const limn::sketch::Sketch sketch = model->in_data_units(drawings[i].sketch);
    std::printf("drawing %zu: %zu points, %zu strokes%s\n", i, sketch.points.size(),
                limn::sketch::to_strokes(sketch).size(), drawings[i].is_finished ? "" : ", cut at the longest length");
    cells.push_back(limn::render::cell_of(sketch));
  }
  limn::render::save_sheet(arguments.out, limn::render::grid_sheet(std::move(cells)));
  std::printf("%s\n", arguments.out.c_str());
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 6) {
    std::fprintf(stderr, "usage: sample_from_checkpoint MODEL OUT.svg [COUNT [TEMPERATURE [SEED]]]\n");
    return 2;
  }
  try {
    Arguments arguments{.model = argv[1], .out = argv[2]};
    if (argc > 3) arguments.count = std::stol(argv[3]);
    if (argc > 4) arguments.temperature = std::stof(argv[4]);
    if (argc > 5) arguments.seed = std::stoull(argv[5]);
    return draw(arguments);
  } catch (const std::logic_error&) {
    std::fprintf(stderr, "COUNT, TEMPERATURE and SEED are numbers\n");
    return 2;
  } catch (const limn::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
}
