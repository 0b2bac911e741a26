#include "limn/serve/studio.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <mutex>

#include "limn/core/error.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/serve/access.hpp"
#include "limn/serve/api.hpp"
#include "limn/serve/model_files.hpp"
#include "limn/serve/page.hpp"
#include "limn/serve/routes.hpp"
#include "limn/serve/run_watch.hpp"

namespace limn::serve {
namespace {

// A bucket of tokens for each address, refilled with time; addresses with a full bucket are forgotten.
class RequestRate {
 public:
  explicit RequestRate(const Limits& limits) : rate_(limits.requests_per_second), burst_(limits.request_burst) {}

  bool allows(const std::string& address) {
    const auto time = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    constexpr std::size_t kMostAddresses = 4096;
    if (buckets_.size() > kMostAddresses)
      std::erase_if(buckets_, [&](const auto& item) { return level(item.second, time) >= burst_; });
    auto& bucket = buckets_.try_emplace(address, Bucket{burst_, time}).first->second;
    bucket = {level(bucket, time), time};
    if (bucket.left < 1) return false;
    bucket.left -= 1;
    return true;
  }

 private:
  struct Bucket {
    double left;
    std::chrono::steady_clock::time_point at;
  };
  [[nodiscard]] double level(const Bucket& bucket, std::chrono::steady_clock::time_point time) const {
    return std::min(burst_, bucket.left + rate_ * std::chrono::duration<double>(time - bucket.at).count());
  }

  double rate_, burst_;
  std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;
};

const PageFile* page_file(std::string_view path) {
  if (path.starts_with(kOfExport)) return nullptr;
  const auto files = page_files();
  const auto found = std::ranges::find(files, path, &PageFile::path);
  return found == files.end() ? nullptr : &*found;
}

constexpr std::array kRunRoutes{
    Route{"GET", "/api/runs", [](const ApiContext& c, const PathParts&, const HttpRequest&) { return list_runs(c); }},
    Route{"GET", "/api/runs/*",
          [](const ApiContext& c, const PathParts& p, const HttpRequest& r) { return show_run(c, p[2], r); }},
    Route{"GET", "/api/runs/*/samples/*",
          [](const ApiContext& c, const PathParts& p, const HttpRequest&) { return show_sample(c, p[2], p[4]); }},
};

// All calls: those to models and those about runs.
std::vector<Route> all_routes() {
  const auto of_models = model_routes();
  std::vector<Route> routes(of_models.begin(), of_models.end());
  routes.insert(routes.end(), kRunRoutes.begin(), kRunRoutes.end());
  return routes;
}

bool is_api_path(std::string_view path) { return path == "/api" || path.starts_with("/api/"); }

// HEAD is GET without a body, which the server below leaves out.
std::string_view plain_method(std::string_view method) { return method == "HEAD" ? "GET" : method; }

}  // namespace

struct Studio::State {
  State(const models::Registry& registry, const StudioOptions& options)
      : limits(options.limits),
        access(options.token, options.names),
        models(load_models(registry, options.models)),
        gate(kernels::default_thread_count(), limits.max_admitted),
        rate(limits) {
    if (options.runs) runs = std::make_unique<RunWatch>(*options.runs);
  }

  Limits limits;
  AccessRules access;
  StudioModels models;
  std::unique_ptr<RunWatch> runs;
  const std::vector<Route> routes = all_routes();
  mutable WorkGate gate;
  mutable RequestRate rate;
};

Studio::Studio(const models::Registry& registry, const StudioOptions& options)
    : state_(std::make_unique<State>(registry, options)) {}
Studio::~Studio() = default;

const Limits& Studio::limits() const { return state_->limits; }

HttpHandlers Studio::handlers() const {
  return {.refuse = [this](const HttpRequest& request) { return refuse(request); },
          .answer = [this](const HttpRequest& request) { return answer(request); },
          .headers = security_headers()};
}

void Studio::warm_up() const {
  for (const auto& model : state_->models.all())
    if (model->model().content() == models::Content::kSketches) (void)model->typical_drawing();
}

std::optional<HttpReply> Studio::refuse(const HttpRequest& request) const {
  const auto refused = [](const Refusal& refusal) {
    return error_reply(refusal.status(), refusal.what(), refusal.where());
  };
  const bool is_api = is_api_path(request.path);
  if (const auto complaint = state_->access.complaint(request, is_api)) return refused(*complaint);
  if (!state_->rate.allows(request.address))
    return error_reply(429, "too many requests at once from this address; wait a second");

  const PathParts parts = request.path.starts_with('/') ? split_path(request.path) : PathParts{};
  std::string allowed = page_file(request.path) != nullptr ? "GET, HEAD" : "";
  bool is_known = plain_method(request.method) == "GET" && !allowed.empty();
  for (const Route& route : state_->routes) {
    if (!matches(route, parts)) continue;
    allowed += allowed.empty() ? "" : ", ";
    allowed += route.method == "GET" ? "GET, HEAD" : route.method;
    is_known = is_known || route.method == plain_method(request.method);
  }
  if (allowed.empty()) return error_reply(404, "there is nothing here; /openapi.json describes what there is");
  if (!is_known) {
    HttpReply reply = error_reply(405, fmt::format("this path takes {}", allowed));
    reply.headers.emplace_back("Allow", allowed);
    return reply;
  }
  if (request.method != "POST") return std::nullopt;
  if (!request.header("transfer-encoding").empty() || request.header("content-length").empty())
    return error_reply(411, "send the body with a Content-Length, not in chunks");
  // Of at most 15 digits: the connection's reader saw to that.
  if (std::stoull(std::string(request.header("content-length"))) > state_->limits.max_body_bytes)
    return error_reply(413, fmt::format("the body may have {} bytes; draw with fewer points, or simplify",
                                        state_->limits.max_body_bytes));
  const std::string_view type = request.header("content-type");
  if (type.substr(0, type.find(';')) != "application/json" || !request.header("content-encoding").empty())
    return error_reply(415, "send the body as application/json, not compressed");
  return std::nullopt;
}

HttpReply Studio::answer(const HttpRequest& request) const {
  if (const PageFile* file = page_file(request.path)) {
    const std::vector<std::pair<std::string, std::string>> headers{{"ETag", std::string(file->tag)},
                                                                   {"Cache-Control", "no-cache"}};
    if (request.header("if-none-match") == file->tag) return {.status = 304, .headers = headers};
    return {.type = std::string(file->type), .body = std::string(file->bytes), .headers = headers};
  }
  const ApiContext context{
      .limits = state_->limits, .models = state_->models, .runs = state_->runs.get(), .gate = state_->gate};
  const PathParts parts = split_path(request.path);
  for (const Route& route : state_->routes) {
    if (route.method != plain_method(request.method) || !matches(route, parts)) continue;
    try {
      HttpReply reply = route.answer(context, parts, request);
      reply.headers.emplace_back("Cache-Control", "no-store");
      return reply;
    } catch (const Error& error) {
      // An error of the rooms below is about the body; a GET has no body.
      throw Refusal(request.method == "POST" ? 400 : 500, error.what());
    }
  }
  throw Refusal(404, "there is nothing here; /openapi.json describes what there is");
}

}  // namespace limn::serve
