#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "limn/core/base64.hpp"
#include "limn/core/error.hpp"
#include "limn/core/half_float.hpp"
#include "limn/sketch/drawing_apps.hpp"
#include "limn/sketch/element_drawer.hpp"

namespace limn::sketch {
namespace {

constexpr int kMaxGroups = 64;  // in each other

template <class T>
T read_number(const std::byte* from) {
  T value{};
  std::memcpy(&value, from, sizeof(T));
  return value;
}

// Points in base64: the first as float32, the others as float16 from the point before; `numbers` each, x and y first.
std::vector<svg::Point> packed_points(JsonValue path, std::size_t numbers, const std::string& origin) {
  const auto bytes = decode_base64(path.text());
  const std::size_t first = 4 * numbers, next = 2 * numbers;
  require(bytes && (bytes->empty() || (bytes->size() >= first && (bytes->size() - first) % next == 0)),
          "{}: a path of tldraw that is not its base64; save the drawing as SVG there", origin);
  std::vector<svg::Point> points;
  if (bytes->empty()) return points;
  const std::byte* at = bytes->data();
  svg::Point p{read_number<float>(at), read_number<float>(at + 4)};
  points.push_back(p);
  for (std::size_t place = first; place < bytes->size(); place += next) {
    const std::byte* delta = at + place;
    p = p + svg::Point{half_to_float(read_number<std::uint16_t>(delta)),
                       half_to_float(read_number<std::uint16_t>(delta + 2))};
    points.push_back(p);
  }
  for (const svg::Point& point : points)
    require(std::abs(point.x) <= 1e9 && std::abs(point.y) <= 1e9, "{}: a path of tldraw beyond all pages", origin);
  return points;
}

// The values of a list or an object's members in the order of their "index", a text.
std::vector<JsonValue> by_index(JsonValue values) {
  std::vector<JsonValue> sorted(values.begin(), values.end());
  std::ranges::stable_sort(sorted, {}, [](JsonValue value) { return value["index"].text(); });
  return sorted;
}

// --- the second version and later: records, each with a parent ---

class RecordsReader {
 public:
  RecordsReader(const std::string& origin, const DrawingAppOptions& options)
      : origin_(origin), drawer_(origin, options) {}

  std::vector<Sketch> read(JsonValue records) {
    std::vector<JsonValue> pages;
    for (const JsonValue record : records) {
      const std::string_view kind = record["typeName"].text();
      if (kind == "page") pages.push_back(record);
      if (kind == "shape") children_[record["parentId"].text()].push_back(record);
    }
    const auto index = [](JsonValue value) { return value["index"].text(); };
    for (auto& [parent, shapes] : children_) std::ranges::stable_sort(shapes, {}, index);
    std::ranges::stable_sort(pages, {}, index);
    std::vector<Sketch> sketches;
    for (const JsonValue page : pages) {
      const auto id = page["id"].text();
      if (!children_.contains(id)) continue;
      draw_children(id, {}, 0);
      sketches.push_back(drawer_.take());
    }
    drawer_.tell_left_out();
    return sketches;
  }

 private:
  void draw_children(std::string_view parent, const svg::Transform& outer, int depth) {
    const auto found = children_.find(parent);
    if (found == children_.end()) return;
    require(depth < kMaxGroups, "{}: groups in each other more than {} deep; it is refused", origin_, kMaxGroups);
    // Taken out, so that no shape is drawn twice, whatever the parents say.
    const std::vector<JsonValue> shapes = std::move(found->second);
    children_.erase(found);
    for (const JsonValue shape : shapes) {
      const svg::Transform inner = outer * moved(drawer_.number(shape["x"]), drawer_.number(shape["y"])) *
                                   turned(drawer_.number(shape["rotation"]), {});
      drawer_.place(inner);
      draw(shape);
      draw_children(shape["id"].text(), inner, depth + 1);
    }
  }

  void draw(JsonValue shape) {
    const std::string_view type = shape["type"].text();
    const JsonValue props = shape["props"];
    if (type == "group") return;
    if (type == "draw" || type == "highlight") return draw_segments(props);
    if (type == "line") return drawer_.polyline(line_points(props));
    if (type == "geo") return draw_geo(props);
    // The ends of an arrow that is bound to shapes are worked out by tldraw alone.
    if (type == "arrow" && props["start"]["x"].is_number() && props["end"]["x"].is_number())
      return drawer_.polyline({drawer_.point(props["start"]), drawer_.point(props["end"])});
    drawer_.leave_out(type);
  }

  void draw_segments(JsonValue props) {
    std::vector<svg::Point> points;
    for (const JsonValue segment : props["segments"]) {
      std::vector<svg::Point> more;
      if (segment["points"].is_list()) {
        more = drawer_.points(segment["points"]);
      } else {
        require(segment["path"].is_text(),
                "{}: a segment of tldraw in a form that is not read; save the drawing as SVG there", origin_);
        more = packed_points(segment["path"], segment["dim"].number(3) == 2 ? 2 : 3, origin_);
      }
      // Each segment begins where the one before ends.
      for (const svg::Point& point : more)
        if (points.empty() || point != points.back()) points.push_back(point);
    }
    const double scale_x = drawer_.number(props["scaleX"], 1), scale_y = drawer_.number(props["scaleY"], 1);
    for (svg::Point& point : points) point = {point.x * scale_x, point.y * scale_y};
    drawer_.polyline(points, props["isClosed"].is_true());
  }

