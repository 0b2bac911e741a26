#include "limn/sketch/pickle_writer.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

#include "limn/core/error.hpp"

namespace limn::sketch {
namespace {

// Memo places of what every array repeats.
enum Memo : std::uint8_t { kReconstruct, kNdarray, kZeroShape, kTypeCode, kEncode, kLatin1, kRowType };
constexpr std::int64_t kAppendBatch = 1000;  // as Python's own pickler
// Around the sketches of a batch, and behind all.
constexpr std::string_view kOpen = "(", kAppends = "e", kEnd = "tb.";

bool fits_int16(float value) {
  return value >= std::numeric_limits<std::int16_t>::min() && value <= std::numeric_limits<std::int16_t>::max() &&
         value == static_cast<float>(static_cast<std::int16_t>(value));
}

bool fits_int16(const Sketch& sketch) {
  return std::ranges::all_of(sketch.points, [](const StrokePoint& p) { return fits_int16(p.dx) && fits_int16(p.dy); });
}

// Bytes that take two in UTF-8.
std::size_t high_bytes(std::string_view bytes) {
  std::size_t count = 0;
  for (const char c : bytes) count += static_cast<unsigned char>(c) >> 7;
  return count;
}

class Writer {
 public:
  void op(char opcode) { text_ += opcode; }
  void raw(std::string_view text) { text_ += text; }
  void put(Memo memo) { (op('q'), op(static_cast<char>(memo))); }
  void get(Memo memo) { (op('h'), op(static_cast<char>(memo))); }
  void global(std::string_view module, std::string_view name) {
    text_ += 'c';
    text_.append(module).append("\n").append(name).append("\n");
  }
  void integer(std::int32_t value) {
    if (value >= 0 && value < 256) {
      op('K');
      op(static_cast<char>(value));
    } else {
      op('J');
      little_endian(static_cast<std::uint32_t>(value));
    }
  }
  void unicode(std::string_view text) {
    op('X');
    little_endian(static_cast<std::uint32_t>(text.size()));
    raw(text);
  }
  // Bytes as _codecs.encode(text, "latin1"): the only spelling that both Pythons turn back into bytes
  // unaided. The function and its second argument are in the memo already.
  void latin1(std::string_view bytes) {
    get(kEncode);
    op('X');
    const std::size_t size = bytes.size() + high_bytes(bytes);
    little_endian(static_cast<std::uint32_t>(size));
    text_.resize(text_.size() + size + 1);  // the last byte may write one too many
    char* to = text_.data() + text_.size() - size - 1;
    for (const char c : bytes) {  // without a branch: which bytes are high cannot be foreseen
      const auto byte = static_cast<unsigned char>(c);
      const bool is_high = byte >= 0x80;
      to[0] = static_cast<char>(is_high ? 0xc0 | byte >> 6 : byte);
      to[1] = static_cast<char>(0x80 | (byte & 0x3f));
      to += is_high ? 2 : 1;
    }
    text_.pop_back();
    get(kLatin1);
    raw("\x86R");
  }
  // dtype(code), then its state: (3, byte order, None, None, None, -1, -1, flags).
  void dtype(std::string_view code, std::string_view order, std::int32_t flags) {
    global("numpy", "dtype");
    unicode(code);
    raw("\x89\x88\x87R(");
    integer(3);
    unicode(order);
    raw("NNN");
    integer(-1);
    integer(-1);
    integer(flags);
    raw("tb");
  }
  // _reconstruct(ndarray, (0,), b"b"), its function and arguments put into the memo.
  void first_empty_array() {
    global("numpy.core.multiarray", "_reconstruct");
    put(kReconstruct);
    global("numpy", "ndarray");
    put(kNdarray);
    integer(0);
    op('\x85');
    put(kZeroShape);
    global("_codecs", "encode");
    put(kEncode);
    unicode("b");
    unicode("latin1");
    put(kLatin1);
    raw("\x86R");
    put(kTypeCode);
    raw("\x87R");
  }
  // The same again, from the memo.
  void empty_array() {
    get(kReconstruct);
    get(kNdarray);
    get(kZeroShape);
    get(kTypeCode);
    raw("\x87R");
  }
  [[nodiscard]] std::size_t size() const { return text_.size(); }
  void clear() { text_.clear(); }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void little_endian(std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) text_ += static_cast<char>(value >> shift & 0xff);
  }
  std::string text_;
};

// The rows as they lie in memory.
template <class Number>
void rows_of(const Sketch& sketch, std::string& rows) {
  constexpr std::size_t kRow = 3 * sizeof(Number);
  rows.resize(sketch.points.size() * kRow);
  char* to = rows.data();
  for (const StrokePoint& p : sketch.points) {
    const Number row[] = {static_cast<Number>(p.dx), static_cast<Number>(p.dy), static_cast<Number>(p.is_pen_lifted)};
    std::memcpy(to, row, kRow);
    to += kRow;
  }
}

void rows_of(const Sketch& sketch, bool as_int16, std::string& rows) {
  require(sketch.points.size() <= 100'000'000, "a sketch of {} points is too long for a .npz file",
          sketch.points.size());
  if (as_int16)
    rows_of<std::int16_t>(sketch, rows);
  else
    rows_of<float>(sketch, rows);
}

// `rows` are those of `count` points. The dtype of the rows is written with the first sketch and taken from the memo by
// the others.
void write_sketch(Writer& writer, std::size_t count, std::string_view rows, bool as_int16, bool is_first) {
  writer.empty_array();
  writer.op('(');
  writer.integer(1);
  writer.integer(static_cast<std::int32_t>(count));
  writer.integer(3);
  writer.op('\x86');
  if (is_first) {
    writer.dtype(as_int16 ? "i2" : "f4", "<", 0);
    writer.put(kRowType);
  } else {
    writer.get(kRowType);
  }
  writer.op('\x89');
  writer.latin1(rows);
  writer.raw("tb");
}

}  // namespace

