// The pictures of a run's samples/: what a model in training draws, as one contact sheet.
#pragma once

#include <filesystem>
#include <string>

#include "limn/models/training.hpp"

namespace limn::train {

// Replaces the .png or .svg at `path`.
void save_sample_picture(const std::filesystem::path& path, const models::SampleDrawings& samples,
                         const std::string& title);

// The same of drawings in `columns` columns, without anything around them.
void save_sample_grid(const std::filesystem::path& path, const models::Drawings& drawings, int columns);

}  // namespace limn::train
