#include "limn/arrays/pickle.hpp"

#include <fmt/ranges.h>

#include <bit>
#include <cstring>
#include <string>
#include <utility>

#include "limn/arrays/byte_reader.hpp"
#include "limn/arrays/pickle_opcodes.hpp"
#include "limn/core/error.hpp"

namespace limn::arrays {
namespace {

using namespace pickle;

// The stack of an honest pickle stays near the 1000 items that Python's pickler appends at once.
constexpr std::size_t kMaxStack = std::size_t{1} << 16;
constexpr int kMaxUnwrapping = 4;

enum class Kind : std::uint8_t { kNone, kBool, kInt, kFloat, kBytes, kText, kTuple, kList, kName, kDtype, kArray };
constexpr std::string_view kKindNames[] = {"None",    "a bool", "an int", "a float", "bytes",   "text",
                                           "a tuple", "a list", "a name", "a dtype", "an array"};

struct Value {
  Kind kind = Kind::kNone;
  std::int64_t number = 0;  // the int or bool, the float's bits, or a place in the machine's table of that kind
};

struct ArrayNode {
  std::vector<std::int64_t> shape;
  NumberFormat format;
  bool is_built = false;
  bool is_fortran_order = false;
  std::span<const std::byte> bytes;  // of a numeric array
  std::size_t list = 0;              // of an object array: the place of its elements
};

class Machine {
 public:
  Machine(std::span<const std::byte> pickle, std::string_view origin)
      : reader_(pickle, origin),
        origin_(origin),
        memory_left_(kPickleMemoryFactor * pickle.size() + kPickleMemoryFloor),
        array_bytes_left_(kPickleArrayFactor * pickle.size() + kPickleMemoryFloor) {}

  PickledArrays run() {
    const bool has_protocol = reader_.number<std::uint8_t>("the first opcode") == kProto;
    const int protocol = has_protocol ? reader_.number<std::uint8_t>("the protocol") : 0;
    require(protocol >= 2 && protocol <= 5, "{}: pickle protocol {} is not read, 2 to 5 are; save it again with NumPy",
            origin_, protocol == 0 ? "0 or 1" : std::to_string(protocol));
    while (true) {
      const auto opcode = reader_.number<std::uint8_t>("an opcode");
      if (opcode == kStop) break;
      step(opcode);
    }
    require(reader_.left() == 0, "{}: {} bytes stand behind the pickle's end; the file is damaged", origin_,
            reader_.left());
    return collect(pop());
  }

 private:
  [[noreturn]] void complain(std::string_view what) const {
    fail("{}: the pickle is damaged at byte {}: {}; fetch the file again", origin_, reader_.position(), what);
  }

  // --- memory: everything that grows is paid for before it grows ---
  void charge(std::uint64_t bytes) {
    require(bytes <= memory_left_, "{}: the pickle would take more than {} times its size in memory; it is refused",
            origin_, kPickleMemoryFactor);
    memory_left_ -= bytes;
  }
  template <class T>
  Value place(Kind kind, std::vector<T>& table, T item) {
    charge(2 * sizeof(T));  // a vector may reserve twice what it holds
    table.push_back(std::move(item));
    return {kind, static_cast<std::int64_t>(table.size() - 1)};
  }

  // --- the stack ---
  void push(Value value) {
    if (stack_.size() == kMaxStack) complain("its stack grows beyond all bounds");
    stack_.push_back(value);
  }
  void push_int(std::int64_t number) { push({Kind::kInt, number}); }
  [[nodiscard]] std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  Value& top() {
    if (stack_.size() <= floor()) complain("its stack is empty");
    return stack_.back();
  }
  Value pop() {
    const Value value = top();
    stack_.pop_back();
    return value;
  }
  Value pop(Kind kind) {
    const Value value = pop();
    if (value.kind != kind) expected(kind, value);
    return value;
  }
  [[noreturn]] void expected(Kind kind, Value found) const {
    complain(fmt::format("{} where {} was expected", kKindNames[static_cast<int>(found.kind)],
                         kKindNames[static_cast<int>(kind)]));
  }
  // The values above the last mark; the mark goes, the values stay until drop() takes them.
  std::span<const Value> above_mark() {
    if (marks_.empty()) complain("no mark on its stack");
    const std::size_t begin = marks_.back();
    marks_.pop_back();
    return std::span<const Value>(stack_).subspan(begin);
  }
  void drop(std::size_t count) { stack_.resize(stack_.size() - count); }

