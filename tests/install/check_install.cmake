# cmake -D BUILD=… -D WORK=… -D EXAMPLES=… -D CONFIG=… [-D CXX_FLAGS=…] -P check_install.cmake
file(REMOVE_RECURSE ${WORK})
set(ENV{DESTDIR} "")

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}: status ${status}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(expect text)
  string(FIND "${output}" "${text}" place)
  if(place EQUAL -1)
    message(FATAL_ERROR "expected '${text}' in:\n${output}")
  endif()
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix --config ${CONFIG})
run(${CMAKE_COMMAND} -S ${EXAMPLES} -B ${WORK}/build -G Ninja -D CMAKE_BUILD_TYPE=${CONFIG}
  -D CMAKE_PREFIX_PATH=${WORK}/prefix -D CMAKE_CXX_FLAGS=${CXX_FLAGS} -D CMAKE_DISABLE_FIND_PACKAGE_Torch=ON)
run(${CMAKE_COMMAND} --build ${WORK}/build)

# The built-in model is in the program, wherever that is.
run(${WORK}/prefix/bin/limn sample builtin:doodles -n 2 -o ${WORK}/doodles.svg)
expect("doodles.svg")

run(${WORK}/build/write_checkpoint ${WORK}/scribble.safetensors)
expect("decoder.cell.weight_ih [64, 9]")
run(${WORK}/build/sample_from_checkpoint ${WORK}/scribble.safetensors ${WORK}/scribble.svg 4)
expect("drawing 3: ")
file(READ ${WORK}/scribble.svg output)
expect("<svg")
expect("<path")
