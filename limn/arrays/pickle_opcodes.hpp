// The vocabulary of the pickle machine (pickle_machine.hpp): the opcodes that it knows, the names of those that it
// refuses, and the names that a pickle may ask for. Python's Lib/pickletools.py describes all of them.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "limn/arrays/npy.hpp"

namespace limn::arrays::pickle {

// The opcodes that the machine knows.
enum Opcode : std::uint8_t {
  kMark = '(',
  kStop = '.',
  kPop = '0',
  kPopMark = '1',
  kDup = '2',
  kNone = 'N',
  kReduce = 'R',
  kBuild = 'b',
  kGlobal = 'c',
  kAppend = 'a',
  kAppends = 'e',
  kEmptyList = ']',
  kList = 'l',
  kEmptyDict = '}',
  kDict = 'd',
  kSetItem = 's',
  kSetItems = 'u',
  kEmptyTuple = ')',
  kTuple = 't',
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kInt = 'I',
  kLong = 'L',
  kFloat = 'F',
  kString = 'S',
  kUnicode = 'V',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kLong1 = 0x8a,
  kLong4 = 0x8b,
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
  kPut = 'p',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kMemoize = 0x94,
  kGet = 'g',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kProto = 0x80,
  kFrame = 0x95,
  kStackGlobal = 0x93,
  kBinPersId = 'Q',  // of PyTorch
  kNewObj = 0x81,    // of a foreign class
};

// Opcodes that Python has and no array needs, for the error messages.
inline constexpr std::pair<std::uint8_t, std::string_view> kRefusedOpcodes[] = {
    {'P', "PERSID"},       {'Q', "BINPERSID"},       {'i', "INST"},       {'o', "OBJ"},
    {0x81, "NEWOBJ"},      {0x82, "EXT1"},           {0x83, "EXT2"},      {0x84, "EXT4"},
    {0x8f, "EMPTY_SET"},   {0x90, "ADDITEMS"},       {0x91, "FROZENSET"}, {0x92, "NEWOBJ_EX"},
    {0x97, "NEXT_BUFFER"}, {0x98, "READONLY_BUFFER"}};

// The name of an opcode that is refused, or its number.
inline std::string opcode_name(std::uint8_t opcode) {
  for (const auto& [code, name] : kRefusedOpcodes)
    if (code == opcode) return std::string(name);
  return fmt::format("0x{:02x}", opcode);
}

// Everything that a pickle may name.
enum class Name : std::uint8_t {
  kReconstruct,
  kNdarray,
  kDtype,
  kScalar,
  kEncode,
  kBytes,
  kFromBuffer,
  kOrderedDict,
  // Of PyTorch, and after the first of them nothing else.
  kStorageType,
  kTorchDtype,
  kRebuildTensor,
  kRebuildTensor3,
  kRebuildParameter,
};
inline constexpr Name kFirstOfPyTorch = Name::kStorageType;

struct PermittedName {
  std::string_view module, name;
  Name value;
  NumberFormat format{};  // of storages and PyTorch's dtypes
};
inline constexpr PermittedName kPermittedNames[] = {
    {"numpy.core.multiarray", "_reconstruct", Name::kReconstruct},
    {"numpy._core.multiarray", "_reconstruct", Name::kReconstruct},
    {"numpy.core.multiarray", "scalar", Name::kScalar},
    {"numpy._core.multiarray", "scalar", Name::kScalar},
    {"numpy", "ndarray", Name::kNdarray},
    {"numpy", "dtype", Name::kDtype},
    {"_codecs", "encode", Name::kEncode},
    {"__builtin__", "bytes", Name::kBytes},  // Python 3's empty bytes in protocols 0 to 2
    {"builtins", "bytes", Name::kBytes},
    {"numpy.core.numeric", "_frombuffer", Name::kFromBuffer},
    {"numpy._core.numeric", "_frombuffer", Name::kFromBuffer},
    {"collections", "OrderedDict", Name::kOrderedDict},
    {"torch._utils", "_rebuild_tensor", Name::kRebuildTensor},
    {"torch._utils", "_rebuild_tensor_v2", Name::kRebuildTensor},
    {"torch._utils", "_rebuild_tensor_v3", Name::kRebuildTensor3},
    {"torch._utils", "_rebuild_parameter", Name::kRebuildParameter},
    {"torch._utils", "_rebuild_parameter_with_state", Name::kRebuildParameter},
    {"torch", "FloatStorage", Name::kStorageType, {'f', 4}},
    {"torch", "DoubleStorage", Name::kStorageType, {'f', 8}},
    {"torch", "HalfStorage", Name::kStorageType, {'f', 2}},
    {"torch", "BFloat16Storage", Name::kStorageType, kBfloat16Format},
    {"torch", "LongStorage", Name::kStorageType, {'i', 8}},
    {"torch", "IntStorage", Name::kStorageType, {'i', 4}},
    {"torch", "ShortStorage", Name::kStorageType, {'i', 2}},
    {"torch", "CharStorage", Name::kStorageType, {'i', 1}},
    {"torch", "ByteStorage", Name::kStorageType, {'u', 1}},
    {"torch", "BoolStorage", Name::kStorageType, {'b', 1}},
    {"torch", "UntypedStorage", Name::kStorageType, {'u', 1}},
    {"torch.storage", "UntypedStorage", Name::kStorageType, {'u', 1}},
    {"torch", "float32", Name::kTorchDtype, {'f', 4}},
    {"torch", "float64", Name::kTorchDtype, {'f', 8}},
    {"torch", "float16", Name::kTorchDtype, {'f', 2}},
    {"torch", "bfloat16", Name::kTorchDtype, kBfloat16Format},
    {"torch", "int64", Name::kTorchDtype, {'i', 8}},
    {"torch", "int32", Name::kTorchDtype, {'i', 4}},
    {"torch", "int16", Name::kTorchDtype, {'i', 2}},
    {"torch", "int8", Name::kTorchDtype, {'i', 1}},
    {"torch", "uint64", Name::kTorchDtype, {'u', 8}},
    {"torch", "uint32", Name::kTorchDtype, {'u', 4}},
    {"torch", "uint16", Name::kTorchDtype, {'u', 2}},
    {"torch", "uint8", Name::kTorchDtype, {'u', 1}},
    {"torch", "bool", Name::kTorchDtype, {'b', 1}},
};

}  // namespace limn::arrays::pickle
