// A picture of a plane through latent space: n x n drawings that follow from a grid of latent vectors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "app/command.hpp"
#include "limn/core/atomic_folder.hpp"
#include "limn/models/latent_planes.hpp"
#include "limn/models/model.hpp"
#include "limn/render/gcode.hpp"

namespace limn::app {

struct PlanePicture {
  std::int64_t grid = 10;  // n
  std::int64_t scale = 0;  // side of an image's pixel; 0: the picture becomes about 1000 wide
  bool is_bare = false;    // without title and axes
  models::PriorKind prior = models::PriorKind::kUsual;  // whose range the plane shows
  render::GcodeOptions plotter = {};
};
void add_picture_options(const Command& command, PlanePicture& picture);
// Throws Error unless `out` has an ending for the model's drawings.
void check_plane_output(const models::Model& model, const PlanePicture& picture, const std::filesystem::path& out);

struct Plane {
  models::PlaneAxes axes;
  models::Latents z;  // of each point, row after row
};
// Images join without gaps; sketches take the likeliest point at each step. The title names the dimensions, the axes
// their values.
void save_plane(const models::Model& model, const Plane& plane, const PlanePicture& picture,
                const std::filesystem::path& out);
// The same as a file of a folder.
void add_plane(AtomicFolder& folder, const std::string& name, const models::Model& model, const Plane& plane,
               const PlanePicture& picture);

}  // namespace limn::app
