// limn data convert: sketches of any format to any other, cleaned and split on the way, and images to shards.
// Large data stream: from .ndjson, .bin and .limn, memory does not grow with the file, but for the 16 bytes for each
// sketch that dealing them out to the splits of an .npz takes.
#include <algorithm>
#include <memory>

#include "app/commands.hpp"
#include "app/data_convert_images.hpp"
#include "app/interrupts.hpp"
#include "app/plotter_options.hpp"
#include "app/printing.hpp"
#include "app/reading_options.hpp"
#include "app/svg_writers.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/image/image_set.hpp"
#include "limn/sketch/simplify.hpp"
#include "limn/sketch/sketch_file.hpp"

namespace limn::app {
namespace {

namespace fs = std::filesystem;

struct ConvertArguments {
  std::vector<std::string> in;
  std::string out;
  sketch::SketchPreparation preparation;  // of --scale, --resample, --simplify and --max-points
  bool is_quickdraw = false;
  bool only_recognized = false;
  std::string split;
  std::uint64_t seed = 1;
  std::string word;
  double svg_tolerance = sketch::SketchReadOptions{}.svg_tolerance;
  std::string damaged = "refuse";
  std::string absolute = "auto";
  bool is_absolute = false;
  std::vector<std::string> settings;  // name=value
  render::GcodeOptions plotter = {};
};

void stop_if_interrupted(const std::string& out) {
  require(!is_interrupted(), "{}: interrupted before all was converted", out);
}

// Thrown where a drawing must be scaled to be written, and those before it were not. All are then read again.
struct NeedsScaling {};

// Takes sketches from the inputs to the writer.
class Converter {
 public:
  // `may_need_scaling` refuses, with NeedsScaling, drawings that the writer would scale.
  Converter(const ConvertArguments& arguments, sketch::SketchWriter& writer, bool may_need_scaling)
      : a_(arguments), writer_(writer), may_need_scaling_(may_need_scaling) {
    const sketch::SketchPreparation& p = a_.preparation;
    is_prepared_ = p.is_scaled || p.spacing > 0 || p.epsilon >= 0 || p.max_points > 0;
  }

  void read(const std::string& input) {
    sketch::SketchReference reference = sketch::parse_sketch_reference(input);
    word_ = a_.word.empty() ? fs::path(reference.path).stem().string() : a_.word;
    path_ = reference.path;
    number_ = 0;
    split_ = Split::kTrain;
    const sketch::SketchReadOptions options{.only_recognized = a_.only_recognized,
                                            .svg_tolerance = a_.svg_tolerance,
                                            .damaged = a_.damaged,
                                            .absolute = a_.absolute,
                                            .note = [this](const std::string& text) { notes_.push_back(text); }};
    if (reference.split || reference.index) {
      number_ = reference.index.value_or(0);
      for (sketch::Sketch& sketch : sketch::read_sketches(reference, options)) add(std::move(sketch), Split::kTrain);
      return;
    }
    sketch::read_records(input, options, [this](sketch::QuickDrawRecord&& record, Split split) {
      if (split != split_) number_ = 0;
      split_ = split;
      add(std::move(record), split);
    });
  }

  [[nodiscard]] std::int64_t written() const { return written_; }
  [[nodiscard]] std::int64_t empty() const { return empty_; }
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  void add(sketch::Sketch&& sketch, Split split) {
    sketch::QuickDrawRecord record;
    record.sketch = std::move(sketch);
    add(std::move(record), split);
  }
  void add(sketch::QuickDrawRecord&& record, Split split) {
    stop_if_interrupted(a_.out);
    const std::int64_t number = number_++;
    if (record.sketch.points.empty()) {
      ++empty_;
      return;
    }
    if (is_prepared_) prepare(record.sketch, number);
    if (record.key_id == 0) record.key_id = static_cast<std::uint64_t>(written_);
    if (record.word.empty() || !a_.word.empty()) record.word = word_;
    ++written_;
    if (may_need_scaling_ && !sketch::fits_quickdraw(record.sketch)) throw NeedsScaling();
    writer_.add(std::move(record), split);
  }

