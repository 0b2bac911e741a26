#include "limn/arrays/npy.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "testing/hostile.hpp"

namespace limn::arrays {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Bytes npy(const std::string& header, const std::string& data = "") {
  std::string file = std::string("\x93NUMPY\x01", 7) + '\0';
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  return bytes_of(file + header + data);
}

std::string error_for(const Bytes& file) {
  return error_of([&] { return parse_npy_matrix(file, "z.npy"); });
}

TEST(Npy, RoundTripsLatentVectors) {
  const TemporaryFolder folder;
  const std::vector<float> values{1.5F, -2, 3.25F, 1e-20F, -1e20F, 0.1F};
  const std::vector<std::int64_t> shape{2, 3};
  write_npy(folder / "z.npy", values, shape);
  const FloatMatrix matrix = read_npy_matrix(folder / "z.npy");
  EXPECT_EQ(matrix.rows, 2);
  EXPECT_EQ(matrix.columns, 3);
  EXPECT_EQ(matrix.values, values);
}

TEST(Npy, HeaderIsNumpysOwn) {
  const std::vector<std::int64_t> one{7};
  const std::vector<std::int64_t> two{5, 128};
  const std::string header = npy_header("<f4", two);
  EXPECT_EQ(header.size() % 64, 0U);
  EXPECT_THAT(header, HasSubstr("{'descr': '<f4', 'fortran_order': False, 'shape': (5, 128), }"));
  EXPECT_THAT(npy_header("|O", one), HasSubstr("'shape': (7,), }"));
  EXPECT_THAT(npy_header("<f4", {}), HasSubstr("'shape': (), }"));
}

TEST(Npy, OneDimensionIsOneRow) {
  const auto file =
      npy("{'descr': '<i2', 'fortran_order': False, 'shape': (3,), }", std::string("\1\0\2\0\377\377", 6));
  const FloatMatrix matrix = parse_npy_matrix(file, "z.npy");
  EXPECT_EQ(matrix.rows, 1);
  EXPECT_THAT(matrix.values, ElementsAre(1, 2, -1));
}

TEST(Npy, FortranOrderIsTransposed) {
  const auto file = npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", std::string("\1\2\3\4\5\377", 6));
  EXPECT_THAT(parse_npy_matrix(file, "z.npy").values, ElementsAre(1, 3, 5, 2, 4, 255));
}

TEST(Npy, HalfPrecisionHasAllItsCases) {
  // 1, -2, the smallest subnormal, the largest subnormal, 65504.
  const auto file = npy("{'descr': '<f2', 'fortran_order': False, 'shape': (5,), }",
                        std::string("\x00\x3c\x00\xc0\x01\x00\xff\x03\xff\x7b", 10));
  EXPECT_THAT(parse_npy_matrix(file, "z.npy").values,
              ElementsAre(1.0F, -2.0F, std::ldexp(1.0F, -24), std::ldexp(1023.0F, -24), 65504.0F));
}

TEST(Npy, HeaderMayBeSpeltInOtherWays) {
  for (const char* header : {"{\"shape\": (2L,), \"descr\": \"<i2\", \"fortran_order\": False}\n",
                             "{'fortran_order':False,'shape':(2),'descr':'=i2',}   "})
    EXPECT_THAT(parse_npy_matrix(npy(header, std::string(4, '\0')), "z.npy").values, ElementsAre(0, 0)) << header;
}

TEST(Npy, SaysWhatIsWrong) {
  EXPECT_THAT(error_for(bytes_of("PK\3\4 a zip")), HasSubstr("z.npy: not a .npy array"));
  const auto header_error = [](const std::string& header, const std::string& data = "") {
    return error_for(npy(header, data));
  };
  EXPECT_THAT(header_error("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", "abc"),
              HasSubstr("needs 24 bytes of data, 3 are there"));
  EXPECT_THAT(header_error("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }"),
              HasSubstr("'<c8' is not supported"));
  EXPECT_THAT(header_error("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }"),
              HasSubstr("not a plain"));
  EXPECT_THAT(header_error("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"), HasSubstr("Python objects"));
  EXPECT_THAT(header_error("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }"), HasSubstr("impossible"));
  EXPECT_THAT(header_error("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1), }", "abcd"),
              HasSubstr("3 dimensions"));
  EXPECT_THAT(header_error("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", "abcd"),
              HasSubstr("0 dimensions"));
  EXPECT_THAT(header_error("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }"),
              HasSubstr("too many elements"));
  EXPECT_THAT(header_error("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }"),
              HasSubstr("plain"));
  EXPECT_THAT(header_error("{'descr': '<f4', 'fortran_order': False, 'shape': (281474976710656, 0), }"),
              HasSubstr("empty"));
  EXPECT_THAT(header_error("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}"),
              HasSubstr("plain"));
  EXPECT_THAT(header_error("__import__('os').system('true')"), HasSubstr("not a plain array's"));
  EXPECT_THAT(header_error("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", std::string("\0\0\300\177", 4)),
              HasSubstr("value 0 of row 0 is not finite"));
}

TEST(Npy, DoubleBeyondFloatIsNotFinite) {
  const double huge = std::numeric_limits<double>::max();
  const std::string data(reinterpret_cast<const char*>(&huge), sizeof(huge));
  EXPECT_THAT(error_for(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", data)),
              HasSubstr("not finite"));
}

TEST(Npy, BearsTruncationAndChanges) {
  const auto read = [](std::span<const std::byte> file) { return parse_npy_matrix(file, "z.npy"); };
  const auto file = npy("{'descr': '>f4', 'fortran_order': True, 'shape': (2, 3), }", std::string(24, '\1'));
  EXPECT_EQ(accepted_truncations(read, file), 0U);
  expect_survives_changes(read, file, 5000, 1);
}

}  // namespace
}  // namespace limn::arrays
