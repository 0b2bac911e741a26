#include "limn/core/growing_file.hpp"

#include "limn/core/file.hpp"

namespace limn {

GrowingFile::GrowingFile(std::filesystem::path path, std::size_t most_waiting)
    : path_(std::move(path)), most_waiting_(most_waiting) {}

void GrowingFile::append(std::span<const std::byte> record) {
  if (waiting_.size() + record.size() <= most_waiting_) {
    waiting_.append(reinterpret_cast<const char*>(record.data()), record.size());
    flush();
  } else {
    flush();
    append_bytes(path_, record);
  }
}

void GrowingFile::append_line(std::string_view line) {
  std::string text(line);
  text += '\n';
  append(as_bytes(text));
}

void GrowingFile::flush() {
  if (waiting_.empty()) return;
  append_bytes(path_, as_bytes(waiting_));
  waiting_.clear();
}

}  // namespace limn
