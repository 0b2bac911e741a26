#include "limn/sketch/ink.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <pugixml.hpp>
#include <unordered_map>
#include <vector>

#include "limn/arrays/gunzip.hpp"
#include "limn/core/error.hpp"
#include "limn/sketch/ink_trace.hpp"

namespace limn::sketch {
namespace {

// A name without its namespace prefix.
std::string_view local_name(pugi::xml_node node) {
  const std::string_view text = node.name();
  return text.substr(text.find(':') == text.npos ? 0 : text.find(':') + 1);
}

// The attribute, whatever its namespace prefix.
std::string_view attribute(pugi::xml_node node, std::string_view name) {
  for (const pugi::xml_attribute candidate : node.attributes()) {
    const std::string_view text = candidate.name();
    if (text.substr(text.find(':') == text.npos ? 0 : text.find(':') + 1) == name) return candidate.value();
  }
  return {};
}

// The element after `node` in the order of the document, its children first; nothing at the end.
pugi::xml_node following(pugi::xml_node node, bool with_children = true) {
  if (with_children && node.first_child()) return node.first_child();
  while (node && !node.next_sibling()) node = node.parent();
  return node ? node.next_sibling() : node;
}

// Of a unit of length in millimetres; nothing for those of a device and unknown ones.
std::optional<double> millimetres(std::string_view unit) {
  constexpr double kInch = 25.4;
  if (unit == "mm") return 1;
  if (unit == "cm") return 10;
  if (unit == "m") return 1000;
  if (unit == "in") return kInch;
  if (unit == "pt") return kInch / 72;
  if (unit == "pc") return kInch / 6;
  if (unit == "px") return kInch / 96;
  return std::nullopt;
}

class InkReader {
 public:
  InkReader(pugi::xml_node root, const std::string& origin, const NoteSink& note)
      : root_(root), origin_(origin), note_(note) {}

  Sketch read() {
    find_formats();
    for (pugi::xml_node node = root_; node; node = following(node, !is_left_out(node)))
      if (local_name(node) == "trace" && !is_left_out(node)) add(node);
    if (left_out_ > 0)
      tell(note_, fmt::format("{}: {} traces left out, drawn with the pen up or only defined", origin_, left_out_));
    return from_strokes(strokes_);
  }

 private:
  // <definitions> hold what other elements refer to.
  bool is_left_out(pugi::xml_node node) {
    if (local_name(node) == "definitions") {
      for (pugi::xml_node within = node.first_child(); within; within = within.next_sibling())
        left_out_ += local_name(within) == "trace" ? 1 : 0;
      return true;
    }
    return false;
  }

  void find_formats() {
    for (pugi::xml_node node = root_; node; node = following(node)) {
      const std::string_view name = local_name(node);
      const std::string_view id = attribute(node, "id");
      if (name == "traceFormat") {
        const InkChannels channels = channels_of(node);
        formats_.push_back(channels);
        // The format and what holds it: a context or the source of ink.
        for (pugi::xml_node holder = node; holder && holder != root_; holder = holder.parent())
          if (!attribute(holder, "id").empty()) by_id_.emplace(attribute(holder, "id"), channels);
      }
      if (name == "context" && !id.empty())
        for (const char* reference : {"traceFormatRef", "inkSourceRef", "contextRef"})
          if (const std::string_view target = attribute(node, reference); target.starts_with('#'))
            references_.emplace(id, target.substr(1));
    }
    for (const InkChannels& channels : formats_) is_one_format_ = is_one_format_ && channels == formats_.front();
  }

  [[nodiscard]] InkChannels channels_of(pugi::xml_node format) {
    std::vector<std::string_view> regular;
    pugi::xml_node x_channel, y_channel;
    std::size_t intermittent = 0;
    for (const pugi::xml_node node : format.children()) {
      if (local_name(node) == "channel") {
        regular.push_back(attribute(node, "name"));
        if (regular.back() == "X") x_channel = node;
        if (regular.back() == "Y") y_channel = node;
      }
      if (local_name(node) == "intermittentChannels")
        for (const pugi::xml_node more : node.children()) intermittent += local_name(more) == "channel" ? 1 : 0;
    }
    const auto x = std::ranges::find(regular, "X"), y = std::ranges::find(regular, "Y");
    require(x != regular.end() && y != regular.end(), "{}: its traceFormat has no channels X and Y", origin_);
    return {.x = static_cast<std::size_t>(x - regular.begin()),
            .y = static_cast<std::size_t>(y - regular.begin()),
            .regular = regular.size(),
            .intermittent = intermittent,
            .x_factor = orientation_of(x_channel),
            .y_factor = orientation_of(y_channel) * y_in_units_of_x(x_channel, y_channel),
            .is_known = true};
  }

