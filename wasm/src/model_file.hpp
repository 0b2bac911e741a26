// A model of a file's bytes.
#pragma once

#include <memory>
#include <string>

#include "limn/core/file.hpp"
#include "limn/models/model.hpp"

namespace limn::wasm {

// A safetensors file, or Magenta's JSON. Throws Error that begins with `name`.
[[nodiscard]] std::unique_ptr<models::Model> read_model(Bytes bytes, const std::string& name, bool is_magenta);

}  // namespace limn::wasm
