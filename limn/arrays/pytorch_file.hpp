// Tensors of a file that PyTorch's torch.save() wrote (.pth, .pt): a zip archive with a pickle, or the older file of
// five pickles before the numbers. The pickle machine makes no object of a class and runs nothing; files may be
// hostile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "limn/core/file.hpp"
#include "limn/core/safetensors.hpp"

namespace limn::arrays {

// A file's tensors together may have this many numbers for each byte of the file, and kPytorchFloor on top: weights
// that are tied stand in the file once and come out as often as they are named.
inline constexpr std::uint64_t kPytorchFactor = 4;
inline constexpr std::uint64_t kPytorchFloor = std::uint64_t{1} << 16;

struct PytorchTensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;  // row-major
};
struct PytorchFile {
  // By the names of the state_dict(). Dicts and lists inside it are joined by dots ("encoder.lstm.weight_ih_l0").
  // "module." of DataParallel and "_orig_mod." of torch.compile are taken off where all names begin so.
  std::map<std::string, PytorchTensor> tensors;
  // The entry of a training checkpoint that was taken: "model_state_dict", "" where the tensors are the file's own.
  std::string entry;
};

// Whether a file that begins so may be PyTorch's. Any zip archive may.
[[nodiscard]] bool is_pytorch_file(std::span<const std::byte> beginning);

// All types of real numbers become float. Of a training checkpoint the first entry of state_dict, model_state_dict,
// model, module, net and network that is a dict is taken, and of this the same. Where there is none, all entries are,
// but those that begin with "optim", "scheduler" or "lr_scheduler". What is not a tensor is left out. Throws Error for
// whole modules, TorchScript and files without tensors, saying how to save a state_dict().
[[nodiscard]] PytorchFile parse_pytorch(std::span<const std::byte> file, const std::string& origin);
[[nodiscard]] PytorchFile read_pytorch(const std::filesystem::path& path);

// The same tensors as a safetensors file of float32, for what reads these.
[[nodiscard]] SafetensorsFile as_safetensors(const PytorchFile& file, std::string origin);

}  // namespace limn::arrays
