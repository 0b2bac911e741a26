// Google's Quick, Draw! formats: ndjson, simplified (0-255) or raw (with times), and the binary form of the
// simplified drawings. Both are read record by record in bounded memory, so that a file of any size streams
// through, and both are written from whole numbers 0-255 aligned to the top left.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

#include "limn/core/split.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::sketch {

struct QuickDrawRecord {
  std::string word = {};            // the category; .bin does not keep it
  std::string country_code = "ZZ";  // two letters
  std::string timestamp = {};       // "2017-03-01 20:41:36.70725 UTC"; .bin keeps whole seconds
  bool recognized = true;           // whether Google's program guessed it
  std::uint64_t key_id = 0;         // 0: none; Quick, Draw! has none that is 0
  Sketch sketch = {};
  friend bool operator==(const QuickDrawRecord&, const QuickDrawRecord&) = default;
};

struct QuickDrawOptions {
  bool only_recognized = false;                       // passes over drawings that were not recognized
  std::function<void(const std::string&)> note = {};  // as SketchReadOptions::note
};
using QuickDrawSink = std::function<void(QuickDrawRecord&&)>;
// The same of files that may have splits.
using RecordSink = std::function<void(QuickDrawRecord&&, Split)>;

class DrawingLayouts;
class JsonValue;
// The record that an object of JSON is, its drawing in the layout that `layouts` decides on (json_shapes.hpp).
[[nodiscard]] QuickDrawRecord quickdraw_record(JsonValue object, const std::string& where, DrawingLayouts& layouts);

// Calls `sink` for each record in turn. `origin` begins the error messages, which tell the line or the
// record.
void read_ndjson(std::istream& in, const std::string& origin, const QuickDrawOptions& options,
                 const QuickDrawSink& sink);
void read_quickdraw_bin(std::istream& in, const std::string& origin, const QuickDrawOptions& options,
                        const QuickDrawSink& sink);
// The same from files. Throws Error if they cannot be opened.
void read_ndjson(const std::filesystem::path& path, const QuickDrawOptions& options, const QuickDrawSink& sink);
void read_quickdraw_bin(const std::filesystem::path& path, const QuickDrawOptions& options, const QuickDrawSink& sink);

// How drawings become whole numbers 0-255. A drawing of whole numbers that fits is only moved to the top
// left, so that nothing is lost; any other, or every one with kAlways, is scaled to a longer side of 255 and
// rounded.
enum class QuickDrawScale { kIfNeeded, kAlways };
// Whether a drawing of kIfNeeded is only moved.
[[nodiscard]] bool fits_quickdraw(const Sketch& sketch);
// The endings of both formats.
[[nodiscard]] inline bool is_quickdraw_ending(std::string_view ending) {
  return ending == ".ndjson" || ending == ".bin";
}

[[nodiscard]] std::string ndjson_line(const QuickDrawRecord& record, QuickDrawScale scale = QuickDrawScale::kIfNeeded);
// Throws Error for more strokes or points than the format's 16 bits can count.
[[nodiscard]] std::string quickdraw_bin_record(const QuickDrawRecord& record,
                                               QuickDrawScale scale = QuickDrawScale::kIfNeeded);

}  // namespace limn::sketch
