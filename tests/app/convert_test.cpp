// limn data convert: every format to every other, and what happens to the sketches on the way.
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iterator>
#include <sstream>
#include <tuple>

#include "app/run_limn.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/sketch/npz.hpp"
#include "limn/sketch/quickdraw.hpp"
#include "limn/sketch/sketch_file.hpp"
#include "limn/sketch/summary.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<sketch::Sketch> train_of(const fs::path& path) {
  return std::move(sketch::read_sketches(path)[Split::kTrain]);
}

std::vector<sketch::Sketch> joined(sketch::SketchSplits splits) {
  std::vector<sketch::Sketch> all;
  for (auto& sketches : splits.sketches) std::ranges::move(sketches, std::back_inserter(all));
  return all;
}

// Three records; the second was not recognized.
void write_records(const fs::path& path) {
  write_file(
      path,
      R"({"word":"cat","countrycode":"SE","timestamp":"2017-03-01 20:41:36 UTC","recognized":true,"key_id":"77","drawing":[[[0,100,200],[0,1,0]],[[5],[9]]]})"
      "\n"
      R"({"word":"cat","countrycode":"US","timestamp":"2017-03-02 20:41:36 UTC","recognized":false,"key_id":"78","drawing":[[[0,255],[0,3]]]})"
      "\n"
      R"({"word":"cat","countrycode":"US","timestamp":"2017-03-03 20:41:36 UTC","recognized":true,"key_id":"79","drawing":[[[0,50],[0,40]]]})"
      "\n");
}

TEST(DataConvert, KeepsQuickDrawRecords) {
  const TemporaryFolder folder;
  write_records(folder / "cat.ndjson");
  EXPECT_EQ(expect_success(folder.path(), "data convert cat.ndjson -o copy.ndjson"), "copy.ndjson: 3 sketches\n");
  EXPECT_EQ(read_text_file(folder / "copy.ndjson"), read_text_file(folder / "cat.ndjson"));
  expect_success(folder.path(), "data convert copy.ndjson -o cat.bin");
  expect_success(folder.path(), "data convert cat.bin -o back.ndjson");
  EXPECT_EQ(read_text_file(folder / "back.ndjson"), read_text_file(folder / "cat.ndjson"));
}

TEST(DataConvert, WritesCodeForPlotters) {
  const TemporaryFolder folder;
  write_file(folder / "x.svg",
             R"(<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0L10 20" fill="none" stroke="black"/></svg>)");
  const auto code = [&](const std::string& name) { return read_text_file(folder / name); };
  expect_success(folder.path(), "data convert x.svg -o x.gcode");
  EXPECT_THAT(code("x.gcode"), AllOf(HasSubstr("; limn: 1 strokes on 210 x 297 mm"), HasSubstr("\nG1 Z0 F600\n"),
                                     HasSubstr("G0 Z5\nG0 X0 Y0\nM2")));
  expect_success(folder.path(),
                 "data convert x.svg -o x.nc --page A3-landscape --margin 20 --servo 60,20 --feed 800 "
                 "--start-code M17\\nG28 --end-code M84 --origin centre --travel-feed 2000");
  EXPECT_THAT(code("x.nc"), AllOf(HasSubstr("on 420 x 297 mm"), HasSubstr("\nM17\nG28\nM280 P0 S60\nG4 P0.25\nG1 X"),
                                  HasSubstr("Y-128.5 F2000\nM280 P0 S20\nG4 P0.25\n"), HasSubstr("Y128.5 F800\n"),
                                  HasSubstr("\nM84\n"), Not(HasSubstr("M2 ;"))));
  expect_success(folder.path(),
                 "data convert x.svg -o x.gcode --page 100x80 --pen-up M5 --pen-down M3S90\\nG4P1 "
                 "--pen-delay 0 --origin -10,5");
  EXPECT_THAT(code("x.gcode"), AllOf(HasSubstr("on 100 x 80 mm"), HasSubstr("\nM3S90\nG4P1\nG1 X")));
  // Several are a sheet, too many are refused, as are the options elsewhere.
  EXPECT_EQ(expect_success(folder.path(), "data convert builtin:doodles:valid -o y.nc --page a4"),
            "y.nc: 600 sketches\n");
  const auto refused = [&](const std::string& words, const std::string& why) {
    const RunResult result = run_limn(folder.path(), words);
    EXPECT_EQ(result.status, 1) << words;
    EXPECT_THAT(result.err, HasSubstr(why)) << words;
  };
  refused("data convert builtin:doodles -o z.nc", "too many for one page");
  EXPECT_FALSE(fs::exists(folder / "z.nc"));
  refused("data convert x.svg -o y.svg --feed 3", "y.svg: --page, --feed, --servo and the other options of plotters");
  refused("data convert x.svg -o x.nc --servo 20", "--servo 20: expected two angles");
  refused("data convert x.svg -o x.nc --page a9", "--page a9: expected a5, a4");
  refused("data convert x.svg -o x.nc --page 0x5", "--page 0x5: expected");
  refused("data convert x.svg -o x.nc --origin middle", "--origin middle: expected");
  refused("data convert x.svg -o x.nc --page 20x20", "x.nc: a page of 20 x 20 mm leaves nothing inside a margin of 15");
  refused("data convert x.svg -o x.nc --servo 1,2 --pen-up M5", "--pen-up");
}

