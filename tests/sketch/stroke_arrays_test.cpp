// What rows of numbers mean, in .npz, .npy and pickles of all kinds.
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <cstring>

#include "arrays/pytorch_files.hpp"  // a pickle's opcodes
#include "limn/arrays/npy.hpp"
#include "limn/arrays/zip_archive.hpp"
#include "limn/sketch/npz.hpp"
#include "testing/gzip.hpp"
#include "testing/hostile.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::sketch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using std::string_literals::operator""s;
using Rows = std::vector<std::vector<float>>;

// Two strokes of five points as offsets, positions and stroke-5.
const Rows kOffsets{{10, 20, 0}, {3, 4, 0}, {7, 0, 1}, {10, 16, 0}, {1, 10, 1}};
const Rows kPositions{{10, 20, 0}, {13, 24, 0}, {20, 24, 1}, {30, 40, 0}, {31, 50, 1}};
const Rows kFour{{10, 20, 1, 0}, {13, 24, 1, 0}, {20, 24, 0, 1}, {30, 40, 1, 0}, {31, 50, 0, 1}};
const Rows kFive{{10, 20, 1, 0, 0}, {3, 4, 1, 0, 0}, {7, 0, 0, 1, 0}, {10, 16, 1, 0, 0}, {1, 10, 0, 1, 0}};
const Rows kStart{{0, 0, 1, 0, 0}}, kEnd{{0, 0, 0, 0, 1}};

const Sketch kSketch{{{10, 20, false}, {3, 4, false}, {7, 0, true}, {10, 16, false}, {1, 10, true}}};

Rows joined(std::initializer_list<Rows> parts) {
  Rows rows;
  for (const Rows& part : parts) rows.insert(rows.end(), part.begin(), part.end());
  return rows;
}

// `rows` and rows of `value` up to that length.
Rows padded(Rows rows, std::size_t length, float value) {
  rows.resize(length, std::vector<float>(rows.front().size(), value));
  return rows;
}

std::string memory_of(const Rows& rows) {
  std::string bytes;
  for (const auto& row : rows) bytes += testing::memory_of(row);
  return bytes;
}

// A float32 array: [n, columns] of one sketch, [N, L, columns] of several.
std::string npy_of(const Rows& rows) {
  return arrays::npy_header("<f4", std::vector<std::int64_t>{std::ssize(rows), std::ssize(rows.front())}) +
         memory_of(rows);
}
std::string npy_of(const std::vector<Rows>& block) {
  std::string npy = arrays::npy_header(
      "<f4", std::vector<std::int64_t>{std::ssize(block), std::ssize(block[0]), std::ssize(block[0][0])});
  for (const Rows& rows : block) npy += memory_of(rows);
  return npy;
}

// Opcodes: a float32 array, as NumPy pickles it.
std::string pickled_array(const Rows& rows) {
  const std::string bytes = memory_of(rows);
  return "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0\x85U\1btR(K\1"s +
         testing::pickled_ints({std::ssize(rows), rows.empty() ? 3 : std::ssize(rows.front())}) +
         "cnumpy\ndtype\nU\2f4K\0K\1\x87R\x89T"s +
         testing::memory_of<std::int32_t>({static_cast<std::int32_t>(bytes.size())}) + bytes + "tb";
}
std::string pickled_number(float number) {
  std::uint64_t bits = std::bit_cast<std::uint64_t>(static_cast<double>(number));
  std::string code = "G";
  for (int i = 7; i >= 0; --i) code += static_cast<char>(bits >> (8 * i) & 0xff);
  return code;
}
std::string pickled_list(const std::vector<std::string>& items) {
  std::string code = "](";
  for (const std::string& item : items) code += item;
  return code + "e";
}
std::string pickled_rows(const Rows& rows) {
  std::vector<std::string> lists;
  for (const auto& row : rows) {
    std::vector<std::string> numbers;
    for (const float number : row) numbers.push_back(pickled_number(number));
    lists.push_back(pickled_list(numbers));
  }
  return pickled_list(lists);
}
// An object array of that shape.
std::string pickled_objects(const std::vector<std::string>& items, const std::vector<std::int64_t>& shape) {
  std::string code = "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0\x85U\1btR(K\1"s +
                     testing::pickled_ints(shape) + "cnumpy\ndtype\nU\2O8K\0K\1\x87R\x89"s + pickled_list(items) + "tb";
  return code;
}
std::string npy_of_objects(const std::vector<std::string>& items, const std::vector<std::int64_t>& shape) {
  return arrays::npy_header("|O", shape) + testing::protocol_2(pickled_objects(items, shape));
}
std::string npy_of_objects(const std::vector<std::string>& items) { return npy_of_objects(items, {std::ssize(items)}); }

