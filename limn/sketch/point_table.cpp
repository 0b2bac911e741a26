#include "limn/sketch/point_table.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "limn/core/error.hpp"
#include "limn/sketch/json_shapes.hpp"
#include "limn/sketch/point_roles.hpp"
#include "limn/sketch/stroke_rows.hpp"

namespace limn::sketch {
namespace {

constexpr std::string_view kRowForms =
    "put a line of names in front: x,y or x,y,pen or x,y,stroke or x,y,t or dx,dy,pen or dx,dy,p1,p2,p3";

using Role = PointRole;

std::string list_of(std::span<const std::string> names) {
  std::string list;
  constexpr std::size_t kNamed = 6;
  for (std::size_t i = 0; i < names.size() && i < kNamed; ++i)
    list += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", printable(names[i], 20));
  return list + (names.size() > kNamed ? ", …" : "");
}

class TableReader {
 public:
  TableReader(PointTable&& table, const std::string& origin, const StrokeArrayOptions& options)
      : table_(std::move(table)), origin_(origin), options_(options), note_(options.note) {}

  std::vector<Sketch> read() {
    if (table_.rows() == 0) return {};
    if (table_.names.empty())
      guess_columns();
    else
      name_columns();
    check_pen();
    if (rows_kind_) return read_rows();
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
    if (!std::isfinite(number)) complain_of(row, at);
    return number;
  }
  [[nodiscard]] bool bit(std::size_t row, Role role) const {
    const double number = value(row, role);
    require(number == 0 || number == 1, "{}: point {}: the pen is {}; expected 0 or 1", origin_, row + 1, number);
    return number == 1;
  }

  [[noreturn]] void complain_of(std::size_t row, std::size_t column) const {
    const std::string name =
        table_.names.empty() ? std::to_string(column + 1) : "\"" + printable(table_.names[column], 20) + "\"";
    const std::size_t at = row * table_.columns + column;
    const PointTable::Mark mark = at < table_.marks.size() ? table_.marks[at] : PointTable::kNumber;
    if (mark < PointTable::kWord) fail("{}: point {}: no number in the {} {}", origin_, row + 1, table_.kind, name);
    const std::string& word = table_.words[mark - PointTable::kWord];
    fail("{}: point {}: \"{}\" is not a number in the {} {}{}", origin_, row + 1, printable(word, 30), table_.kind,
         name,
         word.find(',') == word.npos ? "" : "; write decimals with a point, or put semicolons between the fields");
  }

  void name_columns() {
    const std::vector<Role> roles = find_point_roles(table_);
    std::vector<std::string> unknown;
    for (std::size_t i = 0; i < roles.size(); ++i) {
      const std::string name = printable(table_.names[i], 20);
      if (const Column other = column(roles[i]); other && roles[i] != Role::kUnused && roles[i] != Role::kUnknown)
        fail("{}: the {}s \"{}\" and \"{}\" mean the same; leave one out", origin_, table_.kind,
             printable(table_.names[*other], 20), name);
      if (roles[i] == Role::kUnknown) unknown.push_back("\"" + name + "\"");
      roles_.push_back(roles[i]);
    }
    const bool has_positions = has(Role::kX) && has(Role::kY), has_offsets = has(Role::kDx) && has(Role::kDy);
    check_names(table_.names, origin_, table_.kind);
    require(!(has_positions && has_offsets), "{}: has x and y, and dx and dy; leave two of them out", origin_);
    const int pens = has(Role::kPen) + has(Role::kLift) + has(Role::kStroke) + has(Role::kP1) + has(Role::kBegin) +
                     has(Role::kDrag) + has(Role::kEvent);
    require(pens + has(Role::kDown) <= 1 || (has(Role::kDown) && has(Role::kLift) && pens == 1),
            "{}: its {}s {} say twice where strokes end; leave one out", origin_, table_.kind, list_of(table_.names));
    if (has(Role::kP1))
      require(has_offsets && has(Role::kP2) && has(Role::kP3), "{}: its columns are {}; stroke-5 is dx, dy, p1, p2, p3",
              origin_, list_of(table_.names));
    if (has_offsets && has(Role::kP1))
      rows_kind_ = StrokeRowKind::kOffsets5;
    else if (has_offsets && (has(Role::kPen) || has(Role::kLift)))
      rows_kind_ = StrokeRowKind::kOffsets3;
    else
      require(!has_offsets, "{}: has dx and dy, but no {} pen; add one with 1 at the last point of each stroke",
              origin_, table_.kind);
    constexpr std::size_t kNamed = 5;
    const std::size_t count = unknown.size();
    if (count > kNamed) unknown.resize(kNamed);
    if (count > 0)
      tell(note_, fmt::format("{}: {}s that are not read: {}{}", origin_, table_.kind, fmt::join(unknown, ", "),
                              count > kNamed ? ", …" : ""));
  }

