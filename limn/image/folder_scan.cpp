#include "limn/image/folder_scan.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "limn/arrays/gunzip.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/image/image_file.hpp"
#include "limn/image/picture_format.hpp"

namespace limn::image {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFiles = 4'000'000;
constexpr int kMaxDepth = 16;

// Files that belong to systems and not to the data. Hidden ones, too.
bool is_passed_over(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with('.') || name == "__MACOSX" || name == "Thumbs.db" || name == "desktop.ini";
}

// A word is all of the name: "train", "Training", "test_set", "val images".
std::optional<Split> split_of_folder(const fs::path& name) {
  const auto found = split_in_name(name.string());
  if (!found) return std::nullopt;
  constexpr std::string_view kAround[] = {"",        "_set",  "-set",  " set", "_images", "-images",
                                          " images", "_data", "-data", "_img", "_imgs",   "_split"};
  return std::ranges::find(kAround, found->rest) != std::end(kAround) ? std::optional(found->split) : std::nullopt;
}

struct LeftOut {
  std::vector<std::string> names;  // the first few
  std::size_t count = 0;
};

class Scanner {
 public:
  explicit Scanner(const fs::path& folder) : folder_(folder) {}

  FolderScan scan() {
    std::error_code ignored;
    require(!fs::exists(folder_ / "config.toml", ignored) || !fs::is_directory(folder_ / "checkpoints", ignored),
            "{}: a run directory, which is a model and no data (limn info shows it); name a folder of images",
            folder_.string());
    walk(folder_, 0);
    std::ranges::sort(pictures_);
    std::ranges::sort(others_);
    FolderScan result;
    std::vector<fs::path> labels;
    find_arrays(result);
    if (result.arrays.empty())
      sort_pictures(result);
    else
      for (const fs::path& path : pictures_) leave_out(path, "a picture beside them", "");
    result.is_of_drawings = drawings_ > pictures_.size() && result.arrays.empty();
    say_left_out(result);
    return result;
  }

 private:
  void walk(const fs::path& folder, int depth) {
    require(depth <= kMaxDepth, "{}: lies more than {} folders deep; name a folder nearer to the images",
            folder.string(), kMaxDepth);
    std::error_code error, ignored;
    std::vector<fs::path> below;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      const fs::path& path = entry->path();
      if (is_passed_over(path)) continue;
      if (entry->is_directory(ignored)) {
        if (entry->is_symlink(ignored))
          leave_out(path, "a link to a folder", "name that folder, too");
        else
          below.push_back(path);
        continue;
      }
      if (!entry->is_regular_file(ignored) && !may_be_file(path)) continue;
      require(pictures_.size() + others_.size() < kMaxFiles, "{}: holds more than {} files; name a smaller folder",
              folder_.string(), kMaxFiles);
      if (has_image_ending(path) || has_picture_bytes(path))
        pictures_.push_back(path);
      else
        others_.push_back(path);
    }
    require(!error, "{}: cannot read the folder: {}", folder.string(), error.message());
    for (const fs::path& path : below) walk(path, depth + 1);
  }

  static bool has_picture_bytes(const fs::path& path) {
    const std::string begin = arrays::beginning_of(path, kTellingBytes);
    return picture_format(as_bytes(begin)) != PictureFormat::kNone;
  }

  // Of the folder's path on.
  [[nodiscard]] std::string shown(const fs::path& path) const { return path.lexically_relative(folder_).string(); }

  void leave_out(const fs::path& path, std::string_view kind, std::string_view advice) {
    constexpr std::size_t kNamed = 3;
    LeftOut& same = left_out_[{std::string(kind), std::string(advice)}];
    if (same.names.size() < kNamed) same.names.push_back(shown(path));
    ++same.count;
  }

  void say_left_out(FolderScan& result) const {
    std::size_t count = 0;
    std::vector<std::string> kinds;
    for (const auto& [kind, files] : left_out_) {
      const auto& [name, advice] = kind;
      const std::string more =
          files.count > files.names.size() ? fmt::format(" and {} more", files.count - files.names.size()) : "";
      kinds.push_back(
          fmt::format("{}{} ({}{}{})", fmt::join(files.names, ", "), more, name, advice.empty() ? "" : ": ", advice));
      count += files.count;
    }
    if (count == 0) return;
    result.notes.push_back(fmt::format("{}: {} {} left out: {}", folder_.string(), count,
                                       count == 1 ? "file was" : "files were", fmt::join(kinds, "; ")));
  }

  void leave_out_others(const std::vector<fs::path>& others) {
    for (const fs::path& path : others) {
      if (is_labels(path)) continue;
      const std::string begin = arrays::beginning_of(path, kTellingBytes);
      const FileKind kind = other_kind(as_bytes(begin), ending_of(path));
      if (kind.name == "SVG") ++drawings_;
      leave_out(path, kind.name, kind.advice);
    }
  }

  // MNIST's, which every reader of images knows to leave.
  static bool is_labels(const fs::path& path) {
    const std::string name = path.filename().string();
    return name.find("labels") != name.npos && name.find("ubyte") != name.npos;
  }

  // MNIST's names: train-images-idx3-ubyte, emnist-letters-test-images.idx3-ubyte.gz.
  static bool is_idx_images(const fs::path& path) {
    const std::string name = path.filename().string();
    return name.find("images") != name.npos && name.find("idx3-ubyte") != name.npos;
  }

