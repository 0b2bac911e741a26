#include "limn/serve/access.hpp"

#include <gtest/gtest.h>

#include "limn/core/error.hpp"

namespace limn::serve {
namespace {

HttpRequest with(const HeaderMap& headers) {
  return {.method = "GET", .path = "/api/studio", .address = "127.0.0.1", .headers = headers, .body = ""};
}

int status(const AccessRules& rules, const HeaderMap& headers, bool is_api = true) {
  const auto complaint = rules.complaint(with(headers), is_api);
  return complaint ? complaint->status() : 200;
}

TEST(Access, TakesAddressesAndLocalhostAsHost) {
  const AccessRules rules("", {});
  for (const char* host :
       {"127.0.0.1", "127.0.0.1:8080", "localhost:1", "LocalHost", "[::1]:8080", "[::1]", "192.168.1.7:80"})
    EXPECT_EQ(status(rules, {{"host", host}}), 200) << host;
}

// DNS rebinding: a foreign name that has come to mean this address.
TEST(Access, RefusesOtherNames) {
  const AccessRules rules("", {"studio.example.org"});
  for (const char* host :
       {"", "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "[::1", "[evil]",
        "127.0.0.1:80:80", "127.0.0.1:x", "127.1.evil", "studio.example.org.", "127.0.0.1, evil.example"})
    EXPECT_EQ(status(rules, {{"host", host}}), 421) << host;
  EXPECT_EQ(status(rules, {}), 421);
  EXPECT_EQ(status(rules, {{"host", "Studio.Example.org:443"}}), 200);
}

TEST(Access, RefusesANameThatNoHostCouldHave) {
  for (const char* name : {"", "studio.example:443", "[::1", "a:b:c"})
    EXPECT_THROW(AccessRules("", {name}), Error) << name;
}

TEST(Access, RefusesPagesOfOtherSites) {
  const AccessRules rules("", {});
  EXPECT_EQ(status(rules, {{"host", "localhost:8080"}, {"origin", "http://localhost:8080"}}), 200);
  for (const char* origin : {"http://evil.example", "null", "http://localhost:8081", "localhost:8080", "file://"})
    EXPECT_EQ(status(rules, {{"host", "localhost:8080"}, {"origin", origin}}), 403) << origin;
  EXPECT_EQ(status(rules, {{"host", "localhost"}, {"sec-fetch-site", "cross-site"}}), 403);
  EXPECT_EQ(status(rules, {{"host", "localhost"}, {"sec-fetch-site", "same-site"}}), 403);
  EXPECT_EQ(status(rules, {{"host", "localhost"}, {"sec-fetch-site", "same-origin"}}), 200);
  // A link to the page from elsewhere is no attack.
  EXPECT_EQ(status(rules, {{"host", "localhost"}, {"sec-fetch-site", "cross-site"}}, false), 200);
}

TEST(Access, AsksForTheTokenWhereThereIsOne) {
  const AccessRules rules("0123456789abcdef", {});
  EXPECT_EQ(status(rules, {{"host", "localhost"}}), 401);
  for (const char* given : {"Bearer", "Bearer ", "Bearer 0123456789abcde", "Bearer 0123456789abcdef0",
                            "Basic 0123456789abcdef", "0123456789abcdef", "Bearer 0123456789abcdeF"})
    EXPECT_EQ(status(rules, {{"host", "localhost"}, {"authorization", given}}), 401) << given;
  EXPECT_EQ(status(rules, {{"host", "localhost"}, {"authorization", "Bearer 0123456789abcdef"}}), 200);
  EXPECT_EQ(status(rules, {{"host", "localhost"}}, false), 200);  // the page itself holds no secret
}

TEST(Access, KnowsLoopback) {
  for (const char* host : {"127.0.0.1", "127.255.0.3", "localhost", "::1", "LOCALHOST"})
    EXPECT_TRUE(is_loopback(host)) << host;
  for (const char* host : {"0.0.0.0", "::", "192.168.0.1", "128.0.0.1", "example.org", ""})
    EXPECT_FALSE(is_loopback(host)) << host;
}

TEST(Access, MakesTokensThatDiffer) {
  const std::string first = make_token();
  EXPECT_EQ(first.size(), 32U);
  EXPECT_NE(first, make_token());
}

}  // namespace
}  // namespace limn::serve
