# Fails if a *_test.cpp below TESTS_DIR is in no test program. LISTED is a file with those that are, one a line;
# folders in SKIPPED_ROOMS (not built in this configuration) are left out.
file(GLOB_RECURSE found ${TESTS_DIR}/*_test.cpp)
file(STRINGS ${LISTED} listed)
foreach(room ${SKIPPED_ROOMS})
  list(FILTER found EXCLUDE REGEX "^${TESTS_DIR}/${room}/")
endforeach()
list(REMOVE_ITEM found ${listed})
if(found)
  list(JOIN found "\n  " found)
  message(FATAL_ERROR "in no limn_test() of a CMakeLists.txt:\n  ${found}")
endif()
