// An SVG as a tree, with what is found out about all of it before anything is drawn: which elements are SVG's and not
// of another namespace, ids, style rules and the glyphs of fonts. Nodes are valid as long as the document.
#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "limn/sketch/svg_notes.hpp"
#include "limn/sketch/svg_style.hpp"

namespace limn::sketch::svg {

class Document {
 public:
  // Throws Error for what is not whole XML and for another outermost element than svg. `origin` begins the messages; it
  // and `notes` must outlive the document.
  Document(std::string_view svg, const std::string& origin, Notes& notes);

  [[nodiscard]] pugi::xml_node root() const { return tree_.document_element(); }
  [[nodiscard]] pugi::xml_node by_id(std::string_view id) const;
  // "path" of <svg:path>; "" of an element of another namespace.
  [[nodiscard]] std::string_view name_of(pugi::xml_node node) const;
  [[nodiscard]] Declared declared(pugi::xml_node node) { return styles_.declared(node, origin_); }
  [[nodiscard]] const std::vector<pugi::xml_node>& glyphs() const { return glyphs_; }

 private:
  using Namespaces =
      std::unordered_map<std::string_view, std::vector<std::string_view>>;  // of each prefix, innermost last

  void survey();
  void enter(pugi::xml_node node, Namespaces& namespaces);
  void note_element(pugi::xml_node node, std::string_view name);
  void add_styles(pugi::xml_node node);

  const std::string& origin_;
  Notes& notes_;
  pugi::xml_document tree_;
  StyleSheet styles_;
  std::unordered_map<std::string_view, pugi::xml_node> ids_;
  std::unordered_set<pugi::xml_node_struct*> foreign_;
  std::vector<pugi::xml_node> glyphs_;
};

}  // namespace limn::sketch::svg
