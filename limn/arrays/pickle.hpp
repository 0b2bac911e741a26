// The values of a Python pickle without Python. A pickle is a program for a stack machine that may name any function
// of any module. This machine knows the opcodes and the few names that numbers, texts, lists, dicts and arrays need.
// It makes nothing but such values. Nothing is imported, called or executed.
//
// Read: protocols 0 to 5, as Python 2 (byte strings) and Python 3 write them. Bounds: the stack, the memo, and the
// memory of all values together (kPickleMemoryFactor). A value may stand in many places, also in itself: who walks over
// the tree bounds the depth and counts what comes out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "limn/arrays/npy.hpp"
#include "limn/core/file.hpp"

namespace limn::arrays {

// The machine's values may take this many times the pickle's size, and kPickleMemoryFloor on top.
inline constexpr std::uint64_t kPickleMemoryFactor = 32;
inline constexpr std::uint64_t kPickleMemoryFloor = std::uint64_t{1} << 20;
// What is made of a pickle's arrays may have this many times the pickle's bytes, for which an array may be named again
// and again, and kPickleMemoryFloor on top. Numbers that stand in the pickle one by one take two bytes there and eight
// here.
inline constexpr std::uint64_t kPickleArrayFactor = 4;

enum class PickleKind : std::uint8_t {
  kNone,
  kBool,
  kInt,
  kFloat,
  kBytes,  // also the text of Python 2
  kText,
  kTuple,
  kList,
  kDict,     // OrderedDict, too
  kArray,    // of NumPy
  kTensor,   // of PyTorch, as are storages
  kForeign,  // an object of another class, of which only the name is kept
  kName,
  kDtype,
  kStorage,
};
// "a list", for messages.
[[nodiscard]] std::string_view name_of(PickleKind kind);

struct PickleValue {
  PickleKind kind = PickleKind::kNone;
  std::int64_t number = 0;  // the int or bool, the float's bits, or a place in the tree's table of that kind
};

// A NumPy array: `numbers`, or a shape alone where its elements are objects, which PickleTree::items() gives.
struct PickledArray {
  NumericArray numbers;
  bool is_built = false;
  std::size_t list = 0;

  [[nodiscard]] bool holds_objects() const { return numbers.format.kind == 'O'; }
};

// The numbers of tensors, which lie outside the pickle under `key`.
struct PickledStorage {
  NumberFormat format;
  std::string_view key;
  std::int64_t count = 0;
};
// Not checked against the storage.
struct PickledTensor {
  std::size_t storage = 0;
  NumberFormat format;
  std::int64_t offset = 0;  // in numbers
  std::vector<std::int64_t> shape, strides;
};

// Owns the values; the pickle's bytes must outlive it.
class PickleTree {
 public:
  [[nodiscard]] PickleValue root() const { return root_; }
  // Bytes of the pickle, after which others may follow.
  [[nodiscard]] std::size_t size() const { return size_; }

  // Each of these is for values of the kinds that it names.
  [[nodiscard]] double number(PickleValue value) const;             // bool, int, float
  [[nodiscard]] std::string_view text(PickleValue value) const;     // bytes, text
  [[nodiscard]] std::string foreign_name(PickleValue value) const;  // foreign: "module.Class", printable
  // The elements of a tuple, a list or an array of objects; of a dict its keys and values in turn.
  [[nodiscard]] std::span<const PickleValue> items(PickleValue value) const;
  [[nodiscard]] const PickledArray& array(PickleValue value) const;
  [[nodiscard]] const PickledTensor& tensor(PickleValue value) const;
  [[nodiscard]] const PickledStorage& storage(const PickledTensor& tensor) const { return storages_[tensor.storage]; }
  [[nodiscard]] std::span<const PickledStorage> storages() const { return storages_; }

 private:
  friend class PickleMachine;

  PickleValue root_;
  std::size_t size_ = 0;
  std::deque<Bytes> owned_;  // strings that do not stand in the pickle as they are
  std::vector<std::span<const std::byte>> strings_;
  std::vector<std::pair<std::size_t, std::size_t>> tuples_;  // place and number of their items
  std::vector<PickleValue> tuple_items_;
  std::vector<std::vector<PickleValue>> lists_;  // dicts, too
  std::vector<PickledArray> arrays_;
  std::vector<PickledStorage> storages_;
  std::vector<PickledTensor> tensors_;
  std::vector<std::pair<std::string_view, std::string_view>> foreign_;  // module, class
};

[[nodiscard]] inline bool is_number(PickleValue value) {
  return value.kind == PickleKind::kBool || value.kind == PickleKind::kInt || value.kind == PickleKind::kFloat;
}
[[nodiscard]] inline bool is_text(PickleValue value) {
  return value.kind == PickleKind::kBytes || value.kind == PickleKind::kText;
}

struct PickleOptions {
  bool has_tensors = false;      // PyTorch's names are known, and objects of unknown classes are kForeign, not an Error
  bool may_be_followed = false;  // bytes may stand behind the pickle's end
};
// `origin` begins the error messages.
[[nodiscard]] PickleTree read_pickle(std::span<const std::byte> pickle, std::string_view origin,
                                     const PickleOptions& options = {});

}  // namespace limn::arrays