TEST(DataConvert, ChoosesAndSimplifies) {
  const TemporaryFolder folder;
  write_records(folder / "cat.ndjson");
  expect_success(folder.path(), "data convert cat.ndjson -o some.npz --recognized --simplify 2");
  const auto sketches = train_of(folder / "some.npz");
  ASSERT_EQ(sketches.size(), 2U);
  EXPECT_EQ(sketches[0].points.size(), 3U);  // (100, 1) lies within 2 of the line; the dot stays
  expect_success(folder.path(), "data convert cat.ndjson -o long.npz --scale --resample 10");
  EXPECT_GT(train_of(folder / "long.npz")[0].points.size(), 20U);
  expect_success(folder.path(), "data convert cat.ndjson -o short.json --max-points 2");
  for (const auto& sketch : train_of(folder / "short.json")) EXPECT_LE(sketch.points.size(), 2U);
}

TEST(DataConvert, ScalesTo255) {
  const TemporaryFolder folder;
  write_file(folder / "tall.json", "[[[[1000,1000],[1000,3000],[1500.5,2000]]]]");
  expect_success(folder.path(), "data convert tall.json -o tall.npz --quickdraw");
  const auto box = sketch::bounds(train_of(folder / "tall.npz").at(0));
  ASSERT_TRUE(box);
  EXPECT_EQ(box->min_x, 0);
  EXPECT_EQ(box->min_y, 0);
  EXPECT_EQ(box->max_y, 255);
}

// Drawings of one file keep their sizes to each other; a note says that they were scaled.
TEST(DataConvert, ScalesAllDrawingsOfAFileAlikeOrNone) {
  const TemporaryFolder folder;
  write_file(folder / "a.json", "[[[[0,0],[100,50],[0,0]]],[[[0,0],[300,150]]],[[[0,0],[0.5,1]]],[[[-5,0],[100,20]]]]");
  for (const char* out : {"a.ndjson", "a.bin"}) {
    const auto run = run_limn(folder.path(), fmt::format("data convert a.json -o {}", out));
    EXPECT_EQ(run.status, 0);
    EXPECT_EQ(run.out, fmt::format("{}: 4 sketches\n", out));
    EXPECT_EQ(run.err, fmt::format("limn: note: {}: all drawings were moved and scaled to whole numbers 0-255, the "
                                   "longer side 255, as the format holds no others\n",
                                   out));
    for (const auto& sketch : train_of(folder / out)) {
      const auto box = sketch::bounds(sketch);
      EXPECT_EQ(std::max(box->width(), box->height()), 255);
    }
  }
  write_file(folder / "b.json", "[[[[0,0],[100,50],[0,0]]],[[[5,5],[40,150]]]]");
  EXPECT_EQ(run_limn(folder.path(), "data convert b.json -o b.ndjson").err, "");
  EXPECT_EQ(sketch::bounds(train_of(folder / "b.ndjson").at(0))->width(), 100);
}

