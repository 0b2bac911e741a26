// Checkpoints: what is written is read by an independent reader of the format, and a file that is cut, altered or
// hostile is refused with a reason. The independent reader below follows the format's description, not limn's code.
#include "limn/core/safetensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "testing/temporary_folder.hpp"

namespace limn {
namespace {

using limn::testing::TemporaryFolder;

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

template <class T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

// A file of the header text and so many bytes of data.
Bytes raw_file(std::string_view header, std::size_t data_bytes) {
  Bytes file(8 + header.size() + data_bytes);
  const std::uint64_t size = header.size();
  std::memcpy(file.data(), &size, 8);
  std::memcpy(file.data() + 8, header.data(), header.size());
  return file;
}

std::string error_of_parsing(Bytes file) {
  try {
    (void)SafetensorsFile::parse(std::move(file), "x.safetensors");
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(StartsWith("x.safetensors"), ::testing::Not(HasSubstr("\n"))));
    return error.what();
  }
  ADD_FAILURE() << "did not throw";
  return {};
}

std::string error_of_header(std::string_view header, std::size_t data_bytes = 0) {
  return error_of_parsing(raw_file(header, data_bytes));
}

// The example that several tests share: shapes pairwise different, one tensor empty, one a scalar.
struct Example {
  std::vector<float> weight = std::vector<float>(5 * 3);
  std::vector<std::int16_t> ids = {-3, 0, 7};
  std::vector<float> scalar = {0.5f};

