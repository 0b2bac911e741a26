#include "limn/arrays/npy.hpp"

#include <bit>
#include <cassert>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "limn/arrays/byte_reader.hpp"
#include "limn/core/error.hpp"
#include "limn/core/half_float.hpp"

namespace limn::arrays {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxHeader = 10000;  // as numpy.load's max_header_size
constexpr std::size_t kMaxDimensions = 32;
constexpr std::int64_t kMaxElements = std::int64_t{1} << 48;
constexpr std::uint64_t kMaxMatrixFile = std::uint64_t{1} << 32;

// The `size` bytes at `from` as an unsigned number in native order.
std::uint64_t load(const std::byte* from, int size, bool is_big_endian) {
  std::uint64_t bits = 0;
  for (int i = 0; i < size; ++i) {
    const auto byte = std::to_integer<std::uint64_t>(from[i]);
    bits |= byte << (8 * (is_big_endian ? size - 1 - i : i));
  }
  return bits;
}

inline float to_float(const std::byte* from, NumberFormat format) {
  const std::uint64_t bits = load(from, format.size, format.is_big_endian);
  if (format.kind == 'f') {
    if (format.size == 2) return half_to_float(static_cast<std::uint16_t>(bits));
    if (format.size == 4) return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    return nearest_float(std::bit_cast<double>(bits));
  }
  if (format.kind == kBfloat16Format.kind) return std::bit_cast<float>(static_cast<std::uint32_t>(bits << 16));
  if (format.kind != 'i') return static_cast<float>(bits);
  const int unused = 64 - 8 * format.size;
  return static_cast<float>(static_cast<std::int64_t>(bits << unused) >> unused);
}

// The numbers in a format that is known when this is compiled, which is several times as fast.
template <char kKind, int kSize>
void copy_values(std::span<const std::byte> from, std::span<float> to) {
  constexpr NumberFormat kFormat{.kind = kKind, .size = kSize, .is_big_endian = false};
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = to_float(from.data() + i * kSize, kFormat);
}

void copy_values(std::span<const std::byte> from, NumberFormat format, std::span<float> to) {
  const auto is = [&](char kind, int size) {
    return format.kind == kind && format.size == size && !format.is_big_endian;
  };
  if (is('i', 2)) return copy_values<'i', 2>(from, to);
  if (is('u', 1)) return copy_values<'u', 1>(from, to);
  if (is('f', 4)) return copy_values<'f', 4>(from, to);
  if (is('f', 8)) return copy_values<'f', 8>(from, to);
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i] = to_float(from.data() + i * static_cast<std::size_t>(format.size), format);
}

// The header's Python dict literal, read by rule and not by eval: strings, True, False and a tuple of
// integers.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, std::string_view origin) : text_(text), origin_(origin) {}

  NpyHeader parse() {
    std::optional<std::string_view> descr;
    std::optional<bool> is_fortran_order;
    std::optional<std::vector<std::int64_t>> shape;
    expect('{');
    while (!skip('}')) {
      const std::string_view key = string();
      expect(':');
      if (key == "descr" && !descr)
        descr = string();
      else if (key == "fortran_order" && !is_fortran_order)
        is_fortran_order = boolean();
      else if (key == "shape" && !shape)
        shape = tuple();
      else
        complain();
      if (!skip(',')) {
        expect('}');
        break;
      }
    }
    if (peek() != '\0' || !descr || !is_fortran_order || !shape) complain();
    return {.format = parse_number_format(*descr, origin_), .is_fortran_order = *is_fortran_order, .shape = *shape};
  }

 private:
  [[noreturn]] void complain() const {
    fail("{}: the .npy header '{}' is not a plain array's; expected descr, fortran_order and shape", origin_,
         printable(text_));
  }
  char peek() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\n')) ++position_;
    return position_ < text_.size() ? text_[position_] : '\0';
  }
  bool skip(char wanted) {
    if (peek() != wanted) return false;
    ++position_;
    return true;
  }
  void expect(char wanted) {
    if (!skip(wanted)) complain();
  }
  std::string_view string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') complain();
    const std::size_t begin = position_ + 1;
    const std::size_t end = text_.find(quote, begin);
    if (end == text_.npos) complain();
    position_ = end + 1;
    return text_.substr(begin, end - begin);
  }
  bool boolean() {
    peek();
    for (const std::string_view word : {"True", "False"}) {
      if (!text_.substr(position_).starts_with(word)) continue;
      position_ += word.size();
      return word == "True";
    }
    complain();
  }
  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> numbers;
    expect('(');
    while (!skip(')')) {
      if (numbers.size() == kMaxDimensions) complain();
      peek();
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(text_.data() + position_, text_.data() + text_.size(), number);
      if (error != std::errc{}) complain();
      position_ = static_cast<std::size_t>(end - text_.data());
      skip('L');  // Python 2 wrote long integers so
      numbers.push_back(number);
      if (!skip(',')) {
        expect(')');
        break;
      }
    }
    return numbers;
  }

  std::string_view text_;
  std::string_view origin_;
  std::size_t position_ = 0;
};

