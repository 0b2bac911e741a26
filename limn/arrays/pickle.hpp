// Arrays out of a Python pickle without Python. A pickle is a program for a stack machine that may name any
// function of any module; this machine knows only the opcodes and the few names that NumPy's arrays need,
// computes nothing but arrays, and refuses every other opcode or name by its name. Nothing is imported,
// called or executed.
//
// Read: protocols 2 to 5, as NumPy under Python 2 (byte strings) and Python 3 writes them. Bounds: the stack,
// the memo, the memory of all values together (kPickleMemoryFactor), the bytes of the arrays that come out
// (kPickleArrayFactor).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "limn/arrays/npy.hpp"
#include "limn/core/file.hpp"

namespace limn::arrays {

// The machine's values may take this many times the pickle's size, and kPickleMemoryFloor on top.
inline constexpr std::uint64_t kPickleMemoryFactor = 32;
inline constexpr std::uint64_t kPickleMemoryFloor = std::uint64_t{1} << 20;
// The arrays may have this many times the pickle's bytes, for which an array may be named again and again, and
// kPickleMemoryFloor on top. Numbers that stand in the pickle one by one take two bytes there and eight here.
inline constexpr std::uint64_t kPickleArrayFactor = 4;

// The arrays in an object array, in order. Their bytes lie in the pickle, which must outlive this, or in
// `owned`.
struct PickledArrays {
  std::int64_t outer_count = 0;  // elements of the outermost array, which the .npy header announces, too
  std::vector<NumericArray> arrays;
  std::deque<Bytes> owned;
};

// Reads a pickle of an object array whose elements are numeric arrays. An object array of shape () or (1,)
// that holds just such an array is unwrapped. An object array of N x L x 3 plain numbers, which is what NumPy
// makes of equally long sketches when told dtype=object, comes out as N arrays of L x 3. `origin` begins the
// error messages.
[[nodiscard]] PickledArrays read_pickled_arrays(std::span<const std::byte> pickle, std::string_view origin);

}  // namespace limn::arrays
