// config.toml, and options of every type from what it says.
#include "fuzz/target.hpp"
#include "limn/runs/run_config.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr fuzz::MemoryBound kBound{.per_byte = 512, .floor = 1 << 20};
  return fuzz::survive(data, size, kBound, [](fuzz::Input input) {
    const fuzz::MemoryFile file(input);
    runs::RunConfig config = runs::read_config(file.path().string());
    (void)runs::take_data_set(config.assignments);
    // By the names that the seeds have.
    bool conditional = true;
    std::int64_t z_size = 128;
    double kl_weight = 0.5;
    std::string dec_model = "hyper";
    const std::vector<OptionField> fields{{"conditional", &conditional, ""},
                                          {"z_size", &z_size, "", {}, 1, 65536},
                                          {"kl_weight", &kl_weight, "", {}, 0, 1e6},
                                          {"dec_model", &dec_model, "", {"lstm", "hyper"}}};
    set_options(fields, config.assignments);
  });
}
