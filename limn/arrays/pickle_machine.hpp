// The stack machine behind read_pickle(): its stack, memo and opcodes are in pickle.cpp, the names that it knows and
// what may be done with them in pickle_calls.cpp. One machine reads one pickle.
#pragma once

#include <string>
#include <utility>

#include "limn/arrays/byte_reader.hpp"
#include "limn/arrays/pickle.hpp"

namespace limn::arrays {

class PickleMachine {
 public:
  PickleMachine(std::span<const std::byte> pickle, std::string_view origin, const PickleOptions& options)
      : reader_(pickle, origin),
        origin_(origin),
        options_(options),
        memory_left_(kPickleMemoryFactor * pickle.size() + kPickleMemoryFloor) {}

  [[nodiscard]] PickleTree run();

 private:
  using Kind = PickleKind;
  using Value = PickleValue;

  [[noreturn]] void complain(std::string_view what) const;
  [[noreturn]] void expected(Kind kind, Value found) const;

  // Memory: everything that grows is paid for before it grows.
  void charge(std::uint64_t bytes);
  template <class T>
  Value place(Kind kind, std::vector<T>& table, T item) {
    charge(2 * sizeof(T));  // a vector may reserve twice what it holds
    table.push_back(std::move(item));
    return {kind, static_cast<std::int64_t>(table.size() - 1)};
  }

  // The stack.
  void push(Value value);
  void push_int(std::int64_t number) { push({Kind::kInt, number}); }
  void push_real(double number);
  [[nodiscard]] std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  Value& top();
  Value pop();
  Value pop(Kind kind);
  // The values above the last mark; the mark goes, the values stay until drop() takes them.
  std::size_t above_mark();
  void drop(std::size_t count) { stack_.resize(stack_.size() - count); }
  void need(std::size_t count);  // values above the last mark

  // Strings and numbers.
  std::string_view line(std::string_view what);
  void push_view(Kind kind, std::uint64_t size);
  Value own(Kind kind, Bytes bytes);
  Value empty_bytes() { return place(Kind::kBytes, tree_.strings_, std::span<const std::byte>{}); }
  void push_text(std::uint8_t opcode);  // protocol 0's numbers and strings
  void push_long(std::uint64_t size);
  [[nodiscard]] std::span<const std::byte> bytes_of(Value value) const;
  [[nodiscard]] std::string_view word(Value value) const;
  [[nodiscard]] bool truth(Value value) const;
  [[nodiscard]] std::int64_t integer(Value value) const;
  // At most 32 numbers.
  [[nodiscard]] std::vector<std::int64_t> integers(Value tuple) const;

  // Containers and the memo.
  [[nodiscard]] std::span<const Value> items(Value tuple) const;
  void make_tuple(std::size_t count);
  void make_list(Kind kind, std::size_t count);
  void append(Kind kind, std::size_t count);
  void put(std::uint64_t key);
  void get(std::uint64_t key);
  std::uint64_t memo_key();
  void step(std::uint8_t opcode);

  // Names.
  void push_name(std::string_view module, std::string_view name);
  void reduce();
  void build();
  void new_object();
  void persistent_id();
  Value make_dtype(std::span<const Value> arguments);
  Value make_scalar(std::span<const Value> arguments);
  Value encode_latin1(std::span<const Value> arguments);
  Value array_from_buffer(std::span<const Value> arguments);
  Value make_ordered_dict(std::span<const Value> arguments);
  Value rebuild_tensor(std::span<const Value> arguments, bool has_dtype);
  void set_numbers(PickledArray& array, Value shape, Value dtype, bool is_fortran_order, Value data);

  ByteReader reader_;
  std::string_view origin_;
  PickleOptions options_;
  std::uint64_t memory_left_;
  std::vector<Value> stack_;
  std::vector<std::size_t> marks_;
  std::vector<Value> memo_;
  std::vector<NumberFormat> dtypes_;
  PickleTree tree_;
};

}  // namespace limn::arrays
