// One description of an options struct serves the command line, the config file, --help and checkpoints.
// A struct lists its fields once, in a function `std::vector<OptionField> fields(MyOptions&)`; the calls
// below read and write through that list. The list points into the struct: it must not outlive it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace limn {

using OptionValue = std::variant<bool, std::int64_t, double, std::string>;

struct OptionField {
  std::string name;  // as in the config file and after --set
  std::variant<bool*, std::int64_t*, double*, std::string*> target;
  std::string help;                       // meaning, unit or range, what raising it does
  std::vector<std::string> choices = {};  // for strings: the permitted values; empty means any
  double minimum = -1e300;                // for numbers: inclusive bounds
  double maximum = 1e300;

  [[nodiscard]] OptionValue get() const;
  [[nodiscard]] std::string text() const;  // the value as --set would take it
};

// Sets the field `name` from text. Throws Error for an unknown name (suggesting the nearest), for text that is
// not of the field's type, and for values outside its bounds or choices.
void set_option(std::span<const OptionField> fields, std::string_view name, std::string_view text);
// Sets several from "name=value".
void set_options(std::span<const OptionField> fields, std::span<const std::string> assignments);

// A JSON object of all fields, and back. An unknown name is an Error, unless the object holds options of others too; a
// name that is absent keeps its value, so that old checkpoints load. `origin` begins the error messages.
[[nodiscard]] std::string options_to_json(std::span<const OptionField> fields);
enum class UnknownNames { kRefused, kPassedOver };
void options_from_json(std::span<const OptionField> fields, std::string_view json, std::string_view origin,
                       UnknownNames unknown = UnknownNames::kRefused);

// One JSON object with the members of both; those of `b` win. Both must be JSON objects.
[[nodiscard]] std::string merged_json_objects(std::string_view a, std::string_view b);

// Every complaint about bounds and choices at once, empty if there is none.
[[nodiscard]] std::vector<std::string> option_complaints(std::span<const OptionField> fields);

// A table "name  default  help" for --help.
[[nodiscard]] std::string options_help(std::span<const OptionField> fields);

}  // namespace limn