TEST(DataConvert, SaysHowAFileWasRead) {
  const TemporaryFolder folder;
  write_file(folder / "a.json", "[[[1,2],[3,4],[5,6],[7,8],[9,9]],[[1,1]]]");
  const auto run = run_limn(folder.path(), "data convert a.json -o b.ndjson");
  EXPECT_THAT(run.err, HasSubstr("limn: note: a.json: read as one sketch of 2 strokes"));
  // A table with records of Quick, Draw! keeps what stands beside the drawings.
  write_file(folder / "c.csv",
             "countrycode,drawing,key_id,recognized,timestamp,word\n"
             "US,\"[[[0, 10, 20], [0, 5, 0]], [[30, 40], [1, 2]]]\",5152802093400064,True,2017-03-01,cat\n"
             "US,\"[[[0, 1, 2], [3, 4, 5]]]\",1,False,2017-03-01,cat\n");
  expect_success(folder.path(), "data convert c.csv -o c.ndjson --recognized");
  EXPECT_EQ(
      read_text_file(folder / "c.ndjson"),
      R"({"word":"cat","countrycode":"US","timestamp":"2017-03-01","recognized":true,"key_id":"5152802093400064",)"
      R"("drawing":[[[0,10,20],[0,5,0]],[[30,40],[1,2]]]})"
      "\n");
}

TEST(DataConvert, SaysWhichSketchCannotBeResampled) {
  const TemporaryFolder folder;
  write_records(folder / "cat.ndjson");
  for (const auto& [words, where] : {std::pair("cat.ndjson", "cat.ndjson: sketch 0: "), {"cat.ndjson#2", "sketch 2: "}})
    EXPECT_THAT(run_limn(folder.path(), fmt::format("data convert {} -o x.npz --resample 1e-9", words)).err,
                AllOf(HasSubstr(where), HasSubstr("use a larger spacing")));
}

TEST(DataConvert, SplitsFromTheSeedAndLosesNothing) {
  const TemporaryFolder folder;
  const std::string convert = "data convert builtin:doodles:test builtin:doodles:valid --split 90/5/5 ";
  EXPECT_EQ(expect_success(folder.path(), convert + "-o a.npz"),
            "a.npz: 1200 sketches (1080 train, 60 valid, 60 test)\n");
  expect_success(folder.path(), convert + "-o b.npz");
  expect_success(folder.path(), convert + "-o c.npz --seed 2");
  EXPECT_EQ(read_file(folder / "a.npz"), read_file(folder / "b.npz"));
  EXPECT_NE(read_file(folder / "a.npz"), read_file(folder / "c.npz"));
  sketch::SketchSplits doodles = sketch::read_sketches("builtin:doodles");
  doodles[Split::kTrain].clear();
  const auto order = [](const sketch::Sketch& a, const sketch::Sketch& b) {
    return std::ranges::lexicographical_compare(
        a.points, b.points, [](const sketch::StrokePoint& p, const sketch::StrokePoint& q) {
          return std::tuple(p.dx, p.dy, p.is_pen_lifted) < std::tuple(q.dx, q.dy, q.is_pen_lifted);
        });
  };
  auto given = joined(std::move(doodles)), got = joined(sketch::read_sketch_arrays(folder / "a.npz"));
  std::ranges::sort(given, order);
  std::ranges::sort(got, order);
  EXPECT_EQ(got, given);
}

TEST(DataConvert, GoesRoundThroughEveryFormat) {
  const TemporaryFolder folder;
  expect_success(folder.path(), "data convert builtin:doodles:test#3 builtin:doodles:test#4 -o a.npz");
  const auto sketches = train_of(folder / "a.npz");
  ASSERT_EQ(sketches.size(), 2U);
  expect_success(folder.path(), "data convert a.npz -o b.json");
  EXPECT_EQ(train_of(folder / "b.json"), sketches);
  expect_success(folder.path(), "data convert b.json -o svgs/");
  EXPECT_TRUE(fs::exists(folder / "svgs/000001.svg"));
  expect_success(folder.path(), "data convert svgs -o c.npz");
  const auto back = train_of(folder / "c.npz");
  ASSERT_EQ(back.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto given = sketch::to_strokes(sketches[i]), got = sketch::to_strokes(back[i]);
    ASSERT_EQ(got.size(), given.size());
    for (std::size_t s = 0; s < got.size(); ++s) {
      ASSERT_EQ(got[s].size(), given[s].size());
      for (std::size_t p = 0; p < got[s].size(); ++p) {
        EXPECT_NEAR(got[s][p].x, given[s][p].x, 0.05);
        EXPECT_NEAR(got[s][p].y, given[s][p].y, 0.05);
      }
    }
  }
  const auto again = run_limn(folder.path(), "data convert b.json -o svgs/");
  EXPECT_EQ(again.status, 1);
  EXPECT_THAT(again.err, HasSubstr("choose an empty or a new folder"));
}

