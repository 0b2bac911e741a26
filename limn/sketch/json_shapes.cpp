#include "limn/sketch/json_shapes.hpp"

#include <algorithm>
#include <cmath>

#include "limn/core/error.hpp"

namespace limn::sketch {
namespace {

// A point's numbers: x, y, and a time, a pressure, two tilts and their like. A list of more is a column.
constexpr std::size_t kMostOfPoint = 8;
// The lists of a stroke in columns: x, y, time, pressure.
constexpr std::size_t kMostColumns = 4;
constexpr double kFarthest = 1e30;

constexpr std::string_view kStrokeForms = "a stroke is points [[x, y], …] or columns [[x, …], [y, …]]";

std::string_view name_of(StrokeLayout layout) {
  return layout == StrokeLayout::kPoints ? "points [[x, y], …]" : "columns [[x, …], [y, …]]";
}

}  // namespace

void StrokeShapes::Range::add(std::size_t value) {
  least = std::min(least, value);
  most = std::max(most, value);
}

void StrokeShapes::add(JsonValue rows, const JsonPlace& what) {
  if (!rows.is_list()) fail("{}: {} for a stroke; {}", what, rows.kind_name(), kStrokeForms);
  if (rows.size() == 0) return;
  Range lengths;
  for (const JsonValue row : rows) {
    if (!row.is_list()) fail("{}: {} where a list of numbers is expected; {}", what, row.kind_name(), kStrokeForms);
    lengths.add(row.size());
    for (const JsonValue number : row)
      if (!number.is_number()) fail("{}: {} for a coordinate; {}", what, number.kind_name(), kStrokeForms);
  }
  if (lengths.most == 0) return;
  // A few lists of different lengths are rather damaged columns than points of different kinds.
  const bool has_few = rows.size() >= 2 && rows.size() <= kMostColumns;
  const bool may_be_columns = has_few && lengths.is_one_value();
  const bool may_be_points = lengths.least >= 2 && lengths.most <= kMostOfPoint && (!has_few || lengths.is_one_value());
  if (!may_be_points && !may_be_columns) {
    const std::size_t x = rows.front().size(), y = rows.size() < 2 ? 0 : (*++rows.begin()).size();
    require(rows.size() > 1, "{} has {} x and no y; {}", what, x, kStrokeForms);
    require(!has_few || x == y, "{} has {} x and {} y; {}", what, x, y, kStrokeForms);
    fail("{} is {} lists of {} to {} numbers; {}", what, rows.size(), lengths.least, lengths.most, kStrokeForms);
  }
  if (!may_be_columns) {
    ++only_points_;
  } else if (!may_be_points) {
    ++only_columns_;
  } else {
    ++either_;
    rows_.add(rows.size());
    lengths_.add(lengths.most);
    if (rows.size() < 3) return;
    auto row = rows.begin();
    ++row;
    for (const JsonValue time : *++row) {
      is_timed_ = is_timed_ && (last_time_ ? time.number() >= *last_time_ : time.number() == 0);
      last_time_ = time.number();
    }
  }
}

std::optional<StrokeLayout> StrokeShapes::certain(StrokeSource source) const {
  if (contradict()) return std::nullopt;
  if (only_points_ > 0) return StrokeLayout::kPoints;
  if (only_columns_ > 0) return StrokeLayout::kColumns;
  if (either_ == 0) return std::nullopt;
  // All points of a file have as many numbers, and all its strokes as many columns.
  if (lengths_.is_one_value() && !rows_.is_one_value()) return StrokeLayout::kPoints;
  if (rows_.is_one_value() && !lengths_.is_one_value()) return StrokeLayout::kColumns;
  // What limn writes and documents: pairs are positions.
  if (source == StrokeSource::kPlain && lengths_.least == 2 && lengths_.most == 2) return StrokeLayout::kPoints;
  if (source == StrokeSource::kInk || (source == StrokeSource::kDrawing && lengths_.least > 2))
    return StrokeLayout::kColumns;
  return std::nullopt;
}

std::optional<StrokeLayout> StrokeShapes::likely(StrokeSource source) const {
  if (contradict()) return std::nullopt;
  const bool has_pairs = lengths_.least == 2 && lengths_.most == 2;
  if (source == StrokeSource::kPlain) return std::nullopt;
  // Raw drawings of Quick, Draw! have a third list of times. If it is not one, these are three points.
  return has_pairs && rows_.least >= 3 && !is_timed_ ? StrokeLayout::kPoints : StrokeLayout::kColumns;
}

ExactPosition checked_position(double x, double y, const JsonPlace& what) {
  for (const double value : {x, y})
    if (!(std::abs(value) <= kFarthest)) fail("{}: a coordinate of {} is beyond all pages", what, value);
  return {x, y};
}

ExactStroke stroke_of(JsonValue rows, StrokeLayout layout, const JsonPlace& what) {
  ExactStroke stroke;
  if (rows.size() == 0) return stroke;
  if (layout == StrokeLayout::kPoints) {
    stroke.reserve(rows.size());
    for (const JsonValue row : rows) {
      if (row.size() == 0) continue;
      auto number = row.begin();
      const double x = (*number).number();
      require(row.size() >= 2, "{}: a point has 1 number; expected [x, y]", what);
      stroke.push_back(checked_position(x, (*++number).number(), what));
    }
    return stroke;
  }
  auto row = rows.begin();
  const JsonValue xs = *row;
  if (xs.size() == 0) return stroke;
  stroke.reserve(xs.size());
  require(rows.size() >= 2 && (*++row).size() == xs.size(), "{} has {} x and {} y; {}", what, xs.size(),
          rows.size() < 2 ? 0 : (*row).size(), kStrokeForms);
  auto y = (*row).begin();
  for (const JsonValue x : xs) {
    stroke.push_back(checked_position(x.number(), (*y).number(), what));
    ++y;
  }
  return stroke;
}

StrokeLayout DrawingLayouts::next(const StrokeShapes& shapes, const std::string& what) {
  if (shapes.is_empty()) return StrokeLayout::kPoints;
  require(!shapes.contradict(), "{}: some strokes are points [x, y], others columns of x and y; fix it", what);
  if (const auto layout = shapes.certain(source_)) {
    require(!assumed_ || seen_ || *assumed_ == *layout,
            "{}: its strokes are {}, but those of {} were taken for {}, as they may be either; put this drawing first",
            what, name_of(*layout), first_assumed_, name_of(assumed_.value_or(*layout)));
    require(!seen_ || *seen_ == *layout, "{}: its strokes are {}, those before it {}; split the file", what,
            name_of(*layout), name_of(seen_.value_or(*layout)));
    seen_ = layout;
    return *layout;
  }
  if (seen_) return *seen_;
  const auto likely = shapes.likely(source_);
  require(likely.has_value(), "{}: its strokes may be {} or {}; give a drawing of more strokes first", what,
          name_of(StrokeLayout::kPoints), name_of(StrokeLayout::kColumns));
  if (!assumed_) {
    assumed_ = likely;
    first_assumed_ = what;
  }
  ++assumed_count_;
  return *assumed_;
}

void DrawingLayouts::finish(const NoteSink& note) const {
  if (!assumed_ || seen_) return;
  tell(note, fmt::format("{}: the strokes may be {} or {}, as all have one shape; they were read as {}", origin_,
                         name_of(StrokeLayout::kPoints), name_of(StrokeLayout::kColumns), name_of(*assumed_)));
}

}  // namespace limn::sketch
