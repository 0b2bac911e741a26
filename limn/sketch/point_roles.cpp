#include "limn/sketch/point_roles.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

namespace limn::sketch {
namespace {

using Role = PointRole;

struct NamedRole {
  std::string_view name;
  Role role;
  bool is_sure = true;  // else the rows decide, and only where no other column says where strokes end
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
    NamedRole{"endstroke", Role::kLift},
    NamedRole{"end", Role::kLift, false},
    NamedRole{"isend", Role::kLift, false},
    NamedRole{"last", Role::kLift, false},
    NamedRole{"islast", Role::kLift, false},
    NamedRole{"down", Role::kDown},
    NamedRole{"pendown", Role::kDown},
    NamedRole{"isdown", Role::kDown},
    NamedRole{"ispendown", Role::kDown},
    NamedRole{"isdrawing", Role::kDown, false},
    NamedRole{"draw", Role::kDown, false},
    NamedRole{"pressed", Role::kDown, false},
    NamedRole{"ispressed", Role::kDown, false},
    NamedRole{"mousedown", Role::kDown, false},
    NamedRole{"ismousedown", Role::kDown, false},
    NamedRole{"touching", Role::kDown, false},
    NamedRole{"contact", Role::kDown, false},
    NamedRole{"p1", Role::kP1},
    NamedRole{"p2", Role::kP2},
    NamedRole{"p3", Role::kP3},
    NamedRole{"newstroke", Role::kBegin},
    NamedRole{"isnewstroke", Role::kBegin},
    NamedRole{"strokestart", Role::kBegin},
    NamedRole{"startofstroke", Role::kBegin},
    NamedRole{"newline", Role::kBegin, false},
    NamedRole{"newpath", Role::kBegin, false},
    NamedRole{"new", Role::kBegin, false},
    NamedRole{"isnew", Role::kBegin, false},
    NamedRole{"start", Role::kBegin, false},
    NamedRole{"isstart", Role::kBegin, false},
    NamedRole{"begin", Role::kBegin, false},
    NamedRole{"first", Role::kBegin, false},
    NamedRole{"isfirst", Role::kBegin, false},
    NamedRole{"drag", Role::kDrag, false},
    NamedRole{"dragging", Role::kDrag, false},
    NamedRole{"isdragging", Role::kDrag, false},
    NamedRole{"clickdrag", Role::kDrag, false},
    NamedRole{"type", Role::kEvent, false},
    NamedRole{"event", Role::kEvent, false},
    NamedRole{"eventtype", Role::kEvent, false},
    NamedRole{"action", Role::kEvent, false},
    NamedRole{"phase", Role::kEvent, false},
    NamedRole{"state", Role::kEvent, false},
    NamedRole{"cmd", Role::kEvent, false},
    NamedRole{"command", Role::kEvent, false},
    NamedRole{"stroke", Role::kStroke},
    NamedRole{"strokeid", Role::kStroke},
    NamedRole{"strokeindex", Role::kStroke},
    NamedRole{"strokenumber", Role::kStroke},
    NamedRole{"line", Role::kStroke},
    NamedRole{"lineid", Role::kStroke},
    NamedRole{"lineindex", Role::kStroke},
    NamedRole{"path", Role::kStroke},
    NamedRole{"pathid", Role::kStroke},
    NamedRole{"pathindex", Role::kStroke},
    NamedRole{"id", Role::kStroke, false},
    NamedRole{"group", Role::kStroke, false},
    NamedRole{"groupid", Role::kStroke, false},
    NamedRole{"segment", Role::kStroke, false},
    NamedRole{"segmentid", Role::kStroke, false},
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

std::string bare(std::string_view text) {
  std::string name;
  for (const char c : text) {
    if (c >= 'A' && c <= 'Z') name += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80) name += c;
  }
  return name;
}

NamedRole named_role(std::string_view column) {
  const std::string name = bare(column);
  const auto found = std::ranges::find(kRoles, name, &NamedRole::name);
  return found == kRoles.end() ? NamedRole{.name = {}, .role = Role::kUnknown} : *found;
}

// "mousedown", "touch-start" and "pointer up" are "down", "start" and "up".
std::string bare_event(std::string_view word) {
  std::string name = bare(word);
  for (const std::string_view device : {"mouse", "touch", "pointer", "pen", "drag"})
    if (name.starts_with(device) && name.size() > device.size()) return name.substr(device.size());
  return name;
}

std::optional<double> event_of(std::string_view word) {
  const std::string name = bare_event(word);
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, name) != names.end();
  };
  if (is({"down", "start", "begin", "press", "m", "moveto", "begins", "started"})) return kPenBegins;
  if (is({"move", "drag", "draw", "continue", "l", "line", "lineto", "moved", "drawing"})) return kPenDraws;
  if (is({"up", "end", "release", "stop", "finish", "ends", "ended", "leave", "cancel"})) return kPenEnds;
  return std::nullopt;
}

std::optional<double> pen_state_of(std::string_view word) {
  const std::string name = bare_event(word);
  if (name == "down" || name == "draw" || name == "drawing" || name == "on") return 1;
  if (name == "up" || name == "hover" || name == "hovering" || name == "off") return 0;
  return std::nullopt;
}

bool says_where_strokes_end(Role role) {
  return role == Role::kPen || role == Role::kLift || role == Role::kDown || role == Role::kP1 ||
         role == Role::kStroke || role == Role::kBegin || role == Role::kDrag || role == Role::kEvent;
}

// One column of the table.
class Cells {
 public:
  Cells(PointTable& table, std::size_t column) : table_(table), column_(column) {}

