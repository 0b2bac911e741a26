# Configures this tree without LibTorch and compares its compile commands with those of BUILD, which has LibTorch: a file
# of both must have the same command, apart from the folder. Arguments: SOURCE, BUILD, WORK, GENERATOR, COMPILER, CONFIG.
file(REMOVE_RECURSE ${WORK})
execute_process(
  COMMAND ${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK} -G ${GENERATOR} -D CMAKE_CXX_COMPILER=${COMPILER}
    -D CMAKE_BUILD_TYPE=${CONFIG} -D CMAKE_EXPORT_COMPILE_COMMANDS=ON -D LIMN_WITH_TORCH=OFF
    -D LIMN_WARNINGS_AS_ERRORS=${WARNINGS_AS_ERRORS} "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}"
  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "configuring without LibTorch: status ${status}\n${output}")
endif()

# The lines `"command": …` of a build, without its folder.
function(read_commands folder result)
  file(STRINGS ${folder}/compile_commands.json lines REGEX "^  \"command\": ")
  list(TRANSFORM lines REPLACE "${folder}" "BUILD")
  set(${result} "${lines}" PARENT_SCOPE)
endfunction()
read_commands(${WORK} without)
read_commands(${BUILD} with)
list(LENGTH without count)
if(count LESS 100)
  message(FATAL_ERROR "only ${count} compile commands without LibTorch; expected those of all rooms")
endif()
list(REMOVE_ITEM without ${with})
if(without)
  list(JOIN without "\n" without)
  message(FATAL_ERROR "LIMN_WITH_TORCH=ON compiles these files with other commands, or not at all:\n${without}")
endif()
message(STATUS "${count} files are compiled by the same commands with and without LibTorch")
