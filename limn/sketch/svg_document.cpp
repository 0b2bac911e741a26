#include "limn/sketch/svg_document.hpp"

#include <algorithm>

#include "limn/core/error.hpp"
#include "limn/sketch/svg_css_text.hpp"
#include "limn/sketch/svg_entities.hpp"

namespace limn::sketch::svg {
namespace {

constexpr std::string_view kSvgNamespace = "http://www.w3.org/2000/svg";

// The prefix that an attribute gives a namespace to: "" for xmlns, nothing for other attributes.
std::optional<std::string_view> declared_prefix(std::string_view name) {
  if (name == "xmlns") return "";
  if (name.starts_with("xmlns:")) return name.substr(6);
  return std::nullopt;
}

std::string_view prefix_of(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == name.npos ? std::string_view() : name.substr(0, colon);
}

}  // namespace

Document::Document(std::string_view svg, const std::string& origin, Notes& notes) : origin_(origin), notes_(notes) {
  // pugixml skips the DOCTYPE and knows only XML's five entities: those that the file itself declares are put in
  // before.
  const auto expanded = with_entities(svg, origin, notes);
  const std::string_view text = expanded ? *expanded : svg;
  const pugi::xml_parse_result result = tree_.load_buffer(text.data(), text.size(), pugi::parse_default);
  require(result.status == pugi::status_ok, "{}: not whole XML: {} at byte {}; fix it or fetch it again", origin,
          result.description(), result.offset);
  require(local_name(root().name()) == "svg", "{}: its outermost element is <{}>; expected <svg>", origin,
          printable(root().name(), 40));
  if (svg.substr(0, svg.find("<svg")).find("<?xml-stylesheet") != svg.npos)
    notes.add("a style sheet in another file is not opened");
  survey();
}

pugi::xml_node Document::by_id(std::string_view id) const {
  const auto found = ids_.find(id);
  return found == ids_.end() ? pugi::xml_node() : found->second;
}

std::string_view Document::name_of(pugi::xml_node node) const {
  return foreign_.contains(node.internal_object()) ? std::string_view() : local_name(node.name());
}

// A walk without recursion: here the depth is not bounded yet.
void Document::survey() {
  Namespaces namespaces;
  const auto leave = [&](pugi::xml_node node) {
    for (const pugi::xml_attribute attribute : node.attributes())
      if (const auto prefix = declared_prefix(attribute.name())) namespaces[*prefix].pop_back();
  };
  pugi::xml_node node = root();
  while (node) {
    enter(node, namespaces);
    if (node.first_child()) {
      node = node.first_child();
      continue;
    }
    leave(node);
    while (node != root() && !node.next_sibling()) {
      node = node.parent();
      leave(node);
    }
    node = node == root() ? pugi::xml_node() : node.next_sibling();
  }
}

void Document::enter(pugi::xml_node node, Namespaces& namespaces) {
  if (node.type() != pugi::node_element) return;
  for (const pugi::xml_attribute attribute : node.attributes()) {
    if (const auto prefix = declared_prefix(attribute.name())) namespaces[*prefix].push_back(attribute.value());
    if (std::string_view(attribute.name()) == "id") ids_.emplace(attribute.value(), node);
  }
  const std::string_view prefix = prefix_of(node.name());
  const auto found = namespaces.find(prefix);
  const bool is_declared = found != namespaces.end() && !found->second.empty();
  // The outermost element's namespace is SVG's, whatever it is called; where none is declared, names say it.
  if (node == root()) namespaces["\n"].push_back(is_declared ? found->second.back() : kSvgNamespace);
  const bool is_svg = is_declared
                          ? found->second.back() == kSvgNamespace || found->second.back() == namespaces["\n"].back()
                          : prefix.empty() || prefix == "svg";
  const std::string_view name = local_name(node.name());
  if (name == "style") add_styles(node);
  if (!is_svg)
    foreign_.insert(node.internal_object());
  else
    note_element(node, name);
}

void Document::note_element(pugi::xml_node node, std::string_view name) {
  if (name == "glyph" && node.attribute("d")) glyphs_.push_back(node);
  if (name == "script") notes_.add("scripts are not run");
  if (name.starts_with("animate") || name == "set")
    notes_.add("animations are left out: what they begin with is drawn");
}

void Document::add_styles(pugi::xml_node node) {
  const std::string_view type = node.attribute("type").value();
  if (!type.empty() && !is_same_word(type.substr(0, type.find(';')), "text/css")) return;
  if (!applies_on_screens(trimmed(node.attribute("media").value()))) return;
  std::string css;
  for (const pugi::xml_node child : node.children())
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) css += child.value();
  if (!css.empty()) styles_.add(std::move(css), origin_, notes_);
}

}  // namespace limn::sketch::svg
