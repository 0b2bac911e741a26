// What a reader made of a text: the sketches as limn writes them, on one line, and the notes.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "limn/sketch/json.hpp"

namespace limn::sketch {

struct AsRead {
  std::array<std::string, 3> splits;
  std::vector<std::string> notes;
  [[nodiscard]] const std::string& train() const { return splits[0]; }
};

inline std::string one_line(const std::vector<Sketch>& sketches) {
  std::string text = sketches_to_json(sketches);
  std::erase(text, '\n');
  return text;
}

// Calls `read` with the options and the sink that collect.
inline AsRead as_read(const std::function<void(const SketchJsonOptions&, const RecordSink&)>& read) {
  AsRead result;
  SketchSplits splits;
  const SketchJsonOptions options{.note = [&](const std::string& text) { result.notes.push_back(text); }};
  read(options, [&](QuickDrawRecord&& record, Split split) { splits[split].push_back(std::move(record.sketch)); });
  for (std::size_t i = 0; i < 3; ++i) result.splits[i] = one_line(splits.sketches[i]);
  return result;
}

}  // namespace limn::sketch
