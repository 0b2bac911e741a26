// The pictures of a run's samples/: what a model in training draws, as one contact sheet.
#pragma once

#include <filesystem>
#include <string>

#include "limn/models/training.hpp"

namespace limn::train {

// Replaces the .png or .svg at `path`.
void save_sample_picture(const std::filesystem::path& path, const models::SampleDrawings& samples,
                         const std::string& title);

}  // namespace limn::train