  void prepare(sketch::Sketch& sketch, std::int64_t number) {
    try {
      sketch = sketch::prepared(sketch, a_.preparation);
    } catch (const Error& error) {
      fail("{}: sketch {}: {}", path_, number, error.what());
    }
  }

  const ConvertArguments& a_;
  sketch::SketchWriter& writer_;
  bool may_need_scaling_;
  bool is_prepared_ = false;
  std::string path_;  // that is read
  std::string word_;
  Split split_ = Split::kTrain;  // that is read
  std::int64_t number_ = 0;      // of the next sketch in its split of the file
  std::int64_t written_ = 0;
  std::int64_t empty_ = 0;
  std::vector<std::string> notes_;
};

void convert_once(const ConvertArguments& a, const sketch::SketchWriterOptions& options, bool may_need_scaling) {
  const auto writer = open_sketch_output(a.out, options, a.plotter);
  Converter converter(a, *writer, may_need_scaling);
  for (const std::string& input : a.in) converter.read(input);
  say_notes(converter.notes());
  require(converter.written() > 0, "{}: no sketch {}", a.in.front(),
          a.only_recognized ? "that was recognized; leave --recognized out" : "in it has points; choose another file");
  writer->finish();
  const auto [train, valid, test] = writer->counts();
  print("{}: {} sketches", a.out, train + valid + test);
  if (valid + test > 0) print(" ({} train, {} valid, {} test)", train, valid, test);
  print("\n");
  if (converter.empty() > 0)
    say("limn: note: {}: {} without points {} left out\n", one_line(a.in.size() == 1 ? a.in.front() : a.out),
        converter.empty() == 1 ? "one sketch" : fmt::format("{} sketches", converter.empty()),
        converter.empty() == 1 ? "was" : "were");
}

void convert(ConvertArguments a) {
  for (const std::string& setting : a.settings)
    require(setting.starts_with("damaged=") || setting.starts_with("absolute="),
            "{}: --set {} is for images; of sketches there are damaged=skip and absolute=true", a.in.front(),
            printable(setting));
  const Reading reading = reading_of(a.settings);
  if (!reading.damaged.empty()) a.damaged = reading.damaged;
  a.absolute = reading.absolute;
  if (a.is_absolute) a.absolute = "true";
  if (a.is_quickdraw) {
    const std::int64_t max_points = a.preparation.max_points;
    a.preparation = sketch::kQuickDrawPreparation;
    a.preparation.max_points = max_points;
  }
  sketch::SketchWriterOptions options{.seed = a.seed, .poll = [&] { stop_if_interrupted(a.out); }};
  if (!a.split.empty()) options.shares = sketch::parse_split_shares(a.split);
  watch_for_interrupts();  // so that an interrupted file leaves nothing behind
  if (!sketch::is_quickdraw_ending(ending_of(a.out))) return convert_once(a, options, false);
  // Drawings of one file keep their sizes to each other: either all are written as they are, or all are scaled.
  const bool can_read_twice = std::ranges::all_of(a.in, [](const std::string& input) {
    std::error_code ignored;
    return !fs::is_fifo(input, ignored) && !fs::is_character_file(input, ignored);
  });
  if (can_read_twice) {
    try {
      return convert_once(a, options, true);
    } catch (const NeedsScaling&) {
    }
  }
  options.scale = sketch::QuickDrawScale::kAlways;
  convert_once(a, options, false);
  say("limn: note: {}: all drawings were moved and scaled to whole numbers 0-255, the longer side 255, as the format "
      "holds no others\n",
      a.out);
}

}  // namespace

void add_data_convert(const Command& data) {
  const Command command = data.add_command("convert", "sketches of any format to any other, images to shards");
  auto a = std::make_shared<ConvertArguments>();
  command
      .add("IN", &a->in,
           ".npz, .npy, .pkl, .ndjson, .bin, .json, .csv, .txt, .inkml, .excalidraw, .tldr, .svg, all of them also "
           "packed with gzip; .limn, a folder of SVGs, builtin:doodles, builtin:doodles-10, FILE#17 or FILE:test; "
           "or images: pictures (PNG, JPEG, GIF, WebP, BMP, TIFF) or a folder of them, IDX (MNIST), "
           ".npy, .npz, .csv, CIFAR's .bin, builtin:shapes; several are "
           "joined")
      .required();
  command
      .add("-o,--out", &a->out,
           ".npz, .ndjson, .bin, .json, .svg (one sketch), .gcode or .nc (one sketch or a sheet, for plotters), "
           "NAME.limn "
           "(a folder of shards, for data beyond memory), or FOLDER/ for an .svg each")
      .required();
  const Option scale = command.add("--scale", &a->preparation.is_scaled, "to whole numbers 0-255, the longer side 255");
  const Option resample =
      command.add("--resample", &a->preparation.spacing, "a point every so many units along each stroke, after --scale")
          .positive_number()
          .named("UNITS");
  const Option simplify = command
                              .add("--simplify", &a->preparation.epsilon,
                                   "Ramer-Douglas-Peucker: leave out points nearer than this "
                                   "to the line without them, after --resample")
                              .non_negative_number()
                              .named("UNITS");
  command.add("--quickdraw", &a->is_quickdraw, "as Quick, Draw! does: --scale --resample 1 --simplify 2")
      .excludes(scale)
      .excludes(resample)
      .excludes(simplify);
  command
      .add("--max-points", &a->preparation.max_points,
           "simplify longer sketches as little as brings them to so many points")
      .whole_number(1, 1'000'000'000)
      .named("N");
  command.add("--recognized", &a->only_recognized, "only drawings that Quick, Draw! recognized (.ndjson, .bin)");
  command
      .add("--split", &a->split,
           "deal all sketches out anew to train, valid and test, in percent (.npz, and .limn "
           "to within chance)")
      .named("90/5/5");
  command.add("--seed", &a->seed, "of --split").shows_default();
  command.add("--word", &a->word, "category written to .ndjson [what the input says, else its file's name]");
  command
      .add("--svg-tolerance", &a->svg_tolerance,
           "how far straight pieces may lie from an SVG's curve; 0: a thousandth of the drawing's "
           "diagonal, at most 0.25")
      .non_negative_number()
      .named("UNITS")
      .shows_default();
  command.add("--absolute", &a->is_absolute,
              "rows of numbers are positions, not offsets [as their columns say: of 4 columns alone]");
  command.add("--set", &a->settings, "of images: any option listed below; of sketches: damaged, absolute")
      .named("NAME=VALUE");
  add_plotter_options(command, a->plotter);
  command.set_footer(
      "\nOptions of images for --set [default]:\n" + image_conversion_help() +
      "\nExamples:\n  limn data convert cat.ndjson -o cat.npz --recognized --max-points 200 --split 90/5/5\n"
      "  limn data convert drawings/ -o drawings.npz --quickdraw --split 80/10/10\n"
      "  limn data convert builtin:doodles:test#3 -o doodle.svg\n"
      "  limn data convert drawing.svg -o drawing.gcode --page a3 --servo 60,20\n"
      "  limn data convert cat.ndjson -o cat.limn --split 98/1/1\n"
      "  limn data convert builtin:shapes -o shapes.limn --set image_size=20\n");
  command.set_action([a, command] {
    if (!image::is_image_data(a->in.front())) return convert(*a);
    check_plotter_options(a->plotter, a->out);
    for (const char* name : {"--scale", "--resample", "--simplify", "--quickdraw", "--max-points", "--recognized",
                             "--split", "--seed", "--word", "--svg-tolerance", "--absolute"})
      require(!command.has(name), "{}: is for sketches, and {} holds images; leave it out", name, a->in.front());
    convert_images(a->in, a->out, a->settings);
  });
}

}  // namespace limn::app
