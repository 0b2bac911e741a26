#include "app/svg_writers.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "app/plotter_options.hpp"
#include "app/shell_word.hpp"
#include "limn/core/atomic_folder.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/shards.hpp"
#include "limn/render/save.hpp"
#include "limn/render/svg_writer.hpp"

namespace limn::app {
namespace {

namespace fs = std::filesystem;

class SvgFileWriter : public sketch::SketchWriter {
 public:
  explicit SvgFileWriter(fs::path path) : path_(std::move(path)) {}

  void add(sketch::QuickDrawRecord&& record, Split) override {
    require(svg_.empty(), "{}: holds one sketch and there are more; name one as FILE#17, or a folder: -o {}",
            path_.string(), shell_word(fs::path(path_).replace_extension().string() + "/"));
    svg_ = naming(path_.string(), [&] { return render::svg_text(record.sketch); });
  }
  void finish() override { write_file(path_, svg_); }
  [[nodiscard]] std::array<std::int64_t, 3> counts() const override { return {1, 0, 0}; }

 private:
  fs::path path_;
  std::string svg_;
};

class SvgFolderWriter : public sketch::SketchWriter {
 public:
  explicit SvgFolderWriter(const fs::path& path) : folder_(path, AtomicFolder::Target::kFilled) {
    std::error_code ignored;  // a folder that does not exist yet holds nothing
    for (const auto& entry : fs::directory_iterator(folder_.path(), ignored))
      require(ending_of(entry.path()) != ".svg", "{}: holds .svg files already; choose an empty or a new folder",
              path.string());
  }

  void add(sketch::QuickDrawRecord&& record, Split) override {
    // Numbers of one width, so that the order of the names is the order of the sketches.
    const std::string name = fmt::format("{:06}.svg", count_);
    folder_.write(name,
                  as_bytes(naming((folder_.path() / name).string(), [&] { return render::svg_text(record.sketch); })));
    ++count_;
  }
  void finish() override { folder_.commit(); }
  [[nodiscard]] std::array<std::int64_t, 3> counts() const override { return {count_, 0, 0}; }

 private:
  AtomicFolder folder_;
  std::int64_t count_ = 0;
};

// One drawing fitted to the page, or a sheet of several.
class GcodeFileWriter : public sketch::SketchWriter {
 public:
  GcodeFileWriter(fs::path path, const render::GcodeOptions& options) : path_(std::move(path)), options_(options) {}

  void add(sketch::QuickDrawRecord&& record, Split) override {
    require(cells_.size() < kMostOnSheet,
            "{}: more than {} sketches are too many for one page; name some as FILE#17, or convert fewer",
            path_.string(), kMostOnSheet);
    cells_.push_back(render::cell_of(record.sketch));
  }
  void finish() override {
    count_ = std::ssize(cells_);
    render::save_sheet(path_, render::grid_sheet(std::move(cells_)), {.gcode = options_});
  }
  [[nodiscard]] std::array<std::int64_t, 3> counts() const override { return {count_, 0, 0}; }

 private:
  static constexpr std::size_t kMostOnSheet = 1000;  // 30 across: 6 mm each on A4

  fs::path path_;
  render::GcodeOptions options_;
  std::vector<render::SheetCell> cells_;
  std::int64_t count_ = 0;
};

}  // namespace

std::unique_ptr<sketch::SketchWriter> open_sketch_output(const fs::path& out,
                                                         const sketch::SketchWriterOptions& options,
                                                         const render::GcodeOptions& plotter) {
  check_plotter_options(plotter, out);
  std::error_code ignored;
  const bool is_folder = !has_sharded_name(out) && (!out.has_filename() || fs::is_directory(out, ignored));
  const bool is_gcode = !is_folder && render::is_gcode_file(out);
  const bool is_drawing = is_folder || is_gcode || ending_of(out) == ".svg";
  require(!options.shares || !is_drawing,
          "{}: only .npz and .limn keep splits; leave --split out or write one of these", out.string());
  if (is_folder) return std::make_unique<SvgFolderWriter>(out);
  if (is_gcode) return std::make_unique<GcodeFileWriter>(out, plotter);
  if (is_drawing) return std::make_unique<SvgFileWriter>(out);
  if (auto writer = sketch::make_sketch_writer(out, options)) return writer;
  fail(
      "{}: cannot convert to this ending; use .npz, .ndjson, .bin, .json, .svg, .gcode, .nc, .limn, or a folder of "
      "SVGs, as in "
      "out/",
      out.string());
}

}  // namespace limn::app
