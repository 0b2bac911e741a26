#include "limn/sketch/point_table.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

#include "limn/core/error.hpp"
#include "limn/sketch/json_shapes.hpp"
#include "limn/sketch/stroke_rows.hpp"

namespace limn::sketch {
namespace {

constexpr std::string_view kForms =
    "put a line of names in front: x,y or x,y,pen or x,y,stroke or x,y,t or dx,dy,pen or dx,dy,p1,p2,p3";

// The meaning of a column. kPen: 1 at the last point of a stroke, unless the rows say that it may be the reverse.
enum class Role { kX, kY, kDx, kDy, kPen, kLift, kDown, kP1, kP2, kP3, kStroke, kSketch, kUnused, kUnknown };

struct NamedRole {
  std::string_view name;
  Role role;
};
// Names without their spaces, marks and capitals.
constexpr std::array kRoles{
    NamedRole{"x", Role::kX},
    NamedRole{"xcoord", Role::kX},
    NamedRole{"xcoordinate", Role::kX},
    NamedRole{"y", Role::kY},
    NamedRole{"ycoord", Role::kY},
    NamedRole{"ycoordinate", Role::kY},
    NamedRole{"dx", Role::kDx},
    NamedRole{"deltax", Role::kDx},
    NamedRole{"dy", Role::kDy},
    NamedRole{"deltay", Role::kDy},
    NamedRole{"pen", Role::kPen},
    NamedRole{"p", Role::kPen},
    NamedRole{"penstate", Role::kPen},
    NamedRole{"lift", Role::kLift},
    NamedRole{"lifted", Role::kLift},
    NamedRole{"penlift", Role::kLift},
    NamedRole{"penlifts", Role::kLift},
    NamedRole{"penlifted", Role::kLift},
    NamedRole{"penup", Role::kLift},
    NamedRole{"up", Role::kLift},
    NamedRole{"eos", Role::kLift},
    NamedRole{"strokeend", Role::kLift},
    NamedRole{"endofstroke", Role::kLift},
    NamedRole{"down", Role::kDown},
    NamedRole{"pendown", Role::kDown},
    NamedRole{"isdown", Role::kDown},
    NamedRole{"p1", Role::kP1},
    NamedRole{"p2", Role::kP2},
    NamedRole{"p3", Role::kP3},
    NamedRole{"stroke", Role::kStroke},
    NamedRole{"strokeid", Role::kStroke},
    NamedRole{"strokeindex", Role::kStroke},
    NamedRole{"strokenumber", Role::kStroke},
    NamedRole{"line", Role::kStroke},
    NamedRole{"lineid", Role::kStroke},
    NamedRole{"path", Role::kStroke},
    NamedRole{"pathid", Role::kStroke},
    NamedRole{"sketch", Role::kSketch},
    NamedRole{"sketchid", Role::kSketch},
    NamedRole{"sketchindex", Role::kSketch},
    NamedRole{"drawing", Role::kSketch},
    NamedRole{"drawingid", Role::kSketch},
    NamedRole{"t", Role::kUnused},
    NamedRole{"time", Role::kUnused},
    NamedRole{"timestamp", Role::kUnused},
    NamedRole{"ms", Role::kUnused},
    NamedRole{"pressure", Role::kUnused},
    NamedRole{"force", Role::kUnused},
    NamedRole{"tilt", Role::kUnused},
    NamedRole{"tiltx", Role::kUnused},
    NamedRole{"tilty", Role::kUnused},
    NamedRole{"azimuth", Role::kUnused},
    NamedRole{"altitude", Role::kUnused},
    NamedRole{"index", Role::kUnused},
    NamedRole{"", Role::kUnused},
    NamedRole{"unnamed0", Role::kUnused},
};

Role role_of(std::string_view column) {
  std::string name;
  for (const char c : column) {
    if (c >= 'A' && c <= 'Z') name += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80) name += c;
  }
  const auto found = std::ranges::find(kRoles, name, &NamedRole::name);
  return found == kRoles.end() ? Role::kUnknown : found->role;
}

std::string list_of(std::span<const std::string> names) {
  std::string list;
  constexpr std::size_t kNamed = 6;
  for (std::size_t i = 0; i < names.size() && i < kNamed; ++i)
    list += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", printable(names[i], 20));
  return list + (names.size() > kNamed ? ", …" : "");
}

class TableReader {
 public:
  TableReader(const PointTable& table, const std::string& origin, const StrokeArrayOptions& options)
      : table_(table), origin_(origin), options_(options), note_(options.note) {}

