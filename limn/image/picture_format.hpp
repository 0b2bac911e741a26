// What a file is by its first bytes: one of the picture formats that are read, or something else that can be named to
// the user. Pure functions.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace limn::image {

enum class PictureFormat { kNone, kPng, kJpeg, kGif, kWebp, kBmp, kTiff };

// So many bytes of a file are enough for the functions below.
inline constexpr std::size_t kTellingBytes = 512;

[[nodiscard]] PictureFormat picture_format(std::span<const std::byte> beginning);

// The kind of a file that is not such a picture, and how the user gets a picture of it: {"HEIC", "convert it to PNG or
// JPEG"}. The ending of its name decides where the bytes do not.
struct FileKind {
  std::string_view name;    // "text" and "unknown" too
  std::string_view advice;  // or empty
};
[[nodiscard]] FileKind other_kind(std::span<const std::byte> beginning, std::string_view ending);
// Whether it is a picture all the same, in a format that is not read.
[[nodiscard]] bool is_other_picture(const FileKind& kind);

}  // namespace limn::image
