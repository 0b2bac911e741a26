// The TensorBoard events of a run (docs/formats.md "TensorBoard events"): scalars and pictures, one file for each time
// that training starts. A record is appended in one write, so a killed run leaves whole records. One writer to a file;
// one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "limn/core/growing_file.hpp"
#include "limn/core/metrics.hpp"

namespace limn::train {

// Whether this build writes events; not without protobuf, where an EventWriter throws Error.
[[nodiscard]] bool can_write_events();

// CRC-32C (Castagnoli) of `data`, as iSCSI (RFC 3720) has it: reflected, initial and final XOR with all ones.
[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> data);
// The checksum that a record stores: turned right by 15 bits plus a constant, so that a checksum of checksums is not
// regular.
[[nodiscard]] std::uint32_t masked_crc32c(std::span<const std::byte> data);

// The tag of a value of a metrics line: "total/train" for a loss, "learning_rate" for what belongs to no
// split.
[[nodiscard]] std::string scalar_tag(std::string_view name, std::string_view split);

struct NamedValues {
  std::string tag;
  std::span<const float> values;
};

class EventWriter {
 public:
  // Starts the file events.out.tfevents.<unix time>.<host> in `folder`; where one of that second is there
  // already, the name of the next free second. Throws Error if it cannot be written.
  explicit EventWriter(const std::filesystem::path& folder);

  // Makes steps after `step` in earlier files of this folder invalid: training continues from there.
  void start_after(std::int64_t step);
  // One event with the values of a metrics line.
  void add_metrics(std::int64_t step, std::string_view split, const Metrics& values);
  // A whole PNG file. Throws Error if it is none.
  void add_png(std::int64_t step, std::string_view tag, std::span<const std::byte> png);

  // One event with a histogram of each tensor; values that are not finite are left out, and a tensor without others
  // is left out too. Buckets grow by a tenth from 1e-12 to 1e20 on either side of zero, as TensorFlow's do.
  void add_histograms(std::int64_t step, std::span<const NamedValues> tensors);

  // Events that wait since they could not be written. Throws Error where that is still so, as the calls above do.
  void flush() { file_.flush(); }

  [[nodiscard]] const std::filesystem::path& path() const { return file_.path(); }

 private:
  // The record of a serialised event: u64 length, its masked checksum, the event, its masked checksum.
  void append_record(std::string_view event);

  GrowingFile file_;
};

}  // namespace limn::train
