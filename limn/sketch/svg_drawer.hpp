// One walk through an SVG's elements that draws what a browser would paint of them. Used by svg_reader.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "limn/sketch/svg_clip.hpp"
#include "limn/sketch/svg_document.hpp"
#include "limn/sketch/svg_path.hpp"
#include "limn/sketch/svg_transform.hpp"

namespace limn::sketch::svg {

class Drawer {
 public:
  // All must outlive it. Throws Error beginning with `origin` beyond the bounds of svg_reader.hpp.
  Drawer(Document& document, double tolerance, const std::string& origin, Notes& notes);

  // Once. A drawing of what is painted; or, where that is nothing, one for each glyph of the document's fonts.
  [[nodiscard]] std::vector<std::vector<Stroke>> draw();
  [[nodiscard]] bool has_curves() const { return pen_.has_curves() || clip_pen_.has_curves(); }

 private:
  // What elements inherit.
  struct Style {
    bool is_visible = true;
    bool has_fill = true, has_stroke = false;
    double fill_opacity = 1, stroke_opacity = 1;
    bool has_width = true;        // of its line
    bool clips_even_odd = false;  // clip-rule
    [[nodiscard]] bool paints_fill() const { return has_fill && fill_opacity > 0; }
    [[nodiscard]] bool paints_stroke() const { return has_stroke && stroke_opacity > 0 && has_width; }
  };
  // Regions that clip, those of outer elements too; on the stack of element().
  struct Clips {
    std::vector<Region> regions;
    const Clips* outer = nullptr;
  };
  struct Scope {
    Transform transform;
    Style style;
    Viewport viewport;
    const Clips* clips = nullptr;
    int depth = 0;
  };
  // The <use> that an element is drawn for: its width and height go before the element's own.
  struct Used {
    std::string_view width, height;
  };

  void count(pugi::xml_node node);
  void element(pugi::xml_node node, const Scope& outer, const Used* used = nullptr);
  void children(pugi::xml_node node, const Scope& scope);
  void first_of_switch(pugi::xml_node node, const Scope& scope);
  void viewport(pugi::xml_node node, const Declared& declared, Scope scope, const Used* used);
  void use(pugi::xml_node node, const Declared& declared, Scope scope);
  [[nodiscard]] pugi::xml_node used_element(pugi::xml_node use);
  void shape(pugi::xml_node node, std::string_view name, const Declared& declared, const Scope& scope);
  void glyphs(std::vector<std::vector<Stroke>>& drawings);

  [[nodiscard]] Style inherited(Style style, const Declared& declared) const;
  // As paints(), also of gradients and patterns by their ids.
  [[nodiscard]] bool paints_with(std::string_view value) const;
  [[nodiscard]] Transform transform_of(const Declared& declared, const Viewport& viewport);
  void note_unread(const Declared& declared);
  void note_left_out(std::string_view name);

  // Geometry alone, whatever is painted: false for anything but a shape.
  bool outline(Pen& pen, pugi::xml_node node, std::string_view name, const Declared& declared,
               const Viewport& viewport);
  void path(Pen& pen, std::string_view data);
  void polygon(Pen& pen, std::string_view points, bool is_closed);
  void rectangle(Pen& pen, const Declared& declared, const Viewport& viewport);
  void ellipse(Pen& pen, const Declared& declared, const Viewport& viewport, double rx, double ry);
  [[nodiscard]] double length(std::string_view text, const Viewport& viewport, Along along, std::string_view name);

  void add_clip(std::vector<Region>& regions, const Declared& declared, const Scope& scope);
  void add_to_region(Region& region, pugi::xml_node node, const Scope& scope);
  [[nodiscard]] std::vector<Stroke> clipped(std::vector<Stroke> strokes, const Clips* clips, bool is_fill_only);
  [[nodiscard]] bool is_paper(const std::vector<Stroke>& strokes) const;

  Document& document_;
  const std::string& origin_;
  Notes& notes_;
  Pen pen_, clip_pen_;
  std::optional<Box> page_;     // of the outermost element, where its size is known
  std::vector<Stroke> papers_;  // rectangles as large as it, below everything else
  std::int64_t elements_ = 0;
  std::size_t text_ = 0;
  std::int64_t clip_work_left_;
};

}  // namespace limn::sketch::svg