  std::vector<Sketch> read() {
    if (table_.rows() == 0) return {};
    if (table_.names.empty())
      guess_columns();
    else
      name_columns();
    if (rows_kind_) return read_rows();
    check_pen();
    return read_positions();
  }

 private:
  using Column = std::optional<std::size_t>;

  [[nodiscard]] Column column(Role role) const {
    const auto found = std::ranges::find(roles_, role);
    return found == roles_.end() ? Column() : Column(static_cast<std::size_t>(found - roles_.begin()));
  }
  [[nodiscard]] bool has(Role role) const { return column(role).has_value(); }
  [[nodiscard]] double value(std::size_t row, Role role) const {
    const std::size_t at = *column(role);
    const double number = table_.row(row)[at];
    require(std::isfinite(number), "{}: point {}: no number in the column {}", origin_, row + 1,
            table_.names.empty() ? std::to_string(at + 1) : "\"" + printable(table_.names[at], 20) + "\"");
    return number;
  }
  [[nodiscard]] bool bit(std::size_t row, Role role) const {
    const double number = value(row, role);
    require(number == 0 || number == 1, "{}: point {}: the pen is {}; expected 0 or 1", origin_, row + 1, number);
    return number == 1;
  }

  void name_columns() {
    std::vector<std::string> unknown;
    for (const std::string& name : table_.names) {
      Role role = role_of(name);
      require(role == Role::kUnused || role == Role::kUnknown || !has(role), "{}: two columns are \"{}\"; rename one",
              origin_, printable(name, 20));
      if (role == Role::kUnknown) unknown.push_back("\"" + printable(name, 20) + "\"");
      roles_.push_back(role);
    }
    const bool has_positions = has(Role::kX) && has(Role::kY), has_offsets = has(Role::kDx) && has(Role::kDy);
    check_names(table_.names, origin_);
    require(!(has_positions && has_offsets), "{}: has x and y, and dx and dy; leave two of them out", origin_);
    const int pens = has(Role::kPen) + has(Role::kLift) + has(Role::kStroke) + has(Role::kP1);
    require(pens + has(Role::kDown) <= 1 || (has(Role::kDown) && has(Role::kLift) && pens == 1),
            "{}: its columns {} say twice where strokes end; leave one out", origin_, list_of(table_.names));
    if (has(Role::kP1))
      require(has_offsets && has(Role::kP2) && has(Role::kP3), "{}: its columns are {}; stroke-5 is dx, dy, p1, p2, p3",
              origin_, list_of(table_.names));
    if (has_offsets && has(Role::kP1))
      rows_kind_ = StrokeRowKind::kOffsets5;
    else if (has_offsets && (has(Role::kPen) || has(Role::kLift)))
      rows_kind_ = StrokeRowKind::kOffsets3;
    else
      require(!has_offsets, "{}: has dx and dy, but no column pen; add one with 1 at the last point of each stroke",
              origin_);
    constexpr std::size_t kNamed = 5;
    const std::size_t count = unknown.size();
    if (count > kNamed) unknown.resize(kNamed);
    if (count > 0)
      tell(note_, fmt::format("{}: columns that are not read: {}{}", origin_, fmt::join(unknown, ", "),
                              count > kNamed ? ", …" : ""));
  }

  // --- without names ---

