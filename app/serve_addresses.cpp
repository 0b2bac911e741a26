#include "app/serve_addresses.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <qrencode.h>

#include <algorithm>
#include <array>
#include <memory>

#include "limn/core/error.hpp"

namespace limn::app {
namespace {

// Of the interfaces that are up, without loopback, and without IPv6 addresses that need the name of an interface.
std::vector<std::string> interface_addresses(int family) {
  std::vector<std::string> addresses;
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return addresses;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> all(first, &freeifaddrs);
  for (const ifaddrs* at = first; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr || at->ifa_addr->sa_family != family) continue;
    if ((at->ifa_flags & IFF_UP) == 0 || (at->ifa_flags & IFF_LOOPBACK) != 0) continue;
    std::array<char, NI_MAXHOST> text{};
    const socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (getnameinfo(at->ifa_addr, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0) continue;
    const std::string address = text.data();
    if (address.find('%') == std::string::npos) addresses.push_back(address);
  }
  return addresses;
}

}  // namespace

std::vector<std::string> studio_addresses(const std::string& host, int port, const std::string& token) {
  std::vector<std::string> hosts{host};
  if (host == "0.0.0.0" || host == "::") {
    hosts = interface_addresses(AF_INET);
    if (host == "::") std::ranges::copy(interface_addresses(AF_INET6), std::back_inserter(hosts));
    hosts.emplace_back("localhost");
  }
  std::vector<std::string> addresses;
  for (const std::string& name : hosts) {
    const bool is_ipv6 = name.find(':') != std::string::npos;
    addresses.push_back(fmt::format("http://{}:{}/{}", is_ipv6 ? "[" + name + "]" : name, port,
                                    token.empty() ? "" : "#token=" + token));
  }
  return addresses;
}

std::string qr_code(const std::string& text) {
  const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_L),
                                                             &QRcode_free);
  require(code != nullptr, "a QR code cannot hold these {} bytes; it holds up to 2,953", text.size());
  constexpr int kQuietZone = 2;  // modules; the standard asks for 4, cameras for less
  const auto is_black = [&](int x, int y) {
    const bool is_inside = x >= 0 && y >= 0 && x < code->width && y < code->width;
    return is_inside && (code->data[y * code->width + x] & 1) != 0;
  };
  std::string picture;
  for (int y = -kQuietZone; y < code->width + kQuietZone; y += 2) {
    picture += "\033[30;47m";
    for (int x = -kQuietZone; x < code->width + kQuietZone; ++x) {
      const bool upper = is_black(x, y), lower = is_black(x, y + 1);
      picture += upper && lower ? "█" : upper ? "▀" : lower ? "▄" : " ";
    }
    picture += "\033[0m\n";
  }
  return picture;
}

}  // namespace limn::app