// The most memory that `process` has had, in KiB; 0 once it has ended.
long peak_memory(pid_t process) {
  try {
    const std::string status = read_text_file(fmt::format("/proc/{}/status", process));
    const std::size_t at = status.find("VmHWM:");
    return at == status.npos ? 0 : std::stol(status.substr(at + 6));
  } catch (const Error&) {
    return 0;
  }
}

// large.ndjson of that many mebibytes, and cat.ndjson, of whose records it is made.
void write_large(const TemporaryFolder& folder, int mebibytes) {
  write_records(folder / "cat.ndjson");
  const std::string three = read_text_file(folder / "cat.ndjson");
  std::string piece;
  while (piece.size() < (std::size_t{1} << 20)) piece += three;
  AtomicFile large(folder / "large.ndjson");
  for (int i = 0; i < mebibytes; ++i) large.write(piece);
  large.commit();
}

TEST(DataConvert, StreamsInBoundedMemory) {
  const TemporaryFolder folder;
  const auto peak_of = [&](const std::string& input) {
    long peak = 0;
    const auto watch = [&](pid_t process) {
      for (int i = 0; i < 10'000; ++i) {
        const long now = peak_memory(process);
        if (now == 0 && i > 0) break;
        peak = std::max(peak, now);
        ::usleep(5'000);
      }
    };
    EXPECT_EQ(run_limn(folder.path(), "data convert " + input, {.meanwhile = watch}).status, 0);
    return peak;
  };
  // Large enough that its peak is seen while it runs.
  write_large(folder, 4);
  const long small_peak = peak_of("large.ndjson -o out.bin");
  write_large(folder, 48);
  EXPECT_LT(peak_of("large.ndjson -o out.bin"), small_peak + 16 * 1024);
  // Its shards take 9 MB, which are gone through once more at the end.
  EXPECT_LT(peak_of("large.ndjson -o out.limn --split 90/5/5"), small_peak + 32 * 1024);
  EXPECT_LT(peak_of("out.limn -o out.ndjson"), small_peak + 32 * 1024);
  EXPECT_LT(peak_of("large.ndjson -o out.npz --split 90/5/5"), small_peak + 32 * 1024);
}

// Names of what is in the folder, hidden files too.
std::vector<std::string> contents(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

TEST(DataConvert, ShardsKeepSplitsAndSketches) {
  const TemporaryFolder folder;
  expect_success(folder.path(), "data convert builtin:doodles:test --split 80/10/10 -o a.npz");
  EXPECT_EQ(expect_success(folder.path(), "data convert a.npz -o b.limn/"),
            "b.limn/: 600 sketches (480 train, 60 valid, 60 test)\n");
  expect_success(folder.path(), "data convert b.limn -o c.npz");
  EXPECT_EQ(read_file(folder / "c.npz"), read_file(folder / "a.npz"));
  const auto body = [](std::string info) { return info.substr(info.find('\n')); };
  EXPECT_EQ(body(expect_success(folder.path(), "data info b.limn --verify")),
            body(expect_success(folder.path(), "data info a.npz")));
  expect_success(folder.path(), "data convert b.limn:valid#7 -o one.svg");
  expect_success(folder.path(), "data convert a.npz -o dealt.limn --split 60/20/20 --seed 4");
  const sketch::DatasetSummary dealt = summarize(sketch::read_sketches(folder / "dealt.limn"));
  EXPECT_EQ(dealt.splits[0].sketches + dealt.splits[1].sketches + dealt.splits[2].sketches, 600);
  EXPECT_NEAR(static_cast<double>(dealt.splits[1].sketches), 120, 5 * 10);  // binomial, deviation 10

  const auto again = run_limn(folder.path(), "data convert a.npz -o b.limn");
  EXPECT_EQ(again.status, 1);
  EXPECT_THAT(again.err, HasSubstr("b.limn: exists; remove it or choose another name"));
  EXPECT_THAT(run_limn(folder.path(), "data info a.npz --verify").err, HasSubstr("have checksums"));
  fs::resize_file(folder / "b.limn/valid-000000.shard", 100);
  EXPECT_THAT(run_limn(folder.path(), "data info b.limn").err, HasSubstr("b.limn/valid-000000.shard: has 100 bytes"));
}

// A disk that is full before a drawing of write_scribbles() is written; the messages still fit.
RunLimits full_disk() { return {.file_bytes = 1000}; }

// Two drawings that take more than 1000 bytes in each format.
void write_scribbles(const fs::path& path) {
  std::string x = "0", y = "0";
  for (unsigned i = 1; i < 2000; ++i) {
    x += fmt::format(",{}", i * i * 7919 % 251);
    y += fmt::format(",{}", i * i * i * 104'729 % 241);
  }
  const std::string record = fmt::format("{{\"word\":\"x\",\"drawing\":[[[{}],[{}]]]}}\n", x, y);
  write_file(path, record + record);
}

// A folder of drawings appears when all of them are there, and a failed conversion can be done again.
TEST(DataConvert, AFolderOfSvgsIsWholeOrNotThere) {
  const TemporaryFolder folder;
  write_scribbles(folder / "good.ndjson");
  write_file(folder / "bad.ndjson", read_text_file(folder / "good.ndjson") + "{\"drawing\":[[[0,1],[1");
  const auto expect_failure = [&](const std::string& words, const std::string& message, const RunLimits& limits = {}) {
    const auto result = run_limn(folder.path(), words, limits);
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, AllOf(HasSubstr(message), Not(HasSubstr(".tmp"))));
  };
  const std::string damage = "bad.ndjson: line 3: not valid JSON";
  expect_failure("data convert bad.ndjson -o out/", damage);
  expect_failure("data convert bad.ndjson -o deep/out/", damage);
  expect_failure("data convert good.ndjson -o out/", "out/000000.svg: cannot write: File too large", full_disk());
  EXPECT_EQ(contents(folder.path()), (std::vector<std::string>{"bad.ndjson", "good.ndjson"}));
  fs::create_directory(folder / "mine");
  write_file(folder / "mine/notes.txt", "mine");
  expect_failure("data convert bad.ndjson -o mine", damage);
  expect_failure("data convert good.ndjson -o mine", "mine/000000.svg: cannot write: File too large", full_disk());
  EXPECT_EQ(contents(folder / "mine"), std::vector<std::string>{"notes.txt"});
  expect_success(folder.path(), "data convert good.ndjson -o mine");
  EXPECT_EQ(contents(folder / "mine"), (std::vector<std::string>{"000000.svg", "000001.svg", "notes.txt"}));
  expect_success(folder.path(), "data convert good.ndjson -o deep/out/");
  EXPECT_EQ(contents(folder / "deep"), std::vector<std::string>{"out"});
}

// In no message is the name of a file that only limn knows.
TEST(DataConvert, NotesWhatOfSvgsIsReadOtherwise) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "in/more");
  write_file(folder / "in/a.svg", "<svg><text>a</text><line x2='1' stroke='red'/></svg>");
  write_file(folder / "in/b.svg", "<svg><text>b</text><path d='M1 1L2 2 3' stroke='red'/></svg>");
  write_file(folder / "in/more/c.svg", "<svg>");
  const auto refused = run_limn(folder.path(), "data convert in -o x.json");
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("in/more/c.svg: not whole XML"), HasSubstr("--set damaged=skip")));
  const auto read = run_limn(folder.path(), "data convert in -o x.json --set damaged=skip");
  EXPECT_EQ(read.out, "x.json: 2 sketches\n");
  EXPECT_THAT(read.err, HasSubstr("limn: note: left out: in/more/c.svg: not whole XML"));
  EXPECT_THAT(read.err, HasSubstr("limn: note: in/a.svg: text is left out (also in 1 other file)\n"));
  EXPECT_THAT(read.err, HasSubstr("limn: note: in/b.svg: path data that are not SVG's are drawn up to the fault"));
  EXPECT_EQ(run_limn(folder.path(), "data info in").err, read.err);
  EXPECT_THAT(run_limn(folder.path(), "data convert in -o x.json --set damaged=some").err,
              HasSubstr("--set damaged=some"));
}

