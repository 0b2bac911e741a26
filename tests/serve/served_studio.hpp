// A studio with tiny random models on a free port of this machine, served until destroyed.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "limn/models/registry.hpp"
#include "limn/serve/studio.hpp"
#include "models/sketch_rnn/tiny_model.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {

// "gen" is unconditional and "my-doodles" conditional; both as safetensors files in `folder`.
inline serve::StudioOptions tiny_studio_options(const TemporaryFolder& folder) {
  models::write_checkpoint(folder / "Gen.safetensors", models::to_checkpoint(tiny_checkpoint(false)));
  models::write_checkpoint(folder / "My Doodles!.safetensors", models::to_checkpoint(tiny_checkpoint(true)));
  serve::StudioOptions options;
  options.models = {folder / "Gen.safetensors", folder / "My Doodles!.safetensors"};
  return options;
}

class ServedStudio {
 public:
  explicit ServedStudio(const serve::StudioOptions& options)
      : studio_(models::standard_registry(), options),
        server_(studio_.handlers(), studio_.limits()),
        port_(server_.bind("127.0.0.1", 0)) {
    thread_ = std::thread([this] { server_.run(); });
  }
  ~ServedStudio() { stop(); }

  // How long the server took to stop.
  std::chrono::milliseconds stop() {
    const auto start = std::chrono::steady_clock::now();
    if (thread_.joinable()) {
      server_.stop();
      thread_.join();
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] const serve::Studio& studio() const { return studio_; }
  [[nodiscard]] int open_connections() const { return server_.open_connections(); }

 private:
  serve::Studio studio_;
  serve::HttpServer server_;
  int port_;
  std::thread thread_;
};

}  // namespace limn::testing
