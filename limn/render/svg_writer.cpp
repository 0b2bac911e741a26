#include "limn/render/svg_writer.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "limn/core/base64.hpp"
#include "limn/core/error.hpp"
#include "limn/render/png.hpp"
#include "limn/render/text.hpp"

namespace limn::render {
namespace {

constexpr int kSvgDecimals = 2;
constexpr double kLargestPosition = 1e12;
constexpr std::string_view kFonts = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";

std::string number(double value) { return number_text(value, kSvgDecimals); }

std::string colour_text(Colour colour) {
  return fmt::format("#{:02x}{:02x}{:02x}", colour.red, colour.green, colour.blue);
}

// "M x y l dx dy …" on a grid of 10^-decimals. Offsets are taken between rounded positions, so that they add
// up to them without drift.
class PathText {
 public:
  explicit PathText(int decimals) : decimals_(decimals), grid_(std::pow(10.0, decimals)) {}

  std::string operator()(std::span<const PicturePoint> points) {
    std::int64_t x = std::llround(points[0].x * grid_);
    std::int64_t y = std::llround(points[0].y * grid_);
    text_ = "M";
    append(x, y);
    if (points.size() == 1) return text_ + "h0";  // round caps make a dot of it
    text_ += 'l';
    for (const PicturePoint& point : points.subspan(1)) {
      const std::int64_t next_x = std::llround(point.x * grid_);
      const std::int64_t next_y = std::llround(point.y * grid_);
      append(next_x - x, next_y - y);
      x = next_x;
      y = next_y;
    }
    return text_;
  }

 private:
  void append(std::int64_t x, std::int64_t y) {
    append(x);
    append(y);
  }
  // Numbers need a space between them unless the second one starts with its sign.
  void append(std::int64_t value) {
    const bool follows_number = text_.back() != 'M' && text_.back() != 'l';
    if (follows_number && value >= 0) text_ += ' ';
    text_ += number_text(static_cast<double>(value) / grid_, decimals_);
  }

  int decimals_;
  double grid_;
  std::string text_;
};

class PictureWriter {
 public:
  std::string operator()(const Picture& picture) {
    out_ = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" "
        "width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\">\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"{2}\"/>\n",
        number(picture.width), number(picture.height), colour_text(picture.background));
    for (const PictureElement& element : picture.elements) std::visit([&](const auto& value) { add(value); }, element);
    open_group({});
    return out_ + "</svg>\n";
  }

 private:
  // Neighbours with the same attributes share a <g>.
  void open_group(const std::string& attributes) {
    if (attributes == group_) return;
    if (!group_.empty()) out_ += "</g>\n";
    if (!attributes.empty()) out_ += fmt::format("<g {}>\n", attributes);
    group_ = attributes;
  }

  void add(const PictureLine& line) {
    if (line.points.empty()) return;
    std::string attributes = fmt::format(
        "fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linecap=\"round\" stroke-linejoin=\"round\"",
        colour_text(line.colour), number(line.width));
    if (!line.dashes.empty()) {
      std::string dashes;
      for (const double length : line.dashes) dashes += fmt::format("{}{}", dashes.empty() ? "" : " ", number(length));
      attributes += fmt::format(" stroke-dasharray=\"{}\"", dashes);
    }
    open_group(attributes);
    if (line.cell != kDecoration) {
      out_ += fmt::format("<path d=\"{}\"/>\n", PathText(kSvgDecimals)(line.points));
      return;
    }
    out_ += "<polyline points=\"";
    for (const PicturePoint& point : line.points) out_ += fmt::format("{},{} ", number(point.x), number(point.y));
    out_.back() = '"';
    out_ += "/>\n";
  }

  void add(const PictureText& text) {
    open_group(fmt::format("font-family=\"{}\" font-size=\"{}\" fill=\"{}\"", kFonts, number(text.size),
                           colour_text(text.colour)));
    const std::string x = number(text.at.x);
    const std::string y = number(text.at.y);
    std::string attributes = fmt::format("x=\"{}\" y=\"{}\"", x, y);
    if (text.anchor == Anchor::kMiddle) attributes += " text-anchor=\"middle\"";
    if (text.anchor == Anchor::kEnd) attributes += " text-anchor=\"end\"";
    if (text.is_bold) attributes += " font-weight=\"bold\"";
    if (text.is_vertical) attributes += fmt::format(" transform=\"rotate(-90 {} {})\"", x, y);
    out_ += fmt::format("<text {}>{}</text>\n", attributes, escape_xml(text.text));
  }

  // Both spellings of the link, for programs of SVG 1.1 and of SVG 2.
  void add(const PictureImage& image) {
    open_group({});
    out_ += fmt::format(
        "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" "
        "style=\"image-rendering:pixelated\" xlink:href=\"data:image/png;base64,{}\"/>\n",
        number(image.top_left.x), number(image.top_left.y), number(image.width), number(image.height),
        encode_base64(encode_png(image.raster)));
  }

  std::string out_;
  std::string group_;
};

}  // namespace

std::string svg_text(const Picture& picture) { return PictureWriter()(picture); }

std::string svg_text(const sketch::Sketch& sketch) {
  const std::vector<sketch::Stroke> strokes = sketch::to_strokes(sketch);
  double min_x = 0, min_y = 0, max_x = 0, max_y = 0;
  bool is_first = true;
  for (const sketch::Stroke& stroke : strokes) {
    for (const auto [x, y] : stroke) {
      require(std::abs(x) <= kLargestPosition && std::abs(y) <= kLargestPosition,
              "a position is not a finite number or beyond 1e12; scale the sketch down or leave it out");
      min_x = is_first ? x : std::min<double>(min_x, x);
      max_x = is_first ? x : std::max<double>(max_x, x);
      min_y = is_first ? y : std::min<double>(min_y, y);
      max_y = is_first ? y : std::max<double>(max_y, y);
      is_first = false;
    }
  }
  const double extent = std::max(max_x - min_x, max_y - min_y) > 0 ? std::max(max_x - min_x, max_y - min_y) : 1;
  const int decimals = std::clamp(4 - static_cast<int>(std::floor(std::log10(extent))), 0, 9);
  const double margin = extent / 10;
  const auto in_units = [&](double value) { return number_text(value, decimals); };
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{} {} {} {}\">\n"
      "<g fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linecap=\"round\" "
      "stroke-linejoin=\"round\">\n",
      in_units(min_x - margin), in_units(min_y - margin), in_units(max_x - min_x + 2 * margin),
      in_units(max_y - min_y + 2 * margin), colour_text(kInk), in_units(extent / 140));
  for (const sketch::Stroke& stroke : strokes) {
    std::vector<PicturePoint> points;
    for (const auto [x, y] : stroke) points.push_back({x, y});
    out += fmt::format("<path d=\"{}\"/>\n", PathText(decimals)(points));
  }
  return out + "</g>\n</svg>\n";
}

}  // namespace limn::render
