#include "app/svg_writers.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "app/shell_word.hpp"
#include "limn/core/atomic_folder.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/shards.hpp"
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

}  // namespace

std::unique_ptr<sketch::SketchWriter> open_sketch_output(const fs::path& out,
                                                         const sketch::SketchWriterOptions& options) {
  std::error_code ignored;
  const bool is_folder = !has_sharded_name(out) && (!out.has_filename() || fs::is_directory(out, ignored));
  const bool is_svg = is_folder || ending_of(out) == ".svg";
  require(!options.shares || !is_svg, "{}: only .npz and .limn keep splits; leave --split out or write one of these",
          out.string());
  if (is_folder) return std::make_unique<SvgFolderWriter>(out);
  if (is_svg) return std::make_unique<SvgFileWriter>(out);
  if (auto writer = sketch::make_sketch_writer(out, options)) return writer;
  fail(
      "{}: cannot convert to this ending; use .npz, .ndjson, .bin, .json, .svg, .limn, or a folder of SVGs, as in "
      "out/",
      out.string());
}

}  // namespace limn::app
