#include "limn/libtorch/streams.hpp"

#include <cstdio>
#include <cstring>
#include <iostream>
#include <new>
#include <streambuf>
#ifdef __GLIBCXX__
#include <ext/stdio_sync_filebuf.h>
#endif

namespace limn::libtorch {

#ifdef __GLIBCXX__
namespace {

// A stream that was constructed begins with the address of its table of virtual functions.
bool is_constructed(const std::ostream& stream) {
  const void* table = nullptr;
  std::memcpy(&table, static_cast<const void*>(&stream), sizeof table);
  return table != nullptr;
}

void construct(std::ostream& stream, std::streambuf& buffer, std::ios_base::fmtflags flags) {
  if (is_constructed(stream)) return;
  // In place, as std::ios_base::Init does, and never destroyed.
  (::new (static_cast<void*>(&stream)) std::ostream(&buffer))->setf(flags);
}

}  // namespace

void construct_streams() {
  using Buffer = __gnu_cxx::stdio_sync_filebuf<char>;
  static auto& out = *new Buffer(stdout);
  static auto& err = *new Buffer(stderr);
  construct(std::cout, out, {});
  construct(std::cerr, err, std::ios_base::unitbuf);
  construct(std::clog, err, {});
}
#else
void construct_streams() {}
#endif

}  // namespace limn::libtorch
