// What sample, reconstruct, interpolate, encode, decode, eval and info do with a model that draws images; their
// descriptions on the command line are in the file of each command, which comes here by the model's kind.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace limn::app {

// Whether MODEL draws images rather than sketches. Throws Error if it is no model.
[[nodiscard]] bool draws_images(const std::string& model);
// Throws Error if any of the options, which only Sketch-RNN has, was given.
void refuse_sketch_options(const CLI::App& command, const std::vector<std::string>& names);

struct ImageSampling {
  std::string model;
  std::int64_t count = 16;
  std::uint64_t seed = 1;
  std::string out;           // .gif: a walk from each drawing to the next; of DRAW the canvases growing
  bool shows_steps = false;  // DRAW only: the canvas after every step
};
void sample_images(const ImageSampling& a);

struct ImageReconstruction {
  std::string model;
  std::vector<std::string> in;
  std::int64_t count = 8;
  bool uses_mean = false;
  std::uint64_t seed = 1;
  std::string out;           // .gif of DRAW: the canvases growing
  bool shows_steps = false;  // DRAW only: with the windows at some of the steps
};
void reconstruct_images(const ImageReconstruction& a);

struct ImageInterpolation {
  std::string model;
  std::vector<std::string> ends;  // two, or the four corners of a grid
  std::int64_t steps = 10;
  std::string out;                // .gif: there and back
};
void interpolate_images(const ImageInterpolation& a);

struct ImageEncoding {
  std::string model;
  std::vector<std::string> in;
  bool samples = false;
  std::uint64_t seed = 1;
  std::string out;
};
void encode_images(const ImageEncoding& a);

struct ImageDecoding {
  std::string model;
  std::string z;
  std::string out;  // .gif: one vector after the other
};
void decode_images(const ImageDecoding& a);

struct ImageEvaluationArguments {
  std::string model;
  std::vector<std::string> data;
  std::string split = "test";
  std::uint64_t seed = 0;
  std::int64_t samples = 1;
  std::int64_t importance_samples = 0;
  bool is_json = false;
};
void evaluate_images(const ImageEvaluationArguments& a);

[[nodiscard]] nlohmann::ordered_json describe_image_model(const std::string& model);

}  // namespace limn::app
