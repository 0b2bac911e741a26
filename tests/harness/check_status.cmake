# Runs PROGRAM with the GoogleTest filter FILTER and fails unless its exit status is EXPECTED.
execute_process(COMMAND ${PROGRAM} --gtest_filter=${FILTER} RESULT_VARIABLE status OUTPUT_VARIABLE output)
if(NOT status EQUAL EXPECTED)
  message(FATAL_ERROR "exit status ${status}, expected ${EXPECTED}:\n${output}")
endif()
