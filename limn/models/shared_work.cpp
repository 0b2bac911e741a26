#include "limn/models/shared_work.hpp"

#include <algorithm>
#include <exception>
#include <string>

#include "limn/core/error.hpp"

namespace limn::models {
namespace {

constexpr double kFailed = -1;  // in place of a count of figures
constexpr std::size_t kLongestReason = 400;

// The reason of a failure in one process, told to all: each character is a number of the sum.
[[noreturn]] void fail_everywhere(const WorkShare& among, std::int64_t failed, const std::string& reason) {
  std::vector<double> text(kLongestReason);
  for (std::size_t i = 0; i < std::min(reason.size(), text.size()); ++i)
    text[i] = static_cast<double>(static_cast<unsigned char>(reason[i]));
  among.sum(text);
  std::string told;
  for (const double character : text)
    if (character > 0) told.push_back(static_cast<char>(static_cast<unsigned char>(character)));
  fail("process {} of {}: {}", failed, among.share.ranks, told);
}

}  // namespace

// In rounds of a piece for each process, so that memory is bounded and no process waits long for the others. A round is
// one sum over rows that are zero but in the process that computed them: exact, whatever the order.
void share_work(const SharedWork& work, const WorkShare& among) {
  if (!among.sum) {
    for (std::int64_t k = 0; k < work.pieces; ++k) work.add(work.compute(k));
    return;
  }
  const auto width = static_cast<std::size_t>(work.most_figures + 1);  // how many figures there are, then they
  std::vector<double> rows(static_cast<std::size_t>(among.share.ranks) * width);
  const auto row_of = [&](std::int64_t rank) {
    return std::span(rows).subspan(static_cast<std::size_t>(rank) * width, width);
  };
  for (std::int64_t first = 0; first < work.pieces; first += among.share.ranks) {
    std::ranges::fill(rows, 0.0);
    const std::span<double> mine = row_of(among.share.rank);
    std::string reason;
    if (first + among.share.rank < work.pieces) {
      try {
        const std::vector<double> figures = work.compute(first + among.share.rank);
        require(figures.size() < width, "a piece of shared work has {} figures, expected at most {}", figures.size(),
                work.most_figures);
        mine[0] = static_cast<double>(figures.size());
        std::ranges::copy(figures, mine.begin() + 1);
      } catch (const std::exception& error) {
        mine[0] = kFailed;
        reason = error.what();
      }
    }
    among.sum(rows);
    for (std::int64_t rank = 0; rank < among.share.ranks; ++rank)
      if (row_of(rank)[0] == kFailed) fail_everywhere(among, rank, rank == among.share.rank ? reason : "");
    for (std::int64_t rank = 0; rank < std::min(among.share.ranks, work.pieces - first); ++rank)
      work.add(row_of(rank).subspan(1, static_cast<std::size_t>(row_of(rank)[0])));
  }
}

}  // namespace limn::models