  [[nodiscard]] std::vector<svg::Point> line_points(JsonValue props) const {
    if (props["points"].is_list()) return drawer_.points(props["points"]);
    std::vector<svg::Point> points;
    for (const JsonValue value : by_index(props["points"].is_object() ? props["points"] : props["handles"]))
      points.push_back(drawer_.point(value));
    return points;
  }

  void draw_geo(JsonValue props) {
    const double w = drawer_.number(props["w"]), h = drawer_.number(props["h"]) + drawer_.number(props["growY"]);
    const std::string_view kind = props["geo"].text();
    if (kind == "rectangle")
      drawer_.polyline({{0, 0}, {w, 0}, {w, h}, {0, h}}, true);
    else if (kind == "ellipse")
      drawer_.ellipse(w, h);
    else if (kind == "diamond")
      drawer_.polyline({{w / 2, 0}, {w, h / 2}, {w / 2, h}, {0, h / 2}}, true);
    else if (kind == "triangle")
      drawer_.polyline({{w / 2, 0}, {w, h}, {0, h}}, true);
    else
      drawer_.leave_out(fmt::format("geo {}", printable(kind, 20)));
  }

  const std::string& origin_;
  ElementDrawer drawer_;
  std::unordered_map<std::string_view, std::vector<JsonValue>> children_;
};

// --- the first version: pages of shapes in page coordinates ---

class PagesReader {
 public:
  PagesReader(const std::string& origin, const DrawingAppOptions& options) : drawer_(origin, options) {}

  std::vector<Sketch> read(JsonValue pages) {
    std::vector<Sketch> sketches;
    for (const JsonValue page : pages) {
      std::vector<JsonValue> shapes(page["shapes"].begin(), page["shapes"].end());
      if (shapes.empty()) continue;
      std::ranges::stable_sort(shapes, {}, [](JsonValue shape) { return shape["childIndex"].number(); });
      for (const JsonValue shape : shapes) draw(shape);
      sketches.push_back(drawer_.take());
    }
    drawer_.tell_left_out();
    return sketches;
  }

 private:
  void draw(JsonValue shape) {
    const std::string_view type = shape["type"].text();
    if (type == "group") return;
    std::vector<svg::Point> points;
    bool is_closed = true, is_ellipse = false;
    double w = 0, h = 0;
    if (type == "draw") {
      points = drawer_.points(shape["points"]);
      is_closed = false;
    } else if (type == "rectangle" || type == "triangle") {
      const svg::Point size = drawer_.point(shape["size"]);
      if (type == "rectangle")
        points = {{0, 0}, {size.x, 0}, {size.x, size.y}, {0, size.y}};
      else
        points = {{size.x / 2, 0}, {size.x, size.y}, {0, size.y}};
    } else if (type == "ellipse") {
      const svg::Point radius = drawer_.point(shape["radius"]);
      w = 2 * radius.x, h = 2 * radius.y;
      is_ellipse = true;
    } else if (type == "arrow" || type == "line") {
      points = {drawer_.point(shape["handles"]["start"]["point"]), drawer_.point(shape["handles"]["end"]["point"])};
      is_closed = false;
    } else {
      return drawer_.leave_out(type);
    }
    const svg::Point at = drawer_.point(shape["point"]);
    drawer_.place(moved(at.x, at.y) *
                  turned(drawer_.number(shape["rotation"]), is_ellipse ? svg::Point{w / 2, h / 2} : middle_of(points)));
    if (is_ellipse) return drawer_.ellipse(w, h);
    drawer_.polyline(points, is_closed);
  }

  ElementDrawer drawer_;
};

// The records of a file, a snapshot or a store.
JsonValue records_of(JsonValue root) {
  if (root["tldrawFileFormatVersion"].is_there()) return root["records"];
  for (const JsonValue holder : {root, root["document"], root["snapshot"]})
    if (holder["store"].is_object() && holder["schema"].is_object()) return holder["store"];
  return {};
}

}  // namespace

bool is_tldraw(JsonValue root) {
  return root["tldrawFileFormatVersion"].is_there() || records_of(root).is_there() ||
         root["document"]["pages"].is_object();
}

std::vector<Sketch> read_tldraw(JsonValue root, const std::string& origin, const DrawingAppOptions& options) {
  const JsonValue records = records_of(root);
  if (records.is_there()) return RecordsReader(origin, options).read(records);
  require(root["document"]["pages"].is_object(), "{}: a file of tldraw without records", origin);
  return PagesReader(origin, options).read(root["document"]["pages"]);
}

}  // namespace limn::sketch
