// The names that a pickle may ask for, and what comes of calling them.
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "limn/arrays/pickle_machine.hpp"
#include "limn/arrays/pickle_opcodes.hpp"
#include "limn/arrays/pickle_text.hpp"
#include "limn/core/error.hpp"

namespace limn::arrays {

using pickle::kPermittedNames;
using pickle::Name;
using pickle::PermittedName;

void PickleMachine::push_name(std::string_view module, std::string_view name) {
  for (std::size_t i = 0; i < std::size(kPermittedNames); ++i) {
    const PermittedName& permitted = kPermittedNames[i];
    if (permitted.module == module && permitted.name == name &&
        (options_.has_tensors || permitted.value < pickle::kFirstOfPyTorch))
      return push({Kind::kName, static_cast<std::int64_t>(i)});
  }
  // A tensor of an unknown kind must not be missing without a word.
  const bool makes_tensors = module == "torch._utils" || module == "torch._tensor";
  if (options_.has_tensors && !makes_tensors)
    return push(place(Kind::kForeign, tree_.foreign_, std::pair{module, name}));
  fail("{}: the pickle asks for {}.{}, which no {} needs; it is refused and nothing was run", origin_,
       printable(module), printable(name), options_.has_tensors ? "plain tensor" : "array");
}

void PickleMachine::reduce() {
  const auto arguments = items(pop(Kind::kTuple));
  const Value called = pop();
  if (called.kind == Kind::kForeign) return push(called);
  if (called.kind != Kind::kName) expected(Kind::kName, called);
  switch (kPermittedNames[static_cast<std::size_t>(called.number)].value) {
    case Name::kReconstruct:
      return push(place(Kind::kArray, tree_.arrays_, PickledArray{}));
    case Name::kDtype:
      return push(make_dtype(arguments));
    case Name::kScalar:
      return push(make_scalar(arguments));
    case Name::kEncode:
      return push(encode_latin1(arguments));
    case Name::kFromBuffer:
      return push(array_from_buffer(arguments));
    case Name::kBytes:
      if (!arguments.empty()) complain("bytes() with arguments");
      return push(empty_bytes());
    case Name::kOrderedDict:
      return push(make_ordered_dict(arguments));
    case Name::kRebuildTensor:
      return push(rebuild_tensor(arguments, false));
    case Name::kRebuildTensor3:
      return push(rebuild_tensor(arguments, true));
    case Name::kRebuildParameter:
      if (arguments.empty() || arguments[0].kind != Kind::kTensor) complain("a parameter without a tensor");
      return push(arguments[0]);
    case Name::kNdarray:
    case Name::kStorageType:
    case Name::kTorchDtype:
      break;
  }
  const PermittedName& name = kPermittedNames[static_cast<std::size_t>(called.number)];
  complain(fmt::format("{}.{} is called directly", name.module, name.name));
}

void PickleMachine::build() {
  const Value given = pop();
  const Value target = top();
  // The state of a class, and the attributes of an OrderedDict: PyTorch keeps versions of modules there.
  if (target.kind == Kind::kForeign || target.kind == Kind::kDict) return;
  const auto state = items(given);
  if (target.kind == Kind::kDtype) {
    // (version, byte order, subarray, names, fields, …)
    if (state.size() < 5) complain("a dtype's state is too short");
    for (int i = 2; i < 5; ++i)
      if (state[static_cast<std::size_t>(i)].kind != Kind::kNone) complain("a structured dtype");
    dtypes_[static_cast<std::size_t>(target.number)].is_big_endian = word(state[1]) == ">";
  } else if (target.kind == Kind::kArray) {
    // (version, shape, dtype, Fortran order, bytes or list)
    PickledArray& array = tree_.arrays_[static_cast<std::size_t>(target.number)];
    if (array.is_built) complain("an array's state is set twice");
    if (state.size() != 5 || state[2].kind != Kind::kDtype) complain("an array's state is not (version, shape, …)");
    set_numbers(array, state[1], state[2], truth(state[3]), state[4]);
  } else {
    complain("a state is given to what has none");
  }
}

void PickleMachine::new_object() {
  pop(Kind::kTuple);
  if (top().kind != Kind::kForeign) expected(Kind::kForeign, top());
}

// PyTorch: ('storage', type, key, device, numbers[, view]) is where a tensor's numbers lie, ('module', class, …) a
// class with its source.
void PickleMachine::persistent_id() {
  const auto id = items(pop(Kind::kTuple));
  if (id.size() >= 2 && is_text(id[0]) && word(id[0]) == "module") return push(id[1]);
  if (id.size() < 5 || !is_text(id[0]) || word(id[0]) != "storage") complain("an unknown kind of persistent id");
  if (id[1].kind == Kind::kForeign)
    fail("{}: tensors of {} are not read; save them as float32", origin_, tree_.foreign_name(id[1]));
  if (id[1].kind != Kind::kName) expected(Kind::kName, id[1]);
  const PermittedName& type = kPermittedNames[static_cast<std::size_t>(id[1].number)];
  if (type.value != Name::kStorageType) complain("a storage without a type");
  if (id.size() > 5 && id[5].kind != Kind::kNone) complain("a storage is a view of another one");
  push(place(Kind::kStorage, tree_.storages_,
             PickledStorage{.format = type.format, .key = word(id[2]), .count = integer(id[4])}));
}

PickleValue PickleMachine::make_dtype(std::span<const Value> arguments) {
  if (arguments.empty()) complain("dtype() without arguments");
  return place(Kind::kDtype, dtypes_, parse_number_format(word(arguments[0]), origin_));
}

// A number of NumPy: its dtype and bytes.
PickleValue PickleMachine::make_scalar(std::span<const Value> arguments) {
  if (arguments.size() != 2 || arguments[0].kind != Kind::kDtype) complain("scalar() with unexpected arguments");
  const NumberFormat format = dtypes_[static_cast<std::size_t>(arguments[0].number)];
  const NumericArray one = make_numeric_array(format, {}, false, bytes_of(arguments[1]), origin_);
  return {Kind::kFloat, std::bit_cast<std::int64_t>(static_cast<double>(one.value(0)))};
}

// Python 3's bytes in protocols 0 to 2.
PickleValue PickleMachine::encode_latin1(std::span<const Value> arguments) {
  if (arguments.size() != 2 || arguments[0].kind != Kind::kText) complain("encode() with unexpected arguments");
  const std::string_view encoding = word(arguments[1]);
  if (encoding != "latin1" && encoding != "latin-1") complain("encode() to anything but latin-1");
  auto bytes = pickle::latin1_of(word(arguments[0]));
  if (!bytes) complain("a text that is not latin-1");
  return own(Kind::kBytes, std::move(*bytes));
}

PickleValue PickleMachine::array_from_buffer(std::span<const Value> arguments) {
  if (arguments.size() != 4 || arguments[1].kind != Kind::kDtype) complain("_frombuffer() with unexpected arguments");
  PickledArray array;
  set_numbers(array, arguments[2], arguments[1], word(arguments[3]) == "F", arguments[0]);
  return place(Kind::kArray, tree_.arrays_, std::move(array));
}

// Python 3 fills it afterwards; Python 2 gives a list of [key, value] lists.
PickleValue PickleMachine::make_ordered_dict(std::span<const Value> arguments) {
  if (arguments.size() > 1) complain("OrderedDict() with unexpected arguments");
  std::vector<Value> entries;
  if (!arguments.empty()) {
    if (arguments[0].kind != Kind::kList) expected(Kind::kList, arguments[0]);
    const auto pairs = tree_.items(arguments[0]);
    charge(4 * pairs.size() * sizeof(Value));
    for (const Value& pair : pairs) {
      if (pair.kind != Kind::kList && pair.kind != Kind::kTuple) expected(Kind::kList, pair);
      const auto key_and_value = tree_.items(pair);
      if (key_and_value.size() != 2) complain("an OrderedDict's entry is not a key and a value");
      entries.insert(entries.end(), key_and_value.begin(), key_and_value.end());
    }
  }
  return place(Kind::kDict, tree_.lists_, std::move(entries));
}

// (storage, offset, shape, strides, requires_grad, hooks[, dtype]).
PickleValue PickleMachine::rebuild_tensor(std::span<const Value> arguments, bool has_dtype) {
  if (arguments.size() < (has_dtype ? 7U : 4U)) complain("a tensor is made of too little");
  if (arguments[0].kind != Kind::kStorage) expected(Kind::kStorage, arguments[0]);
  PickledTensor tensor{.storage = static_cast<std::size_t>(arguments[0].number),
                       .format = tree_.storages_[static_cast<std::size_t>(arguments[0].number)].format,
                       .offset = integer(arguments[1]),
                       .shape = integers(arguments[2]),
                       .strides = integers(arguments[3])};
  if (has_dtype) {
    if (arguments[6].kind == Kind::kForeign)
      fail("{}: tensors of {} are not read; save them as float32", origin_, tree_.foreign_name(arguments[6]));
    if (arguments[6].kind != Kind::kName) expected(Kind::kName, arguments[6]);
    const PermittedName& dtype = kPermittedNames[static_cast<std::size_t>(arguments[6].number)];
    if (dtype.value != Name::kTorchDtype) complain("a tensor without a dtype");
    tensor.format = dtype.format;
  }
  charge(2 * (tensor.shape.size() + tensor.strides.size()) * sizeof(std::int64_t));
  return place(Kind::kTensor, tree_.tensors_, std::move(tensor));
}

void PickleMachine::set_numbers(PickledArray& array, Value shape, Value dtype, bool is_fortran_order, Value data) {
  NumericArray& numbers = array.numbers;
  numbers.shape = integers(shape);
  numbers.format = dtypes_[static_cast<std::size_t>(dtype.number)];
  numbers.is_fortran_order = is_fortran_order;
  charge(2 * numbers.shape.size() * sizeof(std::int64_t));
  array.is_built = true;
  if (!array.holds_objects()) {
    numbers.bytes = make_numeric_array(numbers.format, numbers.shape, is_fortran_order, bytes_of(data), origin_).bytes;
    return;
  }
  if (data.kind != Kind::kList) expected(Kind::kList, data);
  array.list = static_cast<std::size_t>(data.number);
  const std::size_t found = tree_.lists_[array.list].size();
  if (static_cast<std::uint64_t>(element_count(numbers.shape, origin_)) != found)
    complain(fmt::format("an object array of shape {} holds {} elements", fmt::join(numbers.shape, "x"), found));
}

}  // namespace limn::arrays