struct Read {
  SketchSplits splits;
  std::vector<std::string> notes;
};
Read read(std::string_view file, const std::string& name = "x.npy", const std::string& absolute = "auto") {
  Read result;
  result.splits = parse_sketch_arrays(
      as_bytes(file), name, name.substr(name.rfind('.')),
      {.absolute = absolute, .note = [&](const std::string& note) { result.notes.push_back(note); }});
  return result;
}
std::vector<Sketch> sketches(std::string_view file, const std::string& name = "x.npy") {
  Read result = read(file, name);
  EXPECT_THAT(result.notes, IsEmpty()) << name;
  return result.splits[Split::kTrain];
}
std::string error_for(std::string_view file, const std::string& name = "x.npy") {
  return error_of([&] { return read(file, name); });
}
std::string npz_of(const std::vector<std::pair<std::string, std::string>>& arrays) {
  std::vector<std::pair<std::string, Bytes>> entries;
  for (const auto& [name, npy] : arrays) entries.emplace_back(name + ".npy", bytes_of(npy));
  return string_of(arrays::make_zip(entries));
}

TEST(StrokeArrays, ReadsStroke5WithoutItsStartAndEnd) {
  for (const Rows& rows : {kFive, joined({kStart, kFive}), joined({kStart, kFive, kEnd}), joined({kFive, kEnd, kEnd}),
                           padded(joined({kStart, kFive, kEnd}), 12, 0)})
    EXPECT_THAT(sketches(npy_of(rows)), ElementsAre(kSketch)) << rows.size();
  EXPECT_THAT(
      sketches(npy_of_objects({pickled_array(joined({kStart, kFive, kEnd})), pickled_array(joined({kStart, kEnd}))})),
      ElementsAre(kSketch, Sketch{}));
  EXPECT_THAT(sketches(npy_of({joined({kFive, kEnd}), joined({kFive, kEnd})})), ElementsAre(kSketch, kSketch));
  // The last point itself may be the end.
  Rows marked = kFive;
  marked.back() = {1, 10, 0, 0, 1};
  EXPECT_THAT(sketches(npy_of(joined({marked, kEnd}))), ElementsAre(kSketch));
  // A point at the origin is not a start row where another sketch has none.
  const std::vector<Sketch> two =
      sketches(npy_of_objects({pickled_array(joined({kStart, kFive})), pickled_array(kFive)}));
  EXPECT_EQ(two[0].points.size(), 6U);
  EXPECT_EQ(two[1], kSketch);
}

TEST(StrokeArrays, ReadsFourColumnsAsPositions) {
  for (const Rows& rows : {kFour, padded(kFour, 16, -1), padded(kFour, 7, 0)})
    EXPECT_THAT(sketches(npy_of(rows)), ElementsAre(kSketch)) << rows.size();
  const std::vector<Rows> block{padded(kFour, 9, -1), padded({kFour.begin(), kFour.begin() + 3}, 9, -1)};
  EXPECT_THAT(sketches(npy_of(block)), ElementsAre(kSketch, Sketch{{{10, 20, false}, {3, 4, false}, {7, 0, true}}}));
  EXPECT_THAT(read(npy_of(kFour), "x.npy", "false").splits[Split::kTrain][0].points[1], (StrokePoint{13, 24, false}));
}

