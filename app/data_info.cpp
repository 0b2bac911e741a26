// limn data info: counts, lengths and sizes of a data set.
#include <fmt/ranges.h>

#include <algorithm>
#include <future>
#include <memory>

#include "app/commands.hpp"
#include "app/printing.hpp"
#include "limn/core/error.hpp"
#include "limn/core/json.hpp"
#include "limn/core/shards.hpp"
#include "limn/image/image_set.hpp"
#include "limn/image/image_summary.hpp"
#include "limn/image/sharded_images.hpp"
#include "limn/sketch/doodles.hpp"
#include "limn/sketch/sharded_sketches.hpp"
#include "limn/sketch/sketch_file.hpp"
#include "limn/sketch/summary.hpp"

namespace limn::app {
namespace {

using json = OrderedJson;

json describe(const sketch::SplitSummary& s) {
  return {
      {"sketches", s.sketches},
      {"points", s.points},
      {"strokes", s.strokes},
      {"length", {{"min", s.min_length}, {"mean", s.mean_length}, {"median", s.median_length}, {"max", s.max_length}}},
      {"strokes_per_sketch", {{"min", s.min_strokes}, {"mean", s.mean_strokes}, {"max", s.max_strokes}}},
      {"offset", {{"min", s.min_offset}, {"max", s.max_offset}}}};
}

// What the sketches show, of doodles that limn draws itself.
std::vector<std::string> kinds_of(const std::string& path) {
  const auto doodles = sketch::doodles_named(path);
  return doodles ? sketch::doodle_kinds(*doodles) : std::vector<std::string>{};
}

// A cell of a column and the space before it. What is too long for its column moves the rest to the right.
std::string cell(const auto& value, int width) { return fmt::format(" {:>{}}", value, width - 1); }

// The figures of a data set, and what simplifying would save of its training split.
struct SketchFigures {
  sketch::DatasetSummary summary;
  std::optional<sketch::SimplifySaving> saving;
};

void print_table(const std::string& path, const SketchFigures& figures) {
  const sketch::DatasetSummary& summary = figures.summary;
  print("{}\n{:<7}{:>10}{:>12}{:>10}{:>9}{:>9}{:>9}{:>10}{:>24}\n", path, "split", "sketches", "points", "shortest",
        "mean", "median", "longest", "strokes", "offsets");
  for (std::size_t i = 0; i < summary.splits.size(); ++i) {
    const auto& s = summary.splits[i];
    print("{:<7}{}{}{}{}{}{}{}{}\n", kSplitNames[i], cell(s.sketches, 10), cell(s.points, 12), cell(s.min_length, 10),
          cell(fmt::format("{:.1f}", s.mean_length), 9), cell(fmt::format("{:g}", s.median_length), 9),
          cell(s.max_length, 9), cell(fmt::format("{:.1f}", s.mean_strokes), 10),
          cell(fmt::format("{:g}…{:g}", s.min_offset, s.max_offset), 24));
  }
  print("scale factor {:.9g}\n", summary.scale_factor);
  if (const auto kinds = kinds_of(path); !kinds.empty())
    print("{}\n", fmt::format("{} kinds: {}", kinds.size(), fmt::join(kinds, ", ")));
  if (const auto& saving = figures.saving)
    print("--set simplify={:g} would leave {:.0f} of {:.0f} points per drawing; most look the same\n", saving->epsilon,
          saving->points_left, saving->points);
}

json describe(const image::ImageSummary& s) {
  return {{"images", s.images}, {"mean", s.mean}, {"deviation", s.deviation}, {"black", s.black}, {"white", s.white}};
}

json describe(const image::ImageDataset& data, const std::string& path) {
  const image::ImageShape& shape = data.shape();
  json out{{"path", path}, {"shape", {{"channels", shape.channels}, {"height", shape.height}, {"width", shape.width}}}};
  for (std::size_t i = 0; i < kSplitNames.size(); ++i)
    out["splits"][kSplitNames[i]] = describe(summarize(data, static_cast<Split>(i)));
  out["skipped"] = std::vector<std::string>(data.skipped().begin(), data.skipped().end());
  out["notes"] = std::vector<std::string>(data.notes().begin(), data.notes().end());
  return out;
}

void print_table(const std::string& path, const image::ImageDataset& data) {
  print("{}: {} images of {} (channels×height×width)\n{:<7}{:>10}{:>10}{:>11}{:>9}{:>9}\n", path,
        data.shape().channels == 1 ? "grey" : "RGB", image::text(data.shape()), "split", "images", "mean", "deviation",
        "black", "white");
  for (std::size_t i = 0; i < kSplitNames.size(); ++i) {
    const auto s = summarize(data, static_cast<Split>(i));
    print("{:<7}{:>10}{:>10.4f}{:>11.4f}{:>8.1f}%{:>8.1f}%\n", kSplitNames[i], s.images, s.mean, s.deviation,
          100 * s.black, 100 * s.white);
  }
  for (const auto& file : data.skipped()) print("left out: {}\n", file);
  for (const auto& note : data.notes()) print("note: {}\n", note);
}

// Compares all checksums of a folder of shards.
void verify(const std::string& path) {
  require(is_sharded(path), "{}: --verify is for folders named .limn, which have checksums", path);
  if (image::is_image_data(path))
    image::ShardedImages(path).verify();
  else
    sketch::ShardedSketches(path).verify();
}

void show_images(const std::string& path, bool is_json) {
  // A folder with damaged files has an answer too: which they are.
  const auto data = image::ImageDataset::load({&path, 1}, {.damaged = "skip"});
  if (!is_json) return print_table(path, data);
  print("{}\n", json_text(describe(data, path)));
}

// Of the sketches that training would take with these options.
SketchFigures figures_of_kept(const std::string& path, const sketch::StrokeDataOptions& options) {
  const auto data = sketch::StrokeDataset::load({&path, 1}, options);
  say_notes(data.notes());
  sketch::DatasetSummary summary{.splits = {}, .scale_factor = data.scale_factor()};
  for (std::size_t s = 0; s < kSplitNames.size(); ++s) {
    const auto split = static_cast<Split>(s);
    sketch::SplitSummarizer summarizer;
    for (std::int64_t i = 0; i < data.size(split); ++i) summarizer.add(data.stored(split, i));
    summary.splits[s] = summarizer.summary();
  }
  return {.summary = summary, .saving = data.simplify_saving()};
}

// Nothing where a shard is damaged: the summary comes from the index all the same.
std::optional<sketch::SimplifySaving> saving_of(const sketch::ShardedSketches& sketches) {
  try {
    return sketch::simplify_saving(sketches.size(Split::kTrain),
                                   [&](std::int64_t i) { return sketches.sketch(Split::kTrain, i); });
  } catch (const Error&) {
    return std::nullopt;
  }
}

// Of all sketches, of a folder with damaged files too, as of images.
SketchFigures figures_of_all(const std::string& path, const sketch::StrokeDataOptions& options) {
  Notes notes;
  const sketch::SketchReadOptions reading{.damaged = options.damaged,
                                          .absolute = options.absolute,
                                          .note = [&notes](const std::string& text) { notes.say(text); }};
  if (is_sharded(path)) {
    const sketch::ShardedSketches sketches(path);
    return {.summary = sketches.summary(), .saving = saving_of(sketches)};
  }
  const sketch::SketchSplits splits = sketch::read_sketches(path, reading);
  const std::vector<sketch::Sketch>& train = splits[Split::kTrain];
  auto saving = std::async([&] {  // meanwhile
    return sketch::simplify_saving(std::ssize(train),
                                   [&](std::int64_t i) { return train[static_cast<std::size_t>(i)]; });
  });
  sketch::DatasetSummary summary = summarize(splits);
  return {.summary = summary, .saving = saving.get()};
}

struct InfoArguments {
  std::string path;
  std::vector<std::string> settings;  // name=value
  bool is_json = false;
  bool is_verified = false;
  bool is_absolute = false;
};

// The options of sketches that choose some of them or say how they are read.
sketch::StrokeDataOptions sketch_options(const InfoArguments& a) {
  sketch::StrokeDataOptions options{.damaged = "skip"};
  auto fields = sketch::fields(options);
  std::erase_if(fields, [](const OptionField& field) {
    return field.name == "random_scale_factor" || field.name == "augment_stroke_prob";
  });
  try {
    set_options(fields, a.settings);
  } catch (const Error& error) {
    fail("--set {}", error.what());
  }
  if (a.is_absolute) options.absolute = "true";
  return options;
}

void show_info(const InfoArguments& a) {
  const std::string& path = a.path;
  const bool is_json = a.is_json;
  const sketch::StrokeDataOptions options = sketch_options(a);
  if (image::is_image_data(path)) {
    require(!a.is_absolute, "--absolute: is for sketches, and {} holds images; leave it out", path);
    if (!a.settings.empty())
      fail("--set {}: is for sketches, and {} holds images; leave it out", printable(a.settings.front()), path);
    return show_images(path, is_json);
  }
  const bool changes = options.max_seq_len > 0 || options.min_seq_len > 0 || options.simplify > 0;
  const SketchFigures figures = changes ? figures_of_kept(path, options) : figures_of_all(path, options);
  const sketch::DatasetSummary& summary = figures.summary;
  require(std::ranges::any_of(summary.splits, [](const auto& split) { return split.sketches > 0; }),
          "{}: holds no sketches; choose another file", path);
  if (!is_json) {
    print_table(path, figures);
    return;
  }
  json out{{"path", path}, {"scale_factor", summary.scale_factor}};
  for (std::size_t i = 0; i < summary.splits.size(); ++i) out["splits"][kSplitNames[i]] = describe(summary.splits[i]);
  if (const auto kinds = kinds_of(path); !kinds.empty()) out["kinds"] = kinds;
  if (const auto& saving = figures.saving)
    out["simplify"] = {{"units", saving->epsilon}, {"points", saving->points}, {"points_left", saving->points_left}};
  print("{}\n", json_text(out));
}

}  // namespace

void add_data_info(const Command& data) {
  const Command command = data.add_command("info", "what a data set of sketches or images holds");
  auto a = std::make_shared<InfoArguments>();
  command
      .add("PATH", &a->path,
           "data set file or folder (limn data convert --help lists the formats), builtin:doodles, "
           "builtin:doodles-10 or builtin:shapes")
      .required();
  command.add("--json", &a->is_json, "one JSON object");
  command.add("--absolute", &a->is_absolute, "rows of numbers are positions, not offsets");
  command
      .add("--set", &a->settings,
           "of sketches: max_seq_len=200, min_seq_len=10 or simplify=4 shows what training leaves out and what it "
           "keeps; absolute, damaged")
      .named("NAME=VALUE");
  command.add("--verify", &a->is_verified, "of a folder of shards (.limn): read everything and compare checksums");
  command.set_footer(
      "\nExamples:\n  limn data info builtin:doodles\n  limn data info builtin:doodles --set max_seq_len=40\n");
  command.set_action([a] {
    if (a->is_verified) verify(a->path);
    show_info(*a);
  });
}

}  // namespace limn::app
