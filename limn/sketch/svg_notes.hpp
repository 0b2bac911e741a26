// What an SVG's reader has to say: a thing that was read otherwise than the file says, or left out. A value; each kind
// is kept once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace limn::sketch::svg {

struct Note {
  std::string kind;    // "path data with a fault is drawn up to it": the same text for each file
  std::string detail;  // ": \"M0 0X\"" of the first that was met, or ""
  [[nodiscard]] std::string text() const { return kind + detail; }
};

class Notes {
 public:
  void add(std::string_view kind, std::string_view detail = {}) {
    for (const Note& note : notes_)
      if (note.kind == kind) return;
    if (notes_.size() < kMost) notes_.push_back({std::string(kind), std::string(detail)});
  }
  [[nodiscard]] std::vector<Note> take() { return std::move(notes_); }

 private:
  static constexpr std::size_t kMost = 32;
  std::vector<Note> notes_;
};

}  // namespace limn::sketch::svg
