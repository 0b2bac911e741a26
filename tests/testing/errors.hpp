// What a call that should fail says.
#pragma once

#include <string>

#include "limn/core/error.hpp"

namespace limn::testing {

// The text of the limn::Error that `call` throws, or "" if it throws none.
template <class Call>
std::string error_of(Call&& call) {
  try {
    (void)call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace limn::testing
