// render/png.hpp without cairo: pixels as PNG files that are not packed, and nothing that paints. In the place of
// render/png.cpp.
#include "limn/render/png.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "limn/core/error.hpp"

namespace limn::render {
namespace {

void put(Bytes& bytes, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::byte>(value >> shift));
}

std::uint32_t crc32(std::span<const std::byte> bytes) {
  std::uint32_t crc = ~0U;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? 0xedb88320U ^ (crc >> 1) : crc >> 1;
  }
  return ~crc;
}

void put_chunk(Bytes& png, std::string_view name, std::span<const std::byte> data) {
  put(png, static_cast<std::uint32_t>(data.size()));
  const std::size_t start = png.size();
  for (const char c : name) png.push_back(static_cast<std::byte>(c));
  png.insert(png.end(), data.begin(), data.end());
  put(png, crc32(std::span(png).subspan(start)));
}

// A zlib stream of stored blocks (RFC 1950, RFC 1951 §3.2.4).
Bytes stored(std::span<const std::byte> data) {
  constexpr std::size_t kMostOfBlock = 65535;
  Bytes stream{std::byte{0x78}, std::byte{0x01}};
  std::uint32_t a = 1, b = 0;  // Adler-32
  for (const std::byte byte : data) {
    a = (a + std::to_integer<std::uint32_t>(byte)) % 65521;
    b = (b + a) % 65521;
  }
  do {
    const std::size_t size = std::min(data.size(), kMostOfBlock);
    const std::byte low{static_cast<unsigned char>(size & 0xff)}, high{static_cast<unsigned char>(size >> 8)};
    stream.push_back(std::byte{static_cast<unsigned char>(size == data.size() ? 1 : 0)});
    for (const std::byte byte : {low, high, ~low, ~high}) stream.push_back(byte);
    stream.insert(stream.end(), data.begin(), data.begin() + static_cast<std::ptrdiff_t>(size));
    data = data.subspan(size);
  } while (!data.empty());
  put(stream, b << 16 | a);
  return stream;
}

}  // namespace

bool can_paint() { return false; }

image::Raster paint(const Picture&, const PaintOptions&) { fail("strokes are not painted to pixels here; use SVG"); }

Bytes encode_png(const image::Raster& raster) {
  image::check_raster(raster, "encode_png");
  constexpr std::array kSignature{0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a};
  Bytes png, header, rows;
  for (const int byte : kSignature) png.push_back(static_cast<std::byte>(byte));
  put(header, static_cast<std::uint32_t>(raster.width));
  put(header, static_cast<std::uint32_t>(raster.height));
  // 8 bits of grey or RGB, without filters and interlacing.
  for (const int byte : {8, raster.channels == 3 ? 2 : 0, 0, 0, 0}) header.push_back(static_cast<std::byte>(byte));
  const auto stride = static_cast<std::size_t>(raster.width) * static_cast<std::size_t>(raster.channels);
  for (int y = 0; y < raster.height; ++y) {
    rows.push_back(std::byte{0});
    const auto row = std::as_bytes(std::span(raster.at(0, y), stride));
    rows.insert(rows.end(), row.begin(), row.end());
  }
  put_chunk(png, "IHDR", header);
  put_chunk(png, "IDAT", stored(rows));
  put_chunk(png, "IEND", {});
  return png;
}

}  // namespace limn::render
