#include "limn/sketch/stroke_arrays.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "limn/core/error.hpp"

namespace limn::sketch {
namespace {

using Row = std::span<const float>;

Row row_of(const StrokeRows& rows, std::int64_t row) {
  const auto columns = static_cast<std::size_t>(rows.columns);
  return std::span(rows.values).subspan(static_cast<std::size_t>(row) * columns, columns);
}

bool is_all(Row row, float value) {
  return std::ranges::all_of(row, [value](float number) { return number == value; });
}

bool is_start_row(const StrokeRows& rows) {
  constexpr std::array<float, kStroke5> kStart{0, 0, 1, 0, 0};
  return rows.columns == kStroke5 && rows.count() > 0 && std::ranges::equal(row_of(rows, 0), kStart);
}

bool ends_sketch(Row row) { return row.size() == kStroke5 && row[4] == 1 && row[2] == 0 && row[3] == 0; }

// How many rows stand before the padding. The first end row of stroke-5 may be the last point.
std::int64_t length_of(const StrokeRows& rows) {
  std::int64_t length = rows.count();
  const auto is_padding = [&](Row row) {
    return is_all(row, -1) || is_all(row, 0) || (ends_sketch(row) && row[0] == 0 && row[1] == 0);
  };
  while (length > 0 && is_padding(row_of(rows, length - 1))) --length;
  // One row of zeros is a dot, or a point of a stroke that does not end.
  if (length == 0 && rows.count() == 1 && rows.columns == 3 && is_all(row_of(rows, 0), 0)) length = 1;
  return length;
}

class SketchMaker {
 public:
  SketchMaker(const StrokeRows& rows, std::string_view origin, std::size_t number)
      : rows_(rows), origin_(origin), number_(number) {}

  Sketch make(bool has_start_row, bool is_absolute) const {
    require(rows_.columns >= 3 && rows_.columns <= kStroke5,
            "{}: sketch {} has {} columns; expected 3 (dx, dy, pen lifts), 4 (x, y, down, lifted) or 5 (stroke-5)",
            origin_, number_, rows_.columns);
    Sketch sketch;
    const std::int64_t length = length_of(rows_);
    const std::int64_t first = has_start_row ? 1 : 0;
    if (first >= length) return sketch;
    sketch.points.reserve(static_cast<std::size_t>(length - first));
    Position pen;
    for (std::int64_t i = first; i < length; ++i) {
      const Row row = row_of(rows_, i);
      if (!std::isfinite(row[0]) || !std::isfinite(row[1]))
        fail("{}: sketch {}: the {} of row {} is not finite; fix or remove that sketch", origin_, number_,
             is_absolute ? "position" : "offset", i);
      StrokePoint point{.dx = row[0], .dy = row[1], .is_pen_lifted = lifts(row, i, length)};
      if (is_absolute) {
        point.dx -= pen.x;
        point.dy -= pen.y;
        require(std::isfinite(point.dx) && std::isfinite(point.dy),
                "{}: sketch {}: row {} is too far from the row before it; fix or remove that sketch", origin_, number_,
                i);
        pen = {pen.x + point.dx, pen.y + point.dy};
      }
      sketch.points.push_back(point);
    }
    return sketch;
  }

 private:
  bool lifts(Row row, std::int64_t i, std::int64_t length) const {
    const auto pens = row.subspan(2);
    if (row.size() == 3) {
      if (pens[0] != 0 && pens[0] != 1) complain_of_pen(i);
      return pens[0] == 1;
    }
    const bool is_one = std::ranges::count(pens, 1.0F) == 1 && std::ranges::count(pens, 0.0F) == std::ssize(pens) - 1;
    require(is_one, "{}: sketch {}: row {} has {} as its pen; of {} exactly one must be 1, and the others 0", origin_,
            number_, i, fmt::join(pens, ", "), row.size() == 4 ? "down and lifted" : "down, lifted and end");
    if (row.size() == 4) return pens[1] == 1;
    // Some programs mark the last point itself as the end.
    require(pens[2] != 1 || i == length - 1,
            "{}: sketch {}: points follow its end in row {}; fix or remove that sketch", origin_, number_, i);
    return pens[0] != 1;
  }

  [[noreturn]] void complain_of_pen(std::int64_t i) const {
    bool is_first = true;
    for (std::int64_t k = 0; k < rows_.count(); ++k)
      is_first = is_first && (row_of(rows_, k)[0] == 0 || row_of(rows_, k)[0] == 1);
    fail("{}: sketch {}: row {} has {} in its third column; it must be 1 where the pen lifts and 0 elsewhere{}",
         origin_, number_, i, row_of(rows_, i)[2],
         is_first && rows_.count() > 1 ? "; the first column looks like the pen: put it last, rows[:, [1, 2, 0]]" : "");
  }