  static double orientation_of(pugi::xml_node channel) { return attribute(channel, "orientation") == "-ve" ? -1 : 1; }

  double y_in_units_of_x(pugi::xml_node x_channel, pugi::xml_node y_channel) {
    const std::string_view x_unit = attribute(x_channel, "units"), y_unit = attribute(y_channel, "units");
    if (x_unit == y_unit) return 1;
    const auto x = millimetres(x_unit), y = millimetres(y_unit);
    if (x && y) return *y / *x;
    const auto named = [](std::string_view unit) { return unit.empty() ? "none" : "\"" + printable(unit, 12) + "\""; };
    tell(note_, fmt::format("{}: the units of X and Y differ and were left out: {} and {}", origin_, named(x_unit),
                            named(y_unit)));
    return 1;
  }

  [[nodiscard]] InkChannels channels_for(pugi::xml_node trace) const {
    if (formats_.empty()) return {};
    if (is_one_format_) return formats_.front();
    for (pugi::xml_node node = trace; node; node = node.parent()) {
      std::string_view target = attribute(node, "contextRef");
      if (!target.starts_with('#')) continue;
      target.remove_prefix(1);
      for (int hops = 0; hops < 8; ++hops) {
        if (const auto found = by_id_.find(target); found != by_id_.end()) return found->second;
        const auto next = references_.find(target);
        if (next == references_.end()) break;
        target = next->second;
      }
    }
    fail("{}: has several traceFormats, and traces that do not say which is theirs; it is refused", origin_);
  }

  void add(pugi::xml_node trace) {
    ++number_;
    if (attribute(trace, "type") == "penUp" || attribute(trace, "type") == "hover") {
      ++left_out_;
      return;
    }
    std::string text;  // in several pieces where comments stand between
    for (const pugi::xml_node piece : trace.children())
      if (piece.type() == pugi::node_pcdata || piece.type() == pugi::node_cdata) text += piece.value();
    ExactStroke stroke = parse_ink_trace(text, channels_for(trace), fmt::format("{}: trace {}", origin_, number_));
    const std::string_view part = attribute(trace, "continuation");
    // A stroke in several traces: the later ones follow the last.
    if ((part == "middle" || part == "end") && !strokes_.empty())
      strokes_.back().insert(strokes_.back().end(), stroke.begin(), stroke.end());
    else
      strokes_.push_back(std::move(stroke));
  }

  pugi::xml_node root_;
  const std::string& origin_;
  const NoteSink& note_;
  std::vector<ExactStroke> strokes_;
  std::vector<InkChannels> formats_;
  bool is_one_format_ = true;
  std::unordered_map<std::string_view, InkChannels> by_id_;
  std::unordered_map<std::string_view, std::string_view> references_;
  std::int64_t number_ = 0;
  std::int64_t left_out_ = 0;
};

// The strokes of the IAM on-line database, which stand under any root.
Sketch read_iam(pugi::xml_node root, const std::string& origin) {
  std::vector<ExactStroke> strokes;
  for (pugi::xml_node node = root; node; node = following(node)) {
    if (local_name(node) != "Stroke") continue;
    const std::string what = fmt::format("{}: stroke {}", origin, strokes.size() + 1);
    ExactStroke& stroke = strokes.emplace_back();
    for (const pugi::xml_node point : node.children()) {
      if (local_name(point) != "Point") continue;
      // Read as the text of a trace, which knows what a number is.
      const std::string text = fmt::format("{} {}", attribute(point, "x"), attribute(point, "y"));
      const ExactStroke one = parse_ink_trace(text, {.is_known = true}, what);
      require(one.size() == 1, "{}: a point without x and y", what);
      stroke.push_back(one.front());
    }
  }
  return from_strokes(strokes);
}

}  // namespace

Sketch parse_ink(std::string_view xml, const std::string& origin, const NoteSink& note) {
  pugi::xml_document document;
  const auto result = document.load_buffer(xml.data(), xml.size());
  require(result.status == pugi::status_ok, "{}: not valid XML at byte {}: {}; fix it or fetch it again", origin,
          result.offset, result.description());
  const pugi::xml_node root = document.document_element();
  if (local_name(root) == "ink") return InkReader(root, origin, note).read();
  bool has_strokes = false;
  for (pugi::xml_node node = root; node && !has_strokes; node = following(node))
    has_strokes = local_name(node) == "Stroke" || local_name(node) == "StrokeSet";
  require(has_strokes, "{}: XML with the root <{}>, which is neither InkML nor strokes of IAM", origin,
          printable(local_name(root), 30));
  return read_iam(root, origin);
}

Sketch read_ink(const std::filesystem::path& path, const NoteSink& note) {
  return parse_ink(arrays::read_unpacked_text(path, kMaxInkBytes), path.string(), note);
}

}  // namespace limn::sketch
