// The common part of all functions of the module: how a result and an error reach JavaScript. A function returns 0 or a
// handle of 0 after a failure; limn_error() then is the text. Results lie here until the next call. One thread.
//
// Options come as the text of a JSON object, already checked for unknown names by js/options.js.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limn/core/json.hpp"
#include "limn/models/model.hpp"

#define LIMN_CALL(name) extern "C" __attribute__((export_name(#name)))

namespace limn::wasm {

// The numbers and the text of the last call that gave some.
struct Result {
  std::vector<float> numbers;
  std::vector<std::int32_t> counts;  // points of each sketch, or the sizes of an array
  std::string text;
  std::string error;
};
[[nodiscard]] Result& result();

void give(const models::Drawings& drawings);
void give(const models::Latents& latents);

// `count` sketches: counts[i] rows of (dx, dy, pen lifted) each, one sketch after the other. Throws Error for a pen
// state other than 0 and 1, and numbers that are not finite.
[[nodiscard]] models::Drawings sketches_of(const float* rows, const std::int32_t* counts, std::int32_t count);
[[nodiscard]] models::Latents latents_of(const models::Model& model, const float* values, std::int32_t count);

// The options of drawing: temperature, greedy, sigmaTemperature, seed, first, prior and skipBlank.
[[nodiscard]] models::DrawingOptions drawing_options(const Json& options);
[[nodiscard]] Json parse_options(const char* text, std::int32_t size);

// What `work` gives; 0 and the error's text where it throws.
template <class Work>
auto guarded(Work&& work) -> decltype(work()) {
  try {
    result().error.clear();
    return work();
  } catch (const std::bad_alloc&) {
    result().error = "not enough memory";
  } catch (const std::exception& error) {
    result().error = error.what();
  }
  return {};
}

}  // namespace limn::wasm
