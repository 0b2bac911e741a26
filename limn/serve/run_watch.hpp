// Training runs under a folder, watched while another process writes them (limn/runs/run_record.hpp reads one). A run
// may be stopped, resumed and written over meanwhile. Any number of threads may ask at once. Ids are made here; nothing
// that a client asks for becomes a path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "limn/runs/run_record.hpp"

namespace limn::serve {

struct WatchedRun {
  std::string id;
  std::string name;                             // the folder, relative to --runs
  runs::RunRecord record;                       // its curves thinned to kMostCurvePoints
  std::map<std::int64_t, std::string> samples;  // step to the picture's ending, png or svg; the latest kMostSamples
  std::uint64_t version = 0;                    // another number where anything changed
};
inline constexpr std::size_t kMostCurvePoints = 400;
inline constexpr std::size_t kMostSamples = 60;

class RunWatch {
 public:
  // Throws Error if `root` is not a folder.
  explicit RunWatch(std::filesystem::path root);
  ~RunWatch();

  // The one that wrote last comes first. Runs that hold nothing yet are left out.
  [[nodiscard]] std::vector<std::shared_ptr<const WatchedRun>> runs() const;
  // Null for an unknown id.
  [[nodiscard]] std::shared_ptr<const WatchedRun> run(std::string_view id) const;
  // A picture's bytes and ending; empty if it is not there.
  struct Picture {
    std::string bytes;
    std::string ending;
  };
  [[nodiscard]] Picture sample(std::string_view id, std::int64_t step) const;

 private:
  class Folder;
  void look_around() const;
  [[nodiscard]] std::shared_ptr<Folder> find(std::string_view id) const;

  std::filesystem::path root_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::shared_ptr<Folder>, std::less<>> folders_;
  mutable std::int64_t looked_at_ = -1;
};

}  // namespace limn::serve
