# limn_room(NAME SOURCES … [PUBLIC …] [PRIVATE …] [PCH | TORCH]): one room of the house, as the static library limn_NAME
# with the alias limn::NAME. PUBLIC names what the room's headers show, PRIVATE what only its sources use.
# PCH: the standard library's headers and fmt's come precompiled from core.
# limn_test(NAME LABELS … SOURCES … LIBS … [TIMEOUT s] [TORCH]): one GoogleTest program of tests/<room>/. A label is
# fast, slow, gpu or web. The label cpu beside it: the results depend on the kind of CPU, so the program heeds LIMN_SIMD
# and LIMN_GEMM, and scripts/test-cpus.sh runs it. A program all of whose tests were skipped counts as skipped, not as
# passed.
# TORCH, or a call of limn_torch_pch(TARGET) after the target is made: LibTorch's headers come precompiled from the
# oracle.

add_library(limn_flags INTERFACE)
target_compile_features(limn_flags INTERFACE cxx_std_20)
target_compile_options(limn_flags INTERFACE
  $<BUILD_INTERFACE:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wnon-virtual-dtor;-Wno-psabi>
  # A false alarm of GCC 12 on std::string (its bug 105651).
  $<BUILD_INTERFACE:$<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>>
  $<BUILD_INTERFACE:$<$<BOOL:${LIMN_WARNINGS_AS_ERRORS}>:-Werror>>)
# Lets ccache serve files that use a precompiled header.
target_compile_options(limn_flags INTERFACE $<BUILD_INTERFACE:$<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>>)
if(LIMN_SANITIZE)
  list(JOIN LIMN_SANITIZE "," limn_sanitizers)
  set(limn_sanitizer_flags -fsanitize=${limn_sanitizers})  # what links with the rooms needs it too
  target_compile_options(limn_flags INTERFACE
    $<BUILD_INTERFACE:-fsanitize=${limn_sanitizers};-fno-sanitize-recover=all;-fno-omit-frame-pointer>)
  target_link_options(limn_flags INTERFACE $<BUILD_INTERFACE:-fsanitize=${limn_sanitizers}>)
endif()

# Reading <torch/torch.h> takes 25 s a file; precompiled once, in limn_oracle, less than one. A target that shares it
# must agree in -fPIC and visibility, so programs get them too.
function(limn_torch_pch target)
  target_compile_options(${target} PRIVATE -fPIC)
  set_target_properties(${target} PROPERTIES CXX_VISIBILITY_PRESET hidden)
  target_precompile_headers(${target} REUSE_FROM limn_oracle)
endfunction()

# The headers that most files read take half a second a file; precompiled once, in limn_core, a tenth. JSON is not among
# them: nlohmann/json makes the precompiled header slower for all and saves its few readers little.
function(limn_pch target)
  # False alarms of GCC 12 on std::string (its bugs 105329, 105651): where its header comes precompiled, it no longer
  # counts as the system's, whose warnings are hidden.
  target_compile_options(${target} PRIVATE "$<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds;-Wno-stringop-overflow;-Wno-stringop-overread>")
  if(target STREQUAL limn_core)
    target_precompile_headers(limn_core PRIVATE <fmt/format.h> <algorithm> <array> <charconv> <cmath> <cstdint> <cstring>
      <filesystem> <functional> <limits> <map> <memory> <numeric> <optional> <span> <string> <string_view> <utility>
      <vector>)
  else()
    target_precompile_headers(${target} REUSE_FROM limn_core)
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${LIMN_UNITY_BUILD} UNITY_BUILD_BATCH_SIZE 12)
endfunction()

function(limn_room name)
  cmake_parse_arguments(ROOM "PCH;TORCH" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(limn_${name} STATIC ${ROOM_SOURCES})
  add_library(limn::${name} ALIAS limn_${name})
  set_target_properties(limn_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON)
  target_include_directories(limn_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(limn_${name} PUBLIC limn_flags ${ROOM_PUBLIC} PRIVATE ${ROOM_PRIVATE})
  if(ROOM_PCH)
    limn_pch(limn_${name})
  elseif(ROOM_TORCH)
    limn_torch_pch(limn_${name})
  endif()
  set_property(GLOBAL APPEND PROPERTY LIMN_ROOMS ${name})
endfunction()

function(limn_test name)
  cmake_parse_arguments(TEST "TORCH" "TIMEOUT" "SOURCES;LIBS;LABELS" ${ARGN})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 120)
  endif()
  if(LIMN_SANITIZE)
    math(EXPR TEST_TIMEOUT "4 * ${TEST_TIMEOUT}")  # several times slower
  endif()
  foreach(label ${TEST_LABELS})
    if(NOT label MATCHES "^(fast|slow|gpu|web|cpu)$")
      message(FATAL_ERROR "limn_test(${name}): ${label} is not a label; use fast, slow, gpu, web or cpu")
    endif()
  endforeach()
  if("cpu" IN_LIST TEST_LABELS)
    list(APPEND TEST_SOURCES ${PROJECT_SOURCE_DIR}/tests/testing/cpu_settings.cpp)
  endif()
  add_executable(${name} ${TEST_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name} PRIVATE
    LIMN_TEST_DATA_DIR="${PROJECT_SOURCE_DIR}/tests/data"
    LIMN_SHARED_DATA_DIR="${PROJECT_SOURCE_DIR}/../shared/data")
  target_link_libraries(${name} PRIVATE ${TEST_LIBS} limn_flags GTest::gmock limn_test_main)
  if(TEST_TORCH)
    limn_torch_pch(${name})
  endif()
  foreach(source ${TEST_SOURCES})
    cmake_path(ABSOLUTE_PATH source NORMALIZE)
    set_property(GLOBAL APPEND PROPERTY LIMN_TEST_SOURCES ${source})
  endforeach()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${TEST_LABELS}" TIMEOUT ${TEST_TIMEOUT} SKIP_RETURN_CODE 77)
endfunction()
