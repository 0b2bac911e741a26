#include "limn/core/error.hpp"
#include "limn/sketch/drawing_apps.hpp"
#include "limn/sketch/element_drawer.hpp"

namespace limn::sketch {
namespace {

void draw_element(ElementDrawer& drawer, JsonValue element, const std::string& origin) {
  require(element.is_object(), "{}: {} for an element of Excalidraw", origin, element.kind_name());
  const std::string_view type = element["type"].text();
  if (element["isDeleted"].is_true() || type == "selection") return;
  const double w = drawer.number(element["width"]), h = drawer.number(element["height"]);
  const bool is_line = type == "freedraw" || type == "draw" || type == "line" || type == "arrow";
  const std::vector<svg::Point> points = is_line ? drawer.points(element["points"]) : std::vector<svg::Point>();
  drawer.place(moved(drawer.number(element["x"]), drawer.number(element["y"])) *
               turned(drawer.number(element["angle"]), is_line ? middle_of(points) : svg::Point{w / 2, h / 2}));
  if (is_line)
    drawer.polyline(points);
  else if (type == "rectangle")
    drawer.polyline({{0, 0}, {w, 0}, {w, h}, {0, h}}, true);
  else if (type == "diamond")
    drawer.polyline({{w / 2, 0}, {w, h / 2}, {w / 2, h}, {0, h / 2}}, true);
  else if (type == "ellipse")
    drawer.ellipse(w, h);
  else
    drawer.leave_out(type);
}

}  // namespace

bool is_excalidraw(JsonValue root) { return root["type"].text().starts_with("excalidraw"); }

std::vector<Sketch> read_excalidraw(JsonValue root, const std::string& origin, const DrawingAppOptions& options) {
  ElementDrawer drawer(origin, options);
  std::vector<Sketch> sketches;
  const auto add = [&](JsonValue elements) {
    for (const JsonValue element : elements) draw_element(drawer, element, origin);
    sketches.push_back(drawer.take());
  };
  if (root["type"].text() == "excalidrawlib") {
    // The items of the second version are objects, those of the first lists.
    const JsonValue items = root["libraryItems"].is_list() ? root["libraryItems"] : root["library"];
    require(items.is_list(), "{}: a library of Excalidraw without items", origin);
    for (const JsonValue item : items) add(item.is_object() ? item["elements"] : item);
  } else {
    require(root["elements"].is_list(), "{}: a file of Excalidraw without \"elements\"", origin);
    add(root["elements"]);
  }
  drawer.tell_left_out();
  return sketches;
}

}  // namespace limn::sketch
