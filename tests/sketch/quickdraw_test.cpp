#include "limn/sketch/quickdraw.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "limn/core/file.hpp"
#include "limn/sketch/text_lines.hpp"
#include "testing/hostile.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::sketch {
namespace {

using ::testing::HasSubstr;

// The shapes of the dataset's own files, shortened.
const std::string kSimplified =
    R"({"word":"cat","countrycode":"US","timestamp":"2017-03-01 20:41:36.70725 UTC","recognized":false,)"
    R"("key_id":"9223372036854775809","drawing":[[[0,255,3],[7,0,9]],[[5],[6]]]})";
const std::string kRaw =
    R"({"key_id":"5891796615823360","word":"nose","countrycode":"AE","timestamp":"2017-03-01 20:41:36.70725 UTC",)"
    R"("recognized":true,"drawing":[[[1.5,2.25],[3,4.5],[0,132.7]]]})";

std::vector<QuickDrawRecord> read_lines(const std::string& text, QuickDrawOptions options = {}) {
  std::istringstream in(text);
  std::vector<QuickDrawRecord> records;
  read_ndjson(in, "x.ndjson", options, [&](QuickDrawRecord&& record) { records.push_back(std::move(record)); });
  return records;
}

std::vector<QuickDrawRecord> read_bin(const std::string& bytes, QuickDrawOptions options = {}) {
  std::istringstream in(bytes);
  std::vector<QuickDrawRecord> records;
  read_quickdraw_bin(in, "x.bin", options, [&](QuickDrawRecord&& record) { records.push_back(std::move(record)); });
  return records;
}

std::string line_error(const std::string& text) {
  return error_of([&] { return read_lines(text); });
}

TEST(QuickDraw, ReadsSimplifiedAndRawLines) {
  const auto records = read_lines(kSimplified + "\n\n" + kRaw);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].word, "cat");
  EXPECT_EQ(records[0].country_code, "US");
  EXPECT_EQ(records[0].timestamp, "2017-03-01 20:41:36.70725 UTC");
  EXPECT_FALSE(records[0].recognized);
  EXPECT_EQ(records[0].key_id, 9223372036854775809U);
  EXPECT_EQ(records[0].sketch.points,
            (std::vector<StrokePoint>{{0, 7, false}, {255, -7, false}, {-252, 9, true}, {2, -3, true}}));
  EXPECT_EQ(records[1].sketch.points, (std::vector<StrokePoint>{{1.5F, 3, false}, {0.75F, 1.5F, true}}));
}

TEST(QuickDraw, MayPassOverTheUnrecognized) {
  const auto records = read_lines(kSimplified + "\r\n" + kRaw + "\r\n", {.only_recognized = true});
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].word, "nose");
}

TEST(QuickDraw, LinesSayWhatIsWrong) {
  EXPECT_THAT(line_error(kRaw + "\n{}"), HasSubstr("x.ndjson: line 2: has no \"drawing\""));
  EXPECT_THAT(line_error("nonsense"), HasSubstr("x.ndjson: line 1: not valid JSON at byte"));
  EXPECT_THAT(line_error("[]"), HasSubstr("a list where an object of Quick, Draw! is expected"));
  EXPECT_THAT(line_error(R"({"drawing":7})"), HasSubstr("its \"drawing\" is a number"));
  EXPECT_THAT(line_error(R"({"drawing":[[[1,2],[3]]]})"), HasSubstr("stroke 1 has 2 x and 1 y"));
  EXPECT_THAT(line_error(R"({"drawing":[[[1],[3,4]]]})"), HasSubstr("stroke 1 has 1 x and 2 y"));
  EXPECT_THAT(line_error(R"({"drawing":[[[1]]]})"), HasSubstr("stroke 1 has 1 x and no y"));
  EXPECT_THAT(line_error(R"({"drawing":[[[[1]]]]})"), HasSubstr("a list for a coordinate"));
  EXPECT_THAT(line_error(R"({"drawing":[[[1e300],[0]]]})"), HasSubstr("beyond all pages"));
  EXPECT_THAT(line_error(R"({"drawing":[[[1],[2]]],"drawing":[[[1],[2]]]})"), HasSubstr("twice"));
  EXPECT_THAT(line_error(R"({"key_id":"12x","drawing":[]})"), HasSubstr("key_id is \"12x\""));
  EXPECT_THAT(line_error("{\"word\":\"\xff\",\"drawing\":[]}"), HasSubstr("not valid JSON"));
  EXPECT_THAT(line_error(std::string(kMaxTextLine + 1, ' ')), HasSubstr("longer than 16 MiB"));
  EXPECT_THAT(line_error("{\"x\":" + std::string(1000000, '[')), HasSubstr("more than 64 deep"));
  EXPECT_EQ(line_error(R"({"x":[[{"drawing":[7]}]],"drawing":[]})"), "");
  EXPECT_THAT(error_of([] {
                read_ndjson(std::filesystem::path("/nowhere/x.ndjson"), {}, [](QuickDrawRecord&&) {});
                return 0;
              }),
              HasSubstr("/nowhere/x.ndjson: cannot open"));
}

