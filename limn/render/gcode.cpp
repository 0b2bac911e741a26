#include "limn/render/gcode.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/render/text.hpp"
#include "limn/render/travel.hpp"

namespace limn::render {
namespace {

constexpr int kDecimals = 2;       // 10 µm, finer than any pen
constexpr double kFarthest = 1e5;  // mm

using Polyline = std::vector<PicturePoint>;

void check(const GcodeOptions& options) {
  require(options.margin >= 0 && options.page_width > 2 * options.margin && options.page_height > 2 * options.margin,
          "a page of {} x {} mm leaves nothing inside a margin of {} mm; choose a larger page or a "
          "smaller margin",
          options.page_width, options.page_height, options.margin);
  require(options.page_width <= kFarthest && options.page_height <= kFarthest, "a page of {} x {} mm is absurdly large",
          options.page_width, options.page_height);
  require(options.feed_mm_per_min > 0 && std::isfinite(options.feed_mm_per_min),
          "a feed of {} mm/min; it must be positive", options.feed_mm_per_min);
  require(options.travel_mm_per_min >= 0 && std::isfinite(options.travel_mm_per_min),
          "a travel of {} mm/min; it must be positive, or 0 for the machine's own", options.travel_mm_per_min);
  require(std::fabs(options.origin.x) <= kFarthest && std::fabs(options.origin.y) <= kFarthest,
          "an origin at {}, {} mm is absurdly far away", options.origin.x, options.origin.y);
  for (const std::string& code : {options.pen_up, options.pen_down, options.start_code, options.end_code})
    require(std::ranges::all_of(code, [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }),
            "'{}' is not G-code: it holds characters that are not printable ASCII", printable(code));
  require(options.pen_delay_s >= 0 && std::isfinite(options.pen_delay_s), "a pen delay of {} s; it must be 0 or more",
          options.pen_delay_s);
}

std::vector<Polyline> strokes_of(const Picture& picture) {
  std::vector<Polyline> strokes;
  bool has_images = false;
  for (const PictureElement& element : picture.elements) {
    has_images |= std::holds_alternative<PictureImage>(element);
    const auto* line = std::get_if<PictureLine>(&element);
    if (line != nullptr && line->cell != kDecoration && !line->points.empty()) strokes.push_back(line->points);
  }
  require(!strokes.empty() || !has_images,
          "G-code draws strokes and this picture has only images; write .png, .gif or .svg instead");
  return strokes;
}

// Scales to the page inside its margins, centres, turns y upwards, and counts from the origin.
void fit_to_page(std::vector<Polyline>& strokes, const GcodeOptions& options) {
  if (strokes.empty()) return;
  PicturePoint low = strokes[0][0];
  PicturePoint high = low;
  for (const Polyline& stroke : strokes) {
    for (const PicturePoint& point : stroke) {
      low = {std::min(low.x, point.x), std::min(low.y, point.y)};
      high = {std::max(high.x, point.x), std::max(high.y, point.y)};
    }
  }
  const double width = high.x - low.x;
  const double height = high.y - low.y;
  const double scale_x = width > 0 ? (options.page_width - 2 * options.margin) / width : HUGE_VAL;
  const double scale_y = height > 0 ? (options.page_height - 2 * options.margin) / height : HUGE_VAL;
  const double scale = std::isfinite(std::min(scale_x, scale_y)) ? std::min(scale_x, scale_y) : 1;
  for (Polyline& stroke : strokes) {
    for (PicturePoint& point : stroke) {
      point = {options.page_width / 2 + (point.x - (low.x + high.x) / 2) * scale - options.origin.x,
               options.page_height / 2 - (point.y - (low.y + high.y) / 2) * scale - options.origin.y};
    }
  }
}

class GcodeWriter {
 public:
  explicit GcodeWriter(const GcodeOptions& options) : options_(options) {}

  std::string operator()(std::span<const Polyline> strokes) {
    std::vector<StrokeEnds> ends;
    for (const Polyline& stroke : strokes) ends.push_back({stroke.front(), stroke.back()});
    const std::vector<StrokeVisit> visits = order_strokes(ends, {});
    out_ = fmt::format(
        "; limn: {} strokes on {} x {} mm, {} mm of travel\n"
        "G21 ; millimetres\nG90 ; absolute positions\nG94 ; feed in mm a minute\n",
        strokes.size(), number(options_.page_width), number(options_.page_height),
        number(std::round(travel_length(ends, visits, {}))));
    add_lines(options_.start_code);
    move_pen(options_.pen_up);
    for (const StrokeVisit visit : visits) draw(strokes[visit.stroke], visit.is_reversed);
    travel("X0 Y0");
    add_lines(options_.end_code);
    return std::move(out_);
  }

 private:
  static std::string number(double value) { return number_text(value, kDecimals); }
  static std::string at(PicturePoint point) { return fmt::format("X{} Y{}", number(point.x), number(point.y)); }

  void add_lines(const std::string& code) {
    if (!code.empty()) out_ += code + '\n';
  }

  // Machines ignore a feed beside G0.
  void travel(const std::string& to) {
    out_ += options_.travel_mm_per_min > 0 ? fmt::format("G1 {} F{}\n", to, number(options_.travel_mm_per_min))
                                           : fmt::format("G0 {}\n", to);
  }

  void move_pen(const std::string& command) {
    add_lines(command);
    if (options_.pen_delay_s > 0) out_ += fmt::format("G4 P{}\n", number_text(options_.pen_delay_s, 3));
  }

  // The feed is said again at each stroke, since pen_down and travel may have set their own.
  void draw(Polyline stroke, bool is_reversed) {
    if (is_reversed) std::reverse(stroke.begin(), stroke.end());
    std::string pen = at(stroke.front());
    travel(pen);
    move_pen(options_.pen_down);
    bool has_feed = false;
    for (std::size_t i = 1; i < stroke.size(); ++i) {
      std::string next = at(stroke[i]);
      if (next == pen) continue;
      out_ +=
          has_feed ? fmt::format("G1 {}\n", next) : fmt::format("G1 {} F{}\n", next, number(options_.feed_mm_per_min));
      has_feed = true;
      pen = std::move(next);
    }
    move_pen(options_.pen_up);
  }

  const GcodeOptions& options_;
  std::string out_;
};

}  // namespace

bool is_gcode_file(const std::filesystem::path& path) {
  const std::string ending = ending_of(path);
  return ending == ".gcode" || ending == ".nc";
}

std::string gcode_text(const Picture& picture, const GcodeOptions& options) {
  check(options);
  std::vector<Polyline> strokes = strokes_of(picture);
  fit_to_page(strokes, options);
  return GcodeWriter(options)(strokes);
}

}  // namespace limn::render