  // --- values ---
  void push_bytes(Kind kind, std::uint64_t size) { push(place(kind, strings_, reader_.take(size, "a string"))); }
  [[nodiscard]] std::span<const std::byte> bytes_of(Value value) const {
    if (value.kind != Kind::kBytes) expected(Kind::kBytes, value);
    return strings_[static_cast<std::size_t>(value.number)];
  }
  // A short text, which Python 2 wrote as bytes.
  [[nodiscard]] std::string_view word(Value value) const {
    if (value.kind != Kind::kBytes && value.kind != Kind::kText) expected(Kind::kText, value);
    return text_of(strings_[static_cast<std::size_t>(value.number)]);
  }
  [[nodiscard]] bool truth(Value value) const {
    if (value.kind != Kind::kInt && value.kind != Kind::kBool) expected(Kind::kBool, value);
    return value.number != 0;
  }
  [[nodiscard]] std::span<const Value> items(Value tuple) const {
    if (tuple.kind != Kind::kTuple) expected(Kind::kTuple, tuple);
    const auto [begin, count] = tuples_[static_cast<std::size_t>(tuple.number)];
    return std::span<const Value>(tuple_items_).subspan(begin, count);
  }
  [[nodiscard]] std::vector<std::int64_t> shape_of(Value tuple) const {
    const auto sizes = items(tuple);
    if (sizes.size() > 32) complain("an array of more than 32 dimensions");
    std::vector<std::int64_t> shape;
    for (const Value& size : sizes) {
      if (size.kind != Kind::kInt) expected(Kind::kInt, size);
      shape.push_back(size.number);
    }
    return shape;
  }
  void make_tuple(std::size_t count) {
    if (stack_.size() - floor() < count) complain("its stack is empty");
    charge(2 * count * sizeof(Value));
    const auto begin = tuple_items_.size();
    tuple_items_.insert(tuple_items_.end(), stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    drop(count);
    push(place(Kind::kTuple, tuples_, std::pair{begin, count}));
  }
  void append(std::size_t count) {
    if (stack_.size() - floor() < count + 1) complain("its stack is empty");
    const Value list = stack_[stack_.size() - count - 1];
    if (list.kind != Kind::kList) expected(Kind::kList, list);
    charge(2 * count * sizeof(Value));
    auto& elements = lists_[static_cast<std::size_t>(list.number)];
    elements.insert(elements.end(), stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    drop(count);
  }
  void put(std::uint64_t key) {
    // Picklers count their memos from 0 or, in C under Python 2, from 1.
    if (key > memo_.size() + 1) complain(fmt::format("memo {} is set after only {}", key, memo_.size()));
    const Value value = top();
    if (key >= memo_.size()) {
      charge(4 * sizeof(Value));
      memo_.resize(key + 1);
    }
    memo_[key] = value;
  }
  void get(std::uint64_t key) {
    if (key >= memo_.size()) complain(fmt::format("memo {} was never set", key));
    push(memo_[key]);
  }

  // --- names, and the three things that may be done with them ---
  void push_name(std::string_view module, std::string_view name) {
    for (const PermittedName& permitted : kPermittedNames)
      if (permitted.module == module && permitted.name == name)
        return push({Kind::kName, static_cast<std::int64_t>(permitted.value)});
    fail("{}: the pickle asks for {}.{}, which no array of sketches needs; it is refused and nothing was run", origin_,
         printable(module), printable(name));
  }
  void reduce() {
    const auto arguments = items(pop(Kind::kTuple));
    const auto name = static_cast<Name>(pop(Kind::kName).number);
    switch (name) {
      case Name::kReconstruct:
        return push(place(Kind::kArray, arrays_, ArrayNode{}));
      case Name::kDtype:
        return push(make_dtype(arguments));
      case Name::kEncode:
        return push(encode_latin1(arguments));
      case Name::kFromBuffer:
        return push(array_from_buffer(arguments));
      case Name::kBytes:
        if (!arguments.empty()) complain("bytes() with arguments");
        return push(place(Kind::kBytes, strings_, std::span<const std::byte>{}));
      case Name::kNdarray:
        complain("ndarray is called directly");
    }
    complain("an unknown name is called");
  }
  Value make_dtype(std::span<const Value> arguments) {
    if (arguments.empty()) complain("dtype() without arguments");
    return place(Kind::kDtype, dtypes_, parse_number_format(word(arguments[0]), origin_));
  }
  // Python 3's bytes in protocol 2: text of U+0000 to U+00FF, in UTF-8, a byte for a character.
  Value encode_latin1(std::span<const Value> arguments) {
    if (arguments.size() != 2 || arguments[0].kind != Kind::kText) complain("encode() with unexpected arguments");
    const std::string_view encoding = word(arguments[1]);
    if (encoding != "latin1" && encoding != "latin-1") complain("encode() to anything but latin-1");
    const auto text = strings_[static_cast<std::size_t>(arguments[0].number)];
    charge(text.size() + sizeof(Bytes));
    Bytes bytes;
    bytes.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto lead = std::to_integer<unsigned>(text[i]);
      if (lead < 0x80) {
        bytes.push_back(text[i]);
        continue;
      }
      const bool has_next = i + 1 < text.size() && (std::to_integer<unsigned>(text[i + 1]) & 0xc0) == 0x80;
      if ((lead != 0xc2 && lead != 0xc3) || !has_next) complain("a text that is not latin-1");
      bytes.push_back(static_cast<std::byte>((lead & 3) << 6 | (std::to_integer<unsigned>(text[++i]) & 0x3f)));
    }
    result_.owned.push_back(std::move(bytes));
    return place(Kind::kBytes, strings_, std::span<const std::byte>(result_.owned.back()));
  }
  Value array_from_buffer(std::span<const Value> arguments) {
    if (arguments.size() != 4 || arguments[1].kind != Kind::kDtype) complain("_frombuffer() with unexpected arguments");
    ArrayNode array;
    set_numbers(array, arguments[2], arguments[1], word(arguments[3]) == "F", arguments[0]);
    return place(Kind::kArray, arrays_, std::move(array));
  }
  void set_numbers(ArrayNode& array, Value shape, Value dtype, bool is_fortran_order, Value data) {
    array.shape = shape_of(shape);
    array.format = dtypes_[static_cast<std::size_t>(dtype.number)];
    charge(2 * array.shape.size() * sizeof(std::int64_t));
    array.is_fortran_order = is_fortran_order;
    array.is_built = true;
    if (array.format.kind != 'O') {
      array.bytes = make_numeric_array(array.format, array.shape, is_fortran_order, bytes_of(data), origin_).bytes;
      return;
    }
    if (data.kind != Kind::kList) expected(Kind::kList, data);
    array.list = static_cast<std::size_t>(data.number);
    const std::size_t found = lists_[array.list].size();
    if (static_cast<std::uint64_t>(element_count(array.shape, origin_)) != found)
      complain(fmt::format("an object array of shape {} holds {} elements", fmt::join(array.shape, "x"), found));
  }
  void build() {
    const auto state = items(pop(Kind::kTuple));
    const Value target = top();
    if (target.kind == Kind::kDtype) {
      // (version, byte order, subarray, names, fields, …)
      if (state.size() < 5) complain("a dtype's state is too short");
      for (int i = 2; i < 5; ++i)
        if (state[static_cast<std::size_t>(i)].kind != Kind::kNone) complain("a structured dtype");
      dtypes_[static_cast<std::size_t>(target.number)].is_big_endian = word(state[1]) == ">";
    } else if (target.kind == Kind::kArray) {
      // (version, shape, dtype, Fortran order, bytes or list)
      ArrayNode& array = arrays_[static_cast<std::size_t>(target.number)];
      if (array.is_built) complain("an array's state is set twice");
      if (state.size() != 5 || state[2].kind != Kind::kDtype) complain("an array's state is not (version, shape, …)");
      set_numbers(array, state[1], state[2], truth(state[3]), state[4]);
    } else {
      complain("a state is given to what has none");
    }
  }

  void step(std::uint8_t opcode);
  void push_long();
  PickledArrays collect(Value value);
  void collect_numbers(const ArrayNode& outer);
  void add_result(NumericArray array) {
    require(array.bytes.size() <= array_bytes_left_,
            "{}: the pickle's arrays have more than {} times its size; it is refused", origin_, kPickleArrayFactor);
    array_bytes_left_ -= array.bytes.size();
    charge(2 * sizeof(NumericArray) + array.shape.size() * sizeof(std::int64_t));
    result_.arrays.push_back(std::move(array));
  }

  ByteReader reader_;
  std::string_view origin_;
  std::uint64_t memory_left_;
  std::uint64_t array_bytes_left_;
  std::vector<Value> stack_;
  std::vector<std::size_t> marks_;
  std::vector<Value> memo_;
  std::vector<std::span<const std::byte>> strings_;
  std::vector<std::pair<std::size_t, std::size_t>> tuples_;  // place and number of their items
  std::vector<Value> tuple_items_;
  std::vector<std::vector<Value>> lists_;
  std::vector<NumberFormat> dtypes_;
  std::vector<ArrayNode> arrays_;
  PickledArrays result_;
};

void Machine::push_long() {
  const auto bytes = reader_.take(reader_.number<std::uint8_t>("a number"), "a number");
  if (bytes.size() > 8) complain("a number of more than 64 bits");
  std::uint64_t bits = !bytes.empty() && (bytes.back() & std::byte{0x80}) != std::byte{0} ? ~std::uint64_t{0} : 0;
  for (std::size_t i = bytes.size(); i-- > 0;) bits = bits << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  push_int(static_cast<std::int64_t>(bits));
}

void Machine::step(std::uint8_t opcode) {
  switch (opcode) {
    case kMark:
      if (marks_.size() == kMaxStack) complain("its marks grow beyond all bounds");
      return marks_.push_back(stack_.size());
    case kNone:
      return push({});
    case kNewTrue:
      return push({Kind::kBool, 1});
    case kNewFalse:
      return push({Kind::kBool, 0});
    case kBinInt:
      return push_int(reader_.number<std::int32_t>("a number"));
    case kBinInt1:
      return push_int(reader_.number<std::uint8_t>("a number"));
    case kBinInt2:
      return push_int(reader_.number<std::uint16_t>("a number"));
    case kLong1:
      return push_long();
    case kBinFloat:
      return push(
          {Kind::kFloat, std::bit_cast<std::int64_t>(__builtin_bswap64(reader_.number<std::uint64_t>("a number")))});
    case kBinString:
    case kBinBytes:
      return push_bytes(Kind::kBytes, reader_.number<std::uint32_t>("a length"));
    case kShortBinString:
    case kShortBinBytes:
      return push_bytes(Kind::kBytes, reader_.number<std::uint8_t>("a length"));
    case kBinBytes8:
    case kByteArray8:
      return push_bytes(Kind::kBytes, reader_.number<std::uint64_t>("a length"));
    case kBinUnicode:
      return push_bytes(Kind::kText, reader_.number<std::uint32_t>("a length"));
    case kShortBinUnicode:
      return push_bytes(Kind::kText, reader_.number<std::uint8_t>("a length"));
    case kBinUnicode8:
      return push_bytes(Kind::kText, reader_.number<std::uint64_t>("a length"));
    case kEmptyTuple:
      return make_tuple(0);
    case kTuple1:
      return make_tuple(1);
    case kTuple2:
      return make_tuple(2);
    case kTuple3:
      return make_tuple(3);
    case kTuple:
      return make_tuple(above_mark().size());
    case kEmptyList:
      return push(place(Kind::kList, lists_, std::vector<Value>{}));
    case kAppend:
      return append(1);
    case kAppends:
      return append(above_mark().size());
    case kBinPut:
      return put(reader_.number<std::uint8_t>("a memo"));
    case kLongBinPut:
      return put(reader_.number<std::uint32_t>("a memo"));
    case kMemoize:
      return put(memo_.size());
    case kBinGet:
      return get(reader_.number<std::uint8_t>("a memo"));
    case kLongBinGet:
      return get(reader_.number<std::uint32_t>("a memo"));
    case kGlobal: {
      const std::string_view module = reader_.line("a module's name");
      return push_name(module, reader_.line("a name"));
    }
    case kStackGlobal: {
      const Value name = pop(Kind::kText);
      return push_name(word(pop(Kind::kText)), word(name));
    }
    case kReduce:
      return reduce();
    case kBuild:
      return build();
    case kFrame:
      if (reader_.number<std::uint64_t>("a frame's length") > reader_.left())
        complain("a frame is longer than the file");
      return;
    default:
      fail(
          "{}: the pickle uses the opcode {}, which no array of sketches needs; it is refused and nothing "
          "was run",
          origin_, opcode_name(opcode));
  }
}

// An object array of N x L x 3 plain numbers becomes N arrays of doubles.
void Machine::collect_numbers(const ArrayNode& outer) {
  const auto& elements = lists_[outer.list];
  const auto per_array = static_cast<std::size_t>(outer.shape[1] * outer.shape[2]);
  if (per_array == 0) complain("an array without elements");
  for (std::size_t begin = 0; begin < elements.size(); begin += per_array) {
    charge(per_array * sizeof(double) + sizeof(Bytes));
    Bytes bytes(per_array * sizeof(double));
    for (std::size_t i = 0; i < per_array; ++i) {
      const Value& value = elements[begin + i];
      if (value.kind != Kind::kInt && value.kind != Kind::kFloat) expected(Kind::kFloat, value);
      const double number =
          value.kind == Kind::kInt ? static_cast<double>(value.number) : std::bit_cast<double>(value.number);
      std::memcpy(bytes.data() + i * sizeof(double), &number, sizeof(double));
    }
    result_.owned.push_back(std::move(bytes));
    add_result(
        {.format = {.kind = 'f', .size = 8}, .shape = {outer.shape[1], outer.shape[2]}, .bytes = result_.owned.back()});
  }
}

PickledArrays Machine::collect(Value value) {
  if (value.kind != Kind::kArray) expected(Kind::kArray, value);
  const ArrayNode* outer = &arrays_[static_cast<std::size_t>(value.number)];
  result_.outer_count = element_count(outer->shape, origin_);
  for (int depth = 0;; ++depth) {
    if (!outer->is_built || outer->format.kind != 'O') complain("it does not hold an array of objects");
    const auto& elements = lists_[outer->list];
    if (elements.size() != 1 || elements[0].kind != Kind::kArray) break;
    const ArrayNode& inner = arrays_[static_cast<std::size_t>(elements[0].number)];
    if (!inner.is_built || inner.format.kind != 'O') break;
    if (depth == kMaxUnwrapping) complain("arrays are nested in arrays without end");
    outer = &inner;
  }
  const auto& elements = lists_[outer->list];
  if (outer->shape.size() == 3 && !elements.empty()) {
    collect_numbers(*outer);
    return std::move(result_);
  }
  for (std::size_t i = 0; i < elements.size(); ++i) {
    require(elements[i].kind == Kind::kArray, "{}: sketch {} is {}; make each sketch an n x 3 array of numbers",
            origin_, i, kKindNames[static_cast<int>(elements[i].kind)]);
    const ArrayNode& array = arrays_[static_cast<std::size_t>(elements[i].number)];
    require(array.is_built && array.format.kind != 'O',
            "{}: sketch {} is an array of objects; make each sketch an n x 3 array of numbers", origin_, i);
    add_result({.format = array.format,
                .shape = array.shape,
                .is_fortran_order = array.is_fortran_order,
                .bytes = array.bytes});
  }
  return std::move(result_);
}

}  // namespace

PickledArrays read_pickled_arrays(std::span<const std::byte> pickle, std::string_view origin) {
  return Machine(pickle, origin).run();
}

}  // namespace limn::arrays