  Example() {
    for (std::size_t i = 0; i < weight.size(); ++i) weight[i] = 0.25f * static_cast<float>(i) - 1;
  }
  [[nodiscard]] SafetensorsContent content() const {
    SafetensorsContent content;
    content.tensors["decoder.cell.weight_ih"] = {.type = DType::kF32, .shape = {5, 3}, .bytes = bytes_of(weight)};
    content.tensors["ids"] = {.type = DType::kI16, .shape = {3}, .bytes = bytes_of(ids)};
    content.tensors["nothing"] = {.type = DType::kF64, .shape = {4, 0, 2}, .bytes = {}};
    content.tensors["scalar"] = {.type = DType::kF32, .shape = {}, .bytes = bytes_of(scalar)};
    content.metadata = {{"format", "limn"}, {"config", R"({"z_size": 128, "note": "a \"quoted\" one"})"}};
    return content;
  }
};

// Finds `"name":{…}` in the header and reads the numbers of its data_offsets.
std::pair<std::size_t, std::size_t> offsets_of(const std::string& header, const std::string& name) {
  const auto entry = header.find('"' + name + "\":{");
  if (entry == std::string::npos) throw std::runtime_error("no entry " + name);
  const std::string key = "\"data_offsets\":[";
  std::size_t at = header.find(key, entry) + key.size();
  std::size_t used = 0;
  const auto begin = std::stoul(header.substr(at), &used);
  const auto end = std::stoul(header.substr(at + used + 1));
  return {begin, end};
}

TEST(Safetensors, AnIndependentReaderFindsTheValues) {
  const Example example;
  const Bytes file = serialize_safetensors(example.content());
  std::uint64_t header_size = 0;
  for (int i = 7; i >= 0; --i)
    header_size = header_size << 8 | std::to_integer<std::uint64_t>(file[static_cast<std::size_t>(i)]);
  ASSERT_EQ(header_size % 8, 0u);
  const std::string header(reinterpret_cast<const char*>(file.data()) + 8, header_size);
  EXPECT_EQ(header.front(), '{');
  EXPECT_THAT(header, HasSubstr(R"("shape":[5,3])"));
  EXPECT_THAT(header, HasSubstr(R"("dtype":"I16")"));
  EXPECT_THAT(header, HasSubstr(R"("format":"limn")"));

  const auto [begin, end] = offsets_of(header, "decoder.cell.weight_ih");
  ASSERT_EQ(end - begin, example.weight.size() * sizeof(float));
  EXPECT_EQ(std::memcmp(file.data() + 8 + header_size + begin, example.weight.data(), end - begin), 0);
  const auto [id_begin, id_end] = offsets_of(header, "ids");
  ASSERT_EQ(id_end - id_begin, 6u);
  EXPECT_EQ(std::memcmp(file.data() + 8 + header_size + id_begin, example.ids.data(), 6), 0);
  const auto [scalar_begin, scalar_end] = offsets_of(header, "scalar");
  EXPECT_EQ(scalar_end, file.size() - 8 - header_size);
  EXPECT_EQ(scalar_end - scalar_begin, 4u);
}

TEST(Safetensors, ComesBackAsItWasWritten) {
  const Example example;
  const TemporaryFolder folder;
  write_safetensors(folder / "m.safetensors", example.content());
  const auto file = SafetensorsFile::read(folder / "m.safetensors");
  EXPECT_EQ(file.origin(), (folder / "m.safetensors").string());
  EXPECT_EQ(file.tensors().size(), 4u);
  EXPECT_EQ(file.metadata(), example.content().metadata);
  EXPECT_EQ(file.metadata("format"), "limn");
  EXPECT_EQ(file.read_f32("decoder.cell.weight_ih", {5, 3}), example.weight);
  EXPECT_EQ(file.read_f32("scalar", std::initializer_list<std::int64_t>{}), example.scalar);
  EXPECT_TRUE(file.read_f32("nothing", {4, 0, 2}).empty());
  const TensorData& ids = file.tensors().at("ids");
  EXPECT_EQ(ids.type, DType::kI16);
  EXPECT_EQ(ids.count(), 3);
  EXPECT_TRUE(
      std::equal(ids.bytes.begin(), ids.bytes.end(), bytes_of(example.ids).begin(), bytes_of(example.ids).end()));
}

TEST(Safetensors, IsTheSameBytesForTheSameContent) {
  EXPECT_EQ(serialize_safetensors(Example().content()), serialize_safetensors(Example().content()));
}

TEST(Safetensors, StaysValidWhenItIsMoved) {
  auto first = SafetensorsFile::parse(serialize_safetensors(Example().content()), "a");
  const SafetensorsFile second = std::move(first);
  EXPECT_EQ(second.read_f32("decoder.cell.weight_ih", {5, 3}), Example().weight);
}

TEST(Safetensors, AnEmptyFileOfTensorsIsAllowed) {
  const auto file = SafetensorsFile::parse(serialize_safetensors({}), "empty");
  EXPECT_TRUE(file.tensors().empty());
  EXPECT_TRUE(file.metadata().empty());
}

TEST(ReadF32, ConvertsTheOtherFloatingPointTypes) {
  const std::vector<std::uint16_t> half = {0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000, 0x7c00, 0x7e00, 0x0400};
  const std::vector<std::uint16_t> brain = {0x3f80, 0xc000, 0x7f80};
  const std::vector<double> wide = {0.1, -1e300};
  SafetensorsContent content;
  content.tensors["half"] = {.type = DType::kF16, .shape = {8}, .bytes = bytes_of(half)};
  content.tensors["brain"] = {.type = DType::kBF16, .shape = {3}, .bytes = bytes_of(brain)};
  content.tensors["wide"] = {.type = DType::kF64, .shape = {2}, .bytes = bytes_of(wide)};
  const auto file = SafetensorsFile::parse(serialize_safetensors(content), "x");

  const auto halves = file.read_f32("half", {8});
  EXPECT_EQ(halves[0], 1.0f);
  EXPECT_EQ(halves[1], -2.0f);
  EXPECT_EQ(halves[2], 0x1p-24f);  // the smallest subnormal
  EXPECT_EQ(halves[3], 65504.0f);  // the largest
  EXPECT_EQ(halves[4], 0.0f);
  EXPECT_TRUE(std::signbit(halves[4]));
  EXPECT_EQ(halves[5], std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(halves[6]));
  EXPECT_EQ(halves[7], 0x1p-14f);  // the smallest normal
  const auto brains = file.read_f32("brain", {3});
  EXPECT_EQ(brains[0], 1.0f);
  EXPECT_EQ(brains[1], -2.0f);
  EXPECT_EQ(brains[2], std::numeric_limits<float>::infinity());
  EXPECT_EQ(file.read_f32("wide", {2})[0], 0.1f);
}

TEST(ReadF32, SaysWhatWasExpectedAndWhatIsThere) {
  const auto file = SafetensorsFile::parse(serialize_safetensors(Example().content()), "m.safetensors");
  const auto error_of = [&](const std::string& name, std::vector<std::int64_t> shape) -> std::string {
    try {
      (void)file.read_f32(name, shape);
    } catch (const Error& error) {
      return error.what();
    }
    return "did not throw";
  };
  EXPECT_THAT(error_of("encoder.mu.weight", {3}), HasSubstr("tensor encoder.mu.weight is missing"));
  EXPECT_THAT(error_of("decoder.cell.weight_ih", {3, 5}), HasSubstr("is [5, 3], expected [3, 5]"));
  EXPECT_THAT(error_of("decoder.cell.weight_ih", {15}), HasSubstr("is [5, 3], expected [15]"));
  EXPECT_THAT(error_of("decoder.cell.weight_ih", {5, 3, 1}), HasSubstr("expected [5, 3, 1]"));
  EXPECT_THAT(error_of("ids", {3}), HasSubstr("is I16, expected a floating-point type"));
  EXPECT_THROW((void)file.metadata("step"), Error);
}

TEST(ParseSafetensors, RefusesEveryTruncation) {
  const Bytes file = serialize_safetensors(Example().content());
  for (std::size_t size = 0; size < file.size(); ++size)
    EXPECT_THROW(
        (void)SafetensorsFile::parse(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)), "x"), Error)
        << size << " of " << file.size() << " bytes";
}

