# LIMN_WITH_TORCH=ON|OFF|AUTO: whether the room limn/libtorch is built. It is the only one that needs LibTorch, and
# nothing else changes with it. LIMN_TORCH_FROM=FOLDER: with the C++ libraries inside PyTorch's Python package in that
# folder, which scripts/install-deps.sh --torch-from-pypi prints, in place of those that find_package(Torch) finds.
# Sets LIMN_HAS_TORCH, and with it TORCH_LIBRARIES.
set(LIMN_WITH_TORCH AUTO CACHE STRING
  "Build the module limn_libtorch, for devices of LibTorch, several processes and limn bench: ON, OFF, or AUTO: where LibTorch is found")
set_property(CACHE LIMN_WITH_TORCH PROPERTY STRINGS AUTO ON OFF)
set(LIMN_TORCH_FROM "" CACHE PATH "Folder of PyTorch's Python package (torch.__path__[0]) whose C++ libraries are used")

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

# The target limn_torch_package. The package's own CMake files demand a CUDA toolkit, and its include folder holds fmt
# and oneDNN of other versions than ours. So its libraries are taken by name, and its headers through a folder of links
# to LibTorch's alone. Gloo's headers, which those of c10d include, are Debian's: they only name types there.
function(limn_torch_package folder)
  if(NOT EXISTS ${folder}/lib/libtorch_cpu.so OR NOT EXISTS ${folder}/include/torch/csrc/api/include/torch/torch.h)
    message(FATAL_ERROR "limn: LIMN_TORCH_FROM=${folder} is not the folder of PyTorch's package; expected what "
      "python3 -c 'import torch; print(torch.__path__[0])' prints")
  endif()
  set(include ${PROJECT_BINARY_DIR}/torch_include)
  file(REMOVE_RECURSE ${include})
  file(MAKE_DIRECTORY ${include})
  foreach(name ATen c10 caffe2 torch)
    if(EXISTS ${folder}/include/${name})
      file(CREATE_LINK ${folder}/include/${name} ${include}/${name} SYMBOLIC)
    endif()
  endforeach()
  add_library(limn_torch_package INTERFACE IMPORTED GLOBAL)
  target_include_directories(limn_torch_package SYSTEM INTERFACE ${include} ${include}/torch/csrc/api/include)
  target_compile_definitions(limn_torch_package INTERFACE USE_DISTRIBUTED USE_C10D_GLOO)
  # Devices register themselves when their library is loaded; no symbol of it need be used. The path is a flag, not
  # CMake's to keep: it holds in the installed module too, and the folder has a libgomp of its own.
  set(libraries -L${folder}/lib -Wl,-rpath,${folder}/lib -Wl,--no-as-needed)
  foreach(name torch torch_cpu c10 torch_cuda c10_cuda torch_hip c10_hip torch_xpu c10_xpu)
    if(EXISTS ${folder}/lib/lib${name}.so)
      list(APPEND libraries -l${name})
    endif()
  endforeach()
  target_link_libraries(limn_torch_package INTERFACE ${libraries} -Wl,--as-needed)
  if(EXISTS ${folder}/lib/libtorch_cuda.so AND EXISTS ${folder}/include/ATen/cuda/jiterator.h)
    target_compile_definitions(limn_torch_package INTERFACE LIMN_TORCH_HAS_JITERATOR)
  endif()
  limn_torch_nccl(${folder})
endfunction()

# c10d over NCCL, where its headers and those of CUDA's runtime stand beside the package, as pip puts them, or in a
# toolkit. The package nvidia-cuda-crt, which PyTorch does not ask for, has the last of them.
function(limn_torch_nccl folder)
  file(GLOB places ${folder}/../nvidia/*/include)
  list(APPEND places /usr/local/cuda/include)
  find_path(nccl nccl.h PATHS ${places} NO_CACHE)
  find_path(cuda cuda_runtime_api.h PATHS ${places} NO_CACHE)
  find_path(crt crt/host_config.h PATHS ${places} NO_CACHE)
  if(EXISTS ${folder}/lib/libtorch_cuda.so AND nccl AND cuda AND crt)
    target_include_directories(limn_torch_package SYSTEM INTERFACE ${nccl} ${cuda} ${crt})
    target_compile_definitions(limn_torch_package INTERFACE USE_C10D_NCCL)
  else()
    message(STATUS "limn: several processes on CUDA exchange gradients over the host: NCCL's headers are not there")
  endif()
endfunction()

set(LIMN_HAS_TORCH OFF)
if(LIMN_TORCH_FROM AND LIMN_WITH_TORCH)
  set(LIMN_HAS_TORCH ON)
  limn_torch_package(${LIMN_TORCH_FROM})
  set(TORCH_LIBRARIES limn_torch_package)
elseif(LIMN_WITH_TORCH STREQUAL "AUTO")
  limn_try_torch(LIMN_HAS_TORCH)
elseif(LIMN_WITH_TORCH)
  set(LIMN_HAS_TORCH ON)
endif()
if(LIMN_HAS_TORCH AND NOT TORCH_LIBRARIES)
  find_package(Torch REQUIRED)
endif()