SketchPickler::SketchPickler(std::int64_t count, std::function<Sketch(std::int64_t)> sketch)
    : count_(count), sketch_(std::move(sketch)) {
  measure();
  if (as_int16_) return;
  measure();
}

void SketchPickler::measure() {
  const std::int64_t batches = (count_ + kAppendBatch - 1) / kAppendBatch;
  size_ = beginning().size() + static_cast<std::size_t>(batches) * (kOpen.size() + kAppends.size()) + kEnd.size();
  Writer writer;
  std::string rows;
  for (std::int64_t i = 0; i < count_; ++i) {
    const Sketch sketch = sketch_(i);
    if (as_int16_ && !fits_int16(sketch)) {
      as_int16_ = false;
      return;
    }
    write_sketch(writer, sketch.points.size(), {}, as_int16_, i == 0);
    rows_of(sketch, as_int16_, rows);
    size_ += writer.size() + rows.size() + high_bytes(rows);
    writer.clear();
  }
}

std::string SketchPickler::beginning() const {
  constexpr std::int32_t kObjectFlags = 63;  // what NumPy says of a dtype of references
  Writer writer;
  writer.raw("\x80\x02");
  writer.first_empty_array();
  writer.op('(');
  writer.integer(1);
  writer.integer(static_cast<std::int32_t>(count_));
  writer.op('\x85');
  writer.dtype("O8", "|", kObjectFlags);
  writer.raw("\x89]");
  return writer.take();
}

std::string SketchPickler::next() {
  if (done_ < 0) {
    done_ = 0;
    return beginning();
  }
  if (done_ == count_) {
    ++done_;
    return std::string(kEnd);
  }
  if (done_ > count_) return {};
  Writer writer;
  writer.raw(kOpen);
  std::string rows;
  for (const std::int64_t end = std::min(done_ + kAppendBatch, count_); done_ < end; ++done_) {
    const Sketch sketch = sketch_(done_);
    rows_of(sketch, as_int16_, rows);
    write_sketch(writer, sketch.points.size(), rows, as_int16_, done_ == 0);
  }
  writer.raw(kAppends);
  return writer.take();
}

}  // namespace limn::sketch
