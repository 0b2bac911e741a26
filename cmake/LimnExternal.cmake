# limn_find_external(NAME): libraries whose own CMake file is missing, or asks for more than we use. Debian's
# dnnl-config wants OpenCL and its libzip-config wants the programs zipcmp, zipmerge and ziptool, each from a package
# of its own. So header and library are looked for by name. Installed beside limn-config.cmake, which needs the same.

# limn_find_external(DNNL|libzip|libdeflate|minizip|GIF|WebP|tomlplusplus|Highway): the imported target DNNL::dnnl,
# libzip::zip, libdeflate::deflate, minizip::minizip, GIF::GIF, WebP::webp, tomlplusplus::tomlplusplus or hwy::headers. A fatal error names the
# header or library that is not there, and its Debian package.
function(limn_find_external name)
  if(name STREQUAL "DNNL")
    limn_import_library(DNNL::dnnl PREFIX LIMN_DNNL HEADER oneapi/dnnl/dnnl.hpp LIBRARY dnnl PACKAGE libdnnl-dev)
  elseif(name STREQUAL "libzip")
    limn_import_library(libzip::zip PREFIX LIMN_LIBZIP HEADER zip.h LIBRARY zip PACKAGE libzip-dev)
  elseif(name STREQUAL "libdeflate")
    limn_import_library(libdeflate::deflate PREFIX LIMN_LIBDEFLATE HEADER libdeflate.h LIBRARY deflate
      PACKAGE libdeflate-dev)
  elseif(name STREQUAL "minizip")
    limn_import_library(minizip::minizip PREFIX LIMN_MINIZIP HEADER minizip/unzip.h LIBRARY minizip PACKAGE libminizip-dev)
  elseif(name STREQUAL "GIF")
    limn_import_library(GIF::GIF PREFIX LIMN_GIF HEADER gif_lib.h LIBRARY gif PACKAGE libgif-dev)
  elseif(name STREQUAL "WebP")
    limn_import_library(WebP::webp PREFIX LIMN_WEBP HEADER webp/decode.h LIBRARY webp PACKAGE libwebp-dev)
  elseif(name STREQUAL "tomlplusplus")
    limn_import_library(tomlplusplus::tomlplusplus PREFIX LIMN_TOMLPLUSPLUS HEADER toml++/toml.h
      PACKAGE libtomlplusplus-dev)
  elseif(name STREQUAL "Highway")
    limn_import_library(hwy::headers PREFIX LIMN_HIGHWAY HEADER hwy/highway.h PACKAGE libhwy-dev)
  else()
    message(FATAL_ERROR "limn_find_external: ${name} is not one of its libraries")
  endif()
endfunction()

# The imported target `target` from a header and, unless it is header-only, a library.
function(limn_import_library target)
  cmake_parse_arguments(IMPORT "" "PREFIX;HEADER;LIBRARY;PACKAGE" "" ${ARGN})
  if(TARGET ${target})
    return()
  endif()
  set(prefix ${IMPORT_PREFIX})
  find_path(${prefix}_INCLUDE_DIR ${IMPORT_HEADER})
  mark_as_advanced(${prefix}_INCLUDE_DIR)
  if(NOT ${prefix}_INCLUDE_DIR)
    message(FATAL_ERROR "limn: ${IMPORT_HEADER} is missing; install ${IMPORT_PACKAGE} or set CMAKE_PREFIX_PATH")
  endif()
  if(NOT IMPORT_LIBRARY)
    add_library(${target} INTERFACE IMPORTED GLOBAL)
  else()
    find_library(${prefix}_LIBRARY ${IMPORT_LIBRARY})
    mark_as_advanced(${prefix}_LIBRARY)
    if(NOT ${prefix}_LIBRARY)
      message(FATAL_ERROR "limn: lib${IMPORT_LIBRARY} is missing; install ${IMPORT_PACKAGE} or set CMAKE_PREFIX_PATH")
    endif()
    add_library(${target} UNKNOWN IMPORTED GLOBAL)
    set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${${prefix}_LIBRARY})
  endif()
  set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES ${${prefix}_INCLUDE_DIR})
endfunction()