  void guess_columns() {
    const std::size_t columns = table_.columns;
    require(columns >= 2 && columns <= 5, "{}: rows of {} numbers without names; {}", origin_, columns, kForms);
    for (std::size_t i = 0; i < table_.rows(); ++i)
      for (const double number : table_.row(i))
        require(std::isfinite(number), "{}: point {} lacks a number; {}", origin_, i + 1, kForms);
    roles_ = {Role::kX, Role::kY};
    if (columns == 2) return;
    StrokeRowShapes shapes;
    for (std::size_t i = 0; i < table_.rows(); ++i) shapes.add(table_.row(i));
    rows_kind_ = shapes.kind();
    if (columns == 3) return guess_third(shapes);
    require(rows_kind_.has_value(), "{}: rows of {} numbers without names; {}", origin_, columns, kForms);
    roles_ = *rows_kind_ == StrokeRowKind::kOffsets5
                 ? std::vector{Role::kDx, Role::kDy, Role::kP1, Role::kP2, Role::kP3}
                 : std::vector{Role::kX, Role::kY, Role::kDown, Role::kLift};
  }

  void guess_third(const StrokeRowShapes& shapes) {
    const bool is_pen = shapes.is_stroke3();
    if (is_pen && options_.absolute == "true") {
      roles_.push_back(Role::kLift);
      rows_kind_.reset();
      return;
    }
    if (is_pen && options_.absolute == "false") {
      roles_ = {Role::kDx, Role::kDy, Role::kLift};
      rows_kind_ = StrokeRowKind::kOffsets3;
      return;
    }
    // No page has positions left of it or above it, but not every program keeps to that.
    if (is_pen && shapes.is_any_negative() && rows_kind_) {
      tell(note_, fmt::format("{}: read as {}, as some numbers are negative; for positions put \"x,y,pen\" in front",
                              origin_, name_of(*rows_kind_)));
      roles_ = {Role::kDx, Role::kDy, Role::kLift};
      return;
    }
    require(!is_pen, "{}: three numbers without names, the third 0 or 1, are x,y,pen or dx,dy,pen; {}", origin_,
            "put that line of names in front, or say --absolute (limn data convert) or --set absolute=true or false");
    rows_kind_.reset();
    if (counts_strokes()) {
      tell(note_, fmt::format("{}: the third number was read as the number of the stroke", origin_));
      roles_.push_back(Role::kStroke);
      return;
    }
    bool is_rising = true;
    for (std::size_t i = 1; i < table_.rows(); ++i) is_rising = is_rising && table_.row(i)[2] > table_.row(i - 1)[2];
    require(is_rising, "{}: rows of three numbers without names; {}", origin_, kForms);
    tell(note_, fmt::format("{}: the third number was read as a time and left out", origin_));
    roles_.push_back(Role::kUnused);
  }

  // From 0 or 1 on, each number in one run, and most runs of several points.
  [[nodiscard]] bool counts_strokes() const {
    double last = table_.row(0)[2];
    std::size_t runs = 1;
    if (last != 0 && last != 1) return false;
    for (std::size_t i = 1; i < table_.rows(); ++i) {
      const double now = table_.row(i)[2];
      if (now != last && now != last + 1) return false;
      if (now != last) ++runs;
      last = now;
    }
    return 2 * runs <= table_.rows();
  }

  // --- to sketches ---

  // A column that is only called pen may be 1 while the pen draws.
  void check_pen() const {
    if (!has(Role::kPen)) return;
    std::size_t lifts = 0;
    for (std::size_t i = 0; i < table_.rows(); ++i) lifts += bit(i, Role::kPen) ? 1 : 0;
    require(2 * lifts <= table_.rows() || table_.rows() < 3,
            "{}: the pen is 1 at {} of {} points; name the column pen_down if it is 1 while drawing, pen_up if it is 1 "
            "at the last point of a stroke",
            origin_, lifts, table_.rows());
    if (!bit(table_.rows() - 1, Role::kPen))
      tell(note_, fmt::format("{}: the pen was read as 1 at the last point of a stroke, but is 0 at the very last "
                              "point; name the column pen_down if it is 1 while drawing",
                              origin_));
  }

  [[nodiscard]] bool begins_sketch(std::size_t row) const {
    return row == 0 || (has(Role::kSketch) && value(row, Role::kSketch) != value(row - 1, Role::kSketch));
  }

  // Each number of a sketch or of a stroke in it must stand in one place.
  void count(std::set<double>& seen, std::size_t row, Role role, std::string_view name) const {
    require(seen.insert(value(row, role)).second,
            "{}: point {}: the rows of {} {} do not stand together; sort the file by it", origin_, row + 1, name,
            value(row, role));
  }

