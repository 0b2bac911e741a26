// Models of other projects, each read as all kinds that are known. Inputs are those of checkpoint.cpp; the files of
// torch.save() are pytorch_file.cpp's.
#include "fuzz/header_input.hpp"
#include "fuzz/target.hpp"
#include "limn/models/pytorch_tensors.hpp"
#include "limn/models/sketch_rnn/pytorch_import.hpp"
#include "limn/models/vae/pytorch_import.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr fuzz::MemoryBound kBound{.per_byte = 256, .floor = 1 << 20};
  for (const models::PytorchModel model : {models::PytorchModel::kLabml, models::PytorchModel::kRfeinman})
    fuzz::survive(data, size, kBound, [&](fuzz::Input input) {
      const auto file = SafetensorsFile::parse(fuzz::with_header_length(input), "input");
      (void)models::import_pytorch(file, {.model = model, .scale_factor = 2, .max_seq_len = 0});
    });
  return fuzz::survive(data, size, kBound, [&](fuzz::Input input) {
    const auto file = models::without_wrappers(SafetensorsFile::parse(fuzz::with_header_length(input), "input"));
    (void)models::is_pytorch_vae(file);
    (void)models::import_pytorch_vae(file);
  });
}
