// The vocabulary of the pickle machine (pickle.cpp): the opcodes that it knows, the names of those that it
// refuses, and the names that a pickle may ask for. Python's Lib/pickletools.py describes all of them.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace limn::arrays::pickle {

// The opcodes that the machine knows.
enum Opcode : std::uint8_t {
  kMark = '(',
  kStop = '.',
  kNone = 'N',
  kReduce = 'R',
  kBuild = 'b',
  kGlobal = 'c',
  kAppend = 'a',
  kAppends = 'e',
  kEmptyList = ']',
  kEmptyTuple = ')',
  kTuple = 't',
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kLong1 = 0x8a,
  kBinFloat = 'G',
  kBinString = 'T',
  kShortBinString = 'U',
  kBinBytes = 'B',
  kShortBinBytes = 'C',
  kBinBytes8 = 0x8e,
  kByteArray8 = 0x96,
  kBinUnicode = 'X',
  kShortBinUnicode = 0x8c,
  kBinUnicode8 = 0x8d,
  kBinPut = 'q',
  kLongBinPut = 'r',
  kMemoize = 0x94,
  kBinGet = 'h',
  kLongBinGet = 'j',
  kProto = 0x80,
  kFrame = 0x95,
  kStackGlobal = 0x93,
};

// Opcodes that Python has and no NumPy array needs, for the error messages.
inline constexpr std::pair<std::uint8_t, std::string_view> kRefusedOpcodes[] = {
    {'0', "POP"},       {'1', "POP_MARK"},   {'2', "DUP"},        {'F', "FLOAT"},        {'I', "INT"},
    {'L', "LONG"},      {'P', "PERSID"},     {'Q', "BINPERSID"},  {'S', "STRING"},       {'V', "UNICODE"},
    {'d', "DICT"},      {'}', "EMPTY_DICT"}, {'g', "GET"},        {'i', "INST"},         {'l', "LIST"},
    {'o', "OBJ"},       {'p', "PUT"},        {'s', "SETITEM"},    {'u', "SETITEMS"},     {0x81, "NEWOBJ"},
    {0x82, "EXT1"},     {0x83, "EXT2"},      {0x84, "EXT4"},      {0x8b, "LONG4"},       {0x8f, "EMPTY_SET"},
    {0x90, "ADDITEMS"}, {0x91, "FROZENSET"}, {0x92, "NEWOBJ_EX"}, {0x97, "NEXT_BUFFER"}, {0x98, "READONLY_BUFFER"}};

// The name of an opcode that is refused, or its number.
inline std::string opcode_name(std::uint8_t opcode) {
  for (const auto& [code, name] : kRefusedOpcodes)
    if (code == opcode) return std::string(name);
  return fmt::format("0x{:02x}", opcode);
}

// Everything that a pickle may name.
enum class Name : std::uint8_t { kReconstruct, kNdarray, kDtype, kEncode, kBytes, kFromBuffer };
struct PermittedName {
  std::string_view module, name;
  Name value;
};
inline constexpr PermittedName kPermittedNames[] = {
    {"numpy.core.multiarray", "_reconstruct", Name::kReconstruct},
    {"numpy._core.multiarray", "_reconstruct", Name::kReconstruct},
    {"numpy", "ndarray", Name::kNdarray},
    {"numpy", "dtype", Name::kDtype},
    {"_codecs", "encode", Name::kEncode},
    {"__builtin__", "bytes", Name::kBytes},  // Python 3's empty bytes in protocol 2
    {"numpy.core.numeric", "_frombuffer", Name::kFromBuffer},
    {"numpy._core.numeric", "_frombuffer", Name::kFromBuffer}};

}  // namespace limn::arrays::pickle