std::int64_t product(std::span<const std::int64_t> shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

}  // namespace

NumberFormat parse_number_format(std::string_view descr, std::string_view origin) {
  NumberFormat format;
  std::string_view rest = descr;
  if (!rest.empty() && std::string_view("<>|=").find(rest[0]) != std::string_view::npos) {
    format.is_big_endian = rest[0] == '>';
    rest.remove_prefix(1);
  }
  // 'O8' and 'O4' are how Python 2 wrote the size of a pointer.
  if (rest == "O" || rest == "O8" || rest == "O4") return {.kind = 'O', .size = 0, .is_big_endian = false};
  constexpr std::string_view kSupported[] = {"i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1", "f2", "f4", "f8"};
  for (const std::string_view known : kSupported) {
    if (rest != known) continue;
    format.kind = rest[0];
    format.size = rest[1] - '0';
    return format;
  }
  fail("{}: dtype '{}' is not supported; save the array as int16 or float32", origin, printable(descr));
}

float nearest_float(double wide) {
  if (std::abs(wide) > static_cast<double>(std::numeric_limits<float>::max()))
    return std::copysign(HUGE_VALF, static_cast<float>(wide < 0 ? -1 : 1));
  return static_cast<float>(wide);
}

std::int64_t NumericArray::count() const { return product(shape); }

float NumericArray::value(std::int64_t place) const {
  assert(place >= 0 && static_cast<std::size_t>((place + 1) * format.size) <= bytes.size());
  return to_float(bytes.data() + place * format.size, format);
}

std::vector<float> NumericArray::values() const {
  const std::int64_t total = count();
  std::vector<float> result(static_cast<std::size_t>(total));
  if (!is_fortran_order) {
    copy_values(bytes, format, result);
    return result;
  }
  std::vector<std::int64_t> index(shape.size(), 0);
  for (std::int64_t i = 0; i < total; ++i) {
    std::int64_t place = 0;
    for (std::size_t d = shape.size(); d-- > 0;) place = place * shape[d] + index[d];
    result[static_cast<std::size_t>(i)] = value(place);
    for (std::size_t d = shape.size(); d-- > 0 && ++index[d] == shape[d];) index[d] = 0;
  }
  return result;
}

std::int64_t element_count(std::span<const std::int64_t> shape, std::string_view origin) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) {
    require(size >= 0, "{}: a dimension of {} is impossible; the file is damaged", origin, size);
    // The product is kept below 2^48 although another dimension may be zero: the division cannot overflow.
    require(size == 0 || count <= kMaxElements / size, "{}: the shape announces too many elements; the file is damaged",
            origin);
    count *= size;
  }
  return count;
}

