// The JSON in a JavaScript file that holds a model of sketch-rnn-js: `var model = [{…}, …];`, the same after const,
// let, export default or module.exports =, or as a string, `var model_raw_data = '[{…}, …]';`. Nothing in the file is
// run.
#pragma once

#include <string>
#include <string_view>

namespace limn::models {

// The array of the text: of JSON the text itself, without a byte order mark and semicolons at its end. Throws Error
// naming the origin for a text that is neither JSON nor a script with such an array, and for one with several.
[[nodiscard]] std::string magenta_json_of(std::string_view text, const std::string& origin);

}  // namespace limn::models
