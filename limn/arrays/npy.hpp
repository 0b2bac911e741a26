// NumPy's .npy format (versions 1 to 3): the header that announces an array, the numbers behind it, and small
// float32 arrays in and out, which is how latent vectors travel between limn and NumPy. Object arrays are
// only announced here; their pickle is read by pickle.hpp. Everything is reentrant.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limn/core/file.hpp"

namespace limn::arrays {

// How one number lies in memory: NumPy's kind letter ('b' bool, 'i', 'u', 'f', or 'O' for an object) and
// size.
struct NumberFormat {
  char kind = 'f';
  int size = 4;  // bytes
  bool is_big_endian = false;
  friend bool operator==(const NumberFormat&, const NumberFormat&) = default;
};

// PyTorch's bfloat16: the upper half of a float32. NumPy has none.
inline constexpr NumberFormat kBfloat16Format{.kind = 'B', .size = 2};

// The format of a dtype text such as "<i2", ">f8", "|u1", "|O" or "f4" (native). Throws Error for any other.
[[nodiscard]] NumberFormat parse_number_format(std::string_view descr, std::string_view origin);

// A view of numbers that lie in a file; shape and bytes are checked to agree before one is made.
struct NumericArray {
  NumberFormat format;
  std::vector<std::int64_t> shape;
  bool is_fortran_order = false;
  std::span<const std::byte> bytes;

  [[nodiscard]] std::int64_t count() const;
  // Element `place` of the memory, as float: 64-bit values are rounded, what is out of range becomes
  // infinite.
  [[nodiscard]] float value(std::int64_t place) const;
  // All values in row-major order.
  [[nodiscard]] std::vector<float> values() const;
};

// The product of the dimensions, or Error if one is negative or the product is beyond 2^48.
[[nodiscard]] std::int64_t element_count(std::span<const std::int64_t> shape, std::string_view origin);
// The view, or Error unless `bytes` holds exactly the numbers that the shape announces.
[[nodiscard]] NumericArray make_numeric_array(NumberFormat format, std::vector<std::int64_t> shape,
                                              bool is_fortran_order, std::span<const std::byte> bytes,
                                              std::string_view origin);

struct NpyHeader {
  NumberFormat format;
  bool is_fortran_order = false;
  std::vector<std::int64_t> shape;
  std::size_t size = 0;  // bytes before the data
};
// Reads the magic, the version and the dict literal. Nothing beyond what NumPy writes there is accepted.
[[nodiscard]] NpyHeader parse_npy_header(std::span<const std::byte> file, std::string_view origin);
// The header that NumPy writes (version 1, padded to 64 bytes). `descr` is a dtype text such as "<f4".
[[nodiscard]] std::string npy_header(std::string_view descr, std::span<const std::int64_t> shape);

// A row-major matrix read from a file.
struct FloatMatrix {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<float> values;  // [rows, columns]
};

// A numeric .npy of shape [rows, columns], or [columns], which makes one row; any dtype, converted to
// float32. Throws Error for other shapes and for values that are not finite.
[[nodiscard]] FloatMatrix read_npy_matrix(const std::filesystem::path& path);
[[nodiscard]] FloatMatrix parse_npy_matrix(std::span<const std::byte> file, std::string_view origin);
// Writes `values` (row-major, as many as `shape` says) as float32, replacing `path` all or nothing.
void write_npy(const std::filesystem::path& path, std::span<const float> values, std::span<const std::int64_t> shape);

}  // namespace limn::arrays