NumericArray make_numeric_array(NumberFormat format, std::vector<std::int64_t> shape, bool is_fortran_order,
                                std::span<const std::byte> bytes, std::string_view origin) {
  require(format.kind != 'O', "{}: an array of objects where numbers were expected", origin);
  const std::int64_t needed = element_count(shape, origin) * format.size;
  require(static_cast<std::uint64_t>(needed) == bytes.size(),
          "{}: the array's shape needs {} bytes of data, {} are there; fetch the file again", origin, needed,
          bytes.size());
  return {.format = format, .shape = std::move(shape), .is_fortran_order = is_fortran_order, .bytes = bytes};
}

NpyHeader parse_npy_header(std::span<const std::byte> file, std::string_view origin) {
  ByteReader reader(file, origin);
  require(text_of(file).starts_with(kMagic), "{}: not a .npy array: it does not begin with \\x93NUMPY", origin);
  reader.take(kMagic.size(), "the magic");
  const auto major = reader.number<std::uint8_t>("the version");
  reader.number<std::uint8_t>("the version");
  require(major >= 1 && major <= 3, "{}: .npy version {} is unknown; versions 1 to 3 are read", origin, major);
  const std::uint64_t size = major == 1 ? reader.number<std::uint16_t>("the header's length")
                                        : reader.number<std::uint32_t>("the header's length");
  require(size <= kMaxHeader, "{}: a .npy header of {} bytes is not a plain array's", origin, size);
  NpyHeader header = HeaderParser(text_of(reader.take(size, "the header")), origin).parse();
  header.size = reader.position();
  return header;
}

std::string npy_header(std::string_view descr, std::span<const std::int64_t> shape) {
  std::string dict = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': (", descr);
  for (std::size_t i = 0; i < shape.size(); ++i)
    dict += fmt::format("{}{}", shape[i], i + 1 < shape.size() ? ", " : shape.size() == 1 ? "," : "");
  dict += "), }";
  constexpr std::size_t kPrefix = 10;
  dict.append(63 - (kPrefix + dict.size()) % 64, ' ');
  dict += '\n';
  std::string header(kMagic);
  header += '\x01';
  header += '\x00';
  header += static_cast<char>(dict.size() & 0xff);
  header += static_cast<char>(dict.size() >> 8);
  return header + dict;
}

FloatMatrix parse_npy_matrix(std::span<const std::byte> file, std::string_view origin) {
  NpyHeader header = parse_npy_header(file, origin);
  require(header.format.kind != 'O', "{}: holds Python objects; save a plain array of numbers", origin);
  require(header.shape.size() == 1 || header.shape.size() == 2,
          "{}: has {} dimensions; expected [vectors, size] or [size]", origin, header.shape.size());
  const NumericArray array = make_numeric_array(header.format, std::move(header.shape), header.is_fortran_order,
                                                file.subspan(header.size), origin);
  require(array.count() > 0, "{}: the array is empty", origin);
  FloatMatrix matrix{
      .rows = array.shape.size() == 2 ? array.shape[0] : 1, .columns = array.shape.back(), .values = array.values()};
  for (std::size_t i = 0; i < matrix.values.size(); ++i)
    require(std::isfinite(matrix.values[i]), "{}: value {} of row {} is not finite; fix or remove that row", origin,
            i % static_cast<std::size_t>(matrix.columns), i / static_cast<std::size_t>(matrix.columns));
  return matrix;
}

FloatMatrix read_npy_matrix(const std::filesystem::path& path) {
  return parse_npy_matrix(read_file(path, kMaxMatrixFile), path.string());
}

void write_npy(const std::filesystem::path& path, std::span<const float> values, std::span<const std::int64_t> shape) {
  assert(static_cast<std::int64_t>(values.size()) == product(shape));
  AtomicFile file(path);
  file.write(npy_header("<f4", shape));
  file.write(std::as_bytes(values));
  file.commit();
}

}  // namespace limn::arrays
