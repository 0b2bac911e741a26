#include "limn/train/event_writer.hpp"

#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/train/events.pb.h"

namespace limn::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFileVersion = "brain.Event:2";

// Figures of a metrics line besides losses.
constexpr std::array<std::string_view, 5> kSplitless{"learning_rate", "kl_weight", "gradient_norm", "seconds",
                                                     "examples_per_second"};

// The remainders of the 256 bytes modulo the Castagnoli polynomial 0x1EDC6F41, bits reflected.
constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? 0x82F63B78U : 0U);
    table[byte] = remainder;
  }
  return table;
}
constexpr auto kTable = make_table();

template <class T>
void append_little_endian(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof value; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
  return name;
}

fs::path free_name(const fs::path& folder) {
  const std::string host = host_name();
  auto second = static_cast<std::int64_t>(seconds_now());
  while (true) {
    const fs::path path = folder / fmt::format("events.out.tfevents.{}.{}", second, host);
    if (!is_there(path)) return path;
    ++second;
  }
}

events::Event event_at(std::int64_t step) {
  events::Event event;
  event.set_wall_time(seconds_now());
  event.set_step(step);
  return event;
}

// The upper limits of the buckets above zero.
const std::vector<double>& positive_limits() {
  static const std::vector<double> limits = [] {
    constexpr double kFirst = 1e-12, kLast = 1e20, kGrowth = 1.1;
    std::vector<double> all;
    for (double limit = kFirst; limit < kLast; limit *= kGrowth) all.push_back(limit);
    all.push_back(std::numeric_limits<double>::max());
    return all;
  }();
  return limits;
}

// Buckets number -n … n - 1 as the limits of positive_limits() and their mirror images divide the line: bucket k >= 0
// ends at limit k, bucket k < 0 ends at minus limit -k - 2, or at zero for the two in the middle.
std::int64_t bucket_of(double value) {
  const auto& limits = positive_limits();
  const auto place = std::upper_bound(limits.begin(), limits.end(), std::abs(value)) - limits.begin();
  return value >= 0 ? place : -1 - place;
}

double upper_limit(std::int64_t bucket) {
  const auto& limits = positive_limits();
  if (bucket >= 0) return limits[static_cast<std::size_t>(std::min<std::int64_t>(bucket, std::ssize(limits) - 1))];
  return bucket == -1 ? 0.0 : -limits[static_cast<std::size_t>(-bucket - 2)];
}

// False where no value is finite.
bool fill(events::Histogram& histogram, std::span<const float> values) {
  std::map<std::int64_t, double> counts;
  double least = std::numeric_limits<double>::infinity(), most = -least, sum = 0, squares = 0, count = 0;
  for (const float v : values) {
    if (!std::isfinite(v)) continue;
    const double value = v;
    ++counts[bucket_of(value)];
    least = std::min(least, value);
    most = std::max(most, value);
    sum += value;
    squares += value * value;
    ++count;
  }
  if (count == 0) return false;
  histogram.set_min(least);
  histogram.set_max(most);
  histogram.set_num(count);
  histogram.set_sum(sum);
  histogram.set_sum_squares(squares);
  // A bucket begins where the one before it in the list ends, the first at the minimum: after a gap comes an empty one.
  std::int64_t next = counts.begin()->first;
  for (const auto& [bucket, in_it] : counts) {
    if (bucket != next) {
      histogram.add_bucket_limit(upper_limit(bucket - 1));
      histogram.add_bucket(0);
    }
    histogram.add_bucket_limit(upper_limit(bucket));
    histogram.add_bucket(in_it);
    next = bucket + 1;
  }
  return true;
}

// The first chunk of a PNG file, which must be IHDR.
struct PngHeader {
  std::uint32_t width = 0, height = 0;
  int channels = 0;
};

PngHeader png_header(std::span<const std::byte> png) {
  constexpr std::array<unsigned char, 8> kMagic{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  constexpr std::size_t kHeaderEnd = 26;  // up to and with the colour type
  require(png.size() >= kHeaderEnd && std::memcmp(png.data(), kMagic.data(), kMagic.size()) == 0 &&
              std::memcmp(png.data() + 12, "IHDR", 4) == 0,
          "TensorBoard image: {} bytes that are not a PNG file", png.size());
  const auto big_endian = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(png[i]);
    return value;
  };
  const auto colour_type = std::to_integer<unsigned>(png[25]);
  const bool has_colour = (colour_type & 2U) != 0, has_alpha = (colour_type & 4U) != 0;
  return {.width = big_endian(16), .height = big_endian(20), .channels = (has_colour ? 3 : 1) + (has_alpha ? 1 : 0)};
}

}  // namespace

bool can_write_events() { return true; }

std::uint32_t crc32c(std::span<const std::byte> data) {
  std::uint32_t crc = ~0U;
  for (const std::byte byte : data) crc = (crc >> 8) ^ kTable[(crc ^ std::to_integer<std::uint32_t>(byte)) & 0xFFU];
  return ~crc;
}

std::uint32_t masked_crc32c(std::span<const std::byte> data) { return std::rotr(crc32c(data), 15) + 0xA282EAD8U; }

std::string scalar_tag(std::string_view name, std::string_view split) {
  if (std::find(kSplitless.begin(), kSplitless.end(), name) != kSplitless.end()) return std::string(name);
  return fmt::format("{}/{}", name, split);
}

EventWriter::EventWriter(const fs::path& folder) : file_(free_name(folder)) {
  events::Event event = event_at(0);
  event.set_file_version(kFileVersion);
  append_record(event.SerializeAsString());
}

void EventWriter::append_record(std::string_view event) {
  std::string record;
  record.reserve(event.size() + 16);
  append_little_endian(record, static_cast<std::uint64_t>(event.size()));
  append_little_endian(record, masked_crc32c(as_bytes(record)));
  record += event;
  append_little_endian(record, masked_crc32c(as_bytes(event)));
  file_.append(as_bytes(record));
}

void EventWriter::start_after(std::int64_t step) {
  events::Event event = event_at(step + 1);
  event.mutable_session_log()->set_status(events::SessionLog::START);
  append_record(event.SerializeAsString());
}

void EventWriter::add_metrics(std::int64_t step, std::string_view split, const Metrics& values) {
  events::Event event = event_at(step);
  for (const auto& [name, number] : values) {
    auto* value = event.mutable_summary()->add_value();
    value->set_tag(scalar_tag(name, split));
    value->set_simple_value(static_cast<float>(number));
  }
  append_record(event.SerializeAsString());
}

void EventWriter::add_png(std::int64_t step, std::string_view tag, std::span<const std::byte> png) {
  const PngHeader header = png_header(png);
  events::Event event = event_at(step);
  auto* value = event.mutable_summary()->add_value();
  value->set_tag(std::string(tag));
  auto* image = value->mutable_image();
  image->set_height(static_cast<std::int32_t>(header.height));
  image->set_width(static_cast<std::int32_t>(header.width));
  image->set_colorspace(header.channels);
  image->set_encoded_image_string(png.data(), png.size());
  append_record(event.SerializeAsString());
}

void EventWriter::add_histograms(std::int64_t step, std::span<const NamedValues> tensors) {
  events::Event event = event_at(step);
  for (const auto& [tag, values] : tensors) {
    events::Summary::Value value;
    if (!fill(*value.mutable_histo(), values)) continue;
    value.set_tag(tag);
    event.mutable_summary()->add_value()->Swap(&value);
  }
  append_record(event.SerializeAsString());
}

}  // namespace limn::train
