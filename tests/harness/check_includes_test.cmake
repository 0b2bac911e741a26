# Shows that CHECK (check_includes.cmake) passes a tree that keeps to its table and fails each deliberate breach. The
# trees are made in WORK and removed.
cmake_policy(VERSION 3.24)

set(table "| floor | room | what lives there | may use |
| --- | --- | --- | --- |
| 0 | `core` | errors; files | |
| 1 | `sketch`, `image` | data | `core` |
| 2 | `models` | what models share | `sketch`, `image` |
| 3 | `serve` | the studio | `models` |
| 3 | `libtorch` (optional) | the oracle | `models`, LibTorch |
| 4 | `app/` | the command | everything below |
| 4 | `python/` | the package | `serve`, `libtorch/module.h` |
")

# A tree without a breach: rooms named, rooms below those, sub-folders, one permitted file, other libraries.
function(make_tree)
  file(REMOVE_RECURSE ${WORK})
  file(WRITE ${WORK}/architecture.md "${table}")
  file(WRITE ${WORK}/tests/testing/compare.hpp "")
  file(WRITE ${WORK}/limn/core/error.hpp "#include <string>\n")
  file(WRITE ${WORK}/limn/sketch/sketch.hpp "#include \"limn/core/error.hpp\"\n")
  file(WRITE ${WORK}/limn/image/image.hpp "#include \"limn/core/error.hpp\"\n")
  file(WRITE ${WORK}/limn/models/draw/step.cpp
    "#include \"limn/models/latent.hpp\"\n#include \"limn/sketch/sketch.hpp\"\n#include <limn/core/error.hpp>\n")
  file(WRITE ${WORK}/limn/libtorch/module.h "")
  file(WRITE ${WORK}/app/main.cpp "#include \"limn/libtorch/module.h\"\n#include \"app/main.hpp\"\n#include \"hwy/highway.h\"\n")
  file(WRITE ${WORK}/python/package.cpp
    "#include \"limn/libtorch/module.h\"\n#include \"limn/image/image.hpp\"\n#include \"python/package.hpp\"\n")
endfunction()

# Checks the tree as it is; `expected` is "" for one that must pass, or what the complaint must say.
function(expect expected)
  execute_process(COMMAND ${CMAKE_COMMAND} -D ROOT=${WORK} -D TABLE=${WORK}/architecture.md -P ${CHECK}
    RESULT_VARIABLE status ERROR_VARIABLE said OUTPUT_VARIABLE said)
  string(REGEX REPLACE "[ \n]+" " " said "${said}")  # message() breaks lines
  string(FIND "${said}" "${expected}" place)
  if((expected STREQUAL "") EQUAL (status EQUAL 0) AND NOT place EQUAL -1)
    return()
  endif()
  message(FATAL_ERROR "expected '${expected}', found status ${status}:\n${said}")
endfunction()

function(expect_breach file include expected)
  make_tree()
  file(APPEND ${WORK}/${file} "${include}\n")
  expect("${expected}")
endfunction()

make_tree()
expect("")
expect_breach(limn/core/error.hpp "#include \"limn/sketch/sketch.hpp\"" "the row of core does not allow sketch")
expect_breach(limn/sketch/sketch.hpp "  #  include <limn/image/image.hpp>" "the row of sketch does not allow image")
expect_breach(limn/models/draw/step.cpp "#include \"limn/serve/studio.hpp\"" "limn/models/draw/step.cpp: includes")
expect_breach(limn/models/draw/step.cpp "#include \"app/main.hpp\"" "the row of models does not allow app")
expect_breach(limn/serve/studio.cpp "#include \"limn/libtorch/module.h\"" "the row of serve does not allow libtorch")
expect_breach(python/package.cpp "#include \"limn/libtorch/oracle/vae.hpp\"" "does not allow libtorch")
expect_breach(limn/core/error.hpp "#include \"testing/compare.hpp\"" "testing/compare.hpp of the tests")
expect_breach(app/main.cpp "#include \"tests/testing/compare.hpp\"" "of the tests")
expect_breach(limn/image/image.hpp "#include \"../core/error.hpp\"" "write the path from the root")
expect_breach(limn/nn/linear.hpp "" "limn/nn/linear.hpp: its folder is a room without a row")
expect_breach(architecture.md "| 5 | `wasm` | pages | `web` |" "the row of wasm names web, which has no row")
expect_breach(app/main.cpp "#include \"limn/nn/linear.hpp\"" "the row of app does not allow nn")
make_tree()
file(WRITE ${WORK}/architecture.md "no table\n")
expect("no table of rooms")
file(REMOVE_RECURSE ${WORK})
