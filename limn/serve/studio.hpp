// The studio: models, runs, the page and the calls of web/openapi.json behind one door. It knows HTTP only as values
// (serve/http.hpp). Immutable except for counters; any number of threads may call it at once.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "limn/serve/http.hpp"
#include "limn/serve/http_server.hpp"
#include "limn/serve/limits.hpp"

namespace limn::models {
class Registry;
}

namespace limn::serve {

struct StudioOptions {
  std::vector<std::filesystem::path> models;
  std::optional<std::filesystem::path> runs;  // the folder that holds training runs
  std::string token;                          // "" asks for none
  std::vector<std::string> names;             // further values of Host that are ours
  Limits limits = {};
};

class Studio {
 public:
  // Loads the models, of any family that the registry knows. Throws Error naming the file that is wrong.
  Studio(const models::Registry& registry, const StudioOptions& options);
  ~Studio();

  // For an HttpServer, which must not outlive this.
  [[nodiscard]] HttpHandlers handlers() const;
  [[nodiscard]] const Limits& limits() const;
  // Does before the first request what that would otherwise wait for. May run while requests are answered.
  void warm_up() const;

  // The refusal of a request by its head alone: names, token, too many requests, no such path, lengths.
  [[nodiscard]] std::optional<HttpReply> refuse(const HttpRequest& request) const;
  // The answer to a whole request that refuse() let pass. Throws Refusal.
  [[nodiscard]] HttpReply answer(const HttpRequest& request) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace limn::serve
