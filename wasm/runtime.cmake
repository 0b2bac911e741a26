# The parts of libc++, libc++abi and libunwind that the module uses, compiled with exceptions: Zig's own builds of them
# for WebAssembly end the program where something is thrown.
set(libcxx_sources algorithm call_once charconv chrono error_category exception functional hash memory new new_handler new_helpers
  optional stdexcept string system_error typeinfo variant vector verbose_abort filesystem/path ryu/d2fixed ryu/d2s
  ryu/f2s)
set(libcxxabi_sources abort_message cxa_aux_runtime cxa_default_handlers cxa_exception cxa_exception_storage cxa_guard
  cxa_handlers cxa_personality cxa_virtual fallback_malloc private_typeinfo stdlib_exception stdlib_new_delete
  stdlib_stdexcept stdlib_typeinfo)
list(TRANSFORM libcxx_sources REPLACE "(.+)" "${zig_lib}/libcxx/src/\\1.cpp")
list(TRANSFORM libcxxabi_sources REPLACE "(.+)" "${zig_lib}/libcxxabi/src/\\1.cpp")

add_library(runtime STATIC ${libcxx_sources} ${libcxxabi_sources} ${zig_lib}/libunwind/src/Unwind-wasm.c
  src/exception_tag.S)
set_target_properties(runtime PROPERTIES CXX_STANDARD 23)
target_include_directories(runtime PRIVATE ${zig_lib}/libcxxabi/include ${zig_lib}/libcxxabi/src ${zig_lib}/libcxx/src
  ${zig_lib}/libcxx/libc ${zig_lib}/libunwind/include ${zig_lib}/libunwind/src)
target_compile_options(runtime PRIVATE -Oz -w)
target_compile_definitions(runtime PRIVATE _LIBCPP_BUILDING_LIBRARY LIBCXX_BUILDING_LIBCXXABI
  _LIBCXXABI_BUILDING_LIBRARY _LIBCXXABI_HAS_NO_THREADS LIBCXXABI_NON_DEMANGLING_TERMINATE
  _LIBUNWIND_HAS_NO_THREADS _LIBUNWIND_HIDE_SYMBOLS)