TEST(QuickDraw, FilesAreReadAheadInOrder) {
  std::string text;
  for (int i = 0; i < 5000; ++i)
    text += fmt::format(R"({{"word":"{}","key_id":"{}","drawing":[[[0,{}],[0,1]]]}})", i, i + 1, i % 200) + "\n";
  ASSERT_GT(text.size(), 250'000U);  // several pieces
  const testing::TemporaryFolder folder;
  const auto words_of = [&](const std::string& content, std::string& error) {
    write_file(folder / "x.ndjson", content);
    std::vector<std::string> words;
    error = error_of([&] {
      read_ndjson(folder / "x.ndjson", {}, [&](QuickDrawRecord&& record) { words.push_back(record.word); });
      return 0;
    });
    return words;
  };
  std::string error;
  const auto words = words_of(text, error);
  EXPECT_EQ(error, "");
  ASSERT_EQ(words.size(), 5000U);
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(words[static_cast<std::size_t>(i)], std::to_string(i));
  // All before a line that is wrong come first, whatever is wrong with it.
  for (const std::string bad : {"nonsense", R"({"drawing":7})"}) {
    EXPECT_EQ(words_of(text + bad + "\n" + text, error).size(), 5000U);
    EXPECT_THAT(error, HasSubstr("x.ndjson: line 5001: "));
  }
  // An error of the sink comes through.
  EXPECT_EQ(error_of([&] {
              write_file(folder / "x.ndjson", text);
              read_ndjson(folder / "x.ndjson", {}, [](QuickDrawRecord&&) { fail("enough"); });
              return 0;
            }),
            "enough");
}

TEST(QuickDraw, WholeNumbersThatFitAreOnlyMoved) {
  QuickDrawRecord record{.word = "a \"cat\"\n", .country_code = "DE", .timestamp = "2017-03-01 20:41:36 UTC"};
  record.recognized = false;
  record.key_id = 42;
  record.sketch.points = {{10, 20, false}, {5, 0, false}, {0, 250, true}, {-5, 0, true}};
  const auto from_line = read_lines(ndjson_line(record)).at(0);
  EXPECT_EQ(from_line.word, record.word);
  EXPECT_EQ(from_line.sketch.points,
            (std::vector<StrokePoint>{{0, 0, false}, {5, 0, false}, {0, 250, true}, {-5, 0, true}}));
  // A second pass changes nothing.
  EXPECT_EQ(read_lines(ndjson_line(from_line)).at(0), from_line);
  auto from_bin = read_bin(quickdraw_bin_record(from_line)).at(0);
  from_bin.word = from_line.word;
  EXPECT_EQ(from_bin, from_line);
}

TEST(QuickDraw, OthersAreScaledTo255) {
  QuickDrawRecord record;
  record.sketch.points = {{0.5F, 0.5F, false}, {1, 0, false}, {0, 2, true}};
  for (const auto& back : {read_lines(ndjson_line(record)).at(0), read_bin(quickdraw_bin_record(record)).at(0)})
    EXPECT_EQ(back.sketch.points, (std::vector<StrokePoint>{{0, 0, false}, {128, 0, false}, {0, 255, true}}));
}

TEST(QuickDraw, BinIsByteByByteAsDescribed) {
  QuickDrawRecord record{.country_code = "US", .timestamp = "1970-01-02 00:00:01 UTC", .key_id = 0x0102030405060708};
  record.sketch.points = {{0, 0, false}, {9, 8, true}};
  const std::string expected("\x08\x07\x06\x05\x04\x03\x02\x01US\x01\x81\x51\x01\x00\x01\x00\x02\x00\x00\x09\x00\x08",
                             23);
  EXPECT_EQ(quickdraw_bin_record(record), expected);
}

TEST(QuickDraw, BinSaysWhatIsWrong) {
  std::string bytes = quickdraw_bin_record(read_lines(kSimplified).at(0));
  bytes[10] = 7;
  EXPECT_THAT(error_of([&] { return read_bin(bytes); }), HasSubstr("x.bin: drawing 0: recognized is 7, not 0 or 1"));
  EXPECT_THAT(error_of([&] { return read_bin("PK"); }), HasSubstr("x.bin: drawing 0: truncated"));
}

// Reading the beginning of this process's memory fails, as reading a damaged disk does.
TEST(QuickDraw, ReadingThatFailsIsToldWithTheFile) {
  const auto drop = [](QuickDrawRecord&&) {};
  const std::string memory = "/proc/self/mem", expected = memory + ": cannot read: Input/output error";
  EXPECT_EQ(error_of([&] { read_ndjson(memory, {}, drop); }), expected);
  EXPECT_EQ(error_of([&] { read_quickdraw_bin(memory, {}, drop); }), expected);
}

TEST(QuickDraw, BearsTruncationAndChanges) {
  const auto lines = [](std::span<const std::byte> file) { return read_lines(string_of(file)); };
  const auto bin = [](std::span<const std::byte> file) { return read_bin(string_of(file)); };
  const std::string text = kSimplified + "\n" + kRaw;
  // Nothing, the first line with and without its newline.
  EXPECT_EQ(accepted_truncations(lines, bytes_of(text)), 3U);
  expect_survives_changes(lines, bytes_of(text), 5000, 5);
  std::string records;
  for (const auto& record : read_lines(text)) records += quickdraw_bin_record(record);
  // Nothing, and the first record.
  EXPECT_EQ(accepted_truncations(bin, bytes_of(records)), 2U);
  expect_survives_changes(bin, bytes_of(records), 5000, 6);
}

}  // namespace
}  // namespace limn::sketch