  std::vector<Sketch> read_rows() {
    std::vector<Role> wanted{Role::kDx, Role::kDy};
    if (*rows_kind_ == StrokeRowKind::kOffsets5)
      wanted.insert(wanted.end(), {Role::kP1, Role::kP2, Role::kP3});
    else if (*rows_kind_ == StrokeRowKind::kOffsets3)
      wanted.push_back(has(Role::kPen) ? Role::kPen : Role::kLift);
    else
      wanted = {Role::kX, Role::kY, Role::kDown, Role::kLift};
    SplitRows rows;
    rows.origins.fill(origin_);
    std::vector<StrokeRows>& sketches = rows.sketches[0];
    std::set<double> seen;
    for (std::size_t i = 0; i < table_.rows(); ++i) {
      if (begins_sketch(i)) {
        sketches.push_back({.columns = std::ssize(wanted), .values = {}});
        if (has(Role::kSketch)) count(seen, i, Role::kSketch, "sketch");
      }
      std::vector<float>& values = sketches.back().values;
      const Position at = checked_position(value(i, wanted[0]), value(i, wanted[1]), origin_);
      values.insert(values.end(), {at.x, at.y});
      for (const Role role : std::span(wanted).subspan(2)) values.push_back(bit(i, role) ? 1 : 0);
    }
    // Names and the pen's columns leave no doubt, but without names offsets are only likely.
    StrokeArrayOptions options = options_;
    if (!table_.names.empty()) options.absolute = *rows_kind_ == StrokeRowKind::kPositions4 ? "true" : "false";
    return std::move(sketches_of(std::move(rows), origin_, options)[Split::kTrain]);
  }

  std::vector<Sketch> read_positions() const {
    std::vector<Sketch> sketches;
    std::vector<Stroke> strokes;
    std::set<double> seen_sketches, seen_strokes;
    auto next_break = table_.breaks.begin();
    bool is_open = false;
    for (std::size_t i = 0; i < table_.rows(); ++i) {
      if (begins_sketch(i)) {
        if (i > 0) sketches.push_back(from_strokes(strokes));
        strokes.clear();
        seen_strokes.clear();
        is_open = false;
        if (has(Role::kSketch)) count(seen_sketches, i, Role::kSketch, "sketch");
      }
      while (next_break != table_.breaks.end() && *next_break <= i) {
        is_open = is_open && *next_break < i;
        ++next_break;
      }
      if (has(Role::kStroke) && (seen_strokes.empty() || value(i, Role::kStroke) != value(i - 1, Role::kStroke))) {
        count(seen_strokes, i, Role::kStroke, "stroke");
        is_open = false;
      }
      if (has(Role::kDown) && !bit(i, Role::kDown)) {
        is_open = false;
        continue;
      }
      if (!is_open) strokes.emplace_back();
      is_open = true;
      strokes.back().push_back(checked_position(value(i, Role::kX), value(i, Role::kY), origin_));
      for (const Role role : {Role::kPen, Role::kLift})
        if (has(role) && !has(Role::kDown) && bit(i, role)) is_open = false;
    }
    sketches.push_back(from_strokes(strokes));
    return sketches;
  }

  const PointTable& table_;
  const std::string& origin_;
  const StrokeArrayOptions& options_;
  const NoteSink& note_;
  std::vector<Role> roles_;
  std::optional<StrokeRowKind> rows_kind_;
};

}  // namespace

void check_names(std::span<const std::string> columns, const std::string& origin) {
  const auto has = [&](Role role) {
    return std::ranges::any_of(columns, [&](const std::string& name) { return role_of(name) == role; });
  };
  require((has(Role::kX) && has(Role::kY)) || (has(Role::kDx) && has(Role::kDy)),
          "{}: its columns are {}; expected x and y, or dx and dy, among them", origin, list_of(columns));
}

bool names_strokes(std::string_view column) {
  const Role role = role_of(column);
  return role != Role::kX && role != Role::kY && role != Role::kUnused && role != Role::kUnknown;
}

std::vector<Sketch> sketches_of(const PointTable& table, const std::string& origin, const StrokeArrayOptions& options) {
  return TableReader(table, origin, options).read();
}

}  // namespace limn::sketch
