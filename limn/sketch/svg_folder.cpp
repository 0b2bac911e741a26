#include "limn/sketch/svg_folder.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "limn/core/content_kind.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"

namespace limn::sketch {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNamedFiles = 10;  // in the note of those that were skipped

bool is_hidden(const fs::path& path) { return path.filename().native().starts_with('.'); }

void note_skipped(const fs::path& folder, const std::vector<std::string>& reasons, std::size_t files,
                  const SvgFolderOptions& options) {
  if (reasons.empty()) return;
  require(reasons.size() < files, "{}: none of the {} files can be read; the first: {}", folder.string(), files,
          reasons.front());
  if (!options.note) return;
  const std::size_t named = std::min(kNamedFiles, reasons.size());
  for (std::size_t i = 0; i < named; ++i) options.note(fmt::format("left out: {}", reasons[i]));
  if (reasons.size() > named)
    options.note(fmt::format("{}: {} more damaged files were left out", folder.string(), reasons.size() - named));
}

// The notes of many files: each kind once, with the first file that it is of and how many more there are.
class FolderNotes {
 public:
  void add(const fs::path& file, const svg::Note& note) {
    for (Kind& kind : kinds_)
      if (kind.first.kind == note.kind) {
        ++kind.more;
        return;
      }
    kinds_.push_back({file, note});
  }
  void say(const std::function<void(const std::string&)>& to) const {
    for (const Kind& kind : kinds_)
      to(kind.more == 0 ? fmt::format("{}: {}", kind.file.string(), kind.first.text())
                        : fmt::format("{}: {} (also in {} other file{})", kind.file.string(), kind.first.text(),
                                      kind.more, kind.more == 1 ? "" : "s"));
  }

 private:
  struct Kind {
    fs::path file;
    svg::Note first;
    std::size_t more = 0;
  };
  std::vector<Kind> kinds_;
};

}  // namespace

bool is_svg_name(const fs::path& path) {
  const std::string ending = ending_of(path);
  return ending == ".svg" || ending == ".svgz";
}

std::vector<fs::path> svg_files(const fs::path& folder) {
  std::vector<fs::path> files, folders{folder};
  while (!folders.empty()) {
    const fs::path here = std::move(folders.back());
    folders.pop_back();
    std::error_code error, ignored;
    for (fs::directory_iterator entry(here, error), end; !error && entry != end; entry.increment(error)) {
      if (is_hidden(entry->path())) continue;
      if (entry->is_directory(ignored) && !entry->is_symlink(ignored))
        folders.push_back(entry->path());
      else if (is_svg_name(entry->path()) && (entry->is_regular_file(ignored) || !entry->exists(ignored)))
        files.push_back(entry->path());
    }
    require(!error, "{}: cannot read the folder: {}", here.string(), error.message());
  }
  std::ranges::sort(files);
  return files;
}

std::vector<Sketch> read_svg_folder(const fs::path& folder, const SvgFolderOptions& options) {
  const std::vector<fs::path> files = svg_files(folder);
  std::error_code ignored;
  if (files.empty() && fs::exists(folder / "config.toml", ignored))
    fail("{}: a run directory, which is a model and no data (limn info shows it); name a file of sketches",
         folder.string());
  require(
      !files.empty(),
      "{}: a folder without .svg files, which holds {}; name a file of sketches or a folder of SVGs (images are for "
      "limn train vae and draw)",
      folder.string(), folder_contents(folder));
  std::vector<Sketch> sketches;
  std::vector<std::string> reasons;
  FolderNotes notes;
  for (const fs::path& file : files) {
    try {
      SvgSketches some = read_svg(file, options.svg);
      std::ranges::move(some.sketches, std::back_inserter(sketches));
      for (const svg::Note& note : some.notes) notes.add(file, note);
    } catch (const Error& error) {
      if (files.size() == 1) throw;
      if (!options.skips_damaged) fail("{}, or leave it out with --set damaged=skip", error.what());
      reasons.emplace_back(error.what());
    }
  }
  note_skipped(folder, reasons, files.size(), options);
  if (options.note) notes.say(options.note);
  return sketches;
}

}  // namespace limn::sketch