TEST(StrokeArrays, LeavesPaddingOfStroke3Out) {
  EXPECT_THAT(sketches(npy_of(padded(kOffsets, 20, 0))), ElementsAre(kSketch));
  EXPECT_THAT(sketches(npy_of(padded(kOffsets, 6, -1))), ElementsAre(kSketch));
  EXPECT_THAT(sketches(npy_of({padded(kOffsets, 9, 0), padded({{0, 0, 0}}, 9, 0)})), ElementsAre(kSketch, Sketch{}));
  EXPECT_THAT(sketches(npy_of_objects({pickled_array(padded(kOffsets, 8, 0)), pickled_array({{0, 0, 0}})})),
              ElementsAre(kSketch, Sketch{{{0, 0, false}}}));
  // A point that does not move inside a stroke stays.
  EXPECT_EQ(sketches(npy_of(Rows{{1, 2, 0}, {0, 0, 0}, {3, -4, 1}}))[0].points.size(), 3U);
}

TEST(StrokeArrays, ReadsListsOfPython) {
  EXPECT_THAT(sketches(npy_of_objects({pickled_rows(kOffsets), pickled_rows({{1, -1, 1}})})),
              ElementsAre(kSketch, Sketch{{{1, -1, true}}}));
  // Rows that are arrays, and tuples of numbers.
  EXPECT_THAT(sketches(npy_of_objects({pickled_list({"(K\1K\2K\1t"}), pickled_list({"(K\3K\4K\1t"})})),
              ElementsAre(Sketch{{{1, 2, true}}}, Sketch{{{3, 4, true}}}));
  const std::string pickle =
      testing::protocol_2(pickled_list({pickled_rows(kOffsets), pickled_list({}), pickled_array(kOffsets)}));
  EXPECT_THAT(sketches(pickle, "x.pkl"), ElementsAre(kSketch, Sketch{}, kSketch));
  EXPECT_THAT(sketches(testing::protocol_2(pickled_rows(kFour)), "x.pickle"), ElementsAre(kSketch));
  EXPECT_THAT(sketches(testing::protocol_2(pickled_list({pickled_rows(joined({kStart, kFive, kEnd}))})), "x.pkl"),
              ElementsAre(kSketch));
}

TEST(StrokeArrays, ReadsOneSketch) {
  EXPECT_THAT(sketches(npy_of(kOffsets)), ElementsAre(kSketch));
  EXPECT_THAT(sketches(testing::protocol_2(pickled_array(kOffsets)), "x.pkl"), ElementsAre(kSketch));
  std::vector<std::string> numbers;
  for (const auto& row : kOffsets)
    for (const float number : row) numbers.push_back(pickled_number(number));
  EXPECT_THAT(sketches(npy_of_objects(numbers, {5, 3})), ElementsAre(kSketch));
}

TEST(StrokeArrays, ReadsASketchForEachUnnamedArray) {
  const std::string npz =
      npz_of({{"arr_0", npy_of(kOffsets)}, {"arr_10", npy_of(Rows{{7, 8, 1}})}, {"arr_2", npy_of(Rows{{5, 6, 1}})}});
  EXPECT_THAT(sketches(npz, "x.npz"), ElementsAre(kSketch, Sketch{{{5, 6, true}}}, Sketch{{{7, 8, true}}}));
  EXPECT_THAT(error_for(npz_of({{"arr_0", npy_of(kOffsets)}, {"arr_1", npy_of(std::vector<Rows>{kOffsets})}}), "x.npz"),
              HasSubstr("no array named train; it holds arr_0, arr_1"));
}

