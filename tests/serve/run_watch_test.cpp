#include "limn/serve/run_watch.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::serve {
namespace {

using ::limn::testing::TemporaryFolder;

void write_run(const std::filesystem::path& folder, int lines) {
  make_directories(folder / "samples");
  write_file(folder / "config.toml", "family = \"sketch-rnn\"\nnum_steps = 40\n");
  for (int i = 1; i <= lines; ++i)
    append_line(folder / "metrics.jsonl", "{\"step\":" + std::to_string(i) + ",\"split\":\"train\",\"total\":" +
                                              std::to_string(10.0 / i) + ",\"seconds\":0.5}");
}

TEST(RunWatch, FindsRunsBelowAFolder) {
  const TemporaryFolder folder;
  write_run(folder / "Sheep 1", 5);
  write_run(folder.path() / "old" / "cats", 3);
  make_directories(folder / "empty");
  const RunWatch watch(folder.path());
  const auto runs = watch.runs();
  ASSERT_EQ(runs.size(), 2U);
  for (const auto& run : runs) {
    EXPECT_EQ(run->id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), std::string::npos) << run->id;
    EXPECT_EQ(watch.run(run->id)->name, run->name);
    EXPECT_EQ(run->record.num_steps, 40);
  }
  EXPECT_EQ(watch.run("sheep-1"), nullptr);
  EXPECT_EQ(watch.run("../etc"), nullptr);
  EXPECT_THROW(RunWatch(folder / "not there"), Error);
}

TEST(RunWatch, FollowsARunThatGoesOnAndGoesBack) {
  const TemporaryFolder folder;
  write_run(folder.path(), 5);
  const RunWatch watch(folder.path());
  const std::string id = watch.runs().at(0)->id;
  const auto before = watch.run(id);
  EXPECT_EQ(before->record.step, 5);
  EXPECT_EQ(watch.run(id)->version, before->version);

  append_line(folder / "metrics.jsonl", R"({"step":9,"split":"valid","total":3.5})");
  append_bytes(folder / "metrics.jsonl", as_bytes(R"({"step":10,"spl)"));  // a line that is being written
  const auto after = watch.run(id);
  EXPECT_NE(after->version, before->version);
  EXPECT_EQ(after->record.step, 9);

  // Resumed from step 2: the file is replaced by a shorter one.
  write_file(folder / "metrics.jsonl", R"({"step":2,"split":"train","total":7})"
                                       "\n");
  EXPECT_EQ(watch.run(id)->record.step, 2);

  write_file(folder.path() / "samples" / "step-20.png", std::string_view("PNG"));
  write_file(folder.path() / "samples" / "step-20.svg", std::string_view("<svg/>"));
  write_file(folder.path() / "samples" / "step-3x.png", std::string_view("no"));
  const auto with_samples = watch.run(id);
  EXPECT_EQ(with_samples->samples, (std::map<std::int64_t, std::string>{{20, "png"}}));
  EXPECT_EQ(watch.sample(id, 20).bytes, "PNG");
  EXPECT_EQ(watch.sample(id, 3).bytes, "");
  EXPECT_EQ(watch.sample("nothing", 20).bytes, "");
}

TEST(RunWatch, ThinsLongCurves) {
  const TemporaryFolder folder;
  write_run(folder.path(), 1037);
  const RunWatch watch(folder.path());
  const auto run = watch.runs().at(0);
  const auto& curve = run->record.curves.at({"total", "train"});
  EXPECT_LE(curve.steps.size(), kMostCurvePoints);
  EXPECT_GE(curve.steps.size(), kMostCurvePoints / 2);
}

}  // namespace
}  // namespace limn::serve