  [[nodiscard]] std::size_t size() const { return table_.rows(); }
  [[nodiscard]] double& number(std::size_t row) const { return table_.numbers[row * table_.columns + column_]; }
  [[nodiscard]] PointTable::Mark mark(std::size_t row) const { return table_.marks[row * table_.columns + column_]; }
  [[nodiscard]] bool is_word(std::size_t row) const { return mark(row) >= PointTable::kWord; }
  [[nodiscard]] const std::string& word(std::size_t row) const { return table_.words[mark(row) - PointTable::kWord]; }

  template <class Is>
  [[nodiscard]] bool all(const Is& is) const {
    for (std::size_t row = 0; row < size(); ++row)
      if (!is(row)) return false;
    return size() > 0;
  }
  [[nodiscard]] bool has_words() const {
    return !all([&](std::size_t row) { return !is_word(row); });
  }
  [[nodiscard]] bool are_truths() const {
    bool is_any = false;
    return all([&](std::size_t row) {
             is_any = is_any || mark(row) == PointTable::kTruth;
             return mark(row) == PointTable::kTruth || mark(row) == PointTable::kNothing;
           }) &&
           is_any;
  }
  [[nodiscard]] bool are_flags() const {
    return all([&](std::size_t row) {
      return mark(row) == PointTable::kNothing || (!is_word(row) && (number(row) == 0 || number(row) == 1));
    });
  }
  // What is not there is false.
  void fill_flags() const {
    for (std::size_t row = 0; row < size(); ++row)
      if (mark(row) == PointTable::kNothing) number(row) = 0;
  }

  // Whether each field is a word that `meaning` knows.
  template <class Meaning>
  [[nodiscard]] bool are_words(const Meaning& meaning) const {
    return all([&](std::size_t row) { return is_word(row) && meaning(word(row)).has_value(); });
  }
  template <class Meaning>
  void translate(const Meaning& meaning) const {
    for (std::size_t row = 0; row < size(); ++row) number(row) = *meaning(word(row));
  }
  // Words are numbers then that no file has.
  void number_words() const {
    for (std::size_t row = 0; row < size(); ++row)
      if (is_word(row)) number(row) = -1e15 - mark(row);
  }
  [[nodiscard]] bool is_any(double value) const {
    return !all([&](std::size_t row) { return number(row) != value; });
  }

  // Each value stands in one place, and some of them at several points.
  [[nodiscard]] bool are_runs() const {
    std::set<std::pair<PointTable::Mark, double>> seen;
    const auto value = [&](std::size_t row) {
      return is_word(row) ? std::pair(mark(row), 0.0) : std::pair(PointTable::kNumber, number(row));
    };
    for (std::size_t row = 0; row < size(); ++row) {
      if (!is_word(row) && !std::isfinite(number(row))) return false;
      if ((row == 0 || value(row) != value(row - 1)) && !seen.insert(value(row)).second) return false;
    }
    return seen.size() < size();
  }

 private:
  PointTable& table_;
  std::size_t column_;
};

bool are_events(const Cells& cells) {
  if (!cells.are_words(event_of)) return false;
  bool begins_or_ends = false;
  for (std::size_t row = 0; row < cells.size(); ++row)
    begins_or_ends = begins_or_ends || *event_of(cells.word(row)) != kPenDraws;
  return begins_or_ends;
}

// Of a name that is not sure: whether the rows hold what it would mean.
bool fits(Role role, const Cells& cells) {
  if (role == Role::kEvent) return are_events(cells);
  return role == Role::kStroke ? cells.are_runs() : cells.are_flags();
}

// The role where words or truths change it. The words become numbers.
Role with_words(Role role, const Cells& cells) {
  if (role == Role::kSketch && cells.are_truths()) role = Role::kDown;  // "drawing"
  if (role == Role::kPen && cells.are_words(pen_state_of)) {
    cells.translate(pen_state_of);
    return Role::kDown;
  }
  if ((role == Role::kPen || role == Role::kEvent) && are_events(cells)) {
    cells.translate(event_of);
    return Role::kEvent;
  }
  if (role == Role::kStroke || role == Role::kSketch) cells.number_words();
  if (role == Role::kLift || role == Role::kDown || role == Role::kBegin || role == Role::kDrag)
    if (cells.are_truths()) cells.fill_flags();
  if (role == Role::kPen && cells.are_truths()) cells.fill_flags();
  return role;
}

}  // namespace

PointRole point_role_of(std::string_view column) { return named_role(column).role; }

bool may_be_hovering(std::string_view column) {
  const std::string name = bare(column);
  return name == "penup" || name == "up" || name == "lifted" || name == "penlifted";
}

std::vector<PointRole> find_point_roles(PointTable& table) {
  std::vector<Role> roles(table.names.size(), Role::kUnknown);
  bool is_told = false;
  for (std::size_t i = 0; i < roles.size(); ++i) {
    const NamedRole named = named_role(table.names[i]);
    if (!named.is_sure) continue;
    roles[i] = with_words(named.role, Cells(table, i));
    is_told = is_told || says_where_strokes_end(roles[i]);
  }
  // Of the others one is enough; what numbers things comes last.
  for (const bool numbers : {false, true}) {
    for (std::size_t i = 0; i < roles.size() && !is_told; ++i) {
      const NamedRole named = named_role(table.names[i]);
      const Cells cells(table, i);
      if (named.is_sure || (named.role == Role::kStroke) != numbers || !fits(named.role, cells)) continue;
      roles[i] = with_words(named.role, cells);
      if (named.role != Role::kStroke && named.role != Role::kEvent) cells.fill_flags();
      is_told = true;
    }
  }
  return roles;
}

}  // namespace limn::sketch