TEST(StrokeArrays, ReadsPicklesOfEveryProtocol) {
  // [array([[1, 2, 1]], dtype=int16)] as Python 2 writes it in text.
  const std::string text =
      "(lp0\ncnumpy.core.multiarray\n_reconstruct\np1\n(cnumpy\nndarray\np2\n(I0\ntp3\nS'b'\np4\ntp5\nRp6\n(I1\n("
      "I1\nI3\n"
      "tp7\ncnumpy\ndtype\np8\n(S'i2'\np9\nI0\nI1\ntp10\nRp11\n(I3\nS'<'\np12\nNNNI-1\nI-1\nI0\ntp13\nbI00\n"
      "S'\\x01\\x00\\x02\\x00\\x01\\x00'\np14\ntp15\nba.";
  EXPECT_THAT(sketches(text, "x.cpkl"), ElementsAre(Sketch{{{1, 2, true}}}));
  std::string crlf;
  for (const char c : text) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(error_for(crlf, "x.cpkl"),
            "x.cpkl: its line ends were turned into CRLF (a text-mode copy); fetch it again");
  EXPECT_THAT(error_for(testing::protocol_2("cpandas.core.frame\nDataFrame\n"), "x.pkl"),
              HasSubstr("asks for pandas.core.frame.DataFrame, which no array needs"));
}

TEST(StrokeArrays, KnowsTheNamesOfSplits) {
  const std::string one = npy_of_objects({pickled_array(kOffsets)});
  const std::string two = npy_of_objects({pickled_array(kOffsets), pickled_array({})});
  const auto sizes = [](const Read& result) {
    return std::array{result.splits[Split::kTrain].size(), result.splits[Split::kValid].size(),
                      result.splits[Split::kTest].size()};
  };
  EXPECT_THAT(sizes(read(npz_of({{"arr_0", two}}), "x.npz")), ElementsAre(2, 0, 0));
  EXPECT_THAT(sizes(read(npz_of({{"X_train", two}, {"y_train", "x"}, {"X_test", one}}), "x.npz")),
              ElementsAre(2, 0, 1));
  EXPECT_THAT(sizes(read(npz_of({{"TRAIN", two}, {"Validation", one}}), "x.npz")), ElementsAre(2, 1, 0));
  EXPECT_THAT(sizes(read(npz_of({{"train", two}, {"val", one}, {"labels", "x"}}), "x.npz")), ElementsAre(2, 1, 0));
  EXPECT_THAT(sizes(read(npz_of({{"strokes", two}, {"y", "x"}}), "x.npz")), ElementsAre(2, 0, 0));
  EXPECT_THAT(error_for(npz_of({{"arr_0", two}, {"arr_1", one}}), "x.npz"),
              HasSubstr("has no array named train; it holds arr_0, arr_1; name the training sketches train"));
  EXPECT_THAT(read(npz_of({{"train", two}, {"mean", "x"}}), "x.npz").notes,
              ElementsAre("x.npz: left out what is not named as a split: mean"));
  // A dict, alone and in an array.
  const std::string dict = testing::pickled_dict(
      {{testing::pickled_text("test"), pickled_list({pickled_array(kOffsets)})},
       {testing::pickled_text("Training"), pickled_list({pickled_rows(kOffsets), pickled_list({})})}});
  EXPECT_THAT(sizes(read(testing::protocol_2(dict), "x.pkl")), ElementsAre(2, 0, 1));
  EXPECT_THAT(sizes(read(npy_of_objects({dict}, {}))), ElementsAre(2, 0, 1));
  EXPECT_THAT(error_for(testing::protocol_2(testing::pickled_dict(
                            {{testing::pickled_text("cat"), "]"}, {testing::pickled_text("dog"), "]"}})),
                        "x.pkl"),
              HasSubstr("it holds cat, dog"));
}

