  # The tag that C++ exceptions carry in WebAssembly: libunwind expects the linker's side to define it.
  .globl __cpp_exception
  .tagtype __cpp_exception i32
__cpp_exception:
