#include "app/plotter_options.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "limn/core/error.hpp"

namespace limn::app {
namespace {

struct Page {
  std::string_view name;
  double width, height;  // mm, upright
};
constexpr std::array<Page, 7> kPages{{{"a5", 148, 210},
                                      {"a4", 210, 297},
                                      {"a3", 297, 420},
                                      {"a2", 420, 594},
                                      {"letter", 215.9, 279.4},
                                      {"legal", 215.9, 355.6},
                                      {"tabloid", 279.4, 431.8}}};
constexpr std::string_view kLandscape = "-landscape";
constexpr double kLargest = 1e5;      // mm
constexpr double kServoDelay = 0.25;  // s
constexpr const char* kGroup = "Plotters (.gcode, .nc)";

// Two numbers with `separator` between them.
std::optional<std::pair<double, double>> two_numbers(std::string_view text, char separator) {
  std::pair<double, double> result;
  const char* const end = text.data() + text.size();
  const auto [middle, error] = std::from_chars(text.data(), end, result.first);
  if (error != std::errc() || middle == end || *middle != separator) return std::nullopt;
  const auto [last, other] = std::from_chars(middle + 1, end, result.second);
  if (other != std::errc() || last != end) return std::nullopt;
  // Also not NaN.
  const bool is_near = std::abs(result.first) <= kLargest && std::abs(result.second) <= kLargest;
  return is_near ? std::optional(result) : std::nullopt;
}

void set_page(const std::string& text, render::GcodeOptions& options) {
  const bool is_landscape = text.ends_with(kLandscape);
  std::string name = is_landscape ? text.substr(0, text.size() - kLandscape.size()) : text;
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto known = std::ranges::find(kPages, name, &Page::name);
  if (known != kPages.end()) {
    options.page_width = is_landscape ? known->height : known->width;
    options.page_height = is_landscape ? known->width : known->height;
    return;
  }
  const auto size = two_numbers(text, 'x').value_or(std::pair{0.0, 0.0});  // not with -landscape behind it
  std::vector<std::string_view> names;
  for (const Page& page : kPages) names.push_back(page.name);
  require(size.first > 0 && size.second > 0,
          "--page {}: expected {}, each also with {} behind it, or WIDTHxHEIGHT in mm, as in 300x200", printable(text),
          fmt::join(names, ", "), kLandscape);
  std::tie(options.page_width, options.page_height) = size;
}

// Of the page, which is known when all options are read.
struct Corner {
  std::string_view name;
  double x, y;  // shares of its width and height
};
constexpr std::array<Corner, 5> kCorners{
    {{"lower-left", 0, 0}, {"lower-right", 1, 0}, {"upper-left", 0, 1}, {"upper-right", 1, 1}, {"centre", 0.5, 0.5}}};

void set_origin(const std::string& text, render::GcodeOptions& options) {
  const auto known = std::ranges::find(kCorners, text, &Corner::name);
  if (known != kCorners.end()) {
    options.origin = {known->x * options.page_width, known->y * options.page_height};
    return;
  }
  const auto place = two_numbers(text, ',');
  std::vector<std::string_view> names;
  for (const Corner& corner : kCorners) names.push_back(corner.name);
  require(place.has_value(), "--origin {}: expected {}, or X,Y in mm from the page's lower left, as in -10,5",
          printable(text), fmt::join(names, ", "));
  options.origin = {place->first, place->second};
}

void set_servo(const std::string& text, render::GcodeOptions& options) {
  const auto angles = two_numbers(text, ',');
  const auto is_angle = [](double angle) { return angle >= 0 && angle <= 270; };
  require(angles && is_angle(angles->first) && is_angle(angles->second) && angles->first != angles->second,
          "--servo {}: expected two angles, of pen up and of pen down, from 0 to 270, as in 60,20", printable(text));
  options.pen_up = fmt::format("M280 P0 S{:g}", angles->first);
  options.pen_down = fmt::format("M280 P0 S{:g}", angles->second);
  options.pen_delay_s = kServoDelay;
}

// With "\n" as the shell leaves it, for several lines.
std::string code_of(const char* name, const std::string& text) {
  std::string code;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_break = text.compare(i, 2, "\\n") == 0;
    code += is_break ? '\n' : text[i];
    if (is_break) ++i;
  }
  require(std::ranges::all_of(code, [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }),
          "{} {}: expected G-code of printable ASCII characters, with \\n between its lines", name, printable(text));
  return code;
}

}  // namespace

void add_plotter_options(const Command& command, render::GcodeOptions& options) {
  const auto add = [&](const char* name, const auto& set, const std::string& help) {
    return command
        .add(
            name, [&options, set](const std::string& text) { set(text, options); }, help)
        .in_group(kGroup);
  };
  const auto add_code = [&](const char* name, std::string& code, const std::string& help) {
    return command
        .add(
            name, [name, &code](const std::string& text) { code = code_of(name, text); }, help)
        .named("CODE")
        .in_group(kGroup);
  };
  const auto add_number = [&](const char* name, double& value, double least, double most, const std::string& help) {
    return command.add(name, &value, help).number(least, most).in_group(kGroup);
  };
  add("--page", set_page, "a5, a4, a3, a2, letter, legal or tabloid, a4-landscape, or WIDTHxHEIGHT in mm [a4]")
      .named("PAGE");
  add_number("--margin", options.margin, 0, kLargest, "mm that stay empty at every edge").shows_default();
  // After --page: options are read in this order, whatever theirs on the command line is.
  add("--origin", set_origin,
      "where the machine's (0, 0) is: lower-left, lower-right, upper-left, upper-right or centre of the page, or X,Y "
      "in mm from its lower left [lower-left]")
      .named("PLACE");
  add_number("--feed", options.feed_mm_per_min, 0.01, 1e6, "mm a minute while drawing").shows_default();
  add_number("--travel-feed", options.travel_mm_per_min, 0.01, 1e6,
             "mm a minute with the pen up [the machine's own, by G0]");
  const Option pen_up = add_code("--pen-up", options.pen_up, "code that lifts the pen, \\n between lines [G0 Z5]");
  const Option pen_down = add_code("--pen-down", options.pen_down, "code that lowers it [G1 Z0 F600]");
  add("--servo", set_servo, "the pen is on a servo: angles of M280 P0 S… for up and down, as in 60,20")
      .named("UP,DOWN")
      .excludes(pen_up)
      .excludes(pen_down);
  add_number("--pen-delay", options.pen_delay_s, 0, 60, "seconds to wait after the pen moved [0; with --servo 0.25]");
  add_code("--start-code", options.start_code, "code at the start, after G21, G90 and G94");
  add_code("--end-code", options.end_code, "code at the end, with the pen up at the origin [M2]");
}

void check_plotter_options(const render::GcodeOptions& options, const std::filesystem::path& out) {
  require(options == render::GcodeOptions{} || render::is_gcode_file(out),
          "{}: --page, --feed, --servo and the other options of plotters are for .gcode and .nc; leave them out",
          out.string());
}

}  // namespace limn::app
