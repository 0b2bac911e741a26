// Calls that watch training runs.
#include <charconv>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/core/json.hpp"
#include "limn/serve/api.hpp"
#include "limn/serve/run_watch.hpp"

namespace limn::serve {
namespace {

const RunWatch& runs_of(const ApiContext& context) {
  if (context.runs == nullptr)
    throw Refusal(404, "this studio watches no runs; start limn serve with --runs and the folder that holds them");
  return *context.runs;
}

OrderedJson to_json(const WatchedRun& run) {
  const runs::RunRecord& record = run.record;
  OrderedJson json{{"id", run.id},
                   {"name", run.name},
                   {"family", record.family},
                   {"step", record.step},
                   {"num_steps", record.num_steps},
                   {"active", !record.is_finished() && record.seems_to_run()},
                   {"seconds_since_change", std::round(record.idle_seconds)}};
  const auto put = [&](const char* name, double value) {
    if (std::isfinite(value)) json[name] = value;
  };
  put("seconds_per_step", metric(record.last_train, "seconds"));
  put("examples_per_second", metric(record.last_train, "examples_per_second"));
  put("learning_rate", metric(record.last_train, "learning_rate"));
  if (!record.is_finished()) put("seconds_left", record.seconds_left());
  if (record.best_step > 0) {
    json["best_step"] = record.best_step;
    put("best_total", record.best_total);
  }
  return json;
}

}  // namespace

HttpReply list_runs(const ApiContext& context) {
  auto list = OrderedJson::array();
  for (const auto& run : runs_of(context).runs()) list.push_back(to_json(*run));
  return json_reply({{"runs", list}});
}

HttpReply show_run(const ApiContext& context, std::string_view id, const HttpRequest& request) {
  const auto run = runs_of(context).run(id);
  if (!run) throw Refusal(404, "the run does not exist; GET /api/runs lists all runs");
  const std::string version = fmt::format("\"{:x}\"", run->version);
  if (request.header("if-none-match") == version) return {.status = 304, .headers = {{"ETag", version}}};
  auto json = to_json(*run);
  auto curves = OrderedJson::array();
  for (const auto& [key, curve] : run->record.curves)
    curves.push_back({{"metric", key.first}, {"split", key.second}, {"steps", curve.steps}, {"values", curve.values}});
  auto samples = OrderedJson::array();
  for (const auto& [step, ending] : run->samples) samples.push_back({{"step", step}, {"format", ending}});
  json["curves"] = curves;
  json["samples"] = samples;
  HttpReply reply = json_reply(json);
  reply.headers.emplace_back("ETag", version);
  return reply;
}

HttpReply show_sample(const ApiContext& context, std::string_view id, std::string_view step) {
  std::int64_t number = -1;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), number);
  if (error != std::errc() || end != step.data() + step.size() || number < 0)
    throw Refusal(404, "a sample is named by the number of its step");
  auto picture = runs_of(context).sample(id, number);
  if (picture.bytes.empty()) throw Refusal(404, "the step has no sample");
  return {.type = picture.ending == "png" ? "image/png" : "image/svg+xml", .body = std::move(picture.bytes)};
}

}  // namespace limn::serve
