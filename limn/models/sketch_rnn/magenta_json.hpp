// Magenta's sketch-rnn models in JSON (sketch-rnn-js, @magenta/sketch, ml5; docs/formats.md), read and written. Read
// also in scripts (magenta_script.hpp), and packed by gzip.
// Files are hostile: sizes are checked against each other and against the text before memory is taken.
//
// Differences that the import evens out: gates i, g, f, o become i, f, g, o; the +1 that Magenta adds to the
// forget gate at run time goes into its bias; matrices [in, out] become [out, in]; the initial state's c, h
// become h, c.
//
// Other programs that read such models: @magenta/sketch (npm) takes gen models only, and is what tests/web
// compares with. The older sketch-rnn-js reads vae models too; of those before version 6 it squashes z for the
// initial state, and leaves to its caller what else the decoder reads. Here both come from tanh(z). At a
// temperature τ both programs soften pen and π by 0.5 + 0.5 τ where limn, as the paper, takes τ: at 0.25 limn
// ends a drawing later.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "limn/models/sketch_rnn/contents.hpp"

namespace limn::models {

// Facts that win over those of the file; 0: as the file says.
struct MagentaImport {
  float scale_factor = 0;
  std::int64_t max_seq_len = 0;
};
// Models of mode "gen" (2) are unconditional, "vae" (0, 1) have an encoder; so has one of mode 2 with the 17 tensors of
// a vae. `extra` gets "name" and "source"; `metrics` the losses that the file tells. A vae of version < 6 sets
// squashes_latent. Throws Error naming the file and what is wrong in it, or missing.
[[nodiscard]] SketchRnnContents read_magenta_json(const std::filesystem::path& path, const MagentaImport& import = {});
[[nodiscard]] SketchRnnContents parse_magenta_json(std::string_view text, const std::string& origin,
                                                   const MagentaImport& import = {});

struct MagentaExport {
  std::string json;
  std::int64_t saturated = 0;  // weights beyond ±10, which the format cannot hold; they became ±10
};
// Version 6. The name is extra["name"] or else `name`. Throws Error for what the format cannot hold: cells
// other than lstm, M other than 20, a decoder that squashes z.
[[nodiscard]] MagentaExport to_magenta_json(const SketchRnnContents& checkpoint, const std::string& name);

}  // namespace limn::models