TEST(ReadMetadata, ReadsTheHeaderAndNothingElse) {
  const Example example;
  const TemporaryFolder folder;
  Bytes bytes = serialize_safetensors(example.content());
  write_file(folder / "m.safetensors", bytes);
  EXPECT_EQ(read_safetensors_metadata(folder / "m.safetensors"), example.content().metadata);
  std::uint64_t header_size = 0;
  std::memcpy(&header_size, bytes.data(), 8);
  bytes.resize(8 + header_size);  // without its tensors
  write_file(folder / "m.safetensors", bytes);
  EXPECT_EQ(read_safetensors_metadata(folder / "m.safetensors"), example.content().metadata);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    write_file(folder / "m.safetensors", std::span(bytes).first(size));
    EXPECT_THROW((void)read_safetensors_metadata(folder / "m.safetensors"), Error) << size;
  }
}

TEST(ParseSafetensors, RefusesBytesAfterTheEnd) {
  Bytes file = serialize_safetensors(Example().content());
  file.push_back(std::byte{0});
  EXPECT_THAT(error_of_parsing(std::move(file)), HasSubstr("1 bytes belong to no tensor"));
}

TEST(ParseSafetensors, RefusesAHeaderLongerThanTheFileOrTheLimit) {
  Bytes file = raw_file("{}", 0);
  for (const std::uint64_t claimed : {std::uint64_t{3}, std::uint64_t{100'000'001}, ~std::uint64_t{0}}) {
    std::memcpy(file.data(), &claimed, 8);
    EXPECT_THAT(error_of_parsing(file), HasSubstr("its header claims"));
  }
}

TEST(ParseSafetensors, RefusesAHeaderThatIsNoObject) {
  for (const char* header : {"", "   ", "[]", "null", "7", "{", "{\"a\"", "{\"a\":}", "{}{}", "\xff\xfe"})
    EXPECT_THAT(error_of_header(header), HasSubstr("not a JSON object")) << header;
}

TEST(ParseSafetensors, RefusesDeepNesting) {
  const std::string deep = "{\"a\":" + std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}";
  EXPECT_THAT(error_of_header(deep), HasSubstr("nested too deeply"));
}