  const StrokeRows& rows_;
  std::string_view origin_;
  std::size_t number_;
};

// Sums over the first two columns of all rows but the first of each sketch, which in many files is a position.
struct Statistics {
  std::int64_t rows_after_first = 0, lifted = 0, sketches = 0, lifted_at_end = 0;
  // Sums of |value| and of |value - the one before|, by columns: two short chains of additions instead of a long one.
  std::array<double, 2> size{}, change{};
  float least = HUGE_VALF, most = -HUGE_VALF;

  void add(const StrokeRows& rows, bool has_start_row) {
    Statistics sums = *this;  // apart from the rows, so that they stay in registers
    sums.add_rows(rows, has_start_row);
    *this = sums;
  }

  // Of drawings, offsets change from row to row by more than their size (1.2 to 1.6 times), positions by less than
  // two thirds of it, also where they are centred.
  [[nodiscard]] double relative_change() const {
    const double sizes = size[0] + size[1];
    return sizes > 0 ? (change[0] + change[1]) / sizes : 2;
  }

 private:
  void add_rows(const StrokeRows& rows, bool has_start_row) {
    const std::int64_t length = length_of(rows), first = has_start_row ? 1 : 0;
    for (std::int64_t i = first; i < length; ++i) {
      const Row row = row_of(rows, i);
      const bool lifts = row.size() == 3 && row[2] == 1;
      lifted += lifts ? 1 : 0;
      if (i + 1 == length) {
        ++sketches;
        lifted_at_end += lifts ? 1 : 0;
      }
      if (i == first) continue;
      ++rows_after_first;
      for (std::size_t axis = 0; axis < 2; ++axis) {
        size[axis] += std::abs(static_cast<double>(row[axis]));
        change[axis] += std::abs(static_cast<double>(row[axis]) - row_of(rows, i - 1)[axis]);
        least = std::min(least, row[axis]);
        most = std::max(most, row[axis]);
      }
    }
  }
};

constexpr std::int64_t kFewRows = 4, kManyRows = 32;

void note_doubts(const Statistics& offsets, const Statistics& positions, const std::string& origin,
                 const StrokeArrayOptions& options) {
  const double change = offsets.relative_change();
  constexpr const char* kAdvice =
      "they look like positions; if they are, use --absolute (limn data convert, info) or --set absolute=true (train, "
      "eval)";
  if (offsets.rows_after_first >= kFewRows && offsets.least >= 0 && change < 0.6)
    options.note(fmt::format("{}: no offset is negative, all lie from {} to {}: {}", origin, offsets.least,
                             offsets.most, kAdvice));
  else if (offsets.rows_after_first >= kManyRows && change < 0.35)
    options.note(fmt::format("{}: offsets change little from row to row: {}", origin, kAdvice));
  if (positions.rows_after_first >= kFewRows && positions.relative_change() > 1)
    options.note(
        fmt::format("{}: rows of 4 columns are read as positions, but they look like offsets; if they are, "
                    "read them so with --set absolute=false",
                    origin));
}

// Whether the third column may be 1 while the pen draws, or a pressure.
void note_pen(const Statistics& offsets, const std::string& origin, const StrokeArrayOptions& options) {
  const std::int64_t rows = offsets.rows_after_first + offsets.sketches;
  const bool lifts_at_no_end = offsets.lifted_at_end == 0;
  if (2 * offsets.lifted <= rows || (!lifts_at_no_end && offsets.lifted <= kFewRows)) return;
  options.note(fmt::format(
      "{}: {} of {} rows lift the pen, {}: 1 in the third column must mean that the pen lifts after "
      "the point",
      origin, offsets.lifted, rows, lifts_at_no_end ? "but no last row does" : "which makes dots of most of them"));
}

}  // namespace

SketchSplits sketches_of(SplitRows rows, const std::string& origin, const StrokeArrayOptions& options) {
  bool has_start_rows = true;
  for (const auto& split : rows.sketches)
    for (const StrokeRows& sketch : split)
      if (sketch.columns == kStroke5 && sketch.count() > 0) has_start_rows = has_start_rows && is_start_row(sketch);
  const auto has_start_row = [&](const StrokeRows& sketch) { return has_start_rows && is_start_row(sketch); };

  Statistics offsets, positions;
  SketchSplits splits;
  for (std::size_t s = 0; s < rows.sketches.size(); ++s) {
    std::vector<Sketch>& made = splits.sketches[s];
    made.reserve(rows.sketches[s].size());
    for (StrokeRows& sketch : rows.sketches[s]) {
      const bool has_start = has_start_row(sketch);
      const bool is_absolute = options.absolute == "auto" ? sketch.columns == 4 : options.absolute == "true";
      made.push_back(SketchMaker(sketch, rows.origins[s], made.size()).make(has_start, is_absolute));
      (sketch.columns == 4 ? positions : offsets).add(sketch, has_start);
      sketch.values = std::vector<float>();  // its memory is needed for the sketches; {} would keep it
    }
  }
  if (options.note) note_pen(offsets, origin, options);
  if (options.note && options.absolute == "auto") note_doubts(offsets, positions, origin, options);
  return splits;
}

}  // namespace limn::sketch
