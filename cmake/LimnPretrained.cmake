# limn_pretrained(TARGET NAME…): makes TARGET, a library with app/pretrained.hpp's models: pretrained/NAME.safetensors as
# "builtin:NAME". The assembler takes a file as it is; a compiler would need a minute and a gigabyte for its numbers.
function(limn_pretrained target)
  set(assembly "")
  set(symbols "")
  set(entries "")
  set(files "")
  file(GLOB present CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/pretrained/*.safetensors)
  foreach(name IN LISTS ARGN)
    set(path ${PROJECT_SOURCE_DIR}/pretrained/${name}.safetensors)
    if(NOT path IN_LIST present)
      string(APPEND entries "      {.name = \"builtin:${name}\"},\n")
      continue()
    endif()
    list(APPEND files ${path})
    string(APPEND assembly "    \".balign 16\\n\"\n")
    foreach(symbol limn_pretrained_${name} limn_pretrained_${name}_end)
      string(APPEND assembly "    \".globl ${symbol}\\n.hidden ${symbol}\\n${symbol}:\\n\"\n")
      if(NOT symbol MATCHES "_end$")
        string(APPEND assembly "    \".incbin \\\"${path}\\\"\\n\"\n")
      endif()
      string(APPEND symbols "extern const std::byte ${symbol}[];\n")
    endforeach()
    string(APPEND entries
      "      {.name = \"builtin:${name}\", .bytes = {limn_pretrained_${name}, limn_pretrained_${name}_end}},\n")
  endforeach()
  set(output ${CMAKE_CURRENT_BINARY_DIR}/pretrained_models.cpp)
  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT [=[
// Written by cmake/LimnPretrained.cmake.
#include "app/pretrained.hpp"

__asm__(
    ".pushsection .rodata\n"
@assembly@    ".popsection\n");

extern "C" {
@symbols@}

namespace limn::app {

std::vector<models::BuiltinModel> pretrained_models() {
  return {
@entries@  };
}

}  // namespace limn::app
]=])
  add_library(${target} STATIC ${output})
  set_source_files_properties(${output} PROPERTIES OBJECT_DEPENDS "${files}")
  target_link_libraries(${target} PUBLIC limn::models)
endfunction()