TEST(StrokeArrays, SaysThatOffsetsLookLikePositions) {
  const std::string npy = npy_of({kPositions, kPositions});
  const Read result = read(npy);
  EXPECT_THAT(result.notes,
              ElementsAre("x.npy: no offset is negative, all lie from 13 to 50: they look like positions; if they are, "
                          "use --absolute (limn data convert, info) or --set absolute=true (train, eval)"));
  EXPECT_EQ(result.splits[Split::kTrain][0].points[1], (StrokePoint{13, 24, false}));
  const Read absolute = read(npy, "x.npy", "true");
  EXPECT_THAT(absolute.splits[Split::kTrain], ElementsAre(kSketch, kSketch));
  EXPECT_THAT(absolute.notes, IsEmpty());
  EXPECT_THAT(read(npy, "x.npy", "false").notes, IsEmpty());
  // All far from zero.
  EXPECT_THAT(
      read(npy_of({{99, 119, 0}, {107, 111, 0}, {80, 92, 0}, {119, 90, 1}, {100, 114, 0}, {105, 115, 1}})).notes,
      ElementsAre(HasSubstr("all lie from 80 to 119")));
  // Around zero.
  Rows circle;
  for (int i = 0; i < 40; ++i)
    circle.push_back({100 * std::cos(0.15F * static_cast<float>(i)), 100 * std::sin(0.15F * static_cast<float>(i)),
                      i == 39 ? 1.0F : 0.0F});
  EXPECT_THAT(read(npy_of(circle)).notes, ElementsAre(HasSubstr("offsets change little from row to row")));
  // Offsets in four columns.
  Rows steps;
  for (int i = 0; i < 6; ++i) steps.push_back({i % 2 == 0 ? 9.0F : -9.0F, 2, 1, 0});
  EXPECT_THAT(read(npy_of(steps)).notes, ElementsAre(HasSubstr("are read as positions, but they look like offsets")));
}

TEST(StrokeArrays, SaysThatThePenIsReversed) {
  EXPECT_THAT(read(npy_of({{1, 2, 1}, {3, -4, 1}, {-5, 6, 1}, {7, 8, 0}})).notes,
              ElementsAre(HasSubstr("3 of 4 rows lift the pen, but no last row does")));
  EXPECT_THAT(error_for(npy_of({{0, 5, 6}, {0, 7, -8}, {1, 2, 3}})),
              HasSubstr("the first column looks like the pen: put it last, rows[:, [1, 2, 0]]"));
}