  // --- without names ---

  void guess_columns() {
    const std::size_t columns = table_.columns;
    require(columns >= 2 && columns <= 5, "{}: rows of {} numbers without names; {}", origin_, columns, kRowForms);
    for (std::size_t i = 0; i < table_.rows(); ++i)
      for (const double number : table_.row(i))
        require(std::isfinite(number), "{}: point {} lacks a number; {}", origin_, i + 1, kRowForms);
    roles_ = {Role::kX, Role::kY};
    if (columns == 2) return;
    StrokeRowShapes shapes;
    for (std::size_t i = 0; i < table_.rows(); ++i) shapes.add(table_.row(i));
    rows_kind_ = shapes.kind();
    if (columns == 3) return guess_third(shapes);
    require(rows_kind_.has_value(), "{}: rows of {} numbers without names; {}", origin_, columns, kRowForms);
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
    require(is_rising, "{}: rows of three numbers without names; {}", origin_, kRowForms);
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
    if (has(Role::kLift) && !has(Role::kDown) && !rows_kind_) return check_lifts();
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

  // A column that is called pen_up may be 1 while the pen hovers: at several points in a row, or at the first.
  void check_lifts() const {
    if (table_.names.empty() || !may_be_hovering(table_.names[*column(Role::kLift)])) return;
    std::size_t dots = 0;
    for (std::size_t i = 0; i < table_.rows(); ++i)
      dots += bit(i, Role::kLift) && (begins_sketch(i) || bit(i - 1, Role::kLift)) ? 1 : 0;
    if (dots == 0) return;
    const std::string name = printable(table_.names[*column(Role::kLift)], 20);
    tell(note_,
         fmt::format("{}: \"{}\" was read as 1 at the last point of a stroke, which makes dots of {} point{}; if "
                     "it is 1 while the pen is in the air, give pen_down with the reverse",
                     origin_, name, dots, dots == 1 ? "" : "s"));
  }

  [[nodiscard]] bool begins_sketch(std::size_t row) const {
    return row == 0 || (has(Role::kSketch) && value(row, Role::kSketch) != value(row - 1, Role::kSketch));
  }

  [[nodiscard]] std::string named_value(std::size_t row, Role role) const {
    const std::size_t at = row * table_.columns + *column(role);
    const bool is_word = at < table_.marks.size() && table_.marks[at] >= PointTable::kWord;
    return is_word ? "\"" + printable(table_.words[table_.marks[at] - PointTable::kWord], 40) + "\""
                   : fmt::format("{}", value(row, role));
  }

  // Each number of a sketch or of a stroke in it must stand in one place.
  void count(std::set<double>& seen, std::size_t row, Role role, std::string_view name) const {
    require(seen.insert(value(row, role)).second,
            "{}: point {}: the rows of {} {} do not stand together; sort the file by it", origin_, row + 1, name,
            named_value(row, role));
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
      const ExactPosition at = position(i, wanted[0], wanted[1]);
      values.insert(values.end(), {static_cast<float>(at.x), static_cast<float>(at.y)});
      for (const Role role : std::span(wanted).subspan(2)) values.push_back(bit(i, role) ? 1 : 0);
    }
    // Names and the pen's columns leave no doubt, but without names offsets are only likely.
    StrokeArrayOptions options = options_;
    if (!table_.names.empty()) options.absolute = *rows_kind_ == StrokeRowKind::kPositions4 ? "true" : "false";
    return std::move(sketches_of(std::move(rows), origin_, options)[Split::kTrain]);
  }

