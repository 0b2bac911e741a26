// The addresses under which the studio of limn serve is reached, and a QR code for a tablet's camera.
#pragma once

#include <string>
#include <vector>

namespace limn::app {

// The addresses to open, with the token after '#' if there is one. For 0.0.0.0 and :: those of the machine's network
// interfaces, IPv4 first, and that of this machine last; for any other host that one. Never empty.
[[nodiscard]] std::vector<std::string> studio_addresses(const std::string& host, int port, const std::string& token);

// `text` as a QR code of half blocks, black on white with its quiet zone, for a terminal of any colours. Throws Error
// for a text of more than some 2,900 bytes.
[[nodiscard]] std::string qr_code(const std::string& text);

}  // namespace limn::app
