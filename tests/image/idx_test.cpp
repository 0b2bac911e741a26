#include "limn/image/idx.hpp"

#include <gmock/gmock.h>

#include "image/picture_files.hpp"
#include "testing/gzip.hpp"
#include "testing/hostile.hpp"

namespace limn::image {
namespace {

using ::testing::ElementsAre;
using testing::gzip_file;
using ::testing::HasSubstr;
using testing::idx_file;
using testing::ramp;

IdxArray parse(std::span<const std::byte> file) { return parse_idx(file, "file"); }
std::string error_for(std::span<const std::byte> file) {
  return error_of([&] { return parse(file); });
}

TEST(Idx, ReadsImagesAndLabels) {
  const IdxArray images = parse(idx_file({3, 5, 2}, ramp(30)));
  EXPECT_THAT(images.sizes, ElementsAre(3, 5, 2));
  EXPECT_EQ(images.values, ramp(30));
  const IdxArray labels = parse(idx_file({7}, ramp(7)));
  EXPECT_THAT(labels.sizes, ElementsAre(7));
  EXPECT_EQ(labels.values, ramp(7));
}

TEST(Idx, ReadsGzip) {
  const Bytes plain = idx_file({3, 5, 2}, ramp(30));
  EXPECT_EQ(parse(gzip_file(plain)).values, ramp(30));
}

TEST(Idx, ReadsMoreThanAChunk) {
  const std::vector<std::uint8_t> content = ramp(3 * 1031 * 1021);
  EXPECT_EQ(parse(idx_file({3, 1031, 1021}, content)).values, content);
  EXPECT_EQ(parse(gzip_file(idx_file({3, 1031, 1021}, content))).values, content);
}

TEST(Idx, ReadsGzipFilesOneAfterTheOther) {
  const Bytes plain = idx_file({3, 5, 2}, ramp(30));
  Bytes file = gzip_file(std::span(plain).first(19));
  const Bytes rest = gzip_file(std::span(plain).subspan(19));
  file.insert(file.end(), rest.begin(), rest.end());
  EXPECT_EQ(parse(file).values, ramp(30));
}

TEST(Idx, BearsTruncationAtEveryByte) {
  const Bytes plain = idx_file({3, 5, 2}, ramp(30));
  EXPECT_EQ(accepted_truncations(parse, plain), 0U);
  EXPECT_EQ(accepted_truncations(parse, gzip_file(plain)), 0U);
  EXPECT_THAT(error_for(std::span(plain).first(40)), HasSubstr("truncated: the array needs 6 more bytes"));
  EXPECT_THAT(error_for(std::span(plain).first(9)), HasSubstr("truncated: the IDX header needs 3 more bytes"));
  const Bytes packed = gzip_file(plain);
  EXPECT_THAT(error_for(std::span(packed).first(30)), HasSubstr("the gzip stream ends too early"));
}

TEST(Idx, BearsChanges) {
  const Bytes plain = idx_file({3, 5, 2}, ramp(30));
  expect_survives_changes(parse, plain, 3000, 1);
  expect_survives_changes(parse, gzip_file(plain), 3000, 2);
}

TEST(Idx, RefusesAChecksumThatDiffers) {
  Bytes file = gzip_file(idx_file({3, 5, 2}, ramp(30)));
  file[file.size() - 6] ^= std::byte{1};
  EXPECT_THAT(error_for(file), HasSubstr("damaged gzip file: incorrect data check"));
}

TEST(Idx, RefusesMoreThanItsHeaderDeclares) {
  Bytes file = idx_file({3, 5, 2}, ramp(31));
  EXPECT_THAT(error_for(file), HasSubstr("holds more bytes than the 3×5×2"));
  EXPECT_THAT(error_for(gzip_file(file)), HasSubstr("holds more bytes than the 3×5×2"));
  file = gzip_file(idx_file({3, 5, 2}, ramp(30)));
  file.push_back(std::byte{'x'});
  EXPECT_NE(error_for(file), "");
}

TEST(Idx, NamesTypesThatItDoesNotRead) {
  EXPECT_THAT(error_for(idx_file({2}, ramp(2), 0x09)), HasSubstr("signed bytes"));
  EXPECT_THAT(error_for(idx_file({2}, ramp(4), 0x0B)), HasSubstr("16-bit numbers"));
  EXPECT_THAT(error_for(idx_file({2}, ramp(8), 0x0C)), HasSubstr("32-bit numbers"));
  EXPECT_THAT(error_for(idx_file({2}, ramp(8), 0x0D)), HasSubstr("32-bit floats"));
  EXPECT_THAT(error_for(idx_file({2}, ramp(16), 0x0E)), HasSubstr("64-bit floats"));
  EXPECT_THAT(error_for(idx_file({2}, ramp(2), 0x0A)), HasSubstr("not an IDX file"));
  EXPECT_THAT(error_for(bytes_of("Not at all")), HasSubstr("not an IDX file"));
  EXPECT_THAT(error_for(gzip_file(bytes_of("Not at all"))), HasSubstr("not an IDX file"));
}

TEST(Idx, RefusesAbsurdSizes) {
  EXPECT_THAT(error_for(idx_file({}, ramp(2))), HasSubstr("0 dimensions"));
  EXPECT_THAT(error_for(idx_file({1, 1, 1, 1, 1}, ramp(1))), HasSubstr("5 dimensions"));
  EXPECT_THAT(error_for(idx_file({3, 0, 2}, {})), HasSubstr("empty IDX array of 3×0×2"));
  EXPECT_THAT(error_for(idx_file({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, ramp(9))),
              HasSubstr("4294967295×4294967295×4294967295×4294967295 bytes, more than a file of 29 can hold"));
  // 2^64 bytes and 2: the product must not wrap around to something small.
  EXPECT_THAT(error_for(idx_file({1u << 31, 1u << 31, 4}, ramp(1))), HasSubstr("more than a file of"));
}

TEST(Idx, RefusesABomb) {
  // 32 MiB of zeros, about a thousandfold deflated.
  const std::vector<std::uint8_t> zeros(std::size_t{1} << 25, 0);
  const Bytes file = gzip_file(idx_file({1u << 15, 1u << 10}, zeros));
  ASSERT_LT(file.size(), zeros.size() / 900);
  EXPECT_THAT(error_for(file), HasSubstr("more than a file of"));
  // One that says it is small takes no more than it says.
  EXPECT_THAT(error_for(gzip_file(idx_file({10, 10}, zeros))), HasSubstr("holds more bytes than the 10×10"));
}

TEST(Idx, IsToldByItsFirstBytes) {
  const Bytes plain = idx_file({2}, ramp(2));
  EXPECT_TRUE(begins_as_idx(plain));
  EXPECT_FALSE(begins_as_idx(gzip_file(plain)));
  EXPECT_FALSE(begins_as_idx(bytes_of("PK\3\4")));
  EXPECT_FALSE(begins_as_idx(std::span(plain).first(3)));
  EXPECT_FALSE(begins_as_idx({}));
}

}  // namespace
}  // namespace limn::image