  // Files by MNIST's names are the images of their folder, whatever else lies there; other arrays only where there are
  // no pictures.
  void find_arrays(FolderScan& result) {
    const bool has_idx = std::ranges::any_of(others_, is_idx_images);
    std::map<std::string, ArraySet> sets;
    std::vector<fs::path> rest;
    for (const fs::path& path : others_) {
      ArrayFormat format = ArrayFormat::kNone;
      if (has_idx)
        format = is_idx_images(path) ? ArrayFormat::kIdx : ArrayFormat::kNone;
      else if (pictures_.empty())
        format = array_format(path);
      if (format == ArrayFormat::kIdx && !is_idx_images(path)) format = ArrayFormat::kNone;
      if (format == ArrayFormat::kNone)
        rest.push_back(path);
      else
        add(sets, path, format);
    }
    for (auto& [name, set] : sets) result.arrays.push_back(std::move(set));
    leave_out_others(rest);
  }

  // The set is told by the folder and the name without the word for the split. Kaggle puts each file into a folder of
  // its own name, and others lie in folders named train and test.
  static void add(std::map<std::string, ArraySet>& sets, const fs::path& path, ArrayFormat format) {
    std::string name = path.filename().string();
    if (name.ends_with(".gz")) name.resize(name.size() - 3);
    fs::path parent = path.parent_path();
    const std::string stem = fs::path(name).stem().string();
    auto split = split_in_name(name);
    if (const std::string above = parent.filename().string();
        above == name || above == stem || (format == ArrayFormat::kIdx && is_idx_images(above)))
      parent = parent.parent_path();
    if (!split) {
      if (const auto of_folder = split_of_folder(parent.filename())) {
        split = SplitName{.split = *of_folder, .rest = name};
        parent = parent.parent_path();
      } else if (name.starts_with("data_batch_")) {
        split = SplitName{.split = Split::kTrain, .rest = "_batch.bin"};
      }
    }
    std::string rest = split ? split->rest : name;
    if (format == ArrayFormat::kIdx) rest = rest.substr(0, rest.find("images"));
    while (!rest.empty() && (rest.back() == '-' || rest.back() == '_' || rest.back() == '.')) rest.pop_back();
    const std::string set_name = rest.empty() ? parent.string() : (parent / rest).string();
    ArraySet& set = sets[set_name];
    set.name = set_name;
    auto& files = set.files[static_cast<std::size_t>(split ? split->split : Split::kTrain)];
    // Of MNIST's file and its packed copy the first by name is taken.
    const bool is_copy = format == ArrayFormat::kIdx && !files.empty();
    if (is_copy && files.front().path.native().size() <= path.native().size()) return;
    if (is_copy) files.clear();
    files.push_back({.path = path, .format = format});
  }

  // The first depth at which folders name splits, train among them; nothing without.
  [[nodiscard]] std::optional<std::size_t> depth_of_splits(const std::vector<std::vector<std::string>>& folders,
                                                           std::size_t common) const {
    constexpr std::size_t kDeepest = 3;
    for (std::size_t depth = common; depth < common + kDeepest; ++depth) {
      bool has_train = false, has_others = false;
      std::size_t with_split = 0;
      for (const auto& parts : folders) {
        const auto split = depth < parts.size() ? split_of_folder(parts[depth]) : std::nullopt;
        if (!split) continue;
        ++with_split;
        has_train = has_train || split == Split::kTrain;
        has_others = has_others || split != Split::kTrain;
      }
      if (has_train && has_others && (depth == common || with_split == folders.size())) return depth;
    }
    return std::nullopt;
  }

  // How many folders all pictures have in common.
  static std::size_t common_depth(const std::vector<std::vector<std::string>>& folders) {
    std::size_t common = folders.empty() ? 0 : folders.front().size();
    for (const auto& parts : folders) {
      const auto differ = std::ranges::mismatch(folders.front(), parts).in1 - folders.front().begin();
      common = std::min(common, static_cast<std::size_t>(differ));
    }
    return common;
  }

  void sort_pictures(FolderScan& result) {
    std::vector<std::vector<std::string>> folders;
    for (const fs::path& path : pictures_) {
      std::vector<std::string>& parts = folders.emplace_back();
      for (const fs::path& part : path.parent_path().lexically_relative(folder_))
        if (part != ".") parts.push_back(part.string());
    }
    const std::size_t common = common_depth(folders);
    const auto depth = depth_of_splits(folders, common);
    result.has_splits = depth.has_value();
    for (std::size_t i = 0; i < pictures_.size(); ++i) {
      const auto split = depth && *depth < folders[i].size() ? split_of_folder(folders[i][*depth]) : std::nullopt;
      if (depth && !split) {
        leave_out(pictures_[i], "pictures outside of the folders train, valid and test", "");
        continue;
      }
      fs::path label;
      for (std::size_t d = common; d < folders[i].size(); ++d)
        if (d != depth) label /= folders[i][d];
      label /= pictures_[i].filename();
      result.pictures[static_cast<std::size_t>(split.value_or(Split::kTrain))].push_back(
          {.path = pictures_[i], .label = label.string()});
    }
  }

  const fs::path& folder_;
  std::vector<fs::path> pictures_;
  std::vector<fs::path> others_;
  std::size_t drawings_ = 0;
  std::map<std::pair<std::string, std::string>, LeftOut> left_out_;  // by what they are and the advice
};

}  // namespace

bool FolderScan::has_pictures() const {
  return std::ranges::any_of(pictures, [](const auto& list) { return !list.empty(); });
}

FolderScan scan_folder(const fs::path& folder) { return Scanner(folder).scan(); }

std::optional<ArraySet> array_set_named(const fs::path& path) {
  std::error_code ignored;
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (!path.has_filename() || fs::exists(path, ignored) || !fs::is_directory(parent, ignored)) return std::nullopt;
  for (ArraySet& set : scan_folder(parent).arrays)
    if (fs::path(set.name).lexically_normal() == path.lexically_normal() ||
        fs::path(set.name).lexically_normal() == (parent / path.filename()).lexically_normal())
      return std::move(set);
  return std::nullopt;
}

}  // namespace limn::image
