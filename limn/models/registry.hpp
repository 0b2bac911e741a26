// The families of models that limn knows: one explicit table, and models of any family from files. A new family is a
// folder below limn/models, a line in registry.cpp and a page in docs/papers (docs/adding-a-model.md). Values; any
// thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limn/models/checkpoint.hpp"
#include "limn/models/drawings.hpp"
#include "limn/models/model.hpp"
#include "limn/models/training.hpp"

namespace limn::models {

// A known set of options: what --preset NAME means.
struct Preset {
  std::string name = {};
  std::string help = {};
  std::vector<std::string> settings = {};  // "name=value" of model, data and training options
};

// Facts that a file of another program does not hold.
struct ForeignOptions {
  float scale_factor = 0;        // what the training data were divided by; 0: as the file says
  std::int64_t max_seq_len = 0;  // N_max of the training data; 0: that program's default
};

// A format of another program's models. Reading throws Error naming the file.
struct ForeignFormat {
  std::string name = {};  // for --from and --to: "magenta"
  // Files of these endings are read without being asked for, packed by gzip or not: ".json". The first is that of what
  // is written.
  std::vector<std::string> endings = {};
  Checkpoint (*read)(const std::filesystem::path& path, const ForeignOptions& options) = nullptr;
  // Writes the file; returns a note for the user, or "". Null where limn only reads the format.
  std::string (*write)(const Checkpoint& checkpoint, const std::filesystem::path& path) = nullptr;
  // Whether a state_dict() of PyTorch is of this kind for certain, by the names of its tensors. Null: cannot be told.
  bool (*recognises)(const SafetensorsFile& file) = nullptr;
  std::string note = {};  // for who imports one: what the file does not tell and is taken for granted
};

// Whether the file's name has an ending of the format, in any case and with or without ".gz" behind it.
[[nodiscard]] bool has_ending_of(const ForeignFormat& format, const std::filesystem::path& path);

struct Family {
  std::string name = {};     // in checkpoints: "sketch_rnn"
  std::string command = {};  // on the command line and in config.toml: "sketch-rnn"
  std::string title = {};    // for people: "Sketch-RNN"
  std::string help = {};     // one line, with the paper
  Content content = Content::kSketches;
  std::string built_in_data = {};  // "builtin:doodles"
  std::string examples = {};       // of limn train, for --help
  std::vector<Preset> presets = {};
  std::vector<std::string> training_defaults = {};  // "name=value" where they differ from TrainOptions
  std::vector<ForeignFormat> foreign_formats = {};
  // Throws Error naming the checkpoint's origin for options, metadata or weights that do not fit.
  std::unique_ptr<Model> (*make_model)(Checkpoint) = nullptr;
  std::unique_ptr<TrainingSetup> (*make_setup)() = nullptr;
};

// A trained model that is part of the program.
struct BuiltinModel {
  std::string name = {};  // "builtin:doodles"
  std::span<const std::byte> bytes =
      {};  // of a checkpoint, for the whole run of the program; none where it is left out
};

class Registry {
 public:
  explicit Registry(std::vector<Family> families, std::vector<BuiltinModel> builtin_models = {})
      : families_(std::move(families)), builtin_models_(std::move(builtin_models)) {}

  [[nodiscard]] std::span<const Family> families() const { return families_; }
  [[nodiscard]] std::span<const BuiltinModel> builtin_models() const { return builtin_models_; }
  // By the name in a checkpoint. Throws Error naming `origin`.
  [[nodiscard]] const Family& family_named(std::string_view name, std::string_view origin) const;
  // By the name on the command line. Throws Error.
  [[nodiscard]] const Family& family_of_command(std::string_view command) const;

  // A run directory, a .safetensors file, a file of a foreign format, or the name of a built-in model; read once.
  // Throws Error naming the file.
  [[nodiscard]] Checkpoint read(const std::filesystem::path& path) const;
  [[nodiscard]] std::unique_ptr<Model> load(const std::filesystem::path& path) const;
  [[nodiscard]] std::unique_ptr<Model> make(Checkpoint checkpoint) const;
  // Replaces `path`, all or nothing; with kF16 weights and prior are rounded. Throws Error for what could not be read
  // back.
  void write(const std::filesystem::path& path, const Checkpoint& checkpoint, DType type = DType::kF32) const;

 private:
  [[nodiscard]] Checkpoint read_builtin(const std::string& name) const;

  std::vector<Family> families_;
  std::vector<BuiltinModel> builtin_models_;
};

// Sketch-RNN, VAE and DRAW.
[[nodiscard]] Registry standard_registry(std::vector<BuiltinModel> builtin_models = {});

}  // namespace limn::models
