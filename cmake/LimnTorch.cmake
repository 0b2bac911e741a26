# LIMN_WITH_TORCH=ON|OFF|AUTO: whether the room limn/libtorch is built. It is the only one that needs LibTorch, and
# nothing else changes with it. Sets LIMN_HAS_TORCH, and with it the target torch and TORCH_LIBRARIES.
set(LIMN_WITH_TORCH AUTO CACHE STRING
  "Build the module limn_libtorch, for several processes and limn bench: ON, OFF, or AUTO: where LibTorch is found")
set_property(CACHE LIMN_WITH_TORCH PROPERTY STRINGS AUTO ON OFF)

# True in `result` if find_package(Torch) works. Tried in a project of its own: some versions stop a configuration that
# lacks what they want, such as CUDA.
function(limn_try_torch result)
  if(NOT DEFINED CACHE{LIMN_TORCH_WORKS})
    set(folder ${PROJECT_BINARY_DIR}/CMakeFiles/limn_try_torch)
    file(REMOVE_RECURSE ${folder})
    file(WRITE ${folder}/CMakeLists.txt
      "cmake_minimum_required(VERSION 3.24)\nproject(try_torch CXX)\nfind_package(Torch REQUIRED)\n")
    execute_process(COMMAND ${CMAKE_COMMAND} -S ${folder} -B ${folder}/build -G ${CMAKE_GENERATOR}
        -D CMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} "-DCMAKE_PREFIX_PATH=${CMAKE_PREFIX_PATH}" "-DTorch_DIR=${Torch_DIR}"
        -D CMAKE_DISABLE_FIND_PACKAGE_Torch=${CMAKE_DISABLE_FIND_PACKAGE_Torch}
      RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
    if(status EQUAL 0)
      set(LIMN_TORCH_WORKS ON CACHE INTERNAL "find_package(Torch) works")
    else()
      message(STATUS "limn: LibTorch is not found: no module for several processes (LIMN_WITH_TORCH=ON says why)")
    endif()
  endif()
  set(${result} "${LIMN_TORCH_WORKS}" PARENT_SCOPE)
endfunction()

set(LIMN_HAS_TORCH OFF)
if(LIMN_WITH_TORCH STREQUAL "AUTO")
  limn_try_torch(LIMN_HAS_TORCH)
elseif(LIMN_WITH_TORCH)
  set(LIMN_HAS_TORCH ON)
endif()
if(LIMN_HAS_TORCH)
  find_package(Torch REQUIRED)
endif()
