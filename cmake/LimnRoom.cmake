# limn_room(NAME SOURCES … [PUBLIC …] [PRIVATE …]): one room of the house, as the static library limn_NAME
# with the alias limn::NAME. PUBLIC names what the room's headers show, PRIVATE what only its sources use.
# limn_test(NAME LABELS … SOURCES … LIBS …): one GoogleTest program of tests/<room>/.

add_library(limn_flags INTERFACE)
target_compile_features(limn_flags INTERFACE cxx_std_20)
target_compile_options(limn_flags INTERFACE
  $<BUILD_INTERFACE:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wnon-virtual-dtor;-Wno-psabi>
  $<BUILD_INTERFACE:$<$<BOOL:${LIMN_WARNINGS_AS_ERRORS}>:-Werror>>)
if(LIMN_SANITIZE)
  list(JOIN LIMN_SANITIZE "," limn_sanitizers)
  target_compile_options(limn_flags INTERFACE -fsanitize=${limn_sanitizers} -fno-omit-frame-pointer -g1)
  target_link_options(limn_flags INTERFACE -fsanitize=${limn_sanitizers})
endif()

function(limn_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(limn_${name} STATIC ${ROOM_SOURCES})
  add_library(limn::${name} ALIAS limn_${name})
  set_target_properties(limn_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON)
  target_include_directories(limn_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:include>)
  target_link_libraries(limn_${name} PUBLIC limn_flags ${ROOM_PUBLIC} PRIVATE ${ROOM_PRIVATE})
  set_property(GLOBAL APPEND PROPERTY LIMN_ROOMS limn_${name})
endfunction()

function(limn_test name)
  cmake_parse_arguments(TEST "" "TIMEOUT" "SOURCES;LIBS;LABELS" ${ARGN})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 120)
  endif()
  add_executable(${name} ${TEST_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name} PRIVATE
    LIMN_TEST_DATA_DIR="${PROJECT_SOURCE_DIR}/tests/data"
    LIMN_SHARED_DATA_DIR="${PROJECT_SOURCE_DIR}/../shared/data")
  target_link_libraries(${name} PRIVATE ${TEST_LIBS} limn_flags GTest::gmock GTest::gtest_main)
  foreach(source ${TEST_SOURCES})
    set_property(GLOBAL APPEND PROPERTY LIMN_TEST_SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/${source})
  endforeach()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${TEST_LABELS}" TIMEOUT ${TEST_TIMEOUT})
endfunction()
