// event_writer.hpp of a build without protobuf: there are no events.
#include "limn/core/error.hpp"
#include "limn/train/event_writer.hpp"

namespace limn::train {
namespace {

[[noreturn]] void refuse() { fail("this build of limn writes no TensorBoard events; metrics.jsonl has the figures"); }

}  // namespace

bool can_write_events() { return false; }

EventWriter::EventWriter(const std::filesystem::path& folder) : file_(folder) { refuse(); }
void EventWriter::start_after(std::int64_t /*step*/) { refuse(); }
void EventWriter::add_metrics(std::int64_t /*step*/, std::string_view /*split*/, const Metrics& /*values*/) {
  refuse();
}
void EventWriter::add_png(std::int64_t /*step*/, std::string_view /*tag*/, std::span<const std::byte> /*png*/) {
  refuse();
}
void EventWriter::add_histograms(std::int64_t /*step*/, std::span<const NamedValues> /*tensors*/) { refuse(); }

}  // namespace limn::train
