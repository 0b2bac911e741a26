#include "limn/serve/http.hpp"

#include "limn/core/json.hpp"

namespace limn::serve {

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return result;
}

HttpReply error_reply(int status, std::string_view sentence, std::string_view where) {
  OrderedJson error{{"status", status}, {"message", sentence}};
  if (!where.empty()) error["where"] = where;
  HttpReply reply{.status = status, .body = json_text(OrderedJson{{"error", error}}) + "\n"};
  if (status == 429 || status == 503) reply.headers.emplace_back("Retry-After", "1");
  return reply;
}

}  // namespace limn::serve
