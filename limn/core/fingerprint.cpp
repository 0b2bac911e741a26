#include "limn/core/fingerprint.hpp"

#include <fmt/format.h>

namespace limn {

std::string Fingerprint::text() const { return fmt::format("{:016x}", hash_); }

}  // namespace limn