  [[nodiscard]] ExactPosition position(std::size_t row, Role x_role, Role y_role) const {
    const double x = value(row, x_role);  // the first bad one is named
    return checked_position(x, value(row, y_role), origin_);
  }

  // Whether the pen is in the air at this point, and the point no part of a stroke.
  [[nodiscard]] bool is_in_air(std::size_t row, bool is_open) const {
    if (has(Role::kDown)) return !bit(row, Role::kDown);
    return has_begins_ && !is_open && value(row, Role::kEvent) != kPenBegins;
  }
  [[nodiscard]] bool begins_stroke(std::size_t row) const {
    return (has(Role::kBegin) && bit(row, Role::kBegin)) || (has(Role::kDrag) && !bit(row, Role::kDrag)) ||
           (has(Role::kEvent) && value(row, Role::kEvent) == kPenBegins);
  }
  [[nodiscard]] bool ends_stroke(std::size_t row) const {
    if (has(Role::kDown)) return false;
    return (has(Role::kPen) && bit(row, Role::kPen)) || (has(Role::kLift) && bit(row, Role::kLift)) ||
           (has(Role::kEvent) && value(row, Role::kEvent) == kPenEnds);
  }

  std::vector<Sketch> read_positions() {
    for (std::size_t i = 0; i < table_.rows() && has(Role::kEvent); ++i)
      has_begins_ = has_begins_ || value(i, Role::kEvent) == kPenBegins;
    std::vector<Sketch> sketches;
    std::vector<ExactStroke> strokes;
    std::set<double> seen_sketches, seen_strokes;
    auto next_break = table_.breaks.begin();
    bool is_open = false;
    std::size_t in_air = 0;
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
      if (is_in_air(i, is_open)) {
        ++in_air;
        is_open = false;
        continue;
      }
      if (!is_open || begins_stroke(i)) strokes.emplace_back();
      strokes.back().push_back(position(i, Role::kX, Role::kY));
      is_open = !ends_stroke(i);
    }
    sketches.push_back(from_strokes(strokes));
    if (in_air > 0)
      tell(note_, fmt::format("{}: {} of {} points were left out, as the pen is not down there", origin_, in_air,
                              table_.rows()));
    return sketches;
  }

  PointTable table_;
  const std::string& origin_;
  const StrokeArrayOptions& options_;
  const NoteSink& note_;
  std::vector<Role> roles_;
  std::optional<StrokeRowKind> rows_kind_;
  bool has_begins_ = false;  // of events: then strokes begin there alone
};

}  // namespace

void check_names(std::span<const std::string> columns, const std::string& origin, std::string_view kind) {
  const auto has = [&](Role role) {
    return std::ranges::any_of(columns, [&](const std::string& name) { return point_role_of(name) == role; });
  };
  require((has(Role::kX) && has(Role::kY)) || (has(Role::kDx) && has(Role::kDy)),
          "{}: its {}s are {}; expected x and y, or dx and dy, among them", origin, kind, list_of(columns));
}

void PointTable::add_nothing() { add(std::nan(""), kNothing); }

void PointTable::add_word(std::string_view word) {
  constexpr std::size_t kMaxWord = 64;
  const auto [place, is_new] = places.try_emplace(std::string(word.substr(0, kMaxWord)), kWord + words.size());
  if (is_new) words.push_back(place->first);
  add(std::nan(""), place->second);
}

std::vector<Sketch> sketches_of(PointTable table, const std::string& origin, const StrokeArrayOptions& options) {
  return TableReader(std::move(table), origin, options).read();
}

}  // namespace limn::sketch
