#include "limn/sketch/svg_drawer.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "limn/core/error.hpp"
#include "limn/sketch/svg_css_text.hpp"
#include "limn/sketch/svg_reader.hpp"

namespace limn::sketch::svg {
namespace {

// Elements drawn, those reached through <use> counted each time: a small file may ask for very many.
constexpr std::int64_t kMaxElements = 1'000'000;
// Characters looked at, those of elements reached through <use> counted each time. A file without <use> has fewer.
constexpr std::size_t kMaxText = 8 * kMaxSvgBytes;
constexpr std::size_t kNode = 4;  // what an element or an attribute counts beside its text
// Lines of strokes compared with lines of clip paths.
constexpr std::int64_t kMaxClipWork = 100'000'000;
constexpr double kPaperSlack = 1e-3;  // how much smaller than the picture its paper may be, as a share of it

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

// What a browser that speaks English finds of requiredExtensions and systemLanguage.
bool conditions_hold(pugi::xml_node node) {
  if (node.attribute("requiredExtensions")) return false;
  const pugi::xml_attribute languages = node.attribute("systemLanguage");
  if (!languages) return true;
  bool is_known = false;
  std::string list = languages.value();
  std::ranges::replace(list, ',', ' ');
  each_word(list, [&](std::string_view word) { is_known = is_known || is_same_word(word.substr(0, 2), "en"); });
  return is_known;
}

bool is_auto(std::string_view text) { return text.empty() || is_same_word(text, "auto"); }

}  // namespace

Drawer::Drawer(Document& document, double tolerance, const std::string& origin, Notes& notes)
    : document_(document),
      origin_(origin),
      notes_(notes),
      pen_(tolerance, kMaxSvgPoints, origin),
      clip_pen_(tolerance, kMaxSvgPoints, origin),
      clip_work_left_(kMaxClipWork) {}

std::vector<std::vector<Stroke>> Drawer::draw() {
  const pugi::xml_node root = document_.root();
  page_ = view_box_of(root.attribute("viewBox").value());
  if (!page_) {
    const auto width = length_of(root.attribute("width").value(), {}, Along::kX),
               height = length_of(root.attribute("height").value(), {}, Along::kY);
    if (width && height && *width > 0 && *height > 0) page_ = Box{0, 0, *width, *height};
  }
  Scope scope;
  if (page_) scope.viewport.size = Point{page_->width, page_->height};
  element(root, scope);
  pen_.lift();
  // A picture of nothing but its paper is a picture of a rectangle.
  std::vector<std::vector<Stroke>> drawings{std::move(pen_.strokes().empty() ? papers_ : pen_.strokes())};
  if (drawings.front().empty() && !document_.glyphs().empty())
    glyphs(drawings);
  else if (!document_.glyphs().empty())
    notes_.add("a font beside the drawing is left out");
  return drawings;
}

// Of a font that is not used for a text: each glyph is a drawing. In fonts y grows upwards.
void Drawer::glyphs(std::vector<std::vector<Stroke>>& drawings) {
  drawings.clear();
  for (const pugi::xml_node glyph : document_.glyphs()) {
    count(glyph);
    pen_.strokes().clear();
    pen_.transform = {.d = -1};
    path(pen_, glyph.attribute("d").value());
    pen_.lift();
    if (!pen_.strokes().empty()) drawings.push_back(std::move(pen_.strokes()));
  }
  if (drawings.empty()) drawings.emplace_back();
}

void Drawer::count(pugi::xml_node node) {
  text_ += kNode;
  for (const pugi::xml_attribute attribute : node.attributes())
    text_ += kNode + std::string_view(attribute.value()).size();
  require(text_ <= kMaxText, "{}: draws large elements again and again with <use>; it is refused", origin_);
}

void Drawer::element(pugi::xml_node node, const Scope& outer, const Used* used) {
  count(node);
  if (node.type() != pugi::node_element) return;
  const std::string_view name = document_.name_of(node);
  if (name.empty() || !conditions_hold(node)) return;
  require(outer.depth < kMaxSvgDepth, "{}: its elements are nested deeper than {}; it is refused", origin_,
          kMaxSvgDepth);
  require(++elements_ <= kMaxElements, "{}: draws more than {} elements; it is refused", origin_, kMaxElements);
  if (is_one_of(name, {"defs", "symbol", "clipPath", "mask", "marker", "pattern", "style", "title", "desc"}) &&
      !(name == "symbol" && used != nullptr))
    return;
  const Declared declared = document_.declared(node);
  if (is_same_word(declared[Property::kDisplay], "none")) return;
  if (opacity_of(declared[Property::kOpacity]).value_or(1) <= 0) return;
  Scope scope = outer;
  ++scope.depth;
  scope.style = inherited(outer.style, declared);
  scope.transform = outer.transform * transform_of(declared, outer.viewport);
  note_unread(declared);
  Clips clips{.regions = {}, .outer = outer.clips};
  add_clip(clips.regions, declared, scope);
  if (!clips.regions.empty()) scope.clips = &clips;
  if (is_one_of(name, {"g", "a"}) || (name == "svg" && outer.depth == 0)) return children(node, scope);
  if (name == "switch") return first_of_switch(node, scope);
  if (is_one_of(name, {"svg", "symbol"})) return viewport(node, declared, scope, used);
  if (name == "use") return use(node, declared, scope);
  if (scope.style.is_visible) shape(node, name, declared, scope);
}

void Drawer::children(pugi::xml_node node, const Scope& scope) {
  for (const pugi::xml_node child : node.children()) element(child, scope);
}

void Drawer::first_of_switch(pugi::xml_node node, const Scope& scope) {
  for (const pugi::xml_node child : node.children()) {
    if (child.type() != pugi::node_element || document_.name_of(child).empty() || !conditions_hold(child)) continue;
    return element(child, scope);
  }
}

bool Drawer::paints_with(std::string_view value) const {
  const auto id = id_of_url(value);
  if (!id || document_.by_id(*id)) return paints(value).value_or(true);
  // What is not in the file paints nothing, unless another paint stands behind it.
  std::string_view otherwise = value.substr(std::min(value.find(')'), value.size() - 1) + 1);
  otherwise.remove_prefix(std::min(otherwise.find_first_not_of(" \t\r\n"), otherwise.size()));
  return paints(otherwise).value_or(false);
}

Drawer::Style Drawer::inherited(Style style, const Declared& declared) const {
  const auto is = [&](Property p, std::string_view word) { return is_same_word(declared[p], word); };
  const auto declares = [&](Property p) { return !declared[p].empty() && !is(p, "inherit") && !is(p, "unset"); };
  if (declares(Property::kVisibility))
    style.is_visible = is(Property::kVisibility, "visible") || is(Property::kVisibility, "initial");
  if (declares(Property::kFill)) style.has_fill = paints_with(declared[Property::kFill]);
  if (declares(Property::kStroke))
    style.has_stroke = !is(Property::kStroke, "initial") && paints_with(declared[Property::kStroke]);
  if (declares(Property::kFillOpacity)) style.fill_opacity = opacity_of(declared[Property::kFillOpacity]).value_or(1);
  if (declares(Property::kStrokeOpacity))
    style.stroke_opacity = opacity_of(declared[Property::kStrokeOpacity]).value_or(1);
  if (declares(Property::kStrokeWidth))
    style.has_width = length_of(declared[Property::kStrokeWidth], {}, Along::kBoth).value_or(1) > 0;
  if (declares(Property::kClipRule)) style.clips_even_odd = is(Property::kClipRule, "evenodd");
  return style;
}

Transform Drawer::transform_of(const Declared& declared, const Viewport& viewport) {
  const std::string_view text = declared[Property::kTransform];
  if (text.empty()) return {};
  const std::string_view origin = declared[Property::kTransformOrigin];
  const bool is_attribute = declared.is_attribute(Property::kTransform);
  auto transform = is_attribute ? attribute_transform(text) : css_transform(text, viewport);
  if (transform) transform = around_origin(*transform, origin, viewport);
  if (!transform)
    notes_.add(is_attribute ? "a transform attribute that is not SVG's is passed over, as browsers do"
                            : "a transform that limn does not read is passed over",
               fmt::format(": \"{}\"", printable(text, 40)));
  if (!origin.empty() && is_same_word(declared[Property::kTransformBox], "fill-box"))
    notes_.add("transform-box is read as view-box");
  return transform.value_or(Transform{});
}

void Drawer::note_unread(const Declared& declared) {
  const auto has = [&](Property p) { return !declared[p].empty() && !is_same_word(declared[p], "none"); };
  if (has(Property::kMask)) notes_.add("masks are not applied");
  if (has(Property::kMarker) || has(Property::kMarkerStart) || has(Property::kMarkerMid) || has(Property::kMarkerEnd))
    notes_.add("markers, such as arrow heads, are left out");
  for (const Property p : {Property::kTranslate, Property::kRotate, Property::kScale})
    if (has(p) && !declared.is_attribute(p)) notes_.add("the CSS properties translate, rotate and scale are left out");
}

void Drawer::note_left_out(std::string_view name) {
  if (is_one_of(name, {"text", "flowRoot"})) notes_.add("text is left out");
  if (name == "image") notes_.add("images are left out");
  if (name == "foreignObject") notes_.add("foreign content, such as HTML, is left out");
}

// An inner <svg>, or a <symbol> that is used.
void Drawer::viewport(pugi::xml_node node, const Declared& declared, Scope scope, const Used* used) {
  const auto side = [&](std::string_view first, Property second, Along along) -> std::optional<double> {
    std::string_view text = is_auto(first) ? declared[second] : first;
    if (is_auto(text)) text = "100%";
    if (!scope.viewport.size && text.ends_with('%')) return std::nullopt;
    return length(text, scope.viewport, along, along == Along::kX ? "width" : "height");
  };
  const auto width = side(used != nullptr ? used->width : "", Property::kWidth, Along::kX);
  const auto height = side(used != nullptr ? used->height : "", Property::kHeight, Along::kY);
  if (width.value_or(1) <= 0 || height.value_or(1) <= 0) return;
  const Point corner{length(declared[Property::kX], scope.viewport, Along::kX, "x"),
                     length(declared[Property::kY], scope.viewport, Along::kY, "y")};
  scope.transform = scope.transform * Transform{1, 0, 0, 1, corner.x, corner.y};
  Clips clips{.regions = {}, .outer = scope.clips};
  const auto box = view_box_of(node.attribute("viewBox").value());
  if (width && height) {
    if (!is_one_of(declared[Property::kOverflow], {"visible", "auto"})) {
      clip_pen_.transform = scope.transform;
      clip_pen_.strokes().clear();
      clip_pen_.move_to({});
      for (const Point p : {Point{*width, 0}, Point{*width, *height}, Point{0, *height}}) clip_pen_.line_to(p);
      clip_pen_.close();
      clips.regions.emplace_back().add(clip_pen_.strokes(), false);
      scope.clips = &clips;
    }
    scope.viewport.size = Point{*width, *height};
    if (box)
      scope.transform = scope.transform *
                        view_box_transform(*box, *scope.viewport.size, node.attribute("preserveAspectRatio").value());
  } else if (box) {
    notes_.add("an inner viewBox has no size to be scaled to, for the picture says none");
    scope.transform = scope.transform * Transform{1, 0, 0, 1, -box->x, -box->y};
  }
  if (box) scope.viewport.size = Point{box->width, box->height};
  children(node, scope);
}

// What <use> refers to; nothing, with a note, where that is not in the file.
pugi::xml_node Drawer::used_element(pugi::xml_node use) {
  std::string_view target = trimmed(use.attribute("href").value());
  for (const pugi::xml_attribute attribute : use.attributes())
    if (target.empty() && std::string_view(attribute.name()).ends_with(":href")) target = trimmed(attribute.value());
  const pugi::xml_node found = target.starts_with('#') ? document_.by_id(target.substr(1)) : pugi::xml_node();
  if (!found)
    notes_.add("a <use> of what is not in the file is left out", fmt::format(": \"{}\"", printable(target, 40)));
  return found;
}

void Drawer::use(pugi::xml_node node, const Declared& declared, Scope scope) {
  const pugi::xml_node found = used_element(node);
  if (!found) return;
  const double x = length(declared[Property::kX], scope.viewport, Along::kX, "x"),
               y = length(declared[Property::kY], scope.viewport, Along::kY, "y");
  scope.transform = scope.transform * Transform{1, 0, 0, 1, x, y};
  const Used used{.width = declared[Property::kWidth], .height = declared[Property::kHeight]};
  element(found, scope, &used);
}

void Drawer::shape(pugi::xml_node node, std::string_view name, const Declared& declared, const Scope& scope) {
  note_left_out(name);
  const bool is_fill_only = !scope.style.paints_stroke();
  if (is_fill_only && !scope.style.paints_fill()) return;
  std::vector<Stroke> before = std::exchange(pen_.strokes(), {});
  pen_.transform = scope.transform;
  pen_.lift();
  outline(pen_, node, name, declared, scope.viewport);
  pen_.lift();
  // A point has no area to fill.
  if (is_fill_only) std::erase_if(pen_.strokes(), [](const Stroke& stroke) { return stroke.size() < 2; });
  std::vector<Stroke> strokes = clipped(std::move(pen_.strokes()), scope.clips, is_fill_only);
  pen_.strokes() = std::move(before);
  std::vector<Stroke>& all = is_fill_only && pen_.strokes().empty() && is_paper(strokes) ? papers_ : pen_.strokes();
  std::ranges::move(strokes, std::back_inserter(all));
}

// Below everything that is drawn, and as large as the picture.
bool Drawer::is_paper(const std::vector<Stroke>& strokes) const {
  if (!page_ || strokes.size() != 1 || !is_upright_rectangle(strokes[0])) return false;
  const Bounds box = bounds_of(strokes[0]);
  const double x = kPaperSlack * page_->width, y = kPaperSlack * page_->height;
  return box.min_x <= page_->x + x && box.min_y <= page_->y + y && box.max_x >= page_->x + page_->width - x &&
         box.max_y >= page_->y + page_->height - y;
}

bool Drawer::outline(Pen& pen, pugi::xml_node node, std::string_view name, const Declared& declared,
                     const Viewport& viewport) {
  const auto along_x = [&](const char* attribute) {
    return length(node.attribute(attribute).value(), viewport, Along::kX, attribute);
  };
  const auto along_y = [&](const char* attribute) {
    return length(node.attribute(attribute).value(), viewport, Along::kY, attribute);
  };
  if (name == "path") {
    std::string_view data = declared[Property::kD];
    if (!declared.is_attribute(Property::kD) && data.starts_with("path(")) {
      CssText text(data.substr(5));
      text.skip_space();
      path(pen, text.name_or_string());
    } else if (!is_same_word(data, "none")) {
      path(pen, data);
    }
  } else if (name == "polyline" || name == "polygon") {
    polygon(pen, node.attribute("points").value(), name == "polygon");
  } else if (name == "line") {
    pen.move_to({along_x("x1"), along_y("y1")});
    pen.line_to({along_x("x2"), along_y("y2")});
  } else if (name == "rect") {
    rectangle(pen, declared, viewport);
  } else if (name == "circle") {
    const double r = length(declared[Property::kR], viewport, Along::kBoth, "r");
    ellipse(pen, declared, viewport, r, r);
  } else if (name == "ellipse") {
    // A radius that is not given is as the other one.
    const std::string_view x = declared[Property::kRx], y = declared[Property::kRy];
    const double rx = length(x, viewport, Along::kX, "rx"), ry = length(y, viewport, Along::kY, "ry");
    ellipse(pen, declared, viewport, is_auto(x) ? ry : rx, is_auto(y) ? rx : ry);
  } else {
    return false;
  }
  return true;
}

void Drawer::path(Pen& pen, std::string_view data) {
  try {
    draw_path(pen, data);
  } catch (const NotSvg& fault) {
    notes_.add("path data that are not SVG's are drawn up to the fault, as browsers do",
               fmt::format(": {}", fault.what()));
  }
}

void Drawer::polygon(Pen& pen, std::string_view points, bool is_closed) {
  Scanner scanner(points);
  bool has_begun = false;
  try {
    while (!scanner.at_end()) {
      const double x = scanner.number();
      const Point p{x, scanner.number()};
      has_begun ? pen.line_to(p) : pen.move_to(p);
      has_begun = true;
    }
  } catch (const NotSvg& fault) {
    notes_.add("points that are not SVG's, or one number too many, are drawn up to the fault, as browsers do",
               fmt::format(": {}", fault.what()));
  }
  if (is_closed && has_begun) pen.close();
}

void Drawer::rectangle(Pen& pen, const Declared& declared, const Viewport& viewport) {
  const auto along = [&](Property p, Along direction, std::string_view name) {
    return length(declared[p], viewport, direction, name);
  };
  const double x = along(Property::kX, Along::kX, "x"), y = along(Property::kY, Along::kY, "y");
  const double width = along(Property::kWidth, Along::kX, "width"),
               height = along(Property::kHeight, Along::kY, "height");
  if (width <= 0 || height <= 0) return;
  // A radius that is not given is as the other one.
  double rx = along(Property::kRx, Along::kX, "rx"), ry = along(Property::kRy, Along::kY, "ry");
  if (is_auto(declared[Property::kRx])) rx = ry;
  if (is_auto(declared[Property::kRy])) ry = rx;
  rx = std::clamp(rx, 0.0, width / 2);
  ry = std::clamp(ry, 0.0, height / 2);
  const auto corner = [&](Point end) {
    if (rx > 0 && ry > 0) pen.arc_to({rx, ry}, 0, false, true, end);
  };
  if (rx == 0 || ry == 0) rx = ry = 0;
  pen.move_to({x + rx, y});
  pen.line_to({x + width - rx, y});
  corner({x + width, y + ry});
  pen.line_to({x + width, y + height - ry});
  corner({x + width - rx, y + height});
  pen.line_to({x + rx, y + height});
  corner({x, y + height - ry});
  pen.line_to({x, y + ry});
  corner({x + rx, y});
  pen.close();
}

void Drawer::ellipse(Pen& pen, const Declared& declared, const Viewport& viewport, double rx, double ry) {
  if (rx <= 0 || ry <= 0) return;
  const double cx = length(declared[Property::kCx], viewport, Along::kX, "cx"),
               cy = length(declared[Property::kCy], viewport, Along::kY, "cy");
  pen.move_to({cx + rx, cy});
  pen.arc_to({rx, ry}, 0, false, true, {cx - rx, cy});
  pen.arc_to({rx, ry}, 0, false, true, {cx + rx, cy});
  pen.close();
}

double Drawer::length(std::string_view text, const Viewport& viewport, Along along, std::string_view name) {
  text = trimmed(text);
  if (is_auto(text)) return 0;
  if (const auto found = length_of(text, viewport, along)) return *found;
  require(viewport.size || !length_of(text, {.size = Point{1, 1}}, along),
          "{}: {}=\"{}\" has no fixed length; give it in user units", origin_, name, printable(text, 40));
  notes_.add("lengths that are not SVG's count as 0, as in browsers",
             fmt::format(": {}=\"{}\"", name, printable(text, 40)));
  return 0;
}

void Drawer::add_clip(std::vector<Region>& regions, const Declared& declared, const Scope& scope) {
  const std::string_view value = declared[Property::kClipPath];
  if (value.empty() || is_same_word(value, "none")) return;
  const auto id = id_of_url(value);
  if (!id) return notes_.add("clip paths that are shapes of CSS are not applied");
  const pugi::xml_node node = document_.by_id(*id);
  if (!node || document_.name_of(node) != "clipPath") return;  // as browsers do
  require(scope.depth < kMaxSvgDepth, "{}: its clip paths are nested deeper than {}; it is refused", origin_,
          kMaxSvgDepth);
  require(++elements_ <= kMaxElements, "{}: draws more than {} elements; it is refused", origin_, kMaxElements);
  count(node);
  if (std::string_view(node.attribute("clipPathUnits").value()) == "objectBoundingBox")
    return notes_.add("clip paths in units of the element's box are not applied");
  const Declared own = document_.declared(node);
  Scope inner = scope;
  ++inner.depth;
  inner.transform = scope.transform * transform_of(own, scope.viewport);
  inner.style = inherited({}, own);
  add_clip(regions, own, inner);
  Region region;
  for (const pugi::xml_node child : node.children()) add_to_region(region, child, inner);
  regions.push_back(std::move(region));
}

void Drawer::add_to_region(Region& region, pugi::xml_node node, const Scope& outer) {
  count(node);
  if (node.type() != pugi::node_element) return;
  require(outer.depth < kMaxSvgDepth, "{}: its clip paths are nested deeper than {}; it is refused", origin_,
          kMaxSvgDepth);
  require(++elements_ <= kMaxElements, "{}: draws more than {} elements; it is refused", origin_, kMaxElements);
  const Declared declared = document_.declared(node);
  Scope scope = outer;
  ++scope.depth;
  scope.style = inherited(outer.style, declared);
  if (is_same_word(declared[Property::kDisplay], "none") || !scope.style.is_visible) return;
  scope.transform = outer.transform * transform_of(declared, outer.viewport);
  const std::string_view name = document_.name_of(node);
  if (!declared[Property::kClipPath].empty() && !is_same_word(declared[Property::kClipPath], "none"))
    notes_.add("clip paths of the parts of a clip path are not applied");
  if (name == "use") {
    const pugi::xml_node found = used_element(node);
    const double x = length(declared[Property::kX], scope.viewport, Along::kX, "x"),
                 y = length(declared[Property::kY], scope.viewport, Along::kY, "y");
    scope.transform = scope.transform * Transform{1, 0, 0, 1, x, y};
    if (found) add_to_region(region, found, scope);
    return;
  }
  clip_pen_.transform = scope.transform;
  clip_pen_.strokes().clear();
  clip_pen_.lift();
  const bool is_shape = outline(clip_pen_, node, name, declared, scope.viewport);
  clip_pen_.lift();
  if (is_shape)
    region.add(clip_pen_.strokes(), scope.style.clips_even_odd);
  else if (name == "text")
    notes_.add("text in clip paths is left out: what only text shows is not drawn");
}

std::vector<Stroke> Drawer::clipped(std::vector<Stroke> strokes, const Clips* clips, bool is_fill_only) {
  for (; clips != nullptr; clips = clips->outer) {
    for (const Region& region : clips->regions) {
      std::vector<Stroke> inside;
      for (Stroke& stroke : strokes) {
        auto kept = region.clipped(stroke, clip_work_left_);
        if (!kept) {
          notes_.add("clip paths of very many lines are not applied");
          inside.push_back(std::move(stroke));
          continue;
        }
        std::vector<Stroke>& parts = *kept;
        if (is_fill_only && !parts.empty() && (parts.size() > 1 || parts[0] != stroke))
          notes_.add("filled shapes that a clip path cuts keep only what is left of their own outlines");
        std::ranges::move(parts, std::back_inserter(inside));
      }
      strokes = std::move(inside);
    }
  }
  return strokes;
}

}  // namespace limn::sketch::svg