TEST(StrokeArrays, RefusesWhatIsNoSketch) {
  EXPECT_THAT(error_for(arrays::npy_header("|u1", std::vector<std::int64_t>{2, 9, 9}) + std::string(162, '\0')),
              HasSubstr("x.npy: holds 2 images of 9 x 9, not sketches; images are for limn train vae and draw"));
  EXPECT_THAT(error_for(arrays::npy_header("|u1", std::vector<std::int64_t>{1, 8, 8, 3}) + std::string(192, '\0')),
              HasSubstr("1 images of 8 x 8"));
  EXPECT_THAT(error_for(arrays::npy_header("|u1", std::vector<std::int64_t>{2, 784}) + std::string(1568, '\0')),
              HasSubstr("holds 2 images of 28 x 28"));
  EXPECT_THAT(error_for(npz_of({{"x_train", arrays::npy_header("|u1", std::vector<std::int64_t>{1, 28, 28}) +
                                                std::string(784, '\0')}}),
                        "x.npz"),
              HasSubstr("x.npz: x_train: holds 1 images of 28 x 28"));
  EXPECT_THAT(error_for(npy_of(std::vector<Rows>{{{1, 2, 3, 4, 5, 6}}})),
              HasSubstr("the array has shape 1 x 1 x 6; expected"));
  EXPECT_THAT(error_for(npy_of_objects({pickled_array({{1, 2}})})), HasSubstr("sketch 0 has shape 1 x 2"));
  EXPECT_THAT(error_for(npy_of_objects({"N", "N"})), HasSubstr("a list of numbers where sketches"));
  EXPECT_THAT(error_for(npy_of_objects({pickled_array(kOffsets), "N"})),
              HasSubstr("sketch 1 is None; make each sketch"));
  EXPECT_THAT(error_for(testing::protocol_2("N"), "x.pkl"), HasSubstr("None where sketches were expected"));
  EXPECT_THAT(error_for(testing::protocol_2(pickled_list({pickled_list({pickled_array(kOffsets)})})), "x.pkl"),
              HasSubstr("nested 4 deep"));
  EXPECT_THAT(error_for(npy_of_objects({pickled_rows({{1, 2, 0}, {3, 4}})})), HasSubstr("row 1 has 2 numbers"));
  EXPECT_THAT(error_for(npy_of_objects({pickled_rows({{1, 2}})})),
              HasSubstr("sketch 0 has rows of 2 numbers; expected 3"));
  EXPECT_THAT(error_for(npy_of(Rows{{1, 2, 1, 1}})),
              HasSubstr("row 0 has 1, 1 as its pen; of down and lifted exactly one"));
  EXPECT_THAT(error_for(npy_of(joined({kFour, {{-1, -1, -1, -1}}, kFour}))), HasSubstr("row 5 has -1, -1 as its pen"));
  EXPECT_THAT(error_for(npy_of(joined({kFive, kEnd, kFive}))), HasSubstr("points follow its end in row 5"));
  EXPECT_THAT(error_for(npy_of(Rows{{-3e38F, 0, 1, 0}, {3e38F, 0, 0, 1}})),
              HasSubstr("row 1 is too far from the row before"));
  EXPECT_THAT(error_for("x"), HasSubstr("not a .npy array"));
}

TEST(StrokeArrays, RefusesEndlessValues) {
  EXPECT_THAT(error_for(testing::protocol_2(std::string("]q\0h\0a", 6)), "x.pkl"),
              HasSubstr("nested in lists without end"));
  // One sketch of 1 MiB, named a thousand times.
  Rows rows(1 << 16, {1, 2, 3, 4});
  std::string items = pickled_array(rows) + "q" + std::string(1, '\0');
  for (int i = 0; i < 1000; ++i) items += std::string("h\0", 2);
  EXPECT_THAT(error_for(testing::protocol_2("](" + items + "e"), "x.pkl"),
              HasSubstr("arrays have more than 4 times its size"));
}

TEST(StrokeArrays, ReadsByContentAndUnpacks) {
  EXPECT_THAT(sketches(npy_of(kOffsets), "x.pkl"), ElementsAre(kSketch));
  EXPECT_THAT(sketches(npz_of({{"train", npy_of(std::vector<Rows>{kOffsets})}}), "x.npy"), ElementsAre(kSketch));
  const testing::TemporaryFolder folder;
  write_file(folder / "x.pkl",
             testing::gzip_file(as_bytes(testing::protocol_2(pickled_list({pickled_array(kOffsets)})))));
  EXPECT_THAT(read_sketch_arrays(folder / "x.pkl")[Split::kTrain], ElementsAre(kSketch));
}

TEST(StrokeArrays, BearsTruncationAndChanges) {
  const auto parse = [](std::span<const std::byte> file) { return parse_sketch_arrays(file, "x.pkl", ".pkl"); };
  const std::string dict = testing::protocol_2(testing::pickled_dict(
      {{testing::pickled_text("train"), pickled_list({pickled_rows(kFour), pickled_array(kFive)})}}));
  EXPECT_EQ(accepted_truncations(parse, bytes_of(dict)), 0U);
  expect_survives_changes(parse, bytes_of(dict), 3000, 3);
  expect_survives_changes(parse, bytes_of(npy_of_objects({pickled_array(kOffsets), pickled_rows(kOffsets)})), 3000, 3);
}

}  // namespace
}  // namespace limn::sketch
