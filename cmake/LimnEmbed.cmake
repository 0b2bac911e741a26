# limn_embed(TARGET FOLDER NAME.cpp): the files of FOLDER (html, css, js, json, svg, txt, webmanifest) as constant data of TARGET, for
# limn/serve/page.hpp. The source is written into the build tree, again whenever a file changes; new files are found
# when CMake runs, which a changed folder makes it do.
#
# Run as a script (cmake -D FOLDER=… -D OUTPUT=… -P LimnEmbed.cmake) it writes that source.
if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(LIMN_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
  function(limn_embed target folder name)
    set(output ${CMAKE_CURRENT_BINARY_DIR}/${name})
    file(GLOB_RECURSE files CONFIGURE_DEPENDS ${folder}/*)
    add_custom_command(OUTPUT ${output}
      COMMAND ${CMAKE_COMMAND} -D FOLDER=${folder} -D OUTPUT=${output} -P ${LIMN_EMBED_SCRIPT}
      DEPENDS ${files} ${LIMN_EMBED_SCRIPT} COMMENT "Embedding ${folder}" VERBATIM)
    target_sources(${target} PRIVATE ${output})
  endfunction()
  return()
endif()

set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_json "application/json")
set(type_svg "image/svg+xml")
set(type_txt "text/plain; charset=utf-8")
set(type_webmanifest "application/manifest+json")
set(data "")
set(entries "")
set(number 0)
file(GLOB_RECURSE files RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT files)
foreach(file IN LISTS files)
  cmake_path(GET file EXTENSION LAST_ONLY ending)
  string(SUBSTRING "${ending}" 1 -1 ending)
  if(NOT DEFINED type_${ending})
    message(FATAL_ERROR "${FOLDER}/${file}: files of this kind are not served; add its MIME type to LimnEmbed.cmake")
  endif()
  file(READ ${FOLDER}/${file} bytes HEX)
  file(SHA256 ${FOLDER}/${file} hash)
  string(SUBSTRING ${hash} 0 16 tag)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
  string(APPEND data "constexpr unsigned char kFile${number}[] = {\n${bytes}0};  // ${file}\n")
  set(path "/${file}")
  if(file STREQUAL "index.html")
    set(path "/")
  endif()
  string(APPEND entries "    PageFile{\"${path}\", \"${type_${ending}}\", text(kFile${number}), \"\\\"${tag}\\\"\"},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "// Written by cmake/LimnEmbed.cmake.
#include <array>
#include <cstddef>

#include \"limn/serve/page.hpp\"

namespace limn::serve {
namespace {

// The zero that ends each array is not part of the file.
template <std::size_t n>
std::string_view text(const unsigned char (&bytes)[n]) {
  return {reinterpret_cast<const char*>(bytes), n - 1};
}

${data}
}  // namespace

std::span<const PageFile> page_files() {
  static const std::array files{
${entries}  };
  return files;
}

}  // namespace limn::serve
")