TEST(DataConvert, AFullDiskIsSaidOfTheTarget) {
  const TemporaryFolder folder;
  write_scribbles(folder / "x.ndjson");
  for (const char* out : {"out.npz", "out.ndjson", "out.bin", "out.json", "out.limn", "out/", "out.svg"}) {
    const std::string which = std::string_view(out) == "out.svg" ? "#0" : "";
    const auto result = run_limn(folder.path(), "data convert x.ndjson" + which + " -o " + out, full_disk());
    EXPECT_EQ(result.status, 1) << out;
    EXPECT_THAT(result.err, AllOf(StartsWith("limn: error: out"), HasSubstr(": cannot "), Not(HasSubstr(".tmp"))));
    EXPECT_EQ(contents(folder.path()), std::vector<std::string>{"x.ndjson"}) << out;
  }
}

TEST(DataInfo, KeepsItsColumnsApart) {
  const TemporaryFolder folder;
  write_file(folder / "x.json", "[[[[0,0],[-123.45678,0.000012345678],[98765.4321,7e20]]]]");
  std::istringstream lines(expect_success(folder.path(), "data info x.json"));
  std::string line;
  for (int i = 0; i < 3; ++i) std::getline(lines, line);
  std::istringstream words(line);
  const std::vector<std::string> columns{std::istream_iterator<std::string>(words), {}};
  EXPECT_THAT(columns, ::testing::ElementsAre("train", "1", "3", "3", "3.0", "3", "3", "1.0", "-123.457…7e+20"))
      << line;
}

