#include "limn/models/sketch_rnn/contents.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <limits>

#include "limn/core/error.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/run_checkpoints.hpp"
#include "limn/models/sketch_rnn/tensors.hpp"
#include "models/sketch_rnn/tiny_model.hpp"

namespace limn::models {
namespace {

using ::testing::HasSubstr;
using testing::tiny_checkpoint;

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string parse_error(const SafetensorsContent& content) {
  return error_of([&] {
    (void)sketch_rnn_contents(
        parse_checkpoint(SafetensorsFile::parse(serialize_safetensors(content), "m.safetensors")));
  });
}

// A checkpoint's file taken apart, to be damaged and put together again.
struct Parts {
  explicit Parts(const SketchRnnContents& checkpoint)
      : file(SafetensorsFile::parse(serialize_checkpoint(to_checkpoint(checkpoint)), "m.safetensors")),
        content{.tensors = file.tensors(), .metadata = file.metadata()} {}
  SafetensorsFile file;
  SafetensorsContent content;
};

class TemporaryFolder {
 public:
  TemporaryFolder() : path_(std::filesystem::temp_directory_path() / ("limn-checkpoint-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST(Checkpoint, RoundTrip) {
  for (const bool conditional : {true, false}) {
    SketchRnnContents before = tiny_checkpoint(conditional);
    before.scale_factor = 0.1F + 1e-3F;
    before.metrics = R"({"total":1.5})";
    before.training_config = R"({"batch_size":7,"data":{"max_seq_len":3}})";
    before.extra["name"] = "an owl";
    before.squashes_latent = conditional;
    before.options.kl_weight = 0.25;
    const TemporaryFolder folder;
    write_checkpoint(folder.path() / "m.safetensors", to_checkpoint(before));
    const SketchRnnContents after = sketch_rnn_contents(read_checkpoint(folder.path() / "m.safetensors"));
    EXPECT_EQ(after.weights, before.weights);
    EXPECT_EQ(after.scale_factor, before.scale_factor);
    EXPECT_EQ(after.max_seq_len, before.max_seq_len);
    EXPECT_EQ(after.step, before.step);
    EXPECT_EQ(after.metrics, before.metrics);
    EXPECT_EQ(after.training_config, before.training_config);
    EXPECT_EQ(after.extra, before.extra);
    EXPECT_EQ(after.squashes_latent, before.squashes_latent);
    EXPECT_EQ(after.options.conditional, conditional);
    EXPECT_EQ(after.options.kl_weight, 0.25);
    EXPECT_EQ(serialize_checkpoint(to_checkpoint(after)), serialize_checkpoint(to_checkpoint(before)));
  }
}

TEST(Checkpoint, HasTheMetadataThatOthersRead) {
  const Parts parts(tiny_checkpoint(true));
  EXPECT_EQ(parts.content.metadata.at("format"), "limn");
  EXPECT_EQ(parts.content.metadata.at("format_version"), "1");
  EXPECT_EQ(parts.content.metadata.at("model"), "sketch_rnn");
  EXPECT_THAT(parts.content.metadata.at("config"), HasSubstr("\"dec_rnn_size\":9"));
}

TEST(Checkpoint, RefusesOtherKindsAndVersions) {
  const Parts good(tiny_checkpoint(true));
  const auto with = [&](const char* key, const char* value) {
    auto content = good.content;
    content.metadata[key] = value;
    return parse_error(content);
  };
  EXPECT_THAT(with("format", "other"), HasSubstr("m.safetensors: its format is 'other'"));
  EXPECT_THAT(with("format_version", "2"), HasSubstr("newer limn"));
  EXPECT_THAT(with("format_version", "one"), HasSubstr("expected a number"));
  EXPECT_THAT(with("model", "vae"), HasSubstr("kind 'vae'"));
  EXPECT_THAT(with("latent_activation", "relu"), HasSubstr("expected none or tanh"));
  EXPECT_THAT(with("config", "{"), HasSubstr("not a JSON object"));
  EXPECT_THAT(with("config", R"({"dec_rnn_sise":3})"), HasSubstr("did you mean 'dec_rnn_size'"));
  EXPECT_THAT(with("config", R"({"dec_rnn_size":-1})"), HasSubstr("dec_rnn_size"));
  EXPECT_THAT(with("scale_factor", "-2"), HasSubstr("positive"));
  EXPECT_THAT(with("scale_factor", "nan"), HasSubstr("positive"));
  EXPECT_THAT(with("scale_factor", "3 "), HasSubstr("expected a number"));
  EXPECT_THAT(with("max_seq_len", "0"), HasSubstr("max_seq_len"));
  EXPECT_THAT(with("max_seq_len", "9223372036854775807"), HasSubstr("max_seq_len"));
  EXPECT_THAT(with("step", "-1"), HasSubstr("step"));
  EXPECT_THAT(with("metrics", "[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(with("training_config", std::string(5000, '[').c_str()), HasSubstr("not a JSON object"));
  for (const char* key : {"format", "format_version", "model", "config", "scale_factor", "max_seq_len", "step"}) {
    auto content = good.content;
    content.metadata.erase(key);
    EXPECT_THAT(parse_error(content), HasSubstr(key));
  }
}

TEST(Checkpoint, RefusesTensorsThatDisagreeWithTheOptions) {
  const Parts good(tiny_checkpoint(true));
  for (const auto& [name, tensor] : good.content.tensors) {
    auto content = good.content;
    content.tensors.erase(name);
    EXPECT_THAT(parse_error(content), HasSubstr(name));
  }
  auto content = good.content;
  content.tensors["decoder.extra"] = content.tensors.at("decoder.output.bias");
  EXPECT_THAT(parse_error(content), HasSubstr("decoder.extra"));
  content = good.content;
  content.metadata["config"] = Parts(tiny_checkpoint(false)).content.metadata.at("config");
  EXPECT_THAT(parse_error(content), HasSubstr("decoder.cell.weight_ih"));
  content = good.content;
  auto& shape = content.tensors.at("decoder.output.weight").shape;
  std::swap(shape[0], shape[1]);
  EXPECT_THAT(parse_error(content),
              HasSubstr("decoder.output.weight has the shape [9, 21], its options ask for [21, 9]"));
}

TEST(Checkpoint, RefusesWeightsThatAreNotFinite) {
  auto checkpoint = tiny_checkpoint(true);
  checkpoint.weights.at("encoder.mu.bias")[2] = std::numeric_limits<float>::infinity();
  const Bytes file = serialize_checkpoint(to_checkpoint(checkpoint));
  EXPECT_THAT(error_of([&] { (void)parse_checkpoint(SafetensorsFile::parse(file, "m.safetensors")); }),
              HasSubstr("m.safetensors: tensor encoder.mu.bias holds values that are not finite"));
  EXPECT_THAT(error_of([&] { write_checkpoint("/nowhere/m.safetensors", to_checkpoint(checkpoint)); }),
              HasSubstr("not finite"));
}

TEST(Checkpoint, TruncationIsAnErrorAtEveryLength) {
  const Bytes whole = serialize_checkpoint(to_checkpoint(tiny_checkpoint(false)));
  for (std::size_t size = 0; size < whole.size(); size += size < 2000 ? 1 : 97)
    EXPECT_THROW((void)parse_checkpoint(SafetensorsFile::parse(
                     Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)), "cut")),
                 Error)
        << size;
}

TEST(Weights, RefusesTensorsOfOtherLengths) {
  const auto checkpoint = tiny_checkpoint(true);
  std::vector<std::span<const float>> tensors;
  for (const auto& spec : sketch_rnn_parameters(checkpoint.options))
    tensors.emplace_back(checkpoint.weights.at(spec.name));
  EXPECT_EQ(sketch_rnn_weights(checkpoint.options, tensors).output.bias.size(), 21U);
  tensors[3] = tensors[3].first(tensors[3].size() - 1);
  EXPECT_THROW((void)sketch_rnn_weights(checkpoint.options, tensors), Error);
  tensors.pop_back();
  EXPECT_THROW((void)sketch_rnn_weights(checkpoint.options, tensors), Error);
}

Checkpoint at_step(std::int64_t step) {
  Checkpoint checkpoint = to_checkpoint(tiny_checkpoint(false));
  checkpoint.step = step;
  return checkpoint;
}

TEST(ResolveModelPath, TakesTheLastWhereItBeatsTheBest) {
  const TemporaryFolder folder;
  const auto checkpoints = folder.path() / "checkpoints";
  std::filesystem::create_directories(checkpoints);
  write_checkpoint(checkpoints / "best.safetensors", at_step(500));
  Checkpoint last = at_step(967);
  last.extra[kBeatsBest] = "500";
  write_checkpoint(checkpoints / "last.safetensors", last);
  EXPECT_EQ(resolve_model_path(folder.path()), checkpoints / "last.safetensors");
  write_checkpoint(checkpoints / "best.safetensors", at_step(1000));
  EXPECT_EQ(resolve_model_path(folder.path()), checkpoints / "best.safetensors") << "a best that came later";
  write_file(checkpoints / "last.safetensors", "damaged");
  EXPECT_EQ(resolve_model_path(folder.path()), checkpoints / "best.safetensors");
}

TEST(CheckpointOfRun, IsNamedBestLastOrByItsStep) {
  const TemporaryFolder folder;
  const auto checkpoints = folder.path() / "checkpoints";
  std::filesystem::create_directories(checkpoints);
  for (const auto& [name, step] : {std::pair{"best", 500}, {"last", 967}, {"step-1000", 1000}, {"step-500", 500}})
    write_checkpoint(checkpoints / fmt::format("{}.safetensors", name), at_step(step));
  write_file(checkpoints / "step-x.safetensors", "");
  EXPECT_EQ(checkpoint_of_run(folder.path(), "last"), checkpoints / "last.safetensors");
  EXPECT_EQ(checkpoint_of_run(folder.path(), "500"), checkpoints / "step-500.safetensors");
  EXPECT_THAT(error_of([&] { (void)checkpoint_of_run(folder.path(), "7"); }),
              HasSubstr("step-7.safetensors: is not there; there is best, last, 500, 1000"));
  EXPECT_THAT(error_of([&] { (void)checkpoint_of_run(checkpoints / "best.safetensors", "last"); }),
              HasSubstr("best.safetensors: is not a run directory"));
  EXPECT_THAT(checkpoints_of_run(folder.path()),
              ::testing::ElementsAre(::testing::Pair("best", 500), ::testing::Pair("last", 967),
                                     ::testing::Pair("500", 500), ::testing::Pair("1000", 1000)));
  EXPECT_EQ(run_of(folder.path()), folder.path());
  EXPECT_EQ(run_of(checkpoints / "best.safetensors"), folder.path());
  EXPECT_EQ(run_of(folder.path() / "x.safetensors"), std::nullopt);
  for (const char* name : {"best", "last", "0", "12"}) EXPECT_TRUE(is_checkpoint_name(name)) << name;
  for (const char* name : {"", "Best", "-1", "1.5", "1e3", "99999999999999999999", "../best"})
    EXPECT_FALSE(is_checkpoint_name(name)) << name;
}

TEST(ResolveModelPath, TakesTheBestOfARunOrElseTheLast) {
  const TemporaryFolder folder;
  const auto checkpoints = folder.path() / "checkpoints";
  EXPECT_THAT(error_of([&] { (void)resolve_model_path(folder.path()); }), HasSubstr("run directory"));
  EXPECT_THAT(error_of([&] { (void)resolve_model_path(folder.path() / "none"); }), HasSubstr("no such file"));
  std::filesystem::create_directories(checkpoints);
  write_checkpoint(checkpoints / "last.safetensors", to_checkpoint(tiny_checkpoint(false)));
  EXPECT_EQ(resolve_model_path(folder.path()), checkpoints / "last.safetensors");
  write_checkpoint(checkpoints / "best.safetensors", to_checkpoint(tiny_checkpoint(false)));
  EXPECT_EQ(resolve_model_path(folder.path()), checkpoints / "best.safetensors");
  EXPECT_EQ(resolve_model_path(checkpoints / "last.safetensors"), checkpoints / "last.safetensors");
  EXPECT_EQ(standard_registry().read(folder.path()).weights, tiny_checkpoint(false).weights);
  // One that is there but cannot be looked at is not passed over for the last.
  std::filesystem::remove(checkpoints / "best.safetensors");
  std::filesystem::create_symlink("best.safetensors", checkpoints / "best.safetensors");
  EXPECT_THAT(error_of([&] { (void)standard_registry().read(folder.path()); }),
              HasSubstr("best.safetensors: cannot open"));
}

}  // namespace
}  // namespace limn::models
