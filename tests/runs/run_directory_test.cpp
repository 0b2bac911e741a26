#include "limn/runs/run_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "testing/errors.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::runs {
namespace {

using Mode = RunDirectory::Mode;
namespace fs = std::filesystem;

std::vector<nlohmann::json> lines_of(const fs::path& path) {
  std::istringstream text(read_text_file(path));
  std::vector<nlohmann::json> all;
  for (std::string line; std::getline(text, line);) all.push_back(nlohmann::json::parse(line));
  return all;
}

TEST(RunDirectory, RefusesAnotherRunUnlessToldWhatToDo) {
  const testing::TemporaryFolder folder;
  const auto root = folder / "run";
  EXPECT_THROW(RunDirectory(root, Mode::kResume), Error);
  write_file(RunDirectory(root, Mode::kFresh).config(), "family = \"vae\"\n");
  EXPECT_THROW(RunDirectory(root, Mode::kFresh), Error);
  EXPECT_NO_THROW(RunDirectory(root, Mode::kResume));
}

// What ends before config.toml is written leaves no run: a fresh one may begin there, and nothing says that it holds
// one.
TEST(RunDirectory, IsARunFromItsConfigOn) {
  const testing::TemporaryFolder folder;
  const auto root = folder / "run";
  RunDirectory(root, Mode::kFresh).log("begun");
  EXPECT_FALSE(RunDirectory::holds_run(root));
  EXPECT_NO_THROW(RunDirectory(root, Mode::kFresh));
  EXPECT_THAT(testing::error_of([&] { RunDirectory(root, Mode::kResume); }),
              ::testing::HasSubstr("leave --resume out"));
  // Files without a config.toml are neither: the advice is the same for both, and it helps.
  write_file(RunDirectory(root, Mode::kFresh).last(), "what was trained");
  for (const Mode mode : {Mode::kFresh, Mode::kResume})
    EXPECT_THAT(testing::error_of([&] { RunDirectory(root, mode); }),
                ::testing::HasSubstr("without its config.toml, so it cannot continue; replace them with --overwrite"));
  EXPECT_NO_THROW(RunDirectory(root, Mode::kOverwrite));
  EXPECT_NO_THROW(RunDirectory(root, Mode::kFresh));
}

TEST(RunDirectory, OverwritingDeletesOnlyWhatARunWrote) {
  const testing::TemporaryFolder folder;
  const auto root = folder / "run";
  {
    const RunDirectory first(root, Mode::kFresh);
    write_file(first.config(), "x = 1\n");
    write_file(first.last(), "old");
  }
  write_file(root / "events.out.tfevents.1.host", "old");
  write_file(root / "my-notes.txt", "precious");
  const RunDirectory second(root, Mode::kOverwrite);
  EXPECT_FALSE(fs::exists(second.config()));
  EXPECT_FALSE(fs::exists(second.last()));
  EXPECT_FALSE(fs::exists(root / "events.out.tfevents.1.host"));
  EXPECT_EQ(read_text_file(root / "my-notes.txt"), "precious");
}

TEST(RunDirectory, ClearsWhatAKilledProcessLeft) {
  const testing::TemporaryFolder folder;
  const auto root = folder / "run";
  write_file(RunDirectory(root, Mode::kFresh).config(), "x = 1\n");
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(gone, nullptr, 0), gone);
  std::vector<fs::path> left, kept;
  for (const char* name : {".config.toml", ".metrics.jsonl", "checkpoints/.last.safetensors", "samples/.step-5.png"}) {
    left.push_back(root / fmt::format("{}.{}.0.tmp", name, gone));
    kept.push_back(root / fmt::format("{}.{}.0.tmp", name, ::getppid()));
  }
  kept.push_back(root / fmt::format(".notes.txt.{}.0.tmp", gone));  // not the run's
  for (const auto& files : {left, kept})
    for (const auto& file : files) write_file(file, "half");
  const RunDirectory again(root, Mode::kResume);
  for (const auto& file : left) EXPECT_FALSE(fs::exists(file)) << file;
  for (const auto& file : kept) EXPECT_TRUE(fs::exists(file)) << file;
}

TEST(RunDirectory, OneWriterAtATime) {
  const testing::TemporaryFolder folder;
  const auto root = folder / "run";
  {
    const RunDirectory first(root, Mode::kFresh), copy = first;
    write_file(first.config(), "x = 1\n");
    write_file(first.last(), "precious");
    for (const Mode mode : {Mode::kResume, Mode::kOverwrite}) {
      try {
        const RunDirectory second(root, mode);
        ADD_FAILURE() << "two writers";
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), ::testing::HasSubstr("run: another limn is training this run"));
      }
    }
    EXPECT_NO_THROW(RunDirectory(root, Mode::kNamed));
    EXPECT_EQ(read_text_file(first.last()), "precious");
    EXPECT_EQ(read_text_file(copy.config()), "x = 1\n");
  }
  EXPECT_NO_THROW(RunDirectory(root, Mode::kResume));
}

TEST(RunDirectory, MetricsAreOneObjectALineAndNotFiniteValuesAreNull) {
  const testing::TemporaryFolder folder;
  const RunDirectory run(folder / "run", Mode::kFresh);
  run.append_metrics(3, "train", {{"total", 1.5}, {"kl", std::nan("")}});
  run.append_metrics(4, "valid", {{"total", 1.25}});
  const auto lines = lines_of(run.metrics());
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["step"], 3);
  EXPECT_EQ(lines[0]["split"], "train");
  EXPECT_TRUE(lines[0]["kl"].is_null());
  EXPECT_EQ(lines[1]["total"], 1.25);
}

TEST(RunDirectory, TruncatingDropsLaterStepsAndABrokenLastLine) {
  const testing::TemporaryFolder folder;
  const RunDirectory run(folder / "run", Mode::kFresh);
  for (int step = 1; step <= 5; ++step) run.append_metrics(step, "train", {{"total", 1.0 / step}});
  append_line(run.metrics(), "{\"step\": 2, \"sp");
  run.truncate_metrics(3);
  const auto lines = lines_of(run.metrics());
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines.back()["step"], 3);
}

}  // namespace
}  // namespace limn::runs