TEST(DataConvert, ImagesBecomeShards) {
  const TemporaryFolder folder;
  EXPECT_EQ(expect_success(folder.path(), "data convert builtin:shapes -o s.limn --set image_size=20"),
            "s.limn: 8000 images of 1×20×20 (6000 train, 1000 valid, 1000 test)\n");
  EXPECT_THAT(expect_success(folder.path(), "data info s.limn --verify"), HasSubstr("grey images of 1×20×20"));
  EXPECT_THAT(run_limn(folder.path(), "data convert s.limn -o t.npz").err, HasSubstr("ends in .limn"));
  EXPECT_THAT(run_limn(folder.path(), "data convert s.limn -o t.limn --split 90/5/5").err, HasSubstr("for sketches"));
  EXPECT_THAT(run_limn(folder.path(), "data convert s.limn -o t.limn --set image_size=9").err,
              HasSubstr("convert the originals again with --set image_size=9"));
  EXPECT_THAT(run_limn(folder.path(), "data convert builtin:doodles -o t.limn --set image_size=9").err,
              HasSubstr("--set image_size=9 is for images"));
  EXPECT_EQ(contents(folder.path()), std::vector<std::string>{"s.limn"});
}

TEST(DataConvert, AnInterruptedConversionLeavesNothing) {
  const TemporaryFolder folder;
  write_large(folder, 256);
  bool had_begun = false;
  const auto interrupt = [&](pid_t process) {
    for (int i = 0; i < 2000 && contents(folder.path()).size() < 3; ++i) ::usleep(5'000);
    had_begun = contents(folder.path()).size() == 3;
    ::usleep(50'000);
    ::kill(process, SIGTERM);
  };
  const auto result = run_limn(folder.path(), "data convert large.ndjson -o out.limn", {.meanwhile = interrupt});
  EXPECT_TRUE(had_begun);
  EXPECT_EQ(result.status, 128 + SIGTERM);
  EXPECT_THAT(result.err, HasSubstr("out.limn: interrupted before all was converted"));
  EXPECT_EQ(contents(folder.path()), (std::vector<std::string>{"cat.ndjson", "large.ndjson"}));
  // A full disk, as far as the program can tell.
  const auto full = run_limn(folder.path(), "data convert large.ndjson -o out.limn", {.file_bytes = 100'000});
  EXPECT_EQ(full.status, 1);
  EXPECT_THAT(full.err, HasSubstr("out.limn/train-000000.shard: cannot write: File too large"));
  EXPECT_EQ(contents(folder.path()), (std::vector<std::string>{"cat.ndjson", "large.ndjson"}));
  const auto full_npz = run_limn(folder.path(), "data convert cat.ndjson -o out.npz", {.file_bytes = 300});
  EXPECT_EQ(full_npz.status, 1);
  EXPECT_THAT(full_npz.err, HasSubstr("out.npz"));
  EXPECT_EQ(contents(folder.path()), (std::vector<std::string>{"cat.ndjson", "large.ndjson"}));
}

}  // namespace
}  // namespace limn::testing
