#include "limn/arrays/pickle.hpp"

#include <bit>
#include <cassert>
#include <string>
#include <utility>

#include "limn/arrays/pickle_machine.hpp"
#include "limn/arrays/pickle_opcodes.hpp"
#include "limn/arrays/pickle_text.hpp"
#include "limn/core/error.hpp"

namespace limn::arrays {

namespace {

// The stack of an honest pickle stays near the 1000 items that Python's pickler appends at once.
constexpr std::size_t kMaxStack = std::size_t{1} << 16;

constexpr std::string_view kKindNames[] = {"None",   "a bool",   "an int",   "a float",
                                           "bytes",  "text",     "a tuple",  "a list",
                                           "a dict", "an array", "a tensor", "an object of another class",
                                           "a name", "a dtype",  "a storage"};

}  // namespace

std::string_view name_of(PickleKind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

// --- the tree ---

double PickleTree::number(PickleValue value) const {
  assert(is_number(value));
  return value.kind == PickleKind::kFloat ? std::bit_cast<double>(value.number) : static_cast<double>(value.number);
}

std::string_view PickleTree::text(PickleValue value) const {
  assert(is_text(value));
  return text_of(strings_[static_cast<std::size_t>(value.number)]);
}

std::string PickleTree::foreign_name(PickleValue value) const {
  assert(value.kind == PickleKind::kForeign);
  const auto& [module, name] = foreign_[static_cast<std::size_t>(value.number)];
  return fmt::format("{}.{}", printable(module), printable(name));
}

std::span<const PickleValue> PickleTree::items(PickleValue value) const {
  const auto place = static_cast<std::size_t>(value.number);
  if (value.kind == PickleKind::kTuple)
    return std::span<const PickleValue>(tuple_items_).subspan(tuples_[place].first, tuples_[place].second);
  if (value.kind == PickleKind::kList || value.kind == PickleKind::kDict) return lists_[place];
  assert(value.kind == PickleKind::kArray && arrays_[place].holds_objects());
  // A list only grows, and held as many when the array took it.
  return std::span<const PickleValue>(lists_[arrays_[place].list])
      .first(static_cast<std::size_t>(arrays_[place].numbers.count()));
}

const PickledArray& PickleTree::array(PickleValue value) const {
  assert(value.kind == PickleKind::kArray);
  return arrays_[static_cast<std::size_t>(value.number)];
}

const PickledTensor& PickleTree::tensor(PickleValue value) const {
  assert(value.kind == PickleKind::kTensor);
  return tensors_[static_cast<std::size_t>(value.number)];
}

// --- the machine ---

PickleTree PickleMachine::run() {
  if (!reader_.rest().empty() && std::to_integer<std::uint8_t>(reader_.rest()[0]) == pickle::kProto) {
    reader_.take(1, "the first opcode");
    const int protocol = reader_.number<std::uint8_t>("the protocol");
    require(protocol <= 5, "{}: pickle protocol {} is not read, 0 to 5 are; save it again with NumPy", origin_,
            protocol);
  }
  while (true) {
    const auto opcode = reader_.number<std::uint8_t>("an opcode");
    if (opcode == pickle::kStop) break;
    step(opcode);
  }
  tree_.size_ = reader_.position();
  require(options_.may_be_followed || reader_.left() == 0,
          "{}: {} bytes stand behind the pickle's end; the file is damaged", origin_, reader_.left());
  tree_.root_ = pop();
  for (const PickledArray& array : tree_.arrays_)
    if (!array.is_built) complain("an array has no numbers");
  return std::move(tree_);
}

void PickleMachine::complain(std::string_view what) const {
  fail("{}: the pickle is damaged at byte {}: {}; fetch the file again", origin_, reader_.position(), what);
}

void PickleMachine::expected(Kind kind, Value found) const {
  complain(fmt::format("{} where {} was expected", name_of(found.kind), name_of(kind)));
}

void PickleMachine::charge(std::uint64_t bytes) {
  require(bytes <= memory_left_, "{}: the pickle would take more than {} times its size in memory; it is refused",
          origin_, kPickleMemoryFactor);
  memory_left_ -= bytes;
}

void PickleMachine::push(Value value) {
  if (stack_.size() == kMaxStack) complain("its stack grows beyond all bounds");
  stack_.push_back(value);
}

void PickleMachine::push_real(double number) { push({Kind::kFloat, std::bit_cast<std::int64_t>(number)}); }

void PickleMachine::need(std::size_t count) {
  if (stack_.size() - floor() < count) complain("its stack is empty");
}

PickleValue& PickleMachine::top() {
  need(1);
  return stack_.back();
}

PickleValue PickleMachine::pop() {
  const Value value = top();
  stack_.pop_back();
  return value;
}

PickleValue PickleMachine::pop(Kind kind) {
  const Value value = pop();
  if (value.kind != kind) expected(kind, value);
  return value;
}

std::size_t PickleMachine::above_mark() {
  if (marks_.empty()) complain("no mark on its stack");
  const std::size_t begin = marks_.back();
  marks_.pop_back();
  return stack_.size() - begin;
}

// --- strings and numbers ---

std::string_view PickleMachine::line(std::string_view what) {
  const std::string_view text = reader_.line(what);
  require(!text.ends_with('\r'), "{}: its line ends were turned into CRLF (a text-mode copy); fetch it again", origin_);
  return text;
}

void PickleMachine::push_view(Kind kind, std::uint64_t size) {
  push(place(kind, tree_.strings_, reader_.take(size, "a string")));
}

PickleValue PickleMachine::own(Kind kind, Bytes bytes) {
  charge(bytes.capacity() + sizeof(Bytes));
  tree_.owned_.push_back(std::move(bytes));
  return place(kind, tree_.strings_, std::span<const std::byte>(tree_.owned_.back()));
}

void PickleMachine::push_text(std::uint8_t opcode) {
  const std::string_view text = line("a value");
  if (opcode == pickle::kInt && (text == "00" || text == "01")) return push({Kind::kBool, text == "01"});
  if (opcode == pickle::kInt || opcode == pickle::kLong) {
    const auto number = pickle::parse_integer(text);
    if (!number) complain(fmt::format("'{}' is not a whole number of up to 64 bits", printable(text)));
    return push_int(*number);
  }
  if (opcode == pickle::kFloat) {
    const auto number = pickle::parse_real(text);
    if (!number) complain(fmt::format("'{}' is not a number", printable(text)));
    return push_real(*number);
  }
  auto bytes = opcode == pickle::kString ? pickle::parse_quoted(text) : pickle::parse_unicode(text);
  if (!bytes) complain("a string that Python does not write");
  push(own(opcode == pickle::kString ? Kind::kBytes : Kind::kText, std::move(*bytes)));
}

void PickleMachine::push_long(std::uint64_t size) {
  const auto bytes = reader_.take(size, "a number");
  if (bytes.size() > 8) complain("a number of more than 64 bits");
  std::uint64_t bits = !bytes.empty() && (bytes.back() & std::byte{0x80}) != std::byte{0} ? ~std::uint64_t{0} : 0;
  for (std::size_t i = bytes.size(); i-- > 0;) bits = bits << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  push_int(static_cast<std::int64_t>(bits));
}

std::span<const std::byte> PickleMachine::bytes_of(Value value) const {
  if (value.kind != Kind::kBytes) expected(Kind::kBytes, value);
  return tree_.strings_[static_cast<std::size_t>(value.number)];
}

std::string_view PickleMachine::word(Value value) const {
  if (!is_text(value)) expected(Kind::kText, value);
  return tree_.text(value);
}

bool PickleMachine::truth(Value value) const {
  if (value.kind != Kind::kInt && value.kind != Kind::kBool) expected(Kind::kBool, value);
  return value.number != 0;
}

std::int64_t PickleMachine::integer(Value value) const {
  if (value.kind != Kind::kInt) expected(Kind::kInt, value);
  return value.number;
}

std::vector<std::int64_t> PickleMachine::integers(Value tuple) const {
  const auto numbers = items(tuple);
  if (numbers.size() > 32) complain("an array of more than 32 dimensions");
  std::vector<std::int64_t> result;
  for (const Value& number : numbers) result.push_back(integer(number));
  return result;
}

// --- containers and the memo ---

std::span<const PickleValue> PickleMachine::items(Value tuple) const {
  if (tuple.kind != Kind::kTuple) expected(Kind::kTuple, tuple);
  return tree_.items(tuple);
}

void PickleMachine::make_tuple(std::size_t count) {
  need(count);
  charge(2 * count * sizeof(Value));
  const std::size_t begin = tree_.tuple_items_.size();
  tree_.tuple_items_.insert(tree_.tuple_items_.end(), stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
  drop(count);
  push(place(Kind::kTuple, tree_.tuples_, std::pair{begin, count}));
}

void PickleMachine::make_list(Kind kind, std::size_t count) {
  need(count);
  if (kind == Kind::kDict && count % 2 != 0) complain("a dict with a key and no value");
  charge(count * sizeof(Value));
  std::vector<Value> list(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
  drop(count);
  push(place(kind, tree_.lists_, std::move(list)));
}

void PickleMachine::append(Kind kind, std::size_t count) {
  need(count + 1);
  const Value list = stack_[stack_.size() - count - 1];
  if (kind == Kind::kDict && count % 2 != 0) complain("a dict gets a key and no value");
  if (list.kind == kind) {
    charge(2 * count * sizeof(Value));
    auto& elements = tree_.lists_[static_cast<std::size_t>(list.number)];
    elements.insert(elements.end(), stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
  } else if (list.kind != Kind::kForeign) {  // of which nothing is kept
    expected(kind, list);
  }
  drop(count);
}

void PickleMachine::put(std::uint64_t key) {
  // Picklers count their memos from 0 or, in C under Python 2, from 1.
  if (key > memo_.size() + 1) complain(fmt::format("memo {} is set after only {}", key, memo_.size()));
  const Value value = top();
  if (key >= memo_.size()) {
    charge(4 * sizeof(Value));
    memo_.resize(key + 1);
  }
  memo_[key] = value;
}

void PickleMachine::get(std::uint64_t key) {
  if (key >= memo_.size()) complain(fmt::format("memo {} was never set", key));
  push(memo_[key]);
}

std::uint64_t PickleMachine::memo_key() {
  const auto key = pickle::parse_integer(line("a memo"));
  if (!key || *key < 0) complain("a memo without a number");
  return static_cast<std::uint64_t>(*key);
}

void PickleMachine::step(std::uint8_t opcode) {
  using namespace pickle;
  switch (opcode) {
    case kMark:
      if (marks_.size() == kMaxStack) complain("its marks grow beyond all bounds");
      return marks_.push_back(stack_.size());
    case kPop:
      // Python's own pickler takes a mark away so.
      if (stack_.size() == floor() && !marks_.empty()) return marks_.pop_back();
      return void(pop());
    case kPopMark:
      return drop(above_mark());
    case kDup:
      return push(Value(top()));
    case pickle::kNone:
      return push({});
    case kNewTrue:
      return push({Kind::kBool, 1});
    case kNewFalse:
      return push({Kind::kBool, 0});
    case pickle::kInt:
    case kLong:
    case pickle::kFloat:
    case kString:
    case kUnicode:
      return push_text(opcode);
    case kBinInt:
      return push_int(reader_.number<std::int32_t>("a number"));
    case kBinInt1:
      return push_int(reader_.number<std::uint8_t>("a number"));
    case kBinInt2:
      return push_int(reader_.number<std::uint16_t>("a number"));
    case kLong1:
      return push_long(reader_.number<std::uint8_t>("a number"));
    case kLong4:
      return push_long(reader_.number<std::uint32_t>("a number"));
    case kBinFloat:
      return push_real(std::bit_cast<double>(__builtin_bswap64(reader_.number<std::uint64_t>("a number"))));
    case kBinString:
    case kBinBytes:
      return push_view(Kind::kBytes, reader_.number<std::uint32_t>("a length"));
    case kShortBinString:
    case kShortBinBytes:
      return push_view(Kind::kBytes, reader_.number<std::uint8_t>("a length"));
    case kBinBytes8:
    case kByteArray8:
      return push_view(Kind::kBytes, reader_.number<std::uint64_t>("a length"));
    case kBinUnicode:
      return push_view(Kind::kText, reader_.number<std::uint32_t>("a length"));
    case kShortBinUnicode:
      return push_view(Kind::kText, reader_.number<std::uint8_t>("a length"));
    case kBinUnicode8:
      return push_view(Kind::kText, reader_.number<std::uint64_t>("a length"));
    case kEmptyTuple:
      return make_tuple(0);
    case kTuple1:
      return make_tuple(1);
    case kTuple2:
      return make_tuple(2);
    case kTuple3:
      return make_tuple(3);
    case pickle::kTuple:
      return make_tuple(above_mark());
    case kEmptyList:
      return make_list(Kind::kList, 0);
    case pickle::kList:
      return make_list(Kind::kList, above_mark());
    case kEmptyDict:
      return make_list(Kind::kDict, 0);
    case pickle::kDict:
      return make_list(Kind::kDict, above_mark());
    case kAppend:
      return append(Kind::kList, 1);
    case kAppends:
      return append(Kind::kList, above_mark());
    case kSetItem:
      return append(Kind::kDict, 2);
    case kSetItems:
      return append(Kind::kDict, above_mark());
    case kPut:
      return put(memo_key());
    case kBinPut:
      return put(reader_.number<std::uint8_t>("a memo"));
    case kLongBinPut:
      return put(reader_.number<std::uint32_t>("a memo"));
    case kMemoize:
      return put(memo_.size());
    case kGet:
      return get(memo_key());
    case kBinGet:
      return get(reader_.number<std::uint8_t>("a memo"));
    case kLongBinGet:
      return get(reader_.number<std::uint32_t>("a memo"));
    case kGlobal: {
      const std::string_view module = line("a module's name");
      return push_name(module, line("a name"));
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
    case kBinPersId:
      if (options_.has_tensors) return persistent_id();
      break;
    case kNewObj:
      if (options_.has_tensors) return new_object();
      break;
    default:
      break;
  }
  fail("{}: the pickle uses the opcode {}, which no array needs; it is refused and nothing was run", origin_,
       opcode_name(opcode));
}

PickleTree read_pickle(std::span<const std::byte> pickle, std::string_view origin, const PickleOptions& options) {
  return PickleMachine(pickle, origin, options).run();
}

}  // namespace limn::arrays
