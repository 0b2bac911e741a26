#include "wasm/src/model_file.hpp"

#include <string_view>
#include <utility>

#include "limn/models/draw/drawing.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "limn/models/sketch_rnn/magenta_json.hpp"
#include "limn/models/vae/drawing.hpp"

namespace limn::wasm {
namespace {

// The families, without what only training and importing need.
const models::Registry& registry() {
  static const models::Registry all({{.name = models::kSketchRnnModel,
                                      .make_model = [](models::Checkpoint c) -> std::unique_ptr<models::Model> {
                                        return std::make_unique<models::SketchRnnModel>(std::move(c));
                                      }},
                                     {.name = models::kVaeModel,
                                      .content = models::Content::kImages,
                                      .make_model = [](models::Checkpoint c) -> std::unique_ptr<models::Model> {
                                        return models::make_vae_model(std::move(c));
                                      }},
                                     {.name = models::kDrawModel,
                                      .content = models::Content::kImages,
                                      .make_model = [](models::Checkpoint c) -> std::unique_ptr<models::Model> {
                                        return models::make_draw_model(std::move(c));
                                      }}});
  return all;
}

// A safetensors file, or Magenta's JSON.
models::Checkpoint read(Bytes bytes, const std::string& name, bool is_magenta) {
  if (!is_magenta) return models::parse_checkpoint(SafetensorsFile::parse(std::move(bytes), name));
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  models::Checkpoint checkpoint = models::to_checkpoint(models::parse_magenta_json(text, name));
  checkpoint.origin = name;
  return checkpoint;
}

}  // namespace

std::unique_ptr<models::Model> read_model(Bytes bytes, const std::string& name, bool is_magenta) {
  return registry().make(read(std::move(bytes), name, is_magenta));
}

}  // namespace limn::wasm
