#include "limn/core/options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <type_traits>

#include "limn/core/error.hpp"
#include "limn/core/json.hpp"

namespace limn {
namespace {

constexpr double kUnbounded = 1e300;  // of OptionField's bounds

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

const OptionField& field_named(std::span<const OptionField> fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.name == name; });
  if (found != fields.end()) return *found;
  std::vector<std::string> names;
  for (const auto& field : fields) names.push_back(field.name);
  const std::string near = nearest_name(name, names);
  fail("unknown option '{}'{}", printable(name),
       near.empty() ? std::string("; --help lists them all") : fmt::format("; did you mean '{}'?", near));
}

// `out` changes only if all of `text` is a number.
template <class T>
bool parse_number(std::string_view text, T& out) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  if constexpr (std::is_floating_point_v<T>)
    if (!std::isfinite(value)) return false;
  out = value;
  return true;
}

bool is_whole(const OptionField& field) { return std::holds_alternative<std::int64_t*>(field.target); }

// "between 1 and 4096", "at least 0", or "" for a number without bounds.
std::string range_text(const OptionField& field) {
  const auto bound = [&](double value) {
    return is_whole(field) ? fmt::format("{:.0f}", value) : fmt::to_string(value);
  };
  if (field.maximum < kUnbounded) return fmt::format("between {} and {}", bound(field.minimum), bound(field.maximum));
  return field.minimum > -kUnbounded ? "at least " + bound(field.minimum) : std::string();
}

[[noreturn]] void refuse_number(const OptionField& field, std::string_view text) {
  const std::string range = range_text(field);
  fail("{}={}: expected a {}number{}{}", field.name, printable(text), is_whole(field) ? "whole " : "",
       range.empty() ? "" : " ", range);
}

void assign(const OptionField& field, std::string_view text) {
  std::visit(Overloaded{
                 [&](bool* target) {
                   if (text == "true" || text == "1" || text == "yes" || text == "on")
                     *target = true;
                   else if (text == "false" || text == "0" || text == "no" || text == "off")
                     *target = false;
                   else
                     fail("{}={}: expected true or false", field.name, printable(text));
                 },
                 [&](std::string* target) { *target = std::string(text); },
                 [&](auto* number) {
                   if (!parse_number(text, *number)) refuse_number(field, text);
                 },
             },
             field.target);
}

// "" if the value is within its bounds and choices.
std::string complaint(const OptionField& field) {
  const auto range_complaint = [&](auto value) {
    const auto number = static_cast<double>(value);
    if (number >= field.minimum && number <= field.maximum && std::isfinite(number)) return std::string();
    const std::string range = range_text(field);
    return fmt::format("{}={}: must be {}", field.name, value, range.empty() ? "a finite number" : range);
  };
  return std::visit(Overloaded{
                        [](const bool*) { return std::string(); },
                        [&](const std::string* v) {
                          if (field.choices.empty() ||
                              std::find(field.choices.begin(), field.choices.end(), *v) != field.choices.end())
                            return std::string();
                          return fmt::format("{}={}: must be one of {}", field.name, printable(*v),
                                             fmt::join(field.choices, ", "));
                        },
                        [&](const auto* number) { return range_complaint(*number); },
                    },
                    field.target);
}

}  // namespace

OptionValue OptionField::get() const {
  return std::visit([](const auto* v) -> OptionValue { return *v; }, target);
}

std::string OptionField::text() const {
  return std::visit(Overloaded{
                        [](const bool* v) { return std::string(*v ? "true" : "false"); },
                        [](const auto* v) { return fmt::format("{}", *v); },
                    },
                    target);
}

void set_option(std::span<const OptionField> fields, std::string_view name, std::string_view text) {
  const OptionField& field = field_named(fields, name);
  const OptionValue before = field.get();
  assign(field, text);
  if (const std::string bad = complaint(field); !bad.empty()) {
    std::visit([&](auto* target) { *target = std::get<std::remove_pointer_t<decltype(target)>>(before); },
               field.target);
    throw Error(bad);
  }
}

void set_options(std::span<const OptionField> fields, std::span<const std::string> assignments) {
  for (const auto& assignment : assignments) {
    const auto equals = assignment.find('=');
    require(equals != std::string::npos && equals > 0, "'{}': expected name=value", printable(assignment));
    set_option(fields, std::string_view(assignment).substr(0, equals), std::string_view(assignment).substr(equals + 1));
  }
}

std::string options_to_json(std::span<const OptionField> fields) {
  Json object = Json::object();
  for (const auto& field : fields) std::visit([&](const auto* v) { object[field.name] = *v; }, field.target);
  return json_text(object);
}

std::string merged_json_objects(std::string_view a, std::string_view b) {
  Json merged = parse_json(a);
  const Json more = parse_json(b);
  require(merged.is_object() && more.is_object(), "options: expected two JSON objects");
  merged.update(more);
  return json_text(merged);
}

void options_from_json(std::span<const OptionField> fields, std::string_view text, std::string_view origin,
                       UnknownNames unknown) {
  const Json object = parse_json(text);
  require(object.is_object(), "{}: its options are not a JSON object; the file is damaged", origin);
  try {
    for (const auto& [name, value] : object.items()) {
      if (unknown == UnknownNames::kPassedOver && std::ranges::find(fields, name, &OptionField::name) == fields.end())
        continue;
      const OptionField& field = field_named(fields, name);
      if (value.is_string())
        set_option(fields, name, value.get_ref<const std::string&>());
      else if (value.is_primitive() && !value.is_null())
        set_option(fields, name, json_text(value));
      else
        fail("{}: expected one value", field.name);
    }
  } catch (const Error& error) {
    fail("{}: {}", origin, error.what());
  }
}

std::vector<std::string> option_complaints(std::span<const OptionField> fields) {
  std::vector<std::string> all;
  for (const auto& field : fields)
    if (std::string bad = complaint(field); !bad.empty()) all.push_back(std::move(bad));
  return all;
}

std::string options_help(std::span<const OptionField> fields) {
  std::size_t width = 0;
  for (const auto& field : fields) width = std::max(width, field.name.size() + field.text().size() + 3);
  std::string out;
  for (const auto& field : fields) {
    const std::string head = fmt::format("{} [{}]", field.name, field.text());
    out += fmt::format("  {:<{}}  {}{}\n", head, width, field.help,
                       field.choices.empty() ? std::string() : fmt::format(" ({})", fmt::join(field.choices, "|")));
  }
  return out;
}

}  // namespace limn