TEST(ParseSafetensors, RefusesDamagedEntries) {
  const std::vector<std::pair<std::string, std::string>> damaged{
      {R"({"a":7})", "lacks dtype"},
      {R"({"a":{"shape":[1],"data_offsets":[0,4]}})", "lacks dtype"},
      {R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", "lacks dtype"},
      {R"({"a":{"dtype":"F32","shape":[1]}})", "lacks dtype"},
      {R"({"a":{"dtype":32,"shape":[1],"data_offsets":[0,4]}})", "wrong form"},
      {R"({"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}})", "wrong form"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", "wrong form"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}})", "wrong form"},
      {R"({"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}})", "dtype F99 is not known"},
      {R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "not negative"},
      {R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", "not negative"},
      {R"({"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}})", "not negative"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,-4]}})", "not negative"},
      {R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}})", "absurdly large"},
      {R"({"a":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4]}})", "absurdly large"},
      {R"({"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}})", "at most 16"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", "lie outside"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "lie outside"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "need 8 bytes"},
      {R"({"a":{"dtype":"F64","shape":[1],"data_offsets":[0,4]}})", "need 8 bytes"},
      {R"({"__metadata__":[],"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "__metadata__ is not an object"},
      {R"({"__metadata__":{"step":7},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "metadata step"},
  };
  for (const auto& [header, reason] : damaged) EXPECT_THAT(error_of_header(header, 4), HasSubstr(reason)) << header;
}

TEST(ParseSafetensors, RefusesOverlapsAndGaps) {
  const auto two = [](int a_begin, int a_end, int b_begin, int b_end) {
    return fmt::format(R"({{"a":{{"dtype":"U8","shape":[{}],"data_offsets":[{},{}]}},)"
                       R"("b":{{"dtype":"U8","shape":[{}],"data_offsets":[{},{}]}}}})",
                       a_end - a_begin, a_begin, a_end, b_end - b_begin, b_begin, b_end);
  };
  EXPECT_EQ(SafetensorsFile::parse(raw_file(two(0, 3, 3, 8), 8), "x").tensors().size(), 2u);
  EXPECT_EQ(SafetensorsFile::parse(raw_file(two(5, 8, 0, 5), 8), "x").tensors().size(), 2u);  // any order in the file
  EXPECT_THAT(error_of_header(two(0, 4, 3, 8), 8), HasSubstr("overlap or leave gaps"));
  EXPECT_THAT(error_of_header(two(0, 3, 4, 8), 8), HasSubstr("overlap or leave gaps"));
  EXPECT_THAT(error_of_header(two(1, 3, 3, 8), 8), HasSubstr("overlap or leave gaps"));
  EXPECT_THAT(error_of_header(two(0, 8, 0, 8), 8), HasSubstr("overlap or leave gaps"));
  EXPECT_THAT(error_of_header(two(0, 3, 3, 7), 8), HasSubstr("1 bytes belong to no tensor"));
}

TEST(ParseSafetensors, KeepsControlCharactersOutOfItsMessages) {
  const std::string message = error_of_header("{\"bad\\nname\\u001b\":7}");
  EXPECT_THAT(message, HasSubstr("bad?name?"));
}

// A changed byte is either refused or leaves a file whose tensors still lie inside it; run under ASan, this is a
// small fuzzer.
TEST(ParseSafetensors, SurvivesChangedBytes) {
  const Bytes file = serialize_safetensors(Example().content());
  RandomStream random(1, Purpose::kTest);
  for (int round = 0; round < 20'000; ++round) {
    Bytes changed = file;
    for (std::uint64_t n = 1 + random.below(3); n > 0; --n)
      changed[random.below(changed.size())] = static_cast<std::byte>(random.below(256));
    try {
      const auto parsed = SafetensorsFile::parse(std::move(changed), "x");
      for (const auto& [name, tensor] : parsed.tensors()) {
        ASSERT_EQ(tensor.bytes.size(), static_cast<std::size_t>(tensor.count()) * size_of(tensor.type));
        if (tensor.type == DType::kF32) (void)parsed.read_f32(name, tensor.shape);
      }
    } catch (const Error&) {
    }
  }
}

TEST(ShapeText, IsAListInBrackets) {
  EXPECT_EQ(shape_text(std::vector<std::int64_t>{}), "[]");
  EXPECT_EQ(shape_text(std::vector<std::int64_t>{7}), "[7]");
  EXPECT_EQ(shape_text(std::vector<std::int64_t>{4, 256}), "[4, 256]");
}

}  // namespace
}  // namespace limn
