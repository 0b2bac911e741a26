#include "limn/train/options.hpp"

#include <gmock/gmock.h>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "testing/temporary_folder.hpp"

namespace limn {
namespace {

using ::testing::HasSubstr;

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(TrainOptions, LearningRateDecaysToItsMinimum) {
  const TrainOptions o{.learning_rate = 1e-3, .decay_rate = 0.5, .min_learning_rate = 1e-5};
  EXPECT_DOUBLE_EQ(learning_rate_at(o, 0), 1e-3);
  EXPECT_DOUBLE_EQ(learning_rate_at(o, 1), (1e-3 - 1e-5) * 0.5 + 1e-5);
  EXPECT_NEAR(learning_rate_at(o, 100), 1e-5, 1e-12);
}

TEST(RunConfig, WhatIsWrittenReadsBackAsTheSameOptions) {
  const testing::TemporaryFolder folder;
  TrainOptions written{.num_steps = 7, .learning_rate = 3e-5, .decay_rate = 1, .grad_clip_mode = "norm"};
  const auto list = fields(written);
  const RunConfig config{.family = "vae", .data = {"a \"b\"\\c.npz", "builtin:shapes"}, .assignments = {}};
  write_file(folder / "config.toml", config_to_toml(config, list));

  const RunConfig read = read_config((folder / "config.toml").string());
  EXPECT_EQ(read.family, "vae");
  EXPECT_EQ(read.data, config.data);
  TrainOptions restored;
  set_options(fields(restored), read.assignments);
  EXPECT_EQ(restored.num_steps, 7);
  EXPECT_DOUBLE_EQ(restored.learning_rate, 3e-5);
  EXPECT_DOUBLE_EQ(restored.decay_rate, 1);
  EXPECT_EQ(restored.grad_clip_mode, "norm");
}

TEST(RunConfig, BadFilesAreNamedWithTheirLine) {
  const testing::TemporaryFolder folder;
  const auto path = (folder / "bad.toml").string();
  const auto error_for = [&](const std::string& text) {
    write_file(path, text);
    return message_of([&] { (void)read_config(path); });
  };
  EXPECT_THAT(error_for("seed = 1\nnum_steps = = 3\n"), HasSubstr(path + ":2:"));
  EXPECT_THAT(error_for("seed = [1]\n"), HasSubstr("seed"));
  EXPECT_THAT(error_for("data = [1, 2]\n"), HasSubstr("list of strings"));
  EXPECT_THAT(error_for(std::string("seed = \"\xff\xfe\"\n")), HasSubstr(path));
  EXPECT_THAT(error_for(std::string(100000, '[')), HasSubstr(path));
  EXPECT_THAT(message_of([] { (void)read_config("no/such.toml"); }), HasSubstr("no such file"));
}

}  // namespace
}  // namespace limn
